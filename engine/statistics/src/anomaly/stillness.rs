//! For how many rows a series has not changed: a value that is stuck, or silence where there was
//! activity again and again.
//!
//! A run of equal rows is as rare as runs of its length are among all rows. Only whole runs are
//! learned, when they end.

use super::tail::Tail;
use libm::log2;

/// A shorter run is none.
const RUN_MIN: f64 = 4.0;
/// Fewer changes say nothing of how often the value changes.
const RUNS_MIN: f64 = 4.0;

/// The runs of one series.
#[derive(Clone, Debug, Default)]
pub(super) struct Stillness {
    value: Option<f64>,
    run: f64,
    /// The run that ended with this row.
    ended: Option<f64>,
    past: Tail,
    runs: f64,
    rows: f64,
    decades: f64,
}

impl Stillness {
    /// Decades of rarity of the present run, given the next value.
    pub(super) fn measure(&mut self, value: f64) -> f64 {
        self.ended = None;
        let equals = self.value.is_some_and(|last| last.total_cmp(&value).is_eq());
        if equals {
            self.run += 1.0;
        } else {
            self.ended = Some(self.run).filter(|run| *run > 0.0);
            self.run = 1.0;
            self.value = Some(value);
        }
        self.decades = 0.0;
        if self.run >= RUN_MIN && self.runs >= RUNS_MIN {
            self.decades = self.past.rarity_of_waiting(self.run, self.rows);
        }
        self.decades
    }

    /// The rarity of the present run.
    pub(super) fn decades(&self) -> f64 {
        self.decades
    }

    /// Learns the row that was measured last.
    pub(super) fn learn(&mut self) {
        if let Some(run) = self.ended {
            self.past.count(log2(run));
            self.runs += 1.0;
        }
        self.rows += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The highest rarity from row `from` on, of a series with activity in every so many rows.
    fn highest(every: usize, rows: usize, from: usize, silent_from: usize) -> f64 {
        let mut stillness = Stillness::default();
        let mut highest = 0.0f64;
        for row in 0..rows {
            let is_active = row % every == 0 && row < silent_from;
            let found = stillness.measure(if is_active { row as f64 } else { 0.0 });
            stillness.learn();
            if row >= from {
                highest = highest.max(found);
            }
        }
        highest
    }

    #[test]
    fn silence_is_rare_where_there_was_activity_again_and_again() {
        assert!(highest(20, 3000, 200, 9999) < 2.5, "{}", highest(20, 3000, 200, 9999));
        assert!(highest(20, 2300, 2000, 2000) > 4.0, "{}", highest(20, 2300, 2000, 2000));
    }

    #[test]
    fn a_series_that_never_moves_is_not_rare() {
        assert!(highest(1_000_000, 3000, 0, 0) < 4.0);
    }
}
