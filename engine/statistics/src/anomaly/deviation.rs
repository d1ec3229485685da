//! How far a series is off: from its usual level, and from the rows before.
//!
//! Means over windows of 1, 4, 16 and 64 rows are held against the usual level, and the first three
//! against the mean of the four windows before them. Short windows see a spike at once, long ones a
//! shift within the noise, and a slide.

use super::difference;
use super::senses::{Lesson, Of, Senses};
use crate::order::median;
use libm::fabs;

/// Rows of a window.
pub(super) const WINDOWS: [usize; 4] = [1, 4, 16, 64];
/// Windows that are also held against the rows before them.
const COMPARED: usize = 3;
const STATISTICS: usize = WINDOWS.len() + COMPARED;
/// The rows before a window that it is compared with, in lengths of the window.
const BEFORE: usize = 4;
/// Rows kept: what the windows need, and room for what is laid over the longest event.
const KEPT: usize = 640;
/// What the window of 64 rows loses, in decades: whatever wanders is far off there again and again
/// (measured on generated series).
const LONG_LOSS: f64 = 2.0;
const LONG: usize = 64;

/// A row counts in a mean as at most this many usual steps away from the rows before: one spike is
/// one anomaly, and not a shift of every window that it is in.
const CLIP_STEPS: f64 = 6.0;
/// Rows before the last, of which the mean is what a row is clipped to.
const CLIP_ROWS: usize = 4;
/// Rows after which a row is clipped.
const CLIP_AFTER: usize = 16;
/// The usual step is a mean over about so many rows.
const STEP_ROWS: f64 = 100.0;
/// The usual level and the usual error follow the last so many rows: 3 months of hours, a week of
/// 5 minutes, a day and a half of minutes.
const LEVEL_ROWS: f64 = 2000.0;
/// The level moves by at most this many usual errors, divided by the rows it follows. So it is a
/// median, which outliers do not move, and it begins three times as mobile.
const LEVEL_STEP: f64 = 3.0;
const LEVEL_STEP_FIRST: f64 = 9.0;
/// Rows of the beginning, in which the level is mobile.
const LEVEL_FIRST: f64 = 30.0;
const SPREAD_FIRST: f64 = 20.0;
/// The memory of neighbours is a mean over about so many rows, of deviations up to so many errors.
const MEMORY_ROWS: f64 = 1000.0;
const MEMORY_CLIP: f64 = 6.0;
/// More memory than this is none that a series of rows could tell from more.
const MEMORY_MAX: f64 = 0.999;
/// Decades that the youngest rows of a window have while it lasts: noise has them in each tenth.
const LASTING: f64 = 1.0;
/// And the part of its deviation: rows that come back from far are clipped, and windows follow
/// late.
const PART: f64 = 0.25;
/// The part of its way that a row of an event is still away: half, and no share that counts have.
const AWAY: f64 = 0.499;
/// Rows before an event whose mean is laid over it when it is over.
const LAID_ROWS: usize = 16;

/// One series, or what is left of it when its season is taken away.
#[derive(Clone, Debug)]
pub(super) struct Deviations {
    /// The last rows, clipped; a row's place is its number modulo `KEPT`.
    clipped: [f64; KEPT],
    rows: usize,
    last: f64,
    /// Mean absolute difference of neighbours.
    step: f64,
    level: f64,
    /// Mean absolute distance from the level: what a step of the level is measured by.
    spread: f64,
    error: f64,
    memory: Memory,
    senses: Senses<STATISTICS>,
    departure: Option<Departure>,
}

/// Where the rows of an event came from, and how far they went.
#[derive(Clone, Copy, Debug)]
struct Departure {
    from: f64,
    by: f64,
    window: usize,
}

/// How much of a deviation the next row keeps.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    rows: f64,
    square: f64,
    product: f64,
    last: f64,
}

impl Default for Deviations {
    fn default() -> Self {
        Self {
            clipped: [0.0; KEPT],
            rows: 0,
            last: 0.0,
            step: 0.0,
            level: 0.0,
            spread: 0.0,
            error: 0.0,
            memory: Memory::default(),
            senses: Senses::new(Of::Deviations),
            departure: None,
        }
    }
}

