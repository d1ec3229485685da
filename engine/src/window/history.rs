//! Counters of the last half minute, and what they amount to over a span.
//!
//! A span is the shortest run of last intervals that reaches a duration: with irregular ticks it
//! is longer than asked, never shorter, so a late tick is an ordinary rate over its true time.

use alloc::collections::VecDeque;

use ks_vocabulary::time::{SECOND_NS, Timestamp, seconds};

use super::series::Missing;

/// The longest span any verdict asks for (critical: 30 s).
pub const LONGEST_NS: u64 = 30 * SECOND_NS;
/// Readings kept however far apart they are: ten intervals and their beginning.
pub(super) const READINGS: usize = 11;

/// Spans that verdicts ask for at every reading: where each begins is kept.
const ASKED_NS: [u64; 3] = [5 * SECOND_NS, 10 * SECOND_NS, LONGEST_NS];

/// Counters of one entity, as read, with the times of reading.
#[derive(Debug, Clone)]
pub struct Counters<const N: usize> {
    readings: VecDeque<(Timestamp, [u64; N])>,
    given: [bool; N],
    /// Of each of [`ASKED_NS`], the last reading that is as long ago; 0 where none is.
    begins: [usize; ASKED_NS.len()],
    /// The shortest interval so far: how often the counters are read when no tick is late.
    shortest_ns: Option<u64>,
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self {
            readings: VecDeque::new(),
            given: [false; N],
            begins: [0; ASKED_NS.len()],
            shortest_ns: None,
        }
    }
}

/// Growth of one counter over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// How much the counter grew.
    pub by: u64,
    /// Over which time.
    pub ns: u64,
}

/// In how many readings something was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// So many.
    pub readings: usize,
    /// Of so many.
    pub of: usize,
}

impl Growth {
    /// Growth a second.
    pub fn per_second(&self) -> f64 {
        self.by as f64 / seconds(self.ns)
    }

    /// Growth of a counter of microseconds as a share of the time.
    pub fn share_of_us(&self) -> f64 {
        self.per_second() / 1e6
    }
}

impl<const N: usize> Counters<N> {
    /// Adds a reading. One that goes back in any counter (a reset), or in which a counter comes
    /// or goes, forgets those before it; the return value says that a counter went back.
    pub fn push(&mut self, at: Timestamp, values: [Option<u64>; N]) -> bool {
        let given = values.map(|value| value.is_some());
        if given == [false; N] {
            self.forget(given);
            return false;
        }
        let values = values.map(|value| value.unwrap_or(0));
        let mut went_back = false;
        if let Some((last_at, last)) = self.readings.back() {
            if at <= *last_at {
                return false;
            }
            let ns = at.since_ns(*last_at);
            self.shortest_ns = Some(self.shortest_ns.map_or(ns, |shortest| shortest.min(ns)));
            went_back = given == self.given
                && last.iter().zip(&values).any(|(before, after)| after < before);
        }
        if went_back || given != self.given {
            self.forget(given);
        }
        self.readings.push_back((at, values));
        self.go_on(at);
        went_back
    }

    /// Forgets the readings: those to come have the counters that are `given`.
    fn forget(&mut self, given: [bool; N]) {
        self.readings.clear();
        self.given = given;
        self.begins = [0; ASKED_NS.len()];
    }

    /// Moves the beginnings on after the reading of `at`, and drops what no span reaches.
    fn go_on(&mut self, at: Timestamp) {
        for (begin, ns) in self.begins.iter_mut().zip(ASKED_NS) {
            let is_begin = |reading: &(Timestamp, _)| at.since_ns(reading.0) >= ns;
            while self.readings.get(*begin + 1).is_some_and(is_begin) {
                *begin += 1;
            }
        }
        while self.readings.len() > READINGS && at.since_ns(self.readings[1].0) >= LONGEST_NS {
            self.readings.pop_front();
            self.begins = self.begins.map(|begin| begin.saturating_sub(1));
        }
    }

    /// Growth of a counter over the shortest run of last intervals of at least `ns`, and of two
    /// intervals where that is longer (`signals.md`, "Persistence": two samples at least); 1 ns
    /// asks for the last interval. `name` says which is missing where it is not given.
    pub fn over(&self, counter: usize, name: &'static str, ns: u64) -> Result<Growth, Missing> {
        if !self.given[counter] {
            return Err(Missing::Field(name));
        }
        let least_ns = if ns > 1 { self.shortest_ns.unwrap_or(0).saturating_mul(2) } else { 0 };
        let ns = ns.max(least_ns);
        let (end, last) = self.readings.back().ok_or(Missing::NoEarlier)?;
        let is_begin = |(at, _): &&(Timestamp, [u64; N])| end.since_ns(*at) >= ns;
        let before = match ASKED_NS.iter().position(|asked| *asked == ns) {
            Some(asked) => self.readings.get(self.begins[asked]).filter(is_begin),
            None => self.readings.iter().rev().skip(1).find(is_begin),
        };
        let (begin, first) = before.ok_or(Missing::NoEarlier)?;
        Ok(Growth { by: last[counter] - first[counter], ns: end.since_ns(*begin) })
    }

