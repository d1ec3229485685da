//! How a series deviates from its usual level and from the rows just before, over several lengths.
//!
//! A single row, 4 rows and 16 rows are looked at: a spike, a burst, a shift. Each mean is compared
//! with the long-run level (what is absolutely unusual) and with the mean of the rows before, four
//! times as many (what came suddenly, whatever the level has wandered to). A longer window is
//! slower and finds little that these do not: its excursions are few, so its past says less.

use super::rarer_of;
use super::tail::Past;
use core::array::from_fn;
use libm::fabs;

/// Rows of a window.
const WINDOWS: [usize; 3] = [1, 4, 16];
/// The rows before a window that it is compared with, in lengths of the window.
const BEFORE: usize = 4;
/// Rows kept: the longest window and what is before it.
const KEPT: usize = WINDOWS[2] * (1 + BEFORE);

/// A row counts in a mean as at most this many usual steps away from the rows before: one spike is
/// one anomaly, and not a shift of every window that it is in.
const CLIP_STEPS: f64 = 6.0;
/// Rows before the last, of which the mean is what a row is clipped to.
const CLIP_ROWS: usize = 4;
/// Rows after which a row is clipped.
const CLIP_AFTER: usize = 64;
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
    from_level: [Past; 3],
    from_before: [Past; 3],
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
            from_level: from_fn(|_| Past::default()),
            from_before: from_fn(|_| Past::default()),
        }
    }
}

impl Deviations {
    /// Decades of rarity of the present, given the next value. It is counted afterwards.
    pub(super) fn push(&mut self, value: f64) -> f64 {
        if self.rows == 0 {
            self.level = value;
            self.last = value;
        }
        self.keep(value);
        let mut rarity = 0.0f64;
        for (at, window) in WINDOWS.into_iter().enumerate() {
            if self.rows < window {
                break;
            }
            let mean = if window == 1 { value } else { self.mean(0, window) };
            let found = self.from_level[at].rarity_of_deviation(mean - self.level);
            rarity = rarity.max(rarer_of(found, window));
            if self.rows >= window * (1 + BEFORE) {
                let before = self.mean(window, window * BEFORE);
                let found = self.from_before[at].rarity_of_deviation(mean - before);
                rarity = rarity.max(rarer_of(found, window));
            }
        }
        self.follow(value);
        rarity
    }

    /// Mean distance of the values from the level so far.
    pub(super) fn error(&self) -> f64 {
        self.error
    }

    fn keep(&mut self, value: f64) {
        let mut clipped = value;
        if self.rows >= CLIP_AFTER {
            let before = self.mean(0, CLIP_ROWS);
            let reach = CLIP_STEPS * self.step;
            clipped = before + (value - before).clamp(-reach, reach);
        }
        let rows = ((self.rows + 1) as f64).min(STEP_ROWS);
        self.step += (fabs(value - self.last) - self.step) / rows;
        self.last = value;
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
        self.error += (size - self.error) / rows.min(LEVEL_ROWS);
        self.spread += (size - self.spread) * if rows < SPREAD_FIRST { 1.0 / rows } else { part };
        let step = if rows < LEVEL_FIRST { LEVEL_STEP_FIRST } else { LEVEL_STEP };
        let reach = self.spread * step * part;
        self.level += distance.clamp(-reach, reach);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::random::Random;

    /// The rarity of each row of noise, with what `change` makes of it.
    fn rarities(change: impl Fn(usize, f64) -> f64) -> [f64; 1000] {
        let mut random = Random::stream(11, "deviation");
        let mut deviations = Deviations::default();
        let mut found = [0.0; 1000];
        for (row, rarity) in found.iter_mut().enumerate() {
            let noise = random.next_f64() + random.next_f64() - 1.0;
            *rarity = deviations.push(change(row, noise));
        }
        found
    }

    #[test]
    fn a_spike_is_seen_at_its_row_and_not_for_long_after() {
        let found = rarities(|row, noise| if row == 800 { 8.0 } else { noise });
        assert!(found[800] > 6.0, "{}", found[800]);
        let after = found[805..].iter().copied().fold(0.0, f64::max);
        assert!(after < 4.0, "{after}");
    }

    #[test]
    fn a_shift_within_the_noise_is_seen_by_the_longer_windows() {
        let shift = |row: usize, noise: f64| if row < 800 { noise } else { noise + 0.7 };
        let found = rarities(shift);
        let quiet = found[100..800].iter().copied().fold(0.0, f64::max);
        let shifted = found[800..830].iter().copied().fold(0.0, f64::max);
        assert!(shifted > quiet, "{shifted}, {quiet}");
    }

    #[test]
    fn a_level_that_stays_becomes_normal() {
        let found = rarities(|row, noise| if row < 300 { noise } else { noise + 5.0 });
        let late = found[900..].iter().copied().fold(0.0, f64::max);
        assert!(late < 3.0, "{late}");
    }

    #[test]
    fn a_series_that_does_not_move_is_not_rare() {
        assert!(rarities(|_, _| 7.5).iter().all(|rarity| *rarity <= 0.0));
        assert!(rarities(|_, _| -1e150).iter().all(|rarity| *rarity <= 0.0));
    }
}
