//! The worked examples, quantiles against exact ones, merging in any order, and the stored form.

use super::super::order;
use super::super::{assert_close, running_median::RunningMedian};
use super::*;
use proptest::prelude::*;

fn of(values: &[f64]) -> Sketch {
    let mut sketch = Sketch::default();
    for value in values {
        sketch.insert(*value);
    }
    sketch
}

fn check_value(value: f64, expected: f64) {
    assert_close(of(&[value]).quantile(0.5).unwrap(), expected);
}

#[test]
fn the_worked_examples() {
    assert_close(GAMMA, 1.020_202_020);
    assert!((log(GAMMA) - LN_GAMMA).abs() < 1e-15);
    assert_eq!([1.5, 100.0, 12345.0, 1000.0, 0.5].map(bin_of), [21, 231, 472, 346, -34]);
    check_value(0.0, 0.0);
    check_value(-12345.0, -12_459.820_046);
    check_value(1.5, 1.506_763);
    check_value(100.0, 100.494_568);
    check_value(12345.0, 12_459.820_046);
}

#[test]
fn the_volatility_of_a_steady_gauge_is_seen_in_a_second_sketch() {
    let gauge = [1000.0, 1001.0, 999.0, 1000.5, 999.5, 1001.0, 999.0, 1000.0];
    let (mut values, mut deviations) = (Sketch::default(), Sketch::default());
    let mut running = RunningMedian::default();
    for value in gauge {
        values.insert(value);
        deviations.insert(running.push_deviation(value));
    }
    let [low, high] = values.quantiles(&[0.0, 1.0]).unwrap();
    assert_eq!(Some(low), Some(high), "all share a bin");
    assert_close(low, 1_002.428_009);
    assert_close(1.4826 * deviations.quantile(0.5).unwrap(), 0.743_582);
}

#[test]
fn weights_decay_and_a_sketch_of_little_weight_knows_no_ends() {
    let mut sketch = of(&[-3.0, 0.0, 1.0, 2.0, 5.0]);
    let before = sketch.quantiles(&[0.0, 0.5, 1.0]);
    for _ in 0..30 {
        sketch.scale(0.98);
    }
    assert_close(sketch.count(), 5.0 * 0.545_484);
    let [low, middle, high] = before.unwrap();
    assert!(sketch.quantile(0.0).unwrap() > low, "a stretch of 1 is almost two of five values");
    assert!((sketch.quantile(0.5).unwrap() - middle).abs() < 0.6);
    assert!(sketch.quantile(1.0).unwrap() < high);
    sketch.scale(0.0);
    assert_eq!(sketch, Sketch::default());
    assert!(sketch.is_empty());
}

#[test]
fn nothing_has_no_quantile() {
    let mut sketch = Sketch::default();
    sketch.insert_weighted(3.0, 0.0);
    assert!(sketch.is_empty());
    assert_eq!(sketch.quantile(0.5), None);
    sketch.insert(3.0);
    assert!(!sketch.is_empty());
    sketch.clear();
    assert_eq!(sketch, Sketch::default());
}

#[test]
fn the_ends_of_the_numbers_have_bins_and_finite_values() {
    assert_eq!(bin_of(ZERO_BELOW), BIN_FIRST);
    assert_eq!(bin_of(f64::MAX), BIN_LAST);
    let sketch = of(&[f64::MIN, f64::MAX, 1e-9, -1e-9]);
    for value in sketch.quantiles(&[0.0, 0.2, 0.5, 0.9, 1.0]).unwrap() {
        assert!(value.is_finite());
    }
}

#[test]
fn the_smallest_sizes_collapse_at_2048_bins() {
    let small: Vec<f64> = (0..40).map(|at| exp(f64::from(at) - 20.0)).collect();
    let mut sketch = of(&small);
    sketch.insert(1e15);
    let bins: Vec<(i32, f64)> = sketch.positive.iter().collect();
    let (first, last) = (bins[0], bins[bins.len() - 1]);
    assert_eq!(last, (bin_of(1e15), 1.0));
    assert_eq!(usize::try_from(last.0 - first.0), Ok(BINS_MAX - 1));
    let lost = small.iter().filter(|value| bin_of(**value) <= first.0).count();
    assert!(lost > 10);
    assert_eq!(Some(first.1), Some(lost as f64));
    assert_close(sketch.count(), 41.0);
    sketch.insert(1e300);
    assert_eq!(sketch.positive.iter().count(), 2, "all others share the smallest");
}

