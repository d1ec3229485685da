//! The test of a trend against the series' own past.
//!
//! Textbook tests take autocorrelated noise for a trend in a third of the windows; the rank among
//! the slopes of past windows of equal length does not (`statistics.md`, table 2.3 and section 4).
//! What a window's points are is the caller's to say: medians of equal slots of time, or of rows.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use libm::fabs;

/// A window moves by an eighth of its length between two looks: so many looks later it shares
/// nothing with what it was.
pub const DISJOINT: usize = 8;
/// Looks before a slope counts as past. Two windows: so a trend can be proven in two that share
/// nothing before its own slopes are what it is compared with.
const PENDING: usize = 2 * DISJOINT;
/// A window of fewer points, or of fewer different values, says nothing of a slope.
pub const POINTS_MIN: usize = 8;
const VALUES_MIN: usize = 5;
/// Only what comes after a hole longer than a quarter of the window counts.
pub const HOLE_PARTS: u32 = 4;

/// Slopes that differ by less, as a part of them, differ by rounding.
const ROUNDING: f64 = 1e-9;

/// Past windows that share nothing which one that is unusual at 5 % is steeper than.
pub const DISJOINT_MIN: usize = 19;

/// What a p-value has to be to say something, and of how many past windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Past windows that are needed.
    pub windows: usize,
    /// The largest p-value that will do.
    pub p_max: f64,
}

/// For naming a direction.
pub const DIRECTION: Gate = Gate { windows: DISJOINT_MIN * DISJOINT, p_max: 0.05 };
/// For a forecast, in each of two windows that share nothing.
pub const FORECAST: Gate = Gate { windows: 199, p_max: 0.01 };

/// Which way a series goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It rises more steeply than its past.
    Increasing,
    /// It falls more steeply than its past.
    Decreasing,
    /// No steeper than its past.
    Stable,
    /// Too little past to compare with.
    Unproven,
}

impl Direction {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Increasing => "increasing",
            Self::Decreasing => "decreasing",
            Self::Stable => "stable",
            Self::Unproven => "unproven",
        }
    }
}

/// One look at a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Slope of its line.
    pub slope: f64,
    /// p-value of rising; `None` where the past was too short for a forecast.
    pub rises: Option<f64>,
    /// p-value of falling.
    pub falls: Option<f64>,
    /// It tells nothing of a calm past.
    pub is_spoilt: bool,
}

impl Look {
    fn p(&self, slope: f64) -> Option<f64> {
        if slope < 0.0 { self.falls } else { self.rises }
    }
}

/// The slopes of calm windows of the past, and of those that are not past yet.
#[derive(Debug, Clone)]
pub struct History {
    /// Once full, the oldest makes way.
    slopes: Vec<f64>,
    oldest: usize,
    most: usize,
    /// `None` for a look at a window that told nothing.
    pending: VecDeque<Option<Look>>,
}

impl History {
    /// One that remembers so many slopes.
    pub fn of(most: usize) -> Self {
        Self { slopes: Vec::new(), oldest: 0, most, pending: VecDeque::new() }
    }

    /// The slopes of calm past windows, in no order.
    pub fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// Takes a look at the window; `None` where there is no slope, as after a hole. A slope becomes
    /// past after a while; while a trend is proven none does: a leak would else become usual by
    /// lasting.
    pub fn push(&mut self, look: Option<Look>) {
        self.pending.push_back(look);
        let is_proven = |slope: f64| self.proof(slope).is_some_and(|p| p <= FORECAST.p_max);
        if is_proven(1.0) || is_proven(-1.0) {
            self.pending.iter_mut().flatten().for_each(|pending| pending.is_spoilt = true);
        }
        if self.pending.len() > PENDING
            && let Some(oldest) = self.pending.pop_front().flatten()
            && !oldest.is_spoilt
        {
            self.learn(oldest.slope);
        }
    }

    /// Adds the slope of a calm window.
    pub fn learn(&mut self, slope: f64) {
        if self.slopes.len() < self.most {
            self.slopes.push(slope);
        } else {
            self.slopes[self.oldest] = slope;
            self.oldest = (self.oldest + 1) % self.most;
        }
    }

    /// The larger p-value, in the direction of `slope`, of the last look and of the one that ended
    /// where its window begins; `None` where either has none.
    pub fn proof(&self, slope: f64) -> Option<f64> {
        let last = self.pending.back()?.as_ref()?.p(slope)?;
        Some(last.max(self.before()?.p(slope)?))
    }

    /// The look at the window that ended where the last one begins.
    fn before(&self) -> Option<&Look> {
        let at = self.pending.len().checked_sub(1 + DISJOINT)?;
        self.pending.get(at)?.as_ref()
    }

