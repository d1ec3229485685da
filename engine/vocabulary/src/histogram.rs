//! The one histogram layout of recordings: log-linear, eight sub-buckets for each power of two.
//!
//! Values below 8 have a bucket each; above, a bucket is an eighth of its power of two wide, so a
//! quantile is known to within an eighth. The tracers' twin is `ebpf/src/histogram.h`.

/// Number of buckets; the last one holds everything from 2^38 less an eighth of 2^37 on.
pub const BUCKETS: usize = 288;
const SUB_BITS: u32 = 3;
const SUBS: u64 = 1 << SUB_BITS;

/// The bucket that holds `value`.
pub fn bucket_of(value: u64) -> usize {
    if value < SUBS {
        return usize::try_from(value).unwrap_or(0);
    }
    let exponent = value.ilog2();
    let sub = (value >> (exponent - SUB_BITS)) & (SUBS - 1);
    let bucket = u64::from(exponent - SUB_BITS + 1) * SUBS + sub;
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The least value of a bucket, and the least above it.
pub fn bounds(bucket: usize) -> (u64, u64) {
    let bucket = bucket.min(BUCKETS - 1) as u64;
    if bucket < SUBS {
        return (bucket, bucket + 1);
    }
    let shift = bucket / SUBS - 1;
    let low = (SUBS + bucket % SUBS) << shift;
    (low, low + (1 << shift))
}

/// A quantile with the bucket that it lies in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// Interpolated linearly within the bucket.
    pub value: f64,
    /// The bucket's least value.
    pub low: u64,
    /// The least value above the bucket.
    pub high: u64,
}