#[test]
fn what_is_stored_is_checked() {
    let sketch = of(&[0.0, 1.5, 1.5, -100.0]);
    let text = serde_json::to_string(&sketch).unwrap();
    assert_eq!(text, r#"{"negative":[[231,1.0]],"zero":1.0,"positive":[[21,2.0]]}"#);
    let check = |negative: &[(i32, f64)], zero: f64, positive: &[(i32, f64)]| {
        let (negative, positive) = (negative.to_vec(), positive.to_vec());
        Sketch::try_from(Stored { negative, zero, positive }).map(|sketch| sketch.count())
    };
    assert_eq!(check(&[(231, 1.0)], 1.0, &[(21, 2.0)]), Ok(4.0));
    assert_eq!(check(&[], 0.0, &[]), Ok(0.0));
    for weight in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        assert_eq!(check(&[(3, weight)], 0.0, &[]), Err(InvalidSketch::Weight));
    }
    for zero in [f64::NAN, f64::INFINITY, -1.0] {
        assert_eq!(check(&[], zero, &[]), Err(InvalidSketch::Weight));
    }
    assert_eq!(check(&[(3, f64::MAX)], 0.0, &[(3, f64::MAX)]), Err(InvalidSketch::Weight));
    assert_eq!(check(&[], 0.0, &[(4, 1.0), (3, 1.0)]), Err(InvalidSketch::Order));
    assert_eq!(check(&[], 0.0, &[(4, 1.0), (4, 1.0)]), Err(InvalidSketch::Order));
    assert_eq!(check(&[], 0.0, &[(0, 1.0), (2047, 1.0)]), Ok(2.0));
    assert_eq!(check(&[], 0.0, &[(0, 1.0), (2048, 1.0)]), Err(InvalidSketch::Span));
    assert_eq!(check(&[], 0.0, &[(i32::MIN, 1.0), (i32::MAX, 1.0)]), Err(InvalidSketch::Span));
    assert_eq!(check(&[], 0.0, &[(BIN_LAST + 1, 1.0)]), Err(InvalidSketch::Span));
    let unknown = r#"{"negative":[],"zero":0.0,"positive":[],"other":1}"#;
    assert!(serde_json::from_str::<Sketch>(unknown).is_err());
}

/// Values of both signs and of many sizes, zeros among them.
fn values(most: usize) -> impl Strategy<Value = Vec<f64>> {
    let size = (-8.0f64..8.0).prop_map(|power| libm::pow(10.0, power));
    let value = prop_oneof![
        4 => size.clone(),
        3 => size.prop_map(|size| -size),
        1 => Just(0.0),
        1 => Just(1e-10),
    ];
    prop::collection::vec(value, 1..most)
}

/// The 1 % of the values around a quantile that its error may be.
fn error_max(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let near = (0..sorted.len()).filter(|at| (*at as f64 - place).abs() < 1.0 + 1e-9);
    near.map(|at| sorted[at].abs() * 0.010_001).fold(1e-9, f64::max)
}

proptest! {
    #[test]
    fn a_quantile_is_within_one_percent_of_the_exact_one(
        mut values in values(120),
        p in 0.0f64..=1.0,
        q in 0.0f64..=1.0,
    ) {
        let ps = [p, 0.0, q, 1.0];
        let found = of(&values).quantiles(&ps).unwrap();
        values.sort_by(f64::total_cmp);
        for (p, found) in ps.into_iter().zip(found) {
            let exact = order::quantile(&values, p).unwrap();
            prop_assert!((found - exact).abs() <= error_max(&values, p));
        }
    }

    #[test]
    fn mirrored_values_have_mirrored_quantiles(values in values(120), p in 0.0f64..=1.0) {
        let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
        let (sketch, mirrored) = (of(&values), of(&mirrored));
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let (found, other) = (sketch.quantile(p).unwrap(), mirrored.quantile(1.0 - p).unwrap());
        prop_assert!((found + other).abs() <= error_max(&sorted, p));
    }

    #[test]
    fn merging_in_any_order_is_the_sketch_of_all(
        a in prop::collection::vec(any::<f64>().prop_filter("finite", |v| v.is_finite()), 0..60),
        b in values(60),
    ) {
        let (mut first, mut second) = (of(&a), of(&b));
        first.merge(&of(&b));
        second.merge(&of(&a));
        let all: Vec<f64> = a.into_iter().chain(b).collect();
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(&first, &of(&all));
        let reversed: Vec<f64> = all.iter().rev().copied().collect();
        prop_assert_eq!(&first, &of(&reversed));
        prop_assert_eq!(Some(first.count()), Some(all.len() as f64));
    }

    #[test]
    fn what_is_stored_comes_back(values in values(60), factor in 0.01f64..1.0) {
        let mut sketch = of(&values);
        sketch.scale(factor);
        let text = serde_json::to_string(&sketch).unwrap();
        prop_assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch);
    }

    #[test]
    fn a_weight_counts_like_as_many_values(values in values(20), times in 1u8..5) {
        let mut weighted = Sketch::default();
        let mut repeated = Sketch::default();
        for value in &values {
            weighted.insert_weighted(*value, f64::from(times));
            for _ in 0..times {
                repeated.insert(*value);
            }
        }
        prop_assert_eq!(weighted, repeated);
    }
}