impl Deviations {
    /// Begins with a level and a usual error that are known.
    pub(super) fn begin(&mut self, level: f64, error: f64) {
        (self.level, self.spread, self.error) = (level, error, error);
    }

    /// Rows seen.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The usual level.
    pub(super) fn level(&self) -> f64 {
        self.level
    }

    /// Mean distance of the values from the level so far.
    pub(super) fn error(&self) -> f64 {
        self.error
    }

    /// Decades of rarity of the present, given the next value, all in units of `scale`.
    pub(super) fn measure(&mut self, value: f64, scale: f64, grain: f64) -> f64 {
        self.keep(value);
        let span = self.memory.span();
        let mut rarity = 0.0f64;
        for (at, window) in WINDOWS.into_iter().enumerate() {
            if self.rows < window {
                break;
            }
            let rows = window as f64;
            let mean = if window == 1 { value } else { self.mean(0, window) };
            let off = difference(mean, self.level) / scale;
            let loss = if window >= LONG { LONG_LOSS } else { 0.0 };
            rarity = rarity.max(self.senses.measure(at, off, span.max(rows), grain / rows, loss));
            if at < COMPARED && self.rows >= window * (1 + BEFORE) {
                let off = difference(mean, self.mean(window, window * BEFORE)) / scale;
                let at = WINDOWS.len() + at;
                rarity = rarity.max(self.senses.measure(at, off, 2.0 * rows, grain / rows, loss));
            }
        }
        rarity
    }

    /// The rarity that windows of at most so many rows see at this row.
    pub(super) fn within(&self, rows: usize) -> f64 {
        let at = WINDOWS.iter().enumerate().filter(|(_, window)| **window <= rows);
        at.map(|(at, _)| self.of_window(at)).fold(0.0, f64::max)
    }

    /// The same, of how far they are from the usual level: what came before counts for nothing, and
    /// a window whose youngest rows are back sees only what was.
    pub(super) fn off_level_within(&self, rows: usize) -> f64 {
        let is_at = |(at, window): &(usize, &usize)| **window <= rows && self.lasts(*at);
        let found = WINDOWS.iter().enumerate().filter(is_at);
        found.map(|(at, _)| self.senses.decades(at)).fold(0.0, f64::max)
    }

    /// An event begins with the last row, of this value, that windows of so many rows see. Others
    /// than those of rows that are far off go nowhere.
    pub(super) fn depart(&mut self, value: f64, window: usize, is_far: bool) {
        let before = (self.rows - window.min(self.rows)).min(LAID_ROWS);
        self.departure = (is_far && before > 0).then(|| {
            let from = self.mean(window, before);
            Departure { from, by: self.youngest(value, window) - from, window }
        });
    }

    /// Whether the last row, of this value, is as far from where the event came from as half of the
    /// farthest. What is far from the rows before need not be far from any level that is usual.
    pub(super) fn is_away(&mut self, value: f64) -> bool {
        let Some(Departure { from, by, window }) = self.departure else { return false };
        let off = self.youngest(value, window) - from;
        if off / by > 1.0 {
            self.departure = Some(Departure { from, by: off, window });
        }
        off / by >= AWAY
    }

    /// The youngest quarter of a window.
    fn youngest(&self, value: f64, window: usize) -> f64 {
        if window <= WINDOWS[1] { value } else { self.mean(0, window / WINDOWS[1]) }
    }

    /// Whether the youngest quarter of a window is rare to the same side, and off by a good part of
    /// what the window is.
    fn lasts(&self, at: usize) -> bool {
        let Some(youngest) = at.checked_sub(1) else { return true };
        let (Some(all), Some(young)) = (self.senses.value(at), self.senses.value(youngest)) else {
            return false;
        };
        let is_part = if all < 0.0 { young <= all * PART } else { young >= all * PART };
        is_part && self.senses.decades(youngest) >= LASTING
    }

