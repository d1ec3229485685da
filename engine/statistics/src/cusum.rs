//! Whether what is measured has drifted to one side for good: the cumulative sum of deviations
//! (Page 1954; `statistics.md`, section 4).

/// Deviations up to so many standard deviations add nothing: a shift of twice that is found
/// soonest.
const SLACK: f64 = 0.5;

/// S = max(0, S + z - 1/2) over standardised deviations that do not inherit from each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cusum {
    sum: f64,
}

impl Cusum {
    /// Takes a deviation in standard deviations; the return value is the sum, never negative.
    pub fn take(&mut self, deviation: f64) -> f64 {
        self.sum = (self.sum + deviation - SLACK).max(0.0);
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn sums(values: &[f64]) -> Vec<f64> {
        let mut cusum = Cusum::default();
        values.iter().map(|value| cusum.take(*value)).collect()
    }

    #[test]
    fn the_worked_example() {
        let found = sums(&[0.2, -0.1, 0.3, 1.2, 1.5, 0.9, 1.8, 1.2, 1.4]);
        for (found, expected) in found.iter().zip([0.0, 0.0, 0.0, 0.7, 1.7, 2.1, 3.4, 4.1, 5.0]) {
            assert_close(*found, expected);
        }
        let alarm = found.iter().position(|sum| *sum > 4.0);
        assert_eq!(alarm, Some(7), "at a limit of 4 the eighth is the alarm");
    }

    proptest! {
        #[test]
        fn it_is_never_negative_and_larger_deviations_never_lower_it(
            values in prop::collection::vec(-9.0f64..9.0, 0..60),
            by in 0.0f64..3.0,
        ) {
            let higher: Vec<f64> = values.iter().map(|value| value + by).collect();
            for (low, high) in sums(&values).into_iter().zip(sums(&higher)) {
                prop_assert!(low >= 0.0 && high >= low - 1e-9);
            }
        }
    }
}
