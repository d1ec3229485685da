//! The test of a trend against the series' own past.
//!
//! Textbook tests take autocorrelated noise for a trend in a third of the windows; the rank among
//! the slopes of past windows of equal length does not (`statistics.md`, table 2.3). Which windows
//! count, and what follows from the result, is the caller's to say.

/// Share of windows that rise at least as steeply as this one, itself counted:
/// (1 + number of past slopes not below) / (number of past slopes + 1).
///
/// Above 0 and at most 1; without a past it is 1, which proves nothing.
pub fn p_value(slope: f64, past: &[f64]) -> f64 {
    let steeper = past.iter().filter(|known| **known >= slope).count();
    (1 + steeper) as f64 / (past.len() + 1) as f64
}

/// The same for a fall: the share of windows that fall at least as steeply as this one.
pub fn p_value_falling(slope: f64, past: &[f64]) -> f64 {
    let steeper = past.iter().filter(|known| **known <= slope).count();
    (1 + steeper) as f64 / (past.len() + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use alloc::vec::Vec;
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
