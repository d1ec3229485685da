//! The Mann-Kendall test: does a series rise or fall, whatever its shape?
//!
//! It describes and triggers nothing: on autocorrelated noise it finds a trend in up to 38 % of the
//! windows (`statistics.md`, table 2.3). Its variance also gives the bounds of the robust slope.

use super::order::median;
use alloc::vec::Vec;
use core::f64::consts::SQRT_2;
use libm::{erfc, fabs, sqrt};

/// What the test says of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannKendall {
    /// Number of pairs that rise less the number of pairs that fall.
    pub s: i64,
    /// Variance of `s` without a trend, ties reckoned with.
    pub variance: f64,
    /// `s`, one nearer to 0, in standard deviations; 0 where all values are equal.
    pub z: f64,
    /// Probability of a `z` at least that far from 0 without a trend, in both directions.
    pub p: f64,
}

/// The test on points (time, value) in the order of time. Pairs of one time are not compared, but
/// they belong merged before (see [`merge_equal_times`]). `None` for fewer than two points. The
/// cost grows with the square of their number.
pub fn mann_kendall(points: &[(f64, f64)], scratch: &mut Vec<f64>) -> Option<MannKendall> {
    if points.len() < 2 {
        return None;
    }
    let mut s: i64 = 0;
    for (at, (time, value)) in points.iter().enumerate() {
        for (later, next) in &points[at + 1..] {
            if later > time {
                s += i64::from(next > value) - i64::from(next < value);
            }
        }
    }
    scratch.clear();
    scratch.extend(points.iter().map(|(_, value)| *value));
    let variance = variance(scratch);
    let z = if variance > 0.0 { (s - s.signum()) as f64 / sqrt(variance) } else { 0.0 };
    Some(MannKendall { s, variance, z, p: erfc(fabs(z) / SQRT_2) })
}

/// Variance of S over n values without a trend:
/// (n (n - 1) (2 n + 5) - the sum of g (g - 1) (2 g + 5) over groups of g equal values) / 18.
/// Sorts the values.
pub fn variance(values: &mut [f64]) -> f64 {
    let term = |count: usize| {
        let count = count as u64;
        count * count.saturating_sub(1) * (2 * count + 5)
    };
    values.sort_unstable_by(f64::total_cmp);
    // In ascending order a value that is not below its successor equals it.
    let ties: u64 = values.chunk_by(|a, b| a >= b).map(|group| term(group.len())).sum();
    (term(values.len()) - ties) as f64 / 18.0
}

/// Merges values of one time by their median, in place; the points are in the order of time.
pub fn merge_equal_times(points: &mut Vec<(f64, f64)>, scratch: &mut Vec<f64>) {
    let mut kept = 0;
    let mut from = 0;
    while from < points.len() {
        let time = points[from].0;
        let equal = points[from + 1..].iter().take_while(|(other, _)| *other <= time).count();
        scratch.clear();
        scratch.extend(points[from..=from + equal].iter().map(|(_, value)| *value));
        if let Some(value) = median(scratch) {
            points[kept] = (time, value);
            kept += 1;
        }
        from += equal + 1;
    }
    points.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    fn merged(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
        merge_equal_times(&mut points, &mut Vec::new());
        points
    }

    fn run(points: &[(f64, f64)]) -> MannKendall {
        mann_kendall(points, &mut Vec::new()).unwrap()
    }

    fn check(points: &[(f64, f64)], s: i64, variance: f64, z: f64) -> f64 {
        let found = run(points);
        assert_eq!(found.s, s);
        assert_close(found.variance, variance);
        assert_close(found.z, z);
        found.p
    }

    fn series(values: &[f64]) -> Vec<(f64, f64)> {
        (0..).map(f64::from).zip(values.iter().copied()).collect()
    }

    #[test]
    fn without_ties() {
        let points = series(&[10.0, 10.4, 10.9, 11.2, 25.0, 12.1, 12.4, 12.9]);
        let p = check(&points, 22, 65.333_333, 2.598_076);
        assert_close(p, 0.009_375);
        assert_close(p / 2.0, 0.004_687);
    }

    #[test]
    fn with_ties() {
        let points = series(&[3.0, 3.0, 5.0, 4.0, 6.0, 6.0, 6.0, 8.0]);
        assert_close(check(&points, 22, 60.666_667, 2.696_151), 0.007_015);
    }

    #[test]
    fn equal_times_are_merged_by_their_median() {
        let times = [0.0, 0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 5.0];
        let values = [3.0, 5.0, 4.5, 6.0, 8.0, 5.0, 9.0, 10.0];
        let points = merged(times.into_iter().zip(values).collect());
        let expected: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        assert_eq!(expected, [4.0, 4.5, 7.0, 5.0, 9.0, 10.0]);
        check(&points, 13, 28.333_333, 2.254_407);
        assert_eq!(run(&series(&values)).s, 21, "what all pairs would give");
    }

    #[test]
    fn equal_values_say_nothing() {
        assert_close(check(&series(&[0.0, -0.0, 0.0]), 0, 0.0, 0.0), 1.0);
        assert_eq!(mann_kendall(&[(0.0, 1.0)], &mut Vec::new()), None);
        assert!(merged(Vec::new()).is_empty());
    }

    /// Points on few times and few values, in the order of time.
    fn crowded() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let point = (0u8..12, 0u8..9).prop_map(|(time, value)| (f64::from(time), f64::from(value)));
        prop::collection::vec(point, 2..40).prop_map(|mut points| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            points
        })
    }

    proptest! {
        #[test]
        fn the_order_within_one_time_changes_nothing(points in crowded()) {
            let mut other = points.clone();
            other.reverse();
            other.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (points, other) = (merged(points), merged(other));
            prop_assert_eq!(&points, &other);
            let scratch = &mut Vec::new();
            prop_assert_eq!(mann_kendall(&points, scratch), mann_kendall(&other, scratch));
            prop_assert_eq!(&merged(points.clone()), &points, "merging twice merges nothing");
            prop_assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }

        #[test]
        fn values_of_one_time_may_be_replaced_by_their_median(points in crowded()) {
            let once = merged(points.clone());
            let replaced = points.iter().map(|(time, _)| {
                let (_, value) = once.iter().find(|(other, _)| other >= time).unwrap();
                (*time, *value)
            });
            let replaced = merged(replaced.collect());
            prop_assert_eq!(replaced, once);
        }

        #[test]
        fn a_mirrored_series_falls_as_the_other_rises(points in crowded()) {
            let mirrored: Vec<(f64, f64)> = points.iter().map(|(time, y)| (*time, -y)).collect();
            let (found, other) = (run(&points), run(&mirrored));
            prop_assert_eq!(found.s, -other.s);
            prop_assert_eq!(Some(found.p), Some(other.p));
            prop_assert!(found.p > 0.0 && found.p <= 1.0);
        }
    }
}