    /// The looks that are not past yet, the last first.
    pub fn pending(&self) -> impl Iterator<Item = Option<&Look>> {
        self.pending.iter().rev().map(Option::as_ref)
    }

    /// Forgets what is not past yet, as after a gap.
    pub fn restart(&mut self) {
        self.pending.clear();
    }
}

/// Whether so many different values are among the points that a slope says something.
pub fn varies(points: &[(f64, f64)]) -> bool {
    let mut distinct = [0.0; VALUES_MIN];
    let mut count = 0;
    for (_, value) in points {
        if !distinct[..count].contains(value) {
            distinct[count] = *value;
            count += 1;
            if count == VALUES_MIN {
                return true;
            }
        }
    }
    false
}

/// Share of windows that rise at least as steeply as this one, itself counted:
/// (1 + number of past slopes not below) / (number of past slopes + 1).
///
/// Above 0 and at most 1; without a past it is 1, which proves nothing.
pub fn p_value(slope: f64, past: &[f64]) -> f64 {
    let alike = slope - ROUNDING * fabs(slope);
    let steeper = past.iter().filter(|known| **known >= alike).count();
    (1 + steeper) as f64 / (past.len() + 1) as f64
}

/// The same for a fall: the share of windows that fall at least as steeply as this one.
pub fn p_value_falling(slope: f64, past: &[f64]) -> f64 {
    let alike = slope + ROUNDING * fabs(slope);
    let steeper = past.iter().filter(|known| **known <= alike).count();
    (1 + steeper) as f64 / (past.len() + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    fn check(slope: f64, past: &[f64], expected: f64) {
        assert_close(p_value(slope, past), expected);
    }

    #[test]
    fn of_199_past_slopes_one_may_be_steeper() {
        let mut past: Vec<f64> = (0..199).map(|at| f64::from(at) / 200.0).collect();
        check(1.0, &past, 0.005);
        past[7] = 1.0;
        check(1.0, &past, 0.01);
        past[20] = 2.0;
        check(1.0, &past, 0.015);
        check(1.0, &[], 1.0);
    }

    #[test]
    fn the_placebo_null_is_the_same_rank_from_the_other_side() {
        // Section 6: the share of 19 past differences that are at most this one.
        let null = [
            3.1, 2.6, 2.2, 1.9, 1.7, 1.5, 1.4, 1.2, 1.1, 1.0, 0.9, 0.8, 0.6, 0.5, 0.3, 0.1, -0.2,
            -0.4, -0.9,
        ];
        check(4.0, &null, 0.05);
        check(2.0, &null, 0.2);
        check(1.0, &null, 0.55);
    }

    fn look(slope: f64, p: Option<f64>) -> Look {
        Look { slope, rises: p, falls: None, is_spoilt: false }
    }

    #[test]
    fn a_slope_is_past_two_windows_later_and_the_oldest_makes_way() {
        let mut history = History::of(3);
        (0..16).for_each(|at| history.push(Some(look(f64::from(at), None))));
        assert!(history.slopes().is_empty());
        (16..20).for_each(|at| history.push(Some(look(f64::from(at), None))));
        assert_eq!(history.slopes(), [3.0, 1.0, 2.0]);
        history.restart();
        (0..16).for_each(|at| history.push(Some(look(f64::from(at), None))));
        assert_eq!(history.slopes(), [3.0, 1.0, 2.0]);
    }

    #[test]
    fn a_trend_that_is_proven_in_two_windows_never_becomes_past() {
        let mut history = History::of(100);
        (0..9).for_each(|_| history.push(Some(look(5.0, Some(0.005)))));
        assert_eq!(history.proof(1.0), Some(0.005));
        (0..30).for_each(|_| history.push(Some(look(1.0, Some(0.5)))));
        assert_eq!(history.proof(1.0), Some(0.5));
        assert!(!history.slopes().contains(&5.0), "{:?}", history.slopes());
        assert_eq!(history.slopes().len(), 30 - 16);
    }

    proptest! {
        #[test]
        fn it_is_a_share_and_least_for_the_steepest(
            past in prop::collection::vec(-1.0f64..1.0, 0..300),
            slope in -2.0f64..2.0,
        ) {
            let found = p_value(slope, &past);
            prop_assert!(found > 0.0 && found <= 1.0);
            let steepest = p_value(3.0, &past);
            prop_assert_eq!(Some(steepest), Some(1.0 / (past.len() + 1) as f64));
            prop_assert!(steepest <= found);
        }
    }
}
