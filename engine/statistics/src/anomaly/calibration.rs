//! How often rows are as rare as the present one, in this series.
//!
//! Many statistics are looked at, they overlap, and the tails of their past are guessed: the rarest
//! of them is not as rare as it says. So it is ranked among what it was before: the highest of each
//! 32 rows is counted, and the rate of those that are not below the present one is what it means.
//! Beyond the ten highest it is taken to fall by a decade for each decade, with the weight of ten
//! values, as it would if the rarest statistic were right, and never by more.
//!
//! Events are counted as well, at most a little above the threshold, so that a series that is
//! restless has a higher one; those that are far beyond any threshold are incidents and no noise,
//! unless they come again and again.

use super::tail::DECADES_MAX;
use core::f64::consts::LN_10;
use libm::{floor, log10};

/// Rows of which the highest is counted.
const BLOCK_ROWS: usize = 32;
/// Bins of a decade.
const BINS_PER_DECADE: f64 = 16.0;
const BINS: usize = 258;
/// The highest that the slope is fitted to, and the weight of what is presumed.
const HIGHEST: f64 = 10.0;
const PRESUMED_WEIGHT: f64 = 10.0;
const ROUNDING: f64 = 1e-6;
/// Rows that were not judged.
const FIRST_ROWS: f64 = 64.0;
/// At so many rows all weights are halved.
const ROWS_MAX: f64 = 65_536.0;
/// Decades that an event is counted with at most: what is far beyond raises the threshold by no
/// more than what is a little above it (a decade above 3).
const COUNTED_MAX: f64 = 4.0;
/// Decades of rarity from which on an event is an incident, and how many of those are none that
/// makes a series restless.
const INCIDENT: f64 = 5.0;
const INCIDENTS: usize = 6;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    weights: [f64; BINS],
    rows: f64,
    block_rows: usize,
    highest: f64,
    incidents: usize,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { weights: [0.0; BINS], rows: 0.0, block_rows: 0, highest: 0.0, incidents: 0 }
    }
}

impl Calibration {
    /// Rows that were usual.
    pub(super) fn rows(&self) -> f64 {
        self.rows
    }

    /// Decades of how seldom the rarest statistic is as rare as `rarest`.
    pub(super) fn decades(&self, rarest: f64) -> f64 {
        let (bin, part) = place(rarest);
        let above: f64 = self.weights[bin + 1..].iter().sum();
        let not_below = above + self.weights[bin] * (1.0 - part);
        let rows = self.rows + FIRST_ROWS;
        if not_below >= HIGHEST - ROUNDING {
            return -log10(not_below / rows);
        }
        let (weight, moment, lowest) = self.highest();
        let excess = (moment - weight * lowest) / BINS_PER_DECADE;
        let natural = 1.0 / LN_10;
        let mean = (excess + PRESUMED_WEIGHT * natural) / (weight + PRESUMED_WEIGHT);
        let mean = mean.max(natural);
        let beyond = (bin as f64 + part - lowest) / BINS_PER_DECADE;
        beyond.max(0.0) / mean / LN_10 - log10(weight / rows)
    }

    /// Counts a usual row.
    pub(super) fn count_row(&mut self, rarest: f64) {
        self.rows += 1.0;
        self.block_rows += 1;
        self.highest = self.highest.max(rarest);
        if self.block_rows == BLOCK_ROWS {
            self.add(self.highest);
            self.block_rows = 0;
            self.highest = 0.0;
        }
        if self.rows > ROWS_MAX {
            self.fade(0.5);
        }
    }

    /// Leaves so much of the weight of what was counted.
    pub(super) fn fade(&mut self, part: f64) {
        self.weights.iter_mut().for_each(|weight| *weight *= part);
        self.rows *= part;
    }

    /// Counts an event by its peak: how rare its rarest statistic was, and what that meant.
    pub(super) fn count_event(&mut self, rarest: f64, decades: f64) {
        if decades > INCIDENT {
            self.incidents += 1;
            if self.incidents <= INCIDENTS {
                return;
            }
        }
        self.add(rarest - (decades - COUNTED_MAX).max(0.0));
    }

    fn add(&mut self, rarest: f64) {
        let (bin, part) = place(rarest);
        self.weights[bin] += 1.0 - part;
        self.weights[bin + 1] += part;
    }

    /// Weight of the highest, sum of their places by weight, and the lowest of these.
    fn highest(&self) -> (f64, f64, f64) {
        let (mut weight, mut moment, mut lowest) = (0.0, 0.0, 0.0);
        for (bin, found) in self.weights.iter().enumerate().rev() {
            if *found > ROUNDING {
                weight += found;
                moment += found * bin as f64;
                lowest = bin as f64;
                if weight >= HIGHEST - ROUNDING {
                    break;
                }
            }
        }
        if weight < 1.0 - ROUNDING {
            // Before the first block is over, one of a decade is presumed.
            lowest = lowest.max(BINS_PER_DECADE);
            return (1.0, lowest, lowest);
        }
        (weight, moment, lowest)
    }
}

/// The bin below a rarity, and how far it lies on the way to the next.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 256")]
fn place(decades: f64) -> (usize, f64) {
    let at = decades.clamp(0.0, DECADES_MAX) * BINS_PER_DECADE;
    let bin = floor(at);
    (bin as usize, at - bin)
}
