//! Split conformal prediction: bounds from how far off past predictions were.
//!
//! With n residuals exchangeable with the next one, the bounds hold with the stated probability
//! whatever their distribution. With too few the honest answer is that there is no bound.

use super::order::{quantile, whole};
use libm::{ceil, exp, floor};

/// A rank is computed from a decimal such as 0.1 that has no exact binary value: a hair is taken
/// off, so that 19 residuals suffice for 90 %, and not 20.
const RANK_SLACK: f64 = 1e-9;

/// Factors on a predicted time, from residuals ln(actual / predicted).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Factor of the lower bound.
    pub low: f64,
    /// Factor of the median, which takes out the prediction's bias.
    pub median: f64,
    /// Factor of the upper bound.
    pub high: f64,
}

/// The band that misses the next value with probability `alpha`, both sides together, from sorted
/// residuals. Ranks floor((n + 1) alpha / 2) and ceil((n + 1) (1 - alpha / 2)); `None` where one is
/// outside 1 to n, that is with fewer residuals than [`needed`].
pub fn band(sorted: &[f64], alpha: f64) -> Option<Band> {
    assert_inputs(sorted, alpha);
    let places = (sorted.len() + 1) as f64;
    let low = at_rank(sorted, floor(places * alpha / 2.0 + RANK_SLACK))?;
    let high = at_rank(sorted, ceil(places * (1.0 - alpha / 2.0) - RANK_SLACK))?;
    let median = quantile(sorted, 0.5)?;
    Some(Band { low: exp(low), median: exp(median), high: exp(high) })
}

/// The bound that the next value exceeds with probability `alpha` at most, in the unit of the
/// sorted residuals: rank ceil((n + 1) (1 - alpha)), `None` beyond n.
pub fn upper_bound(sorted: &[f64], alpha: f64) -> Option<f64> {
    assert_inputs(sorted, alpha);
    at_rank(sorted, ceil((sorted.len() + 1) as f64 * (1.0 - alpha) - RANK_SLACK))
}

/// How many residuals a [`band`] needs: 19 for `alpha` 0.1.
pub fn needed(alpha: f64) -> usize {
    assert_inputs(&[], alpha);
    whole(ceil(2.0 / alpha - RANK_SLACK)).saturating_sub(1)
}

fn assert_inputs(sorted: &[f64], alpha: f64) {
    assert!(alpha > 0.0 && alpha < 1.0, "alpha lies between 0 and 1");
    assert!(sorted.is_sorted(), "residuals are given in ascending order");
}

/// The value of a rank that counts from 1.
fn at_rank(sorted: &[f64], rank: f64) -> Option<f64> {
    let at = (rank >= 1.0).then(|| whole(rank) - 1)?;
    sorted.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    const ABSOLUTE: [f64; 19] = [
        0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0,
        2.4,
    ];
    const LOG_RATIOS: [f64; 19] = [
        -0.9, -0.7, -0.55, -0.4, -0.35, -0.3, -0.25, -0.2, -0.12, -0.05, 0.0, 0.04, 0.1, 0.15, 0.2,
        0.28, 0.33, 0.45, 0.6,
    ];

    #[test]
    fn one_sided_bounds() {
        assert_eq!(upper_bound(&ABSOLUTE, 0.1), Some(2.0));
        assert_eq!(upper_bound(&ABSOLUTE, 0.2), Some(1.5));
        assert_eq!(upper_bound(&ABSOLUTE, 0.05), Some(2.4));
        assert_eq!(upper_bound(&ABSOLUTE[..18], 0.05), None);
        assert_eq!(upper_bound(&[], 0.5), None);
    }

    #[test]
    fn the_two_sided_band_of_a_time() {
        let found = band(&LOG_RATIOS, 0.1).unwrap();
        assert_close(found.low, 0.406_570);
        assert_close(found.high, 1.822_119);
        assert_close(20.0 * found.low, 8.131_393);
        assert_close(20.0 * found.high, 36.442_376);
        assert_close(20.0 * found.median, 19.024_588);
    }

    #[test]
    fn nineteen_residuals_are_needed_for_ninety_percent() {
        assert_eq!([0.1, 0.2, 0.05, 0.02, 0.3].map(needed), [19, 9, 39, 99, 6]);
        assert_eq!(band(&LOG_RATIOS[..18], 0.1), None);
        assert_eq!(band(&[], 0.1), None);
    }

    proptest! {
        #[test]
        fn a_band_exists_with_what_is_needed_and_not_with_less(percent in 1u8..100) {
            let alpha = f64::from(percent) / 100.0;
            let zeros = [0.0; 200];
            let needed = needed(alpha);
            prop_assert!(band(&zeros[..needed], alpha).is_some());
            if let Some(fewer) = needed.checked_sub(1) {
                prop_assert_eq!(band(&zeros[..fewer], alpha), None);
            }
        }

        #[test]
        fn the_band_holds_its_median_and_narrows_with_alpha(
            mut residuals in prop::collection::vec(-3.0f64..3.0, 39..120),
        ) {
            residuals.sort_by(f64::total_cmp);
            let (wide, narrow) = (band(&residuals, 0.05).unwrap(), band(&residuals, 0.5).unwrap());
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
            prop_assert!(narrow.low <= narrow.median && narrow.median <= narrow.high);
        }
    }
}
