//! Levels of the last half minute, and the mean that a verdict may rest on.

use alloc::collections::VecDeque;

use ks_vocabulary::time::{Timestamp, seconds};

use super::history::{LONGEST_NS, READINGS};

/// Levels of one entity, each an instant that stands for the interval before it.
///
/// An instant is no evidence of a long time, and nothing rests on one of them: see
/// [`Levels::mean`].
#[derive(Debug, Clone, Default)]
pub struct Levels {
    readings: VecDeque<(Timestamp, f64)>,
}

/// A mean rests on so many instants at least (`signals.md`, "Persistence": two samples at least)...
const INSTANTS_LEAST: usize = 2;
/// ...and where readings come often, on so many that none stands for more than this share of it,
/// as its inverse (our judgement: the fewest of which one that is out of line is the minority).
const INSTANTS_OFTEN: u64 = 3;

impl Levels {
    /// Adds a reading.
    pub fn push(&mut self, at: Timestamp, value: f64) {
        if self.readings.back().is_some_and(|(last, _)| at <= *last) {
            return;
        }
        self.readings.push_back((at, value));
        while self.readings.len() > READINGS && at.since_ns(self.readings[1].0) >= LONGEST_NS {
            self.readings.pop_front();
        }
    }

    /// Mean of the fewest last instants that stand for at least `ns`, and of two at least.
    ///
    /// An instant stands for the interval before it, and for no more than a third of `ns`, or than
    /// `usual_ns`, the usual time between readings, where that is longer: after a pause the one
    /// that ended it does not speak for all of it. So a mean of 5 s rests on five instants a second
    /// apart, on three at least however ticks come, and on two where they come every minute.
    pub fn mean(&self, ns: u64, usual_ns: u64) -> Option<Mean> {
        let longest_ns = usual_ns.max(ns.div_ceil(INSTANTS_OFTEN));
        let (mut sum, mut all_ns) = (0.0, 0);
        let mut highest = [f64::NEG_INFINITY; 2];
        let later = self.readings.iter().rev();
        for (count, ((end, value), (begin, _))) in later.clone().zip(later.skip(1)).enumerate() {
            let stands_ns = end.since_ns(*begin).min(longest_ns);
            sum += value * seconds(stands_ns);
            all_ns += stands_ns;
            highest = [highest[0].max(*value), highest[1].max(value.min(highest[0]))];
            if all_ns >= ns && count + 1 >= INSTANTS_LEAST {
                return Some(Mean { value: sum / seconds(all_ns), second: highest[1] });
            }
        }
        None
    }
}

/// What several instants amount to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Their mean.
    pub value: f64,
    /// The second highest of them.
    pub second: f64,
}

impl Mean {
    /// What the mean and more than one instant reach: one that is out of line, however far, makes
    /// a mean and no verdict.
    pub fn held(self) -> f64 {
        self.value.min(self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use ks_vocabulary::time::SECOND_NS;

    fn levels(readings: &[(u64, f64)]) -> Levels {
        let mut levels = Levels::default();
        for (second, value) in readings {
            levels.push(Timestamp(second * SECOND_NS), *value);
        }
        levels
    }

    #[test]
    fn levels_are_weighted_by_time() {
        let levels = levels(&[(0, 9.0), (1, 1.0), (2, 2.0), (4, 4.0), (6, 3.0)]);
        let mean = |seconds, usual| {
            levels.mean(seconds * SECOND_NS, usual * SECOND_NS).map(|mean| mean.value)
        };
        assert_eq!(mean(5, 2), Some((2.0 + 2.0 * 4.0 + 2.0 * 3.0) / 5.0));
        assert_eq!(mean(7, 2), None);
        assert_eq!(mean(1, 2), Some((2.0 * 4.0 + 2.0 * 3.0) / 4.0), "two instants at least");
    }

    #[test]
    fn the_instant_after_a_pause_stands_for_a_third_of_the_mean() {
        let five = 5 * SECOND_NS;
        let mut readings = alloc::vec![(0, 0.0), (1, 0.0), (301, 100.0)];
        assert_eq!(levels(&readings).mean(five, SECOND_NS), None, "300 s were not seen");
        readings.extend((302..306).map(|second| (second, 0.0)));
        let mean = levels(&readings).mean(five, SECOND_NS).unwrap();
        let expected = 100.0 * (5.0 / 3.0) / (5.0 / 3.0 + 4.0);
        assert!((mean.value - expected).abs() < 1e-6, "{mean:?}");
        assert_eq!((mean.second, mean.held()), (0.0, 0.0), "one instant of 100");
    }

    #[test]
    fn two_instants_hold_what_one_does_not() {
        let held = |values: [f64; 5]| {
            let readings: Vec<_> = (1..).zip(values).collect();
            let all: Vec<_> = core::iter::once((0, 0.0)).chain(readings).collect();
            levels(&all).mean(5 * SECOND_NS, SECOND_NS).map(Mean::held)
        };
        assert_eq!(held([0.0, 50.0, 1.0, 0.0, 0.0]), Some(1.0));
        assert_eq!(held([50.0, 0.0, 1.0, 0.0, 0.0]), Some(1.0), "in any order");
        assert_eq!(held([4.0, 0.0, 4.0, 0.0, 2.0]), Some(2.0), "the mean");
        assert_eq!(held([3.0; 5]), Some(3.0));
    }

    #[test]
    fn a_mean_rests_on_three_instants_or_on_two_that_are_far_apart() {
        let least = |every: u64, usual: u64| {
            let count = |count: &u64| {
                let readings: Vec<_> = (0..=*count).map(|at| (at * every, 1.0)).collect();
                levels(&readings).mean(5 * SECOND_NS, usual * SECOND_NS).is_some()
            };
            (1..20).find(count)
        };
        assert_eq!(least(1, 1), Some(5));
        assert_eq!(least(2, 2), Some(3));
        assert_eq!(least(5, 5), Some(2));
        assert_eq!(least(60, 60), Some(2));
        assert_eq!(least(60, 1), Some(3), "most ticks are missed");
    }
}
