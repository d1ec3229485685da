//! Counters and levels of the last half minute, and what they amount to over a span.
//!
//! A span is the shortest run of last intervals that reaches a duration: with irregular ticks it
//! is longer than asked, never shorter, so a late tick is an ordinary rate over its true time.

use alloc::collections::VecDeque;

use crate::time::{Timestamp, seconds};

/// The longest span any verdict asks for (critical: 30 s).
pub const LONGEST_NS: u64 = 30_000_000_000;

/// Counters of one entity, as read, with the times of reading.
#[derive(Debug, Clone)]
pub struct Counters<const N: usize> {
    readings: VecDeque<(Timestamp, [u64; N])>,
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self { readings: VecDeque::new() }
    }
}

/// Growth of counters over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth<const N: usize> {
    /// How much each counter grew.
    pub by: [u64; N],
    /// Over which time.
    pub ns: u64,
}

impl<const N: usize> Growth<N> {
    /// Growth of one counter a second.
    pub fn per_second(&self, counter: usize) -> f64 {
        self.by[counter] as f64 / seconds(self.ns)
    }

    /// Growth of a counter of microseconds as a share of the time.
    pub fn share_of_us(&self, counter: usize) -> f64 {
        self.per_second(counter) / 1e6
    }
}

impl<const N: usize> Counters<N> {
    /// Adds a reading. One that goes back in any counter (a reset) forgets those before it, and
    /// the return value says so.
    pub fn push(&mut self, at: Timestamp, values: [u64; N]) -> bool {
        let mut reset = false;
        if let Some((last_at, last)) = self.readings.back() {
            if at <= *last_at {
                return false;
            }
            reset = last.iter().zip(&values).any(|(before, after)| after < before);
        }
        if reset {
            self.readings.clear();
        }
        self.readings.push_back((at, values));
        while self.readings.len() > 2 && at.since_ns(self.readings[1].0) >= LONGEST_NS {
            self.readings.pop_front();
        }
        reset
    }

    /// Growth over the shortest run of last intervals of at least `ns`; `None` until there is one.
    pub fn over(&self, ns: u64) -> Option<Growth<N>> {
        let (end, last) = self.readings.back()?;
        let (begin, first) =
            self.readings.iter().rev().skip(1).find(|(at, _)| end.since_ns(*at) >= ns)?;
        let mut by = [0; N];
        for (growth, (after, before)) in by.iter_mut().zip(last.iter().zip(first)) {
            *growth = after - before;
        }
        Some(Growth { by, ns: end.since_ns(*begin) })
    }

    /// Growth over the last interval.
    pub fn last(&self) -> Option<Growth<N>> {
        self.over(1)
    }
}

/// Levels of one entity, each standing for the interval before it.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    readings: VecDeque<(Timestamp, f64)>,
}

impl Levels {
    /// Adds a reading.
    pub fn push(&mut self, at: Timestamp, value: f64) {
        if self.readings.back().is_some_and(|(last, _)| at <= *last) {
            return;
        }
        self.readings.push_back((at, value));
        while self.readings.len() > 2 && at.since_ns(self.readings[1].0) >= LONGEST_NS {
            self.readings.pop_front();
        }
    }

    /// Mean over the shortest run of last intervals of at least `ns`, weighted by time.
    pub fn mean(&self, ns: u64) -> Option<f64> {
        let (end, _) = self.readings.back()?;
        let mut sum = 0.0;
        for at in (1..self.readings.len()).rev() {
            let (begin, _) = self.readings[at - 1];
            let (until, value) = self.readings[at];
            sum += value * seconds(until.since_ns(begin));
            if end.since_ns(begin) >= ns {
                return Some(sum / seconds(end.since_ns(begin)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND_NS;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn at(second: u64) -> Timestamp {
        Timestamp(second * SECOND_NS)
    }

    #[test]
    fn psi_of_a_quarter_of_five_seconds() {
        // The worked example of signals.md: 1,250,000 us in 5 s are 25 %.
        let mut counters = Counters::default();
        for second in 0..=5 {
            counters.push(at(second), [250_000 * second]);
        }
        let growth = counters.over(5 * SECOND_NS).unwrap();
        assert_eq!(growth, Growth { by: [1_250_000], ns: 5 * SECOND_NS });
        assert!((growth.share_of_us(0) - 0.25).abs() < 1e-12);
        assert_eq!(counters.over(6 * SECOND_NS), None);
    }

    #[test]
    fn a_late_tick_is_a_rate_over_its_true_time() {
        let mut counters = Counters::default();
        counters.push(at(0), [0]);
        counters.push(at(1), [10]);
        counters.push(at(9), [90]);
        assert_eq!(counters.over(5 * SECOND_NS), Some(Growth { by: [80], ns: 8 * SECOND_NS }));
    }

    #[test]
    fn a_reset_forgets_what_was_before() {
        let mut counters = Counters::default();
        counters.push(at(0), [5, 100]);
        assert!(counters.push(at(1), [6, 99]));
        assert_eq!(counters.last(), None);
        assert!(!counters.push(at(2), [8, 99]));
        assert_eq!(counters.last(), Some(Growth { by: [2, 0], ns: SECOND_NS }));
    }

    #[test]
    fn levels_are_weighted_by_time() {
        let mut levels = Levels::default();
        for (second, value) in [(0, 9.0), (1, 1.0), (2, 2.0), (6, 4.0)] {
            levels.push(at(second), value);
        }
        assert_eq!(levels.mean(5 * SECOND_NS), Some((2.0 + 4.0 * 4.0) / 5.0));
        assert_eq!(levels.mean(7 * SECOND_NS), None);
    }

    /// The plainest implementation: all readings kept, every run tried.
    fn naive(readings: &[(u64, u64)], ns: u64) -> Option<(u64, u64)> {
        let mut kept: Vec<(u64, u64)> = Vec::new();
        for (time, value) in readings {
            if kept.last().is_some_and(|(last, _)| time <= last) {
                continue;
            }
            if kept.last().is_some_and(|(_, last)| value < last) {
                kept.clear();
            }
            kept.push((*time, *value));
        }
        let (end, last) = *kept.last()?;
        let runs = kept.iter().take(kept.len() - 1).filter(|(time, _)| end - time >= ns);
        runs.map(|(time, value)| (last - value, end - time)).min_by_key(|(_, span)| *span)
    }

    proptest! {
        #[test]
        fn spans_equal_the_naive_model(
            steps in prop::collection::vec((0u64..8_000_000_000, 0u64..1000, 0u8..20), 1..80),
            ns in 1u64..=LONGEST_NS,
        ) {
            let (mut time, mut value) = (0, 0);
            let mut readings = Vec::new();
            let mut counters = Counters::default();
            for (step, growth, reset) in steps {
                time += step;
                value = if reset == 0 { growth } else { value + growth };
                readings.push((time, value));
                counters.push(Timestamp(time), [value]);
            }
            let found = counters.over(ns).map(|growth| (growth.by[0], growth.ns));
            prop_assert_eq!(found, naive(&readings, ns));
        }

        #[test]
        fn no_rate_is_negative_or_above_what_was_counted(
            readings in prop::collection::vec((any::<u64>(), any::<u64>()), 1..60),
        ) {
            let mut counters = Counters::default();
            let mut largest = 0;
            for (time, value) in readings {
                counters.push(Timestamp(time), [value]);
                largest = largest.max(value);
                if let Some(growth) = counters.last() {
                    let rate = growth.per_second(0);
                    prop_assert!(rate >= 0.0 && rate.is_finite());
                    prop_assert!(growth.by[0] <= largest);
                }
            }
        }
    }
}
