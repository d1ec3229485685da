//! The Theil-Sen line: the median of the slopes between all pairs of points, with its bounds.
//!
//! One wild value moves it little, where it ruins a least-squares line. It is exact, and made for
//! windows of few aggregated points. It says nothing of significance: that takes the series' own
//! history (`own_history.rs`).

use super::autocorrelation::{lag_one_above, phi};
use super::kendall;
use super::order::{ROUNDING, largest, median, whole};
use alloc::vec::Vec;
use libm::{ceil, floor, sqrt};

/// The most points of a window: 2,016 pairs.
pub const POINTS_MAX: usize = 64;

/// The 95 % quantile of the standard normal distribution: bounds that hold at 90 %.
const Z_90: f64 = 1.644_854;

/// A robust line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Growth of the value by unit of time.
    pub slope: f64,
    /// Value of the line at the time of the last point: where a forecast starts.
    pub level: f64,
    /// Value of the line at time 0.
    pub intercept: f64,
}

/// A robust line with what is known of its slope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The line.
    pub line: Line,
    /// Lower bound of the slope at 90 %; `None` where the points bound it not at all.
    pub slope_low: Option<f64>,
    /// Upper bound of the slope at 90 %; `None` where the points bound it not at all.
    pub slope_high: Option<f64>,
    /// Autocorrelation of the distances from the line that the bounds reckon with, 0 to 0.99.
    pub phi: f64,
}

/// The slope alone, for windows of the past: the median of (y_j - y_i) / (t_j - t_i) over pairs
/// with t_j > t_i.
///
/// The points are (time, value), at most 64, in the order of time; values of one time belong merged
/// before (`kendall::merge_equal_times`). `None` for fewer than two different times, or where the
/// slope has no finite value.
pub fn slope(points: &[(f64, f64)], scratch: &mut Vec<f64>) -> Option<f64> {
    pair_slopes(points, scratch);
    median(scratch).filter(|slope| slope.is_finite())
}

/// The line, its intercept being the median of y - b t, and the bounds of its slope (Sen 1968, with
/// the variance widened for autocorrelation; `statistics.md`, section 4).
///
/// Same points and same `None` as for [`slope`].
pub fn fit(points: &[(f64, f64)], scratch: &mut Vec<f64>) -> Option<Fit> {
    let slope = slope(points, scratch)?;
    let (now, _) = *points.last()?;
    let mut buffer = [0.0; POINTS_MAX];
    let rests = &mut buffer[..points.len()];
    for (rest, (time, value)) in rests.iter_mut().zip(points) {
        *rest = value - slope * time;
    }
    let terms = points.iter().flat_map(|(time, value)| [*value, slope * time]);
    let phi = phi(lag_one_above(rests, ROUNDING * largest(terms)));
    let intercept = median(rests)?;
    for (rest, (_, value)) in rests.iter_mut().zip(points) {
        *rest = *value;
    }
    let (slope_low, slope_high) = bounds(scratch, kendall::variance(rests), phi);
    let line = Line { slope, level: intercept + slope * now, intercept };
    Some(Fit { line, slope_low, slope_high, phi })
}

/// Fills `slopes` with those of all pairs.
fn pair_slopes(points: &[(f64, f64)], slopes: &mut Vec<f64>) {
    assert!(points.len() <= POINTS_MAX, "a window has at most 64 points");
    assert!(points.is_sorted_by(|a, b| a.0 <= b.0), "points come in the order of time");
    slopes.clear();
    for (at, (time, value)) in points.iter().enumerate() {
        let later = points[at + 1..].iter().filter(|(next, _)| next > time);
        slopes.extend(later.map(|(next, after)| (after - value) / (next - time)));
    }
}

/// The slopes of ranks floor((N - C) / 2) and ceil((N + C) / 2 + 1) among N, where
/// C = 1.644854 sqrt(variance (1 + phi) / (1 - phi)). A rank outside 1 to N bounds nothing.
///
/// The slopes are parted at the middle, as `median` leaves them: the lower rank lies before it, the
/// upper one behind, so each is looked for in one half.
fn bounds(slopes: &mut [f64], variance: f64, phi: f64) -> (Option<f64>, Option<f64>) {
    let count = slopes.len() as f64;
    let reach = Z_90 * sqrt(variance * (1.0 + phi) / (1.0 - phi));
    let lower = floor((count - reach) / 2.0);
    let upper = ceil(f64::midpoint(count, reach) + 1.0);
    let middle = slopes.len() / 2;
    let (below, above) = slopes.split_at_mut(middle);
    let low = if lower >= 1.0 { nth(below, whole(lower) - 1) } else { None };
    let high = if upper <= count { nth(above, whole(upper) - 1 - middle) } else { None };
    (low, high)
}

fn nth(values: &mut [f64], at: usize) -> Option<f64> {
    (at < values.len()).then(|| *values.select_nth_unstable_by(at, f64::total_cmp).1)
}

#[cfg(test)]
mod tests;
