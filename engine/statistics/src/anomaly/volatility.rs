//! How restless a series is: the size of its steps over the last 16 and 64 rows.
//!
//! Steps count by their square roots, so that a few spikes are no unrest of the whole window. Much
//! of it is rare and so is little: a value that is stuck. Values that come in steps of their own
//! have no unrest smaller than one such step in the window: no step at all is half of that.

use super::senses::{Lesson, Of, Senses};
use libm::{fabs, sqrt};

/// Steps of a window.
const WINDOWS: [usize; 2] = [16, 64];
const KEPT: usize = WINDOWS[1];
/// The usual root is a mean over about so many rows.
const USUAL_ROWS: f64 = 200.0;

/// The part of what a window is off that its youngest quarter has while it lasts.
const LASTING_PART: f64 = 0.5;

/// The unrest of one series.
#[derive(Clone, Debug)]
pub(super) struct Volatility {
    /// Square roots of the last steps; a step's place is its number modulo `KEPT`.
    roots: [f64; KEPT],
    steps: usize,
    last: Option<f64>,
    usual: f64,
    /// The root of the smallest step that was known when the first was: one that came smaller
    /// later would make of each rest more of a rest than all before.
    floor: f64,
    senses: Senses<2>,
}

impl Default for Volatility {
    fn default() -> Self {
        let senses = Senses::new(Of::Sizes);
        Self { roots: [0.0; KEPT], steps: 0, last: None, usual: 0.0, floor: 0.0, senses }
    }
}

impl Volatility {
    /// Decades of rarity of the present unrest, given the next value, in units of `scale`. `grain`
    /// is the smallest step of the series, 0 where it has not moved yet.
    pub(super) fn measure(&mut self, value: f64, scale: f64, grain: f64) -> f64 {
        let Some(last) = self.last.replace(value) else { return 0.0 };
        self.roots[self.steps % KEPT] = sqrt(fabs(value - last) / scale);
        self.steps += 1;
        let grain = sqrt(grain);
        if self.floor <= 0.0 {
            self.floor = grain;
        }
        let floor = if self.floor > 0.0 { self.floor } else { 1.0 };
        let mut rarity = 0.0f64;
        for (at, window) in WINDOWS.into_iter().enumerate() {
            if self.steps >= window {
                let rows = window as f64;
                let size = self.mean(window) + 0.5 * floor / rows;
                rarity = rarity.max(self.senses.measure(at, size, rows, grain / rows, 0.0));
            }
        }
        rarity
    }

    /// The rarity that windows of at most so many rows see at this row.
    pub(super) fn within(&self, rows: usize) -> f64 {
        let at = WINDOWS.iter().enumerate().filter(|(_, window)| **window <= rows);
        at.map(|(at, _)| self.senses.decades(at)).fold(0.0, f64::max)
    }

    /// The same, without windows whose youngest quarter is as restless as usual again, or nearly:
    /// they see only what was.
    pub(super) fn lasting_within(&self, rows: usize) -> f64 {
        let is_at = |(_, window): &(usize, &usize)| **window <= rows && self.lasts(**window);
        let found = WINDOWS.iter().enumerate().filter(is_at);
        found.map(|(at, _)| self.senses.decades(at)).fold(0.0, f64::max)
    }

    fn lasts(&self, window: usize) -> bool {
        if self.steps < window {
            return false;
        }
        let off = self.mean(window) - self.usual;
        let young = self.mean(window / 4) - self.usual;
        if off < 0.0 { young <= off * LASTING_PART } else { young >= off * LASTING_PART }
    }

    /// The shortest window that sees at least so much.
    pub(super) fn shortest(&self, decades: f64) -> Option<usize> {
        let at = (0..WINDOWS.len()).find(|at| self.senses.decades(*at) >= decades)?;
        Some(WINDOWS[at])
    }

    /// Learns the row that was measured last.
    pub(super) fn learn(&mut self, lesson: Lesson) {
        self.senses.learn(lesson);
        if self.steps > 0 && lesson != Lesson::Unusual {
            let root = self.roots[(self.steps - 1) % KEPT];
            self.usual += (root - self.usual) / (self.steps as f64).min(USUAL_ROWS);
        }
    }

    /// What led to the event at hand is not learned.
    pub(super) fn spoil(&mut self) {
        self.senses.spoil();
    }

    /// An event of so many rows is over: it is as if it had not been.
    pub(super) fn forget(&mut self, rows: usize) {
        self.senses.drop_shadow();
        for back in 1..=rows.min(KEPT).min(self.steps) {
            self.roots[(self.steps - back) % KEPT] = self.usual;
        }
    }

    /// What an event made of the series is its new normal.
    pub(super) fn adopt(&mut self) {
        self.senses.adopt_shadow();
    }

    fn mean(&self, count: usize) -> f64 {
        let roots = (1..=count).map(|back| self.roots[(self.steps - back) % KEPT]);
        roots.sum::<f64>() / count as f64
    }
}
