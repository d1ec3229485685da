//! What is usual at this hour of the day, or of the week.
//!
//! The mean of each past hour is remembered, and the median over the last days or weeks is the
//! usual value in its middle; between two middles it runs straight. Hours are those of UTC: the
//! shape of a day is found wherever it begins.

use super::HOUR_S;
use crate::order::median;
use alloc::vec;
use alloc::vec::Vec;
use libm::{fabs, floor};

/// The most occurrences of an hour that are remembered.
const KEPT_MAX: usize = 10;
/// Occurrences before an hour has a usual value: the median of three stands one bad day.
const NEEDED: usize = 3;

/// The hours of one kind of season.
#[derive(Clone, Debug)]
pub(super) struct Season {
    hours: Vec<Hour>,
    /// How many occurrences of an hour are remembered.
    kept: usize,
    /// When it first knew a usual value, in seconds since the epoch.
    first_usual_s: Option<f64>,
}

/// One hour of the day or the week.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    means: [f64; KEPT_MAX],
    seen: usize,
    usual: f64,
}

impl Season {
    /// The 24 hours of a day. It follows the last ten days: two weekends at most.
    pub(super) fn of_day() -> Self {
        Self { hours: vec![Hour::default(); 24], kept: KEPT_MAX, first_usual_s: None }
    }

    /// The 168 hours of a week. It follows the last six weeks.
    pub(super) fn of_week() -> Self {
        Self { hours: vec![Hour::default(); 168], kept: 6, first_usual_s: None }
    }

    /// Remembers the mean of an hour, numbered from the epoch.
    pub(super) fn learn(&mut self, number: f64, mean: f64) {
        let at = self.place(number);
        let hour = &mut self.hours[at];
        hour.means[hour.seen % self.kept] = mean;
        hour.seen += 1;
        let mut known = hour.means;
        hour.usual = median(&mut known[..hour.seen.min(self.kept)]).unwrap_or(mean);
    }

    /// The usual value at a time, in seconds since the epoch. `None` until this hour was seen on
    /// three days, or in three weeks.
    pub(super) fn usual(&mut self, time_s: f64) -> Option<f64> {
        let hours = time_s / HOUR_S;
        let number = floor(hours);
        let off_middle = hours - number - 0.5;
        let neighbour = if off_middle < 0.0 { number - 1.0 } else { number + 1.0 };
        let (this, next) = (self.hours[self.place(number)], self.hours[self.place(neighbour)]);
        if this.seen < NEEDED {
            return None;
        }
        self.first_usual_s.get_or_insert(time_s);
        if next.seen < NEEDED {
            return Some(this.usual);
        }
        Some(this.usual + (next.usual - this.usual) * fabs(off_middle))
    }

    /// For how long, in seconds, it has known usual values.
    pub(super) fn age_s(&self, time_s: f64) -> f64 {
        self.first_usual_s.map_or(0.0, |first_s| time_s - first_s)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the remainder of a division is less than 168 and not negative"
    )]
    fn place(&self, number: f64) -> usize {
        let count = self.hours.len() as f64;
        let within = number - floor(number / count) * count;
        (within.max(0.0) as usize).min(self.hours.len() - 1)
    }
}

/// Adds the rows of an hour up.
#[derive(Clone, Debug, Default)]
pub(super) struct HourMean {
    number: f64,
    sum: f64,
    rows: usize,
}

impl HourMean {
    /// At a time: number and mean of the hour that ended before it, once.
    pub(super) fn ended(&mut self, time_s: f64) -> Option<(f64, f64)> {
        let number = floor(time_s / HOUR_S);
        let over = self.rows > 0 && number > self.number;
        let ended = over.then_some((self.number, self.sum / self.rows as f64));
        if over {
            *self = Self::default();
        }
        self.number = number;
        ended
    }

    /// Adds a row of the hour that goes on.
    pub(super) fn add(&mut self, value: f64) {
        self.sum += value;
        self.rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Teaches the hours of so many days; the mean of each is its hour.
    fn days(season: &mut Season, days: u32) {
        for number in 0..days * 24 {
            season.learn(f64::from(number), f64::from(number % 24));
        }
    }

    #[test]
    fn an_hour_is_usual_after_three_days_and_runs_straight_to_the_next() {
        let mut season = Season::of_day();
        days(&mut season, 2);
        assert_eq!(season.usual(50.0 * HOUR_S), None);
        days(&mut season, 1);
        let mut check = |hours: f64, expected: f64| {
            assert_eq!(season.usual(hours * HOUR_S), Some(expected), "{hours}");
        };
        check(72.0 + 3.5, 3.0);
        check(72.0 + 4.0, 3.5);
        check(72.0 + 3.75, 3.25);
        check(72.0 + 24.0, 11.5);
        assert!((season.age_s(80.0 * HOUR_S) - 4.5 * HOUR_S).abs() < 1e-6);
    }

    #[test]
    fn one_bad_day_changes_nothing_and_a_lasting_change_is_followed() {
        let mut season = Season::of_day();
        days(&mut season, 9);
        season.learn(9.0 * 24.0 + 3.0, 500.0);
        assert_eq!(season.usual(3.5 * HOUR_S), Some(3.0));
        for day in 10..16 {
            season.learn(f64::from(day) * 24.0 + 3.0, 500.0);
        }
        assert_eq!(season.usual(3.5 * HOUR_S), Some(500.0));
    }

    #[test]
    fn a_week_has_hours_of_its_own_before_the_epoch_too() {
        let mut season = Season::of_week();
        for week in 0..3 {
            season.learn(f64::from(week) * 168.0 + 5.0, 7.0);
        }
        assert_eq!(season.usual(5.25 * HOUR_S), Some(7.0));
        assert_eq!(season.usual((5.25 - 168.0) * HOUR_S), Some(7.0));
        assert_eq!(season.usual(29.5 * HOUR_S), None, "the same hour of another day");
    }

    #[test]
    fn an_hour_ends_with_the_first_row_of_a_later_one() {
        let mut mean = HourMean::default();
        for (time_s, value) in [(10.0, 1.0), (1800.0, 3.0)] {
            assert_eq!(mean.ended(time_s), None);
            mean.add(value);
        }
        assert_eq!(mean.ended(7300.0), Some((0.0, 2.0)));
        assert_eq!(mean.ended(7300.0), None);
    }
}
