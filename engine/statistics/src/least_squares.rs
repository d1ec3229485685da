//! The ordinary straight line, and the share of the variation that it takes away.
//!
//! It is shown to people beside the robust line and decides nothing: one outlier ruins it, and a
//! high r2 is no confidence (`statistics.md`, table 2.3).

use super::order::{ROUNDING, largest, sum};
use libm::fabs;

/// A least-squares line through points (time, value).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquares {
    /// Growth of the value by unit of time.
    pub slope: f64,
    /// Value at time 0.
    pub intercept: f64,
    /// The squared correlation, 0 to 1; `None` where the values do not vary.
    pub r2: Option<f64>,
}

/// The line with the least sum of squared distances in the value. `None` for fewer than two
/// different times.
pub fn least_squares(points: &[(f64, f64)]) -> Option<LeastSquares> {
    let count = points.len() as f64;
    let times = || points.iter().map(|(time, _)| *time);
    let values = || points.iter().map(|(_, value)| *value);
    if points.len() < 2 {
        return None;
    }
    let (mid_time, mid_value) = (sum(times()) / count, sum(values()) / count);
    let times_vary = varies(times(), mid_time);
    let squares_time = sum(times().map(|time| (time - mid_time) * (time - mid_time)));
    if !times_vary || squares_time <= 0.0 {
        return None;
    }
    let products = sum(points.iter().map(|(time, value)| (time - mid_time) * (value - mid_value)));
    let squares_value = sum(values().map(|value| (value - mid_value) * (value - mid_value)));
    let slope = products / squares_time;
    let values_vary = varies(values(), mid_value) && squares_value > 0.0;
    Some(LeastSquares {
        slope,
        intercept: mid_value - slope * mid_time,
        r2: values_vary.then(|| (slope * products / squares_value).clamp(0.0, 1.0)),
    })
}

/// Whether any value is off the mean by more than rounding.
fn varies(mut values: impl Iterator<Item = f64> + Clone, mean: f64) -> bool {
    let rounding = ROUNDING * largest(values.clone());
    values.any(|value| fabs(value - mean) > rounding)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn fit(values: &[f64]) -> LeastSquares {
        let points: Vec<(f64, f64)> = (0..).map(f64::from).zip(values.iter().copied()).collect();
        least_squares(&points).unwrap()
    }

    #[test]
    fn one_outlier_ruins_it() {
        let found = fit(&[10.0, 10.4, 10.9, 11.2, 25.0, 12.1, 12.4, 12.9]);
        assert_close(found.slope, 0.567_857);
        assert_close(found.r2.unwrap(), 0.080_382);
    }

    #[test]
    fn equal_values_have_no_r2_and_equal_times_no_line() {
        let found = fit(&[0.1; 7]);
        assert_close(found.slope, 0.0);
        assert_close(found.intercept, 0.1);
        assert_eq!(found.r2, None);
        assert_eq!(least_squares(&[(2.0, 1.0), (2.0, 3.0)]), None);
        assert_eq!(least_squares(&[(2.0, 1.0)]), None);
        assert_eq!(least_squares(&[]), None);
    }

    proptest! {
        #[test]
        fn a_line_is_found_again(slope in -50.0f64..50.0, intercept in -50.0f64..50.0) {
            let values: Vec<f64> = (0..9).map(|at| intercept + slope * f64::from(at)).collect();
            let found = fit(&values);
            prop_assert!((found.slope - slope).abs() < 1e-9);
            prop_assert!((found.intercept - intercept).abs() < 1e-9);
            if slope.abs() > 0.01 {
                prop_assert!(found.r2.unwrap() > 1.0 - 1e-6);
            }
        }
    }
}