    /// Share of the time, in the shortest run of at least so many last intervals and of at least
    /// `ns`, whose interval had a growth of at least `per_second`.
    pub fn share_of_time(
        &self,
        counter: usize,
        name: &'static str,
        per_second: f64,
        (intervals, ns): (usize, u64),
    ) -> Result<f64, Missing> {
        if !self.given[counter] {
            return Err(Missing::Field(name));
        }
        let (mut all_ns, mut held_ns, mut count) = (0, 0, 0);
        let later = self.readings.iter().rev();
        for ((end, after), (begin, before)) in later.zip(self.readings.iter().rev().skip(1)) {
            let growth = Growth { by: after[counter] - before[counter], ns: end.since_ns(*begin) };
            all_ns += growth.ns;
            held_ns += if growth.per_second() >= per_second { growth.ns } else { 0 };
            count += 1;
            if all_ns >= ns && count >= intervals {
                return Ok(held_ns as f64 / all_ns as f64);
            }
        }
        Err(Missing::NoEarlier)
    }

    /// How many readings, of the shortest run of at least two last intervals and of at least `ns`,
    /// tell of a growth of at least `per_second`; of as many as there are where that is less.
    pub fn told(&self, counter: usize, per_second: f64, ns: u64) -> Told {
        let (mut told, mut all_ns) = (Told::default(), 0);
        let later = self.readings.iter().rev();
        for ((end, after), (begin, before)) in later.zip(self.readings.iter().rev().skip(1)) {
            let growth = Growth { by: after[counter] - before[counter], ns: end.since_ns(*begin) };
            told.readings += usize::from(growth.per_second() >= per_second);
            told.of += 1;
            all_ns += growth.ns;
            if all_ns >= ns && told.of >= 2 {
                break;
            }
        }
        told
    }

    /// The longest time without growth, within the last `ns` or all that is known of them; `None`
    /// where no interval is known.
    pub fn pause_ns(&self, counter: usize, ns: u64) -> Option<u64> {
        if !self.given[counter] {
            return None;
        }
        let (end, _) = self.readings.back()?;
        let (mut longest_ns, mut pause_ns) = (None, 0);
        let later = self.readings.iter().rev();
        for ((until, after), (from, before)) in later.zip(self.readings.iter().rev().skip(1)) {
            pause_ns =
                if after[counter] > before[counter] { 0 } else { pause_ns + until.since_ns(*from) };
            longest_ns = longest_ns.max(Some(pause_ns));
            if end.since_ns(*from) >= ns {
                break;
            }
        }
        longest_ns
    }

