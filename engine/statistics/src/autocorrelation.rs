//! How much of a deviation the next value inherits, and what that leaves of a sample's size.

use super::order::{ROUNDING, largest, mean, sum};
use libm::fabs;

/// The largest autocorrelation that is reckoned with. At 1 the width of a slope's bounds would be
/// infinite; at 0.99 it is already 14 times that of independent values.
pub const PHI_MAX: f64 = 0.99;

/// The autocorrelation at lag 1: the sum of products of successive deviations from the mean, over
/// the sum of their squares (section 4). `None` for fewer than two values, or where they differ by
/// no more than rounding.
pub fn lag_one(values: &[f64]) -> Option<f64> {
    lag_one_above(values, ROUNDING * largest(values.iter().copied()))
}

/// The same for values that are differences: none of their deviations counts unless one is above
/// `rounding`, in the unit of the values. Else the rounding of a perfect line would look like the
/// strongest dependence.
pub(super) fn lag_one_above(values: &[f64], rounding: f64) -> Option<f64> {
    let mean = mean(values)?;
    if values.len() < 2 || values.iter().all(|value| fabs(value - mean) <= rounding) {
        return None;
    }
    let products = sum(values.windows(2).map(|pair| (pair[1] - mean) * (pair[0] - mean)));
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    (squares > 0.0).then(|| products / squares)
}

/// The autocorrelation to reckon with, from 0 to [`PHI_MAX`]: a negative one, which would narrow
/// bounds, and an unknown one count as none.
pub fn phi(lag_one: Option<f64>) -> f64 {
    lag_one.unwrap_or(0.0).clamp(0.0, PHI_MAX)
}

/// How many independent values say as much as `count` values of autocorrelation `phi`:
/// n (1 - phi) / (1 + phi).
pub fn effective_count(count: usize, phi: f64) -> f64 {
    count as f64 * (1.0 - phi) / (1.0 + phi)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn the_worked_examples() {
        let found = lag_one(&[1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 4.0, 6.0]);
        assert_close(found.unwrap(), 0.125);
        assert_close(effective_count(60, 0.9), 3.157_895);
    }

    #[test]
    fn values_that_do_not_vary_have_none() {
        assert_eq!(lag_one(&[]), None);
        assert_eq!(lag_one(&[1.0]), None);
        assert_eq!(lag_one(&[0.0; 5]), None);
        assert_eq!(lag_one(&[0.1; 7]), None, "the mean of equal values is off by a rounding");
    }

    #[test]
    fn what_is_reckoned_with_is_neither_negative_nor_one() {
        let found = [None, Some(-0.4), Some(0.3), Some(1.0)].map(phi);
        assert_eq!(found.to_vec(), [0.0, 0.0, 0.3, PHI_MAX]);
    }

    proptest! {
        #[test]
        fn it_lies_within_one_and_ignores_shift_and_scale(
            values in prop::collection::vec(-1e3f64..1e3, 2..60),
            shift in -1e3f64..1e3,
        ) {
            let other: Vec<f64> = values.iter().map(|value| 2.0 * value + shift).collect();
            let (found, moved) = (lag_one(&values), lag_one(&other));
            if let (Some(found), Some(moved)) = (found, moved) {
                prop_assert!((-1.0..=1.0).contains(&found));
                prop_assert!((found - moved).abs() <= 1e-6);
            }
        }
    }
}