    /// The shortest window that sees at least so much.
    pub(super) fn shortest(&self, decades: f64) -> Option<usize> {
        let at = (0..WINDOWS.len()).find(|at| self.of_window(*at) >= decades)?;
        Some(WINDOWS[at])
    }

    fn of_window(&self, at: usize) -> f64 {
        let compared = if at < COMPARED { self.senses.decades(WINDOWS.len() + at) } else { 0.0 };
        self.senses.decades(at).max(compared)
    }

    /// Learns the row that was measured last.
    pub(super) fn learn(&mut self, value: f64, lesson: Lesson) {
        self.senses.learn(lesson);
        if lesson != Lesson::Unusual {
            self.follow(value);
        }
        self.last = value;
    }

    /// What led to the event at hand is not learned.
    pub(super) fn spoil(&mut self) {
        self.senses.spoil();
    }

    /// An event of so many rows is over: it is as if it had not been.
    pub(super) fn forget(&mut self, rows: usize) {
        self.senses.drop_shadow();
        let rows = rows.min(KEPT - LAID_ROWS).min(self.rows);
        let before = (self.rows - rows).min(LAID_ROWS);
        let usual = if before > 0 { self.mean(rows, before) } else { self.level };
        for back in 1..=rows {
            self.clipped[(self.rows - back) % KEPT] = usual;
        }
    }

    /// What an event made of the series is its new normal.
    pub(super) fn adopt(&mut self) {
        self.senses.adopt_shadow();
        let mut last = [0.0; LONG];
        let rows = self.rows.min(LONG);
        for (back, kept) in (1..=rows).zip(&mut last) {
            *kept = self.clipped[(self.rows - back) % KEPT];
        }
        self.level = median(&mut last[..rows]).unwrap_or(self.level);
    }

    fn keep(&mut self, value: f64) {
        if self.rows == 0 {
            self.last = value;
        }
        let mut clipped = value;
        if self.rows >= CLIP_AFTER {
            let before = self.mean(0, CLIP_ROWS);
            let reach = CLIP_STEPS * self.step;
            clipped = before + (value - before).clamp(-reach, reach);
        }
        self.clipped[self.rows % KEPT] = clipped;
        self.rows += 1;
    }

    /// Mean of `count` rows before the last `skipped`, from the youngest to the oldest.
    fn mean(&self, skipped: usize, count: usize) -> f64 {
        let youngest = self.rows - 1 - skipped;
        let rows = (0..count).map(|back| self.clipped[(youngest - back) % KEPT]);
        rows.sum::<f64>() / count as f64
    }

    fn follow(&mut self, value: f64) {
        let rows = self.rows as f64;
        let distance = value - self.level;
        let size = fabs(distance);
        let part = 1.0 / (1.0 + rows.min(LEVEL_ROWS));
        self.step += (fabs(value - self.last) - self.step) / rows.min(STEP_ROWS);
        self.error += (size - self.error) / rows.min(LEVEL_ROWS);
        let reach = MEMORY_CLIP * self.spread;
        self.memory.follow(distance.clamp(-reach, reach));
        self.spread += (size - self.spread) * if rows < SPREAD_FIRST { 1.0 / rows } else { part };
        let step = if rows < LEVEL_FIRST { LEVEL_STEP_FIRST } else { LEVEL_STEP };
        let reach = self.spread * step * part;
        self.level += distance.clamp(-reach, reach);
    }
}

impl Memory {
    fn follow(&mut self, distance: f64) {
        self.rows += 1.0;
        let part = 1.0 / self.rows.min(MEMORY_ROWS);
        self.square += (distance * distance - self.square) * part;
        self.product += (distance * self.last - self.product) * part;
        self.last = distance;
    }

    /// How many rows tell as much as one that were independent: (1 + phi) / (1 - phi), the inverse
    /// of `statistics.md`, section 4, on the number of independent values.
    fn span(&self) -> f64 {
        let kept = if self.square > 0.0 { self.product / self.square } else { 0.0 };
        let kept = kept.clamp(0.0, MEMORY_MAX);
        (1.0 + kept) / (1.0 - kept)
    }
}
