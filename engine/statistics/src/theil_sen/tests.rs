//! The worked example, the bounds against a plain sort, and what the line must bear.

use super::super::assert_close;
use super::*;
use proptest::prelude::*;

const WORKED: [f64; 8] = [10.0, 10.4, 10.9, 11.2, 25.0, 12.1, 12.4, 12.9];

fn series(values: &[f64]) -> Vec<(f64, f64)> {
    (0..).map(f64::from).zip(values.iter().copied()).collect()
}

fn run(points: &[(f64, f64)]) -> Fit {
    let mut scratch = Vec::new();
    let found = fit(points, &mut scratch).unwrap();
    assert_eq!(slope(points, &mut scratch), Some(found.line.slope));
    found
}

/// Bounds of the worked example at an autocorrelation.
fn bounds_at(phi: f64) -> (Option<f64>, Option<f64>) {
    let mut slopes = Vec::new();
    slope(&series(&WORKED), &mut slopes).unwrap();
    assert_eq!(slopes.len(), 28);
    bounds(&mut slopes, kendall::variance(&mut WORKED.to_vec()), phi)
}

#[test]
fn the_worked_example() {
    let found = run(&series(&WORKED));
    assert_close(found.line.slope, 0.4);
    assert_close(found.line.intercept, 10.05);
    assert_close(found.line.level, 12.85);
    assert_close(found.phi, 0.0);
    assert_close(found.slope_low.unwrap(), 0.4);
    assert_close(found.slope_high.unwrap(), 0.45);
    // Section 5: the point forecast of a threshold of 16.
    assert_close((16.0 - found.line.level) / found.line.slope, 7.875);
}

#[test]
fn autocorrelation_widens_the_bounds() {
    let (low, high) = bounds_at(0.0);
    assert_close(low.unwrap(), 0.4);
    assert_close(high.unwrap(), 0.45);
    let (low, _) = bounds_at(0.5);
    assert_close(low.unwrap(), -6.3);
    assert_eq!(bounds_at(0.99), (None, None));
}

#[test]
fn a_perfect_line_is_bounded_by_itself() {
    let points: Vec<(f64, f64)> =
        (0..16).map(|at| (f64::from(at) * 3.75, 0.1 + 0.3 * f64::from(at))).collect();
    let found = run(&points);
    assert_close(found.phi, 0.0);
    for bound in [found.slope_low, found.slope_high] {
        assert_close(bound.unwrap(), 0.08);
    }
}

#[test]
fn a_flat_series_has_slope_zero() {
    let found = run(&series(&[0.1; 12]));
    assert_close(found.line.slope, 0.0);
    assert_close(found.line.level, 0.1);
    assert_eq!((found.slope_low, found.slope_high), (Some(0.0), Some(0.0)));
}

#[test]
fn equal_times_are_not_paired_and_alone_give_no_line() {
    let scratch = &mut Vec::new();
    assert_eq!(slope(&[], scratch), None);
    assert_eq!(slope(&[(1.0, 2.0)], scratch), None);
    assert_eq!(fit(&[(1.0, 2.0), (1.0, 3.0)], scratch), None);
    assert_eq!(slope(&[(0.0, 1.0), (1.0, 2.0), (1.0, 4.0)], scratch), Some(2.0));
    let two = run(&[(0.0, 1.0), (2.0, 2.0)]);
    assert_eq!((two.slope_low, two.slope_high), (None, None));
    assert_eq!(slope(&[(0.0, -1e308), (1e-9, 1e308)], scratch), None, "not finite");
}

#[test]
#[should_panic(expected = "at most 64 points")]
fn more_points_than_a_window_has_are_refused() {
    slope(&series(&[0.0; 65]), &mut Vec::new());
}

/// Points at rising times with gaps of their own.
fn points(least: usize) -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.1f64..3.0, -1e3f64..1e3), least..40).prop_map(|steps| {
        let mut now = 0.0;
        let next = |(step, value): (f64, f64)| {
            now += step;
            (now, value)
        };
        steps.into_iter().map(next).collect()
    })
}

proptest! {
    #[test]
    fn a_shift_moves_the_level_and_a_factor_scales(
        points in points(2),
        shift in -1e3f64..1e3,
    ) {
        let moved: Vec<(f64, f64)> = points.iter().map(|(t, y)| (*t, 2.0 * y + shift)).collect();
        let (found, moved) = (run(&points), run(&moved));
        prop_assert!((2.0 * found.line.slope - moved.line.slope).abs() <= 1e-6);
        prop_assert!((2.0 * found.line.level + shift - moved.line.level).abs() <= 1e-6);
        prop_assert!((2.0 * found.line.intercept + shift - moved.line.intercept).abs() <= 1e-6);
    }

    #[test]
    fn one_wild_value_leaves_the_slope_among_those_of_the_others(
        points in points(8),
        wild in prop_oneof![-1e12f64..1e12, -1e4f64..1e4],
        at in any::<prop::sample::Index>(),
    ) {
        let at = at.index(points.len());
        let mut others = points.clone();
        others.remove(at);
        let mut slopes = Vec::new();
        pair_slopes(&others, &mut slopes);
        slopes.sort_by(f64::total_cmp);
        let mut spoilt = points;
        spoilt[at].1 = wild;
        let found = run(&spoilt).line.slope;
        prop_assert!(slopes[0] <= found && found <= slopes[slopes.len() - 1]);
    }

    #[test]
    fn bounds_are_the_ranks_of_a_plain_sort(points in points(2), phi in 0.0f64..=0.99) {
        let mut slopes = Vec::new();
        slope(&points, &mut slopes).unwrap();
        let variance = kendall::variance(&mut points.iter().map(|(_, y)| *y).collect::<Vec<_>>());
        let mut sorted = slopes.clone();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        let reach = 1.644_854 * (variance * (1.0 + phi) / (1.0 - phi)).sqrt();
        let (lower, upper) = (((count - reach) / 2.0).floor(), f64::midpoint(count, reach) + 1.0);
        let rank = |rank: f64| (1..).zip(&sorted).find(|(at, _)| f64::from(*at) >= rank);
        let low = rank(lower).filter(|_| lower >= 1.0).map(|(_, slope)| *slope);
        let high = rank(upper).map(|(_, slope)| *slope);
        prop_assert_eq!(bounds(&mut slopes, variance, phi), (low, high));
    }

    #[test]
    fn the_slope_lies_within_its_bounds(points in points(2)) {
        let found = run(&points);
        prop_assert!(found.slope_low.is_none_or(|low| low <= found.line.slope));
        prop_assert!(found.slope_high.is_none_or(|high| found.line.slope <= high));
    }
}
