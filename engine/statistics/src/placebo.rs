//! Whether a change is larger than what the same trigger shows when nothing is done.

use super::order::{median, scale};
use alloc::vec::Vec;

/// What a difference is against those of triggers after which nothing was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Against {
    /// Share of all, the one looked at included, that fell as far or further: (1 + #{d_i <= d}) /
    /// (m + 1), exact where they are exchangeable (`statistics.md`, section 6).
    pub p_fall: f64,
    /// The same for a rise.
    pub p_rise: f64,
    /// The difference less the median of those.
    pub effect: f64,
    /// The same in robust standard deviations of those; `None` where they do not vary.
    pub effect_sd: Option<f64>,
}

/// Holds a difference against those of `null`. `None` where there are none.
pub fn against(null: &[f64], difference: f64) -> Option<Against> {
    let mut values = null.to_vec();
    let middle = median(&mut values)?;
    let spread = scale(null, &mut values, 0.0)?;
    let share = |count: usize| (1 + count) as f64 / (null.len() + 1) as f64;
    let effect = difference - middle;
    Some(Against {
        p_fall: share(null.iter().filter(|other| **other <= difference).count()),
        p_rise: share(null.iter().filter(|other| **other >= difference).count()),
        effect,
        effect_sd: (spread > 0.0).then(|| effect / spread),
    })
}

/// The interval in which the true effect lies with probability 1 - 2 `tail`, if what is done shifts
/// the difference: the difference less the quantiles of `null`, none beyond its own values. `None`
/// where `null` has too few for that tail.
pub fn interval(null: &[f64], difference: f64, tail: f64) -> Option<(f64, f64)> {
    // The least p that m values can show is 1 / (m + 1).
    if (null.len() + 1) as f64 * tail < 1.0 {
        return None;
    }
    let mut sorted = null.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let above = (0..sorted.len())
        .take_while(|rank| ((rank + 1) as f64) <= tail * (sorted.len() + 1) as f64);
    let rank = above.last()?;
    let (low, high) = (sorted[rank], sorted[sorted.len() - 1 - rank]);
    Some((difference - high, difference - low))
}

/// Adjusts p-values of several tests looked at together (Holm 1979), in their order.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let mut adjusted = alloc::vec![0.0; p_values.len()];
    let mut least = 0.0f64;
    for (rank, at) in order.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        least = least.max((p_values[at] * factor).min(1.0));
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    const NULL: [f64; 19] = [
        -3.1, -2.6, -2.2, -1.9, -1.7, -1.5, -1.4, -1.2, -1.1, -1.0, -0.9, -0.8, -0.6, -0.5, -0.3,
        -0.1, 0.2, 0.4, 0.9,
    ];

    #[test]
    fn the_worked_example() {
        for (difference, p) in [(-4.0, 0.05), (-2.0, 0.20), (-1.0, 0.55)] {
            assert_close(against(&NULL, difference).unwrap().p_fall, p);
        }
        assert_close(against(&NULL, -4.0).unwrap().effect, -3.0);
        let trap = against(&NULL, -1.0).unwrap();
        assert_close(trap.effect, 0.0);
        assert_close(against(&NULL, 2.0).unwrap().p_rise, 0.05);
        assert_eq!(against(&[], 1.0), None);
    }

    #[test]
    fn an_interval_needs_enough_of_them() {
        let (low, high) = interval(&NULL, -4.0, 0.05).unwrap();
        assert_close(low, -4.9);
        assert_close(high, -0.9);
        assert_eq!(interval(&NULL[..18], -4.0, 0.05), None);
        assert_eq!(interval(&[], -4.0, 0.05), None);
        assert_eq!(against(&[1.0; 19], 1.0).unwrap().effect_sd, None, "they do not vary");
    }

    #[test]
    fn several_tests_are_adjusted_together() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert_close(found, expected);
        }
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn p_is_a_share_and_the_smallest_has_the_least(
            null in prop::collection::vec(-9.0f64..9.0, 1..60),
            difference in -20.0f64..20.0,
        ) {
            let found = against(&null, difference).unwrap();
            let least = 1.0 / (null.len() + 1) as f64;
            for p in [found.p_fall, found.p_rise] {
                prop_assert!(p >= least - 1e-12 && p <= 1.0);
            }
            let furthest = against(&null, -10.0).unwrap();
            prop_assert!((furthest.p_fall - least).abs() < 1e-12);
        }

        #[test]
        fn holm_never_lowers_a_p(values in prop::collection::vec(0.0f64..1.0, 0..12)) {
            for (found, raw) in holm(&values).into_iter().zip(&values) {
                prop_assert!(found >= *raw && found <= 1.0);
            }
        }
    }
}
