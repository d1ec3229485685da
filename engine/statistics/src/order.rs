//! Order statistics: quantiles, the median, a robust scale; and the sum of many values.
//!
//! Values are ordered by `f64::total_cmp`, so equal input gives equal output whatever its order.

use alloc::vec::Vec;
use libm::fabs;

/// Deviation of a normal distribution in units of its median absolute deviation.
const SD_OF_MAD: f64 = 1.4826;
/// Interquartile range of a normal distribution in units of its deviation.
const IQR_OF_SD: f64 = 1.349;
/// Differences below this part of the values they come from are taken for rounding.
pub(super) const ROUNDING: f64 = 1e-12;

/// The `p`-quantile of sorted values, p from 0 to 1: linear between ranks, h = (n - 1) p (type 7
/// of Hyndman and Fan 1996). `None` without values.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&p), "p of a quantile lies from 0 to 1");
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * p;
    let below = whole(place).min(last);
    let above = (below + 1).min(last);
    let part = place - below as f64;
    Some(sorted[below] + part * (sorted[above] - sorted[below]))
}

/// The median; of an even number of values the mean of the two in the middle. `None` without
/// values.
///
/// It leaves the values parted: none of the first half (`len / 2` values) is above any of the rest.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if even {
        let lower = below.iter().copied().max_by(f64::total_cmp)?;
        Some(f64::midpoint(lower, *upper))
    } else {
        Some(*upper)
    }
}

/// The robust standard deviation, in the unit of the values: 1.4826 times the median absolute
/// deviation from the median. Where more than half of the values are equal that is 0; then the
/// interquartile range over 1.349 stands in, and where that is 0 too, `floor`. `None` without
/// values.
pub fn scale(values: &[f64], scratch: &mut Vec<f64>, floor: f64) -> Option<f64> {
    scratch.clear();
    scratch.extend_from_slice(values);
    let centre = median(scratch)?;
    for value in scratch.iter_mut() {
        *value = fabs(*value - centre);
    }
    let deviation = median(scratch)?;
    if deviation > 0.0 {
        return Some(SD_OF_MAD * deviation);
    }
    scratch.clear();
    scratch.extend_from_slice(values);
    scratch.sort_unstable_by(f64::total_cmp);
    let range = quantile(scratch, 0.75)? - quantile(scratch, 0.25)?;
    Some(if range > 0.0 { range / IQR_OF_SD } else { floor })
}

/// The sum, with what each addition rounds away added at the end (Neumaier 1974).
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = 0.0f64;
    let mut lost = 0.0f64;
    for value in values {
        let next = total + value;
        lost += if fabs(total) >= fabs(value) {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

/// The mean, `None` without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values.iter().copied()) / values.len() as f64)
}

/// The largest absolute value, 0 without values.
pub(super) fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |largest, value| fabs(value).max(largest))
}

/// The whole part of a number that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank, not negative")]
pub(super) fn whole(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    fn check_scale(values: &[f64], floor: f64, expected: f64) {
        assert_close(scale(values, &mut Vec::new(), floor).unwrap(), expected);
    }

    #[test]
    fn quantiles_of_one_to_ten() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        for (p, expected) in
            [(0.0, 1.0), (0.5, 5.5), (0.75, 7.75), (0.95, 9.55), (0.99, 9.91), (1.0, 10.0)]
        {
            assert_close(quantile(&values, p).unwrap(), expected);
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0], 0.99), Some(3.0));
    }

    #[test]
    fn one_wild_value_does_not_move_the_scale() {
        let values = [12.0, 13.0, 13.0, 14.0, 15.0, 15.0, 16.0, 90.0];
        let centre = median(&mut values.clone()).unwrap();
        assert_close(centre, 14.5);
        check_scale(&values, 1.0, 2.2239);
        let deviation = scale(&values, &mut Vec::new(), 1.0).unwrap();
        assert_close((90.0 - centre) / deviation, 33.949_368);
    }

    #[test]
    fn equal_values_fall_back_to_the_quartiles_and_then_to_the_floor() {
        check_scale(&[5.0, 5.0, 5.0, 5.0, 5.0, 7.0, 9.0, 11.0], 0.1, 1.853_225);
        check_scale(&[5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 9.0], 0.1, 0.1);
        check_scale(&[5.0], 0.25, 0.25);
        assert_eq!(scale(&[], &mut Vec::new(), 0.1), None);
    }

    #[test]
    fn a_long_sum_keeps_what_rounding_takes() {
        assert_eq!(Some(sum([1.0, 1e100, 1.0, -1e100])), Some(2.0));
        assert_eq!(Some(sum([])), Some(0.0));
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(mean(&[]), None);
    }

    proptest! {
        #[test]
        fn the_median_is_the_half_quantile_and_parts_the_values(
            mut values in prop::collection::vec(-1e6f64..1e6, 1..80),
        ) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let found = median(&mut values).unwrap();
            prop_assert!((found - quantile(&sorted, 0.5).unwrap()).abs() <= 1e-9);
            let (below, above) = values.split_at(values.len() / 2);
            for low in below {
                prop_assert!(above.iter().all(|high| low <= high));
            }
        }

        #[test]
        fn a_quantile_rises_with_p_and_stays_within_the_values(
            mut values in prop::collection::vec(-1e6f64..1e6, 1..80),
            p in 0.0f64..=1.0,
            q in 0.0f64..=1.0,
        ) {
            values.sort_by(f64::total_cmp);
            let low = quantile(&values, p.min(q)).unwrap();
            let high = quantile(&values, p.max(q)).unwrap();
            prop_assert!(low <= high + 1e-9);
            prop_assert!(values[0] <= low && high <= values[values.len() - 1] + 1e-9);
        }

        #[test]
        fn the_scale_scales_and_does_not_shift(
            values in prop::collection::vec(-1e3f64..1e3, 3..40),
            shift in -1e3f64..1e3,
        ) {
            let other: Vec<f64> = values.iter().map(|value| 4.0 * value + shift).collect();
            let found = scale(&values, &mut Vec::new(), 0.0).unwrap();
            let moved = scale(&other, &mut Vec::new(), 0.0).unwrap();
            prop_assert!((4.0 * found - moved).abs() <= 1e-8);
        }
    }
}