    /// Whether the last reading gave the counter.
    pub fn is_given(&self, counter: usize) -> bool {
        self.given[counter]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use ks_vocabulary::time::SECOND_NS;
    use proptest::prelude::*;

    fn at(second: u64) -> Timestamp {
        Timestamp(second * SECOND_NS)
    }

    #[test]
    fn psi_of_a_quarter_of_five_seconds() {
        // The worked example of signals.md: 1,250,000 us in 5 s are 25 %.
        let mut counters = Counters::default();
        for second in 0..=5 {
            counters.push(at(second), [Some(250_000 * second)]);
        }
        let growth = counters.over(0, "stall", 5 * SECOND_NS).unwrap();
        assert_eq!(growth, Growth { by: 1_250_000, ns: 5 * SECOND_NS });
        assert!((growth.share_of_us() - 0.25).abs() < 1e-12);
        assert_eq!(counters.over(0, "stall", 6 * SECOND_NS), Err(Missing::NoEarlier));
    }

    #[test]
    fn the_share_of_time_goes_by_each_interval() {
        let mut counters = Counters::default();
        for (second, value) in [(0, 0), (1, 100), (2, 100), (6, 108), (7, 120)] {
            counters.push(at(second), [Some(value)]);
        }
        let share = |per_second, seconds| {
            counters.share_of_time(0, "pages", per_second, (1, seconds * SECOND_NS))
        };
        assert_eq!(share(5.0, 7), Ok(2.0 / 7.0));
        assert_eq!(share(5.0, 2), Ok(1.0 / 5.0), "the shortest run of 2 s is 5 s long");
        assert_eq!(share(5.0, 8), Err(Missing::NoEarlier));
    }

    #[test]
    fn readings_that_tell_of_a_rate_are_counted() {
        let mut counters = Counters::default();
        for (second, value) in [(0, 0), (1, 100), (2, 100), (6, 120), (7, 140)] {
            counters.push(at(second), [Some(value)]);
        }
        let told = |per_second, seconds| {
            let told = counters.told(0, per_second, seconds * SECOND_NS);
            (told.readings, told.of)
        };
        assert_eq!(told(5.0, 1), (2, 2), "two intervals at least");
        assert_eq!(told(6.0, 6), (1, 3));
        assert_eq!(told(6.0, 30), (2, 4), "as many as there are");
    }

    #[test]
    fn the_longest_pause_is_that_of_neighbouring_intervals() {
        let mut counters = Counters::default();
        for (second, value) in [(0, 0), (8, 0), (10, 5), (13, 5), (14, 5), (16, 6), (17, 7)] {
            counters.push(at(second), [Some(value)]);
        }
        let pause = |seconds| counters.pause_ns(0, seconds * SECOND_NS).map(|ns| ns / SECOND_NS);
        assert_eq!((pause(3), pause(4), pause(30)), (Some(0), Some(1), Some(8)));
        assert_eq!(pause(7), Some(4));
        assert_eq!(Counters::<1>::default().pause_ns(0, 1), None);
    }

    #[test]
    fn a_late_tick_is_a_rate_over_its_true_time() {
        let mut counters = Counters::default();
        counters.push(at(0), [Some(0)]);
        counters.push(at(1), [Some(10)]);
        counters.push(at(9), [Some(90)]);
        let growth = counters.over(0, "reads", 5 * SECOND_NS);
        assert_eq!(growth, Ok(Growth { by: 80, ns: 8 * SECOND_NS }));
    }

    #[test]
    fn a_reset_forgets_what_was_before() {
        let mut counters = Counters::default();
        counters.push(at(0), [Some(5), Some(100)]);
        assert!(counters.push(at(1), [Some(6), Some(99)]));
        assert_eq!(counters.over(0, "reads", 1), Err(Missing::NoEarlier));
        assert!(!counters.push(at(2), [Some(8), Some(99)]));
        assert_eq!(counters.over(0, "reads", 1), Ok(Growth { by: 2, ns: SECOND_NS }));
    }

    #[test]
    fn a_counter_that_comes_or_goes_gives_no_rate_across_it() {
        let mut counters = Counters::default();
        counters.push(at(0), [Some(1000)]);
        assert!(!counters.push(at(1), [None]));
        assert_eq!(counters.over(0, "reads", 1), Err(Missing::Field("reads")));
        assert!(!counters.push(at(2), [Some(1000)]));
        assert_eq!(counters.over(0, "reads", 1), Err(Missing::NoEarlier));
    }

    /// The shortest interval between readings that were taken.
    fn naive_shortest(readings: &[(u64, u64)]) -> Option<u64> {
        let mut last = None;
        let mut shortest: Option<u64> = None;
        for (time, _) in readings {
            if let Some(before) = last {
                if *time <= before {
                    continue;
                }
                let ns = time - before;
                shortest = Some(shortest.map_or(ns, |known| known.min(ns)));
            }
            last = Some(*time);
        }
        shortest
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
        let shortest = naive_shortest(readings).unwrap_or(0);
        let ns = if ns > 1 { ns.max(2 * shortest) } else { ns };
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
                counters.push(Timestamp(time), [Some(value)]);
                for ns in ASKED_NS.into_iter().chain([1, ns]) {
                    let found = counters.over(0, "reads", ns).map(|growth| (growth.by, growth.ns));
                    prop_assert_eq!(found.ok(), naive(&readings, ns));
                }
            }
        }

        #[test]
        fn no_rate_is_negative_or_above_what_was_counted(
            readings in prop::collection::vec((any::<u64>(), any::<u64>()), 1..60),
        ) {
            let mut counters = Counters::default();
            let mut largest = 0;
            for (time, value) in readings {
                counters.push(Timestamp(time), [Some(value)]);
                largest = largest.max(value);
                if let Ok(growth) = counters.over(0, "reads", 1) {
                    let rate = growth.per_second();
                    prop_assert!(rate >= 0.0 && rate.is_finite());
                    prop_assert!(growth.by <= largest);
                }
            }
        }
    }
}
