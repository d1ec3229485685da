//! The mathematics of baselines, trends, forecasts and changes: pure functions on slices.
//!
//! Each file is one textbook method. None knows a metric, a clock or a threshold of a verdict.
//! Values that are not finite never enter: whoever calls has filtered and counted them. A function
//! that has too few values gives `None`, not zero. Long sums are compensated, short ones run from
//! left to right, and what is not plain arithmetic is from `libm`, so that all platforms agree.
//!
//! [`anomaly`] is no textbook method: it puts several of them together into one score.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod anomaly;
pub mod autocorrelation;
pub mod baseline;
pub mod beta;
pub mod bootstrap;
pub mod change_points;
pub mod conformal;
pub mod cusum;
pub mod interrupted;
pub mod kendall;
pub mod least_squares;
pub mod order;
pub mod own_history;
pub mod placebo;
pub mod posterior;
pub mod running_median;
pub mod sketch;
pub mod theil_sen;
pub mod whitened;

/// Fails unless two numbers agree to a millionth, which is what the worked examples are given to.
#[cfg(test)]
#[track_caller]
fn assert_close(found: f64, expected: f64) {
    let off = (found - expected).abs();
    assert!(off <= 1e-6 * expected.abs().max(1.0), "{found} is not {expected}");
}
