//! The exact median of the last 61 values of a stream.
//!
//! A relative-error sketch cannot give the deviations of a steady gauge, because all its values
//! share a bin; a short exact median can (`statistics.md`, section 3, volatility). The values are
//! kept in two arrays, in order of arrival and in order of size, so nothing is allocated.

use libm::fabs;

/// How many values the median is of: a minute at one a second, and the present one.
pub const SPAN: usize = 61;

/// The last values of one stream. `push` each value, then ask for the `median`.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningMedian {
    arrived: [f64; SPAN],
    sorted: [f64; SPAN],
    len: usize,
    next: usize,
}

impl Default for RunningMedian {
    fn default() -> Self {
        Self { arrived: [0.0; SPAN], sorted: [0.0; SPAN], len: 0, next: 0 }
    }
}

impl RunningMedian {
    /// Adds a finite value; the oldest of 61 makes way for it.
    pub fn push(&mut self, value: f64) {
        assert!(value.is_finite(), "values that are not finite are filtered before");
        if self.len == SPAN {
            self.replace(self.arrived[self.next], value);
        } else {
            self.add(value);
        }
        self.arrived[self.next] = value;
        self.next = (self.next + 1) % SPAN;
    }

    /// The median of the last values; `None` before the first.
    pub fn median(&self) -> Option<f64> {
        let middle = self.len / 2;
        if self.len == 0 {
            None
        } else if self.len.is_multiple_of(2) {
            Some(f64::midpoint(self.sorted[middle - 1], self.sorted[middle]))
        } else {
            Some(self.sorted[middle])
        }
    }

    /// Adds a value and gives its absolute deviation from the median that includes it.
    pub fn push_deviation(&mut self, value: f64) -> f64 {
        self.push(value);
        self.median().map_or(0.0, |median| fabs(value - median))
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, value: f64) {
        let to = self.rank(value);
        self.sorted.copy_within(to..self.len, to + 1);
        self.sorted[to] = value;
        self.len += 1;
    }

    /// Only what lies between the place of the value that goes and that of the one that comes
    /// moves.
    fn replace(&mut self, gone: f64, value: f64) {
        let from = self.rank(gone);
        let to = self.rank(value);
        if to > from {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = value;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = value;
        }
    }

    /// How many of the values lie below.
    fn rank(&self, value: f64) -> usize {
        self.sorted[..self.len].partition_point(|known| known.total_cmp(&value).is_lt())
    }
}

#[cfg(test)]
mod tests {
    use super::super::order;
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn deviations_of_a_steady_gauge() {
        // The worked example of section 3: a gauge that varies by a thousandth.
        let mut running = RunningMedian::default();
        assert_eq!(running.median(), None);
        let values = [1000.0, 1001.0, 999.0, 1000.5, 999.5, 1001.0, 999.0, 1000.0];
        let deviations: Vec<f64> =
            values.iter().map(|value| running.push_deviation(*value)).collect();
        assert_eq!(deviations, [0.0, 0.5, 1.0, 0.25, 0.5, 0.75, 1.0, 0.0]);
        assert_eq!(running.len(), 8);
        running.clear();
        assert!(running.is_empty());
    }

    proptest! {
        #[test]
        fn it_is_the_median_of_the_last_values(
            values in prop::collection::vec(
                prop_oneof![-1e6f64..1e6, Just(0.0), Just(-0.0), Just(7.0)], 1..300),
        ) {
            let mut running = RunningMedian::default();
            for (at, value) in values.iter().enumerate() {
                running.push(*value);
                let mut last = values[(at + 1).saturating_sub(SPAN)..=at].to_vec();
                prop_assert_eq!(running.median(), order::median(&mut last));
            }
        }
    }
}
