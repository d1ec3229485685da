//! One score a row of any series: how unusual is this, after all that was seen before?
//!
//! It knows no unit, no cadence and no future: a row's score depends on the rows up to it alone,
//! and costs the same whether there were a hundred or a million.
//!
//! 1. Statistics that show the usual kinds of trouble are kept: distance of a row and of the mean
//!    of 4 and of 16 rows from the long-run level and from the rows before (`deviation.rs`), for
//!    the series itself and for what its best season leaves of it (`season.rs`); the unrest of the
//!    last 16 and 64 rows, large or small (`volatility.rs`).
//! 2. Each is given the rarity of its value in its own past, in decades (`tail.rs`). That makes
//!    them comparable, and it makes the score fall by itself as a new state becomes usual.
//! 3. The rarest speaks for the row. Its rarity is averaged with its rank among the rarities of all
//!    earlier rows, so that a restless series does not score high all the time.
//!
//! Beside the score it tells what is normal at this hour ([`crate::baseline`]), and `trend.rs`
//! tells whether the series rises.
//!
//! Its constants were chosen on generated series, on which none of them matters much: doubling or
//! halving one changes the share of windows found by less than 0.01, `RANK_PART` by 0.03. The
//! series of a public benchmark served as a check. `benches/anomaly` measures both.

mod deviation;
pub mod forecast;
mod season;
mod tail;
#[cfg(test)]
mod tests;
pub mod trend;
mod volatility;

use self::deviation::Deviations;
use self::season::{HourMean, Season};
use self::tail::Past;
use self::volatility::Volatility;
use crate::baseline::{Baseline, Learning, Moment};
use libm::{exp2, floor, log10};

/// Larger values count as this one: the square of their sum is still a number.
pub const VALUE_MAX: f64 = 1e150;

/// The longest window of any statistic, in rows.
const WINDOW_MAX: f64 = 64.0;
/// What a window shorter by a factor of ten loses, in decades. A short window has more independent
/// values in which it can be rare by chance; a full decade would be too much, since they overlap.
const SHORT_LOSS: f64 = 0.3;
/// A season must lower the mean error at least to this part to be believed.
const SEASON_GAIN: f64 = 0.9;
/// For so long a season must have known usual values: three days.
const SEASON_AGE_S: f64 = 3.0 * 86_400.0;
/// The part that the rank among earlier rarities has in the rarity of a row. Alone it is too rough
/// (a past incident hides the next one), and without it a restless series scores high for ever.
const RANK_PART: f64 = 0.5;
/// Decades after which the distance of the score from 1 is halved. With it 0.5 is a threshold with
/// about one false alarm in a thousand rows, measured on generated series.
const HALF_DECADES: f64 = 2.5;

/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;
/// Every row is learned, whatever its cadence, and stands for the time since the one before it. A
/// day leaves 0.98 of a value's weight (`statistics.md`, section 3); how much is left in all says
/// nothing, since of rows a day apart never more than 50 weigh.
const LEARNING: Learning = Learning {
    max: None,
    weekly: true,
    kept_a_day: 0.98,
    cadence_ns: 0,
    longest_ns: u64::MAX,
    weight_min: 0.0,
};

/// What is said of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// How unusual the row is, 0 to 1; 0 for the first 64 rows. A row in a hundred reaches 0.5, in
    /// clumps that make about one false alarm in a thousand rows; 0.75 is as rare again.
    pub score: f64,
    /// What was normal at this hour before this row: the median, in the unit of the values.
    pub baseline_p50: Option<f64>,
    /// And the 95 % quantile.
    pub baseline_p95: Option<f64>,
}

/// Scores one series, row by row. Give each row that has a value to [`Scorer::push`], in order.
#[derive(Clone, Debug)]
pub struct Scorer {
    now_s: Option<f64>,
    first_s: Option<f64>,
    baseline: Baseline,
    plain: Deviations,
    seasons: [(Season, Deviations); 2],
    hour: HourMean,
    volatility: Volatility,
    rarities: Past,
}

impl Default for Scorer {
    fn default() -> Self {
        Self::new()
    }
}

impl Scorer {
    /// A scorer that has seen nothing.
    pub fn new() -> Self {
        Self {
            now_s: None,
            first_s: None,
            baseline: Baseline::default(),
            plain: Deviations::default(),
            seasons: [Season::of_day(), Season::of_week()].map(|it| (it, Deviations::default())),
            hour: HourMean::default(),
            volatility: Volatility::default(),
            rarities: Past::default(),
        }
    }

    /// Scores the next row, given its time in seconds since the epoch and its value, both finite.
    ///
    /// Where the time goes back, the scorer's stands still until it is caught up with: such rows
    /// count in their order.
    pub fn push(&mut self, time_s: f64, value: f64) -> Scored {
        assert!(time_s.is_finite() && value.is_finite(), "rows are finite");
        let now_s = self.now_s.map_or(time_s, |before_s| before_s.max(time_s));
        let first_s = *self.first_s.get_or_insert(now_s);
        self.now_s = Some(now_s);
        let value = value.clamp(-VALUE_MAX, VALUE_MAX);
        let at = moment(now_s, first_s);
        let normal = self.baseline.level_at(at.hour, &LEARNING);
        self.baseline.learn(at, value, false, &LEARNING);
        if let Some((number, mean)) = self.hour.ended(now_s) {
            for (season, _) in &mut self.seasons {
                season.learn(number, mean);
            }
        }
        let rarity = self.rarity(now_s, value);
        self.hour.add(value);
        let rank = self.rarities.rarity_of_rarity(rarity);
        let decades = rarity + (rank - rarity) * RANK_PART;
        Scored {
            score: 1.0 - exp2(-decades / HALF_DECADES),
            baseline_p50: normal.map(|normal| normal.p50),
            baseline_p95: normal.map(|normal| normal.p95),
        }
    }

    /// The decades of the rarest statistic.
    fn rarity(&mut self, now_s: f64, value: f64) -> f64 {
        let unrest = self.volatility.push(value);
        let plain = self.plain.push(value);
        let mut least_error = self.plain.error() * SEASON_GAIN;
        let mut seasonal = 0.0;
        for (season, deviations) in &mut self.seasons {
            let Some(usual) = season.usual(now_s) else { continue };
            let error = deviations.error();
            let rarity = deviations.push(value - usual);
            if season.age_s(now_s) >= SEASON_AGE_S && error < least_error {
                least_error = error;
                seasonal = rarity;
            }
        }
        unrest.max(plain).max(seasonal)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times so far apart that they do not fit are as far apart as can be"
)]
fn moment(now_s: f64, first_s: f64) -> Moment {
    let mono_ns = ((now_s - first_s) * 1e9) as u64;
    Moment { mono_ns, hour: floor(now_s / HOUR_S) as i64 }
}

/// The rarity of a statistic over `window` rows, comparable with that of other windows.
fn rarer_of(decades: f64, window: usize) -> f64 {
    (decades - SHORT_LOSS * log10(WINDOW_MAX / window as f64)).max(0.0)
}