/// Counts by bucket, with their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BUCKETS],
    total: u64,
    /// Buckets up to the highest that holds anything: most of the others never do.
    used: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Histogram {
    /// Nothing counted.
    pub const EMPTY: Self = Self { counts: [0; BUCKETS], total: 0, used: 0 };

    /// Adds to a bucket; numbers beyond the layout count in the last one.
    pub fn add(&mut self, bucket: usize, count: u64) {
        let bucket = bucket.min(BUCKETS - 1);
        let known = &mut self.counts[bucket];
        *known = known.saturating_add(count);
        self.total = self.total.saturating_add(count);
        if count > 0 {
            self.used = self.used.max(bucket + 1);
        }
    }

    /// Takes back what was added. Sums that went beyond 64 bits cannot be taken back.
    pub fn remove(&mut self, bucket: usize, count: u64) {
        let known = &mut self.counts[bucket.min(BUCKETS - 1)];
        *known = known.checked_sub(count).expect("what is taken back was added");
        self.total = self.total.saturating_sub(count);
        while self.used.checked_sub(1).is_some_and(|last| self.counts[last] == 0) {
            self.used -= 1;
        }
    }

    /// Everything counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The sum of all that was counted, each as the middle of its bucket: known to within a
    /// sixteenth.
    pub fn sum(&self) -> f64 {
        let counted = self.counts[..self.used].iter().enumerate().filter(|(_, count)| **count > 0);
        counted.fold(0.0, |sum, (bucket, count)| {
            let (low, high) = bounds(bucket);
            sum + *count as f64 * (low + high) as f64 / 2.0
        })
    }

    /// The `p`-quantile, p from 0 to 1: rank p times N, linear inside its bucket (`signals.md`,
    /// section 8). `None` without counts.
    ///
    /// It is looked for from the top, because those that are asked for are near it.
    pub fn quantile(&self, p: f64) -> Option<Quantile> {
        let rank = p * self.total as f64;
        let mut below = self.total;
        let used = self.counts[..self.used].iter().enumerate().rev();
        for (bucket, count) in used.filter(|(_, count)| **count > 0) {
            below = below.saturating_sub(*count);
            if below == 0 || (below as f64) < rank {
                let (low, high) = bounds(bucket);
                let part = ((rank - below as f64) / *count as f64).clamp(0.0, 1.0);
                return Some(Quantile {
                    value: low as f64 + part * (high - low) as f64,
                    low,
                    high,
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_worked_examples() {
        let mut histogram = Histogram::default();
        histogram.add(bucket_of(1_500_000), 1);
        let p50 = histogram.quantile(0.5).unwrap();
        assert_eq!((p50.low, p50.high), (1_441_792, 1_572_864));
        assert_eq!(Some(p50.value), Some(1_507_328.0), "the middle of its bucket, never 1");
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn ranks_are_linear_within_a_bucket() {
        let mut histogram = Histogram::default();
        for (value, count) in [(2u64, 10), (4, 70), (6, 20)] {
            histogram.add(bucket_of(value), count);
        }
        let value = |p: f64| histogram.quantile(p).map(|found| found.value);
        for (p, expected) in [(0.05, 2.5), (0.10, 3.0), (0.45, 4.5), (0.90, 6.5)] {
            assert_eq!(value(p), Some(expected));
        }
    }

    #[test]
    fn a_sum_is_that_of_the_middles() {
        let mut histogram = Histogram::default();
        let sum = |histogram: &Histogram| Some(histogram.sum());
        assert_eq!(sum(&histogram), Some(0.0));
        histogram.add(bucket_of(3), 10);
        histogram.add(bucket_of(1_500_000), 2);
        assert_eq!(sum(&histogram), Some(35.0 + 2.0 * 1_507_328.0));
    }

    #[test]
    fn the_quantiles_at_the_ends_are_the_ends() {
        let mut histogram = Histogram::default();
        for bucket in [3, 5] {
            histogram.add(bucket, 10);
        }
        let value = |p: f64| histogram.quantile(p).map(|found| found.value);
        assert_eq!([0.0, 0.5, 1.0].map(value), [Some(3.0), Some(4.0), Some(6.0)]);
    }

    #[test]
    fn buckets_follow_each_other_without_a_hole() {
        for bucket in 1..BUCKETS {
            assert_eq!(bounds(bucket - 1).1, bounds(bucket).0, "bucket {bucket}");
            assert_eq!(bucket_of(bounds(bucket).0), bucket);
            assert_eq!(bucket_of(bounds(bucket).1 - 1), bucket);
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    /// The first bucket from below that reaches the rank.
    fn naive(histogram: &Histogram, p: f64) -> Option<Quantile> {
        let total: u64 = histogram.counts.iter().sum();
        let rank = p * total as f64;
        let mut below = 0.0;
        for (bucket, count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0)
        {
            let reached = below + *count as f64;
            if reached >= rank {
                let (low, high) = bounds(bucket);
                let part = ((rank - below) / *count as f64).clamp(0.0, 1.0);
                let value = low as f64 + part * (high - low) as f64;
                return Some(Quantile { value, low, high });
            }
            below = reached;
        }
        None
    }

    proptest! {
        #[test]
        fn a_quantile_is_the_same_from_above_as_from_below(
            counts in prop::collection::vec(
                (0..BUCKETS, prop_oneof![0u64..4, 0u64..1 << 40]), 0..40),
            p in prop_oneof![Just(0.0), Just(0.5), Just(0.75), Just(0.99), Just(1.0), 0.0f64..1.0],
        ) {
            let mut histogram = Histogram::default();
            for (bucket, count) in counts {
                histogram.add(bucket, count);
            }
            prop_assert_eq!(histogram.quantile(p), naive(&histogram, p));
        }

        #[test]
        fn what_is_taken_back_leaves_the_rest(
            kept in prop::collection::vec((0usize..400, 0u64..1 << 40), 0..40),
            gone in prop::collection::vec((0usize..400, 0u64..1 << 40), 0..40),
        ) {
            let (mut histogram, mut expected) = (Histogram::default(), Histogram::default());
            for (bucket, count) in kept.iter().chain(&gone) {
                histogram.add(*bucket, *count);
            }
            for (bucket, count) in gone {
                histogram.remove(bucket, count);
            }
            for (bucket, count) in kept {
                expected.add(bucket, count);
            }
            prop_assert_eq!(histogram, expected);
        }

        #[test]
        fn a_value_is_in_its_bucket_which_is_narrow(value in 0u64..1 << 38) {
            let (low, high) = bounds(bucket_of(value));
            prop_assert!((low..high).contains(&value));
            prop_assert!(high - low <= 1 || (high - low) * 8 <= low);
        }

        #[test]
        fn a_quantile_lies_between_its_neighbours(
            mut values in prop::collection::vec(0u64..1 << 30, 1..200),
            p in 0.01f64..1.0,
        ) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.add(bucket_of(*value), 1);
            }
            values.sort_unstable();
            let found = histogram.quantile(p).unwrap();
            // The value whose rank is p times N, rounded up.
            let rank = libm::ceil(p * values.len() as f64);
            let at = (0..values.len()).find(|at| (at + 1) as f64 >= rank).unwrap();
            prop_assert!((found.low..found.high).contains(&values[at]));
            prop_assert!(found.value >= found.low as f64 && found.value <= found.high as f64);
        }
    }
}
