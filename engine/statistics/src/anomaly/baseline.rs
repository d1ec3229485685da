//! What is normal for one series: its median and 95 % quantile, by hour where enough is known.
//!
//! Values are kept in mergeable sketches, one for each hour of the week, one for each hour of the
//! day, and one for all (`statistics.md`, section 3). The narrowest that has enough speaks. Hours
//! are those of UTC. Old values fade by 2 % a day.

use crate::sketch::Sketch;
use alloc::vec;
use alloc::vec::Vec;
use libm::{floor, pow};

const HOUR_S: f64 = 3600.0;
const DAY_S: f64 = 86_400.0;
/// An hour of the week is known after so many values (section 3, a judgement).
const BUCKET_VALUES: u32 = 60;
/// And in so many different weeks; an hour of the day on so many days.
const BUCKET_PERIODS: u32 = 3;
/// Anything is known after so many values (section 3, a judgement).
const VALUES: u32 = 300;
/// And so many seconds.
const SPAN_S: f64 = 1800.0;
/// What a day leaves of a value's weight.
const DECAY_PER_DAY: f64 = 0.98;

/// What is normal at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// The median, in the unit of the values, to within 1 %.
    pub p50: f64,
    /// The 95 % quantile, to within 1 %.
    pub p95: f64,
}

/// The baseline of one series.
#[derive(Clone, Debug)]
pub struct Baseline {
    all: Bucket,
    days: Vec<Bucket>,
    weeks: Vec<Bucket>,
    first_s: Option<f64>,
    /// The day to which weights have faded, numbered from the epoch.
    faded_day: f64,
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            all: Bucket::default(),
            days: vec![Bucket::default(); 24],
            weeks: vec![Bucket::default(); 168],
            first_s: None,
            faded_day: 0.0,
        }
    }
}

impl Baseline {
    /// What is normal at a time, in seconds since the epoch; `None` where too little is known.
    pub fn at(&self, time_s: f64) -> Option<Normal> {
        let first_s = self.first_s?;
        if self.all.values < VALUES || time_s - first_s < SPAN_S {
            return None;
        }
        let week = &self.weeks[place(time_s, self.weeks.len())];
        let day = &self.days[place(time_s, self.days.len())];
        let narrow = [week, day].into_iter().find(|bucket| bucket.is_known());
        let [p50, p95] = narrow.unwrap_or(&self.all).sketch.quantiles(&[0.5, 0.95])?;
        Some(Normal { p50, p95 })
    }

    /// Counts a finite value. Times do not go back.
    pub fn learn(&mut self, time_s: f64, value: f64) {
        self.fade(floor(time_s / DAY_S));
        self.first_s.get_or_insert(time_s);
        let week = place(time_s, self.weeks.len());
        let day = place(time_s, self.days.len());
        self.weeks[week].learn(floor(time_s / (7.0 * DAY_S)), value);
        self.days[day].learn(floor(time_s / DAY_S), value);
        self.all.learn(0.0, value);
    }

    fn fade(&mut self, day: f64) {
        if self.first_s.is_some() && day > self.faded_day {
            let factor = pow(DECAY_PER_DAY, day - self.faded_day);
            self.all.sketch.scale(factor);
            for bucket in self.days.iter_mut().chain(&mut self.weeks) {
                bucket.sketch.scale(factor);
            }
        }
        self.faded_day = day;
    }
}

/// The values of one hour.
#[derive(Clone, Debug, Default)]
struct Bucket {
    sketch: Sketch,
    values: u32,
    periods: u32,
    /// The day or week of the last value.
    last: f64,
}

impl Bucket {
    fn learn(&mut self, period: f64, value: f64) {
        if self.values == 0 || period > self.last {
            self.periods = self.periods.saturating_add(1);
            self.last = period;
        }
        self.values = self.values.saturating_add(1);
        self.sketch.insert(value);
    }

    fn is_known(&self) -> bool {
        self.values >= BUCKET_VALUES && self.periods >= BUCKET_PERIODS
    }
}

/// The place of a time among `count` hours that return.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the remainder of a division is less than 168 and not negative"
)]
fn place(time_s: f64, count: usize) -> usize {
    let number = floor(time_s / HOUR_S);
    let within = number - floor(number / count as f64) * count as f64;
    (within.max(0.0) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A baseline of so many days of one value in 5 minutes: by day the hour, at weekends a hundred
    /// more.
    fn taught(days: u32) -> Baseline {
        let mut baseline = Baseline::default();
        for row in 0..days * 288 {
            let time_s = f64::from(row) * 300.0;
            let weekend = (row / 288) % 7 >= 5;
            let hour = f64::from(row / 12 % 24 + 1);
            baseline.learn(time_s, if weekend { hour + 100.0 } else { hour });
        }
        baseline
    }

    fn check(baseline: &Baseline, time_s: f64, p50: f64) {
        let found = baseline.at(time_s).unwrap().p50;
        assert!((found - p50).abs() <= 0.011 * p50, "{found} is not {p50}");
    }

    #[test]
    fn too_little_is_no_baseline() {
        let mut baseline = Baseline::default();
        for row in 0..299 {
            baseline.learn(f64::from(row), 5.0);
        }
        assert_eq!(baseline.at(299.0), None, "too few values");
        baseline.learn(299.0, 5.0);
        assert_eq!(baseline.at(1799.0), None, "too short a time");
        check(&baseline, 1800.0, 5.0);
    }

    #[test]
    fn the_narrowest_known_hour_speaks() {
        check(&taught(2), 2.0 * DAY_S, 12.5);
        check(&taught(6), 6.0 * DAY_S + 7.5 * HOUR_S, 8.0);
        let weeks = taught(36);
        check(&weeks, 35.0 * DAY_S + 7.5 * HOUR_S, 8.0);
        check(&weeks, 40.0 * DAY_S + 7.5 * HOUR_S, 108.0);
    }

    #[test]
    fn what_is_old_fades() {
        let mut baseline = Baseline::default();
        for (day, value) in [(0.0, 1.0), (400.0, 9.0)] {
            for row in 0..300 {
                baseline.learn(day * DAY_S + f64::from(row) * 7.0, value);
            }
        }
        let normal = baseline.at(400.1 * DAY_S).unwrap();
        assert!(normal.p50 > 8.0, "{normal:?}");
    }
}
