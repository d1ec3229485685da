//! Forecasts against the truth, on few leaks: `cargo bench --bench forecasts` measures many.

#[path = "../benches/forecasts/leaks.rs"]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "its numbers are small"
)]
mod leaks;

use ks_engine::analysis::Watch;
use leaks::{CALIBRATING, MEASURED, Scored, Shape, run};

/// Leaks of each shape.
const LEAKS: u64 = 60;
/// Of so many the interval of 90 % misses more than a quarter with probability below 0.001, and so
/// many have a forecast at half of their time.
const COVERED: f64 = 0.75;
const FORECAST: f64 = 0.70;

fn scored(shape: Shape) -> Vec<Scored> {
    (0..LEAKS).filter_map(|seed| run(shape, 2_000_000 + seed, 0.5, &mut Watch::default())).collect()
}

#[test]
fn intervals_hold_the_truth_for_leaks_that_do_not_accelerate() {
    for shape in MEASURED.into_iter().filter(|shape| *shape != Shape::Accelerating) {
        let scored = scored(shape);
        let yielded = scored.len() as f64 / LEAKS as f64;
        assert!(yielded >= FORECAST, "{shape:?}: {yielded}");
        let holds =
            |one: &&Scored| one.interval.0 <= one.actual_s && one.actual_s <= one.interval.1;
        let covered = scored.iter().filter(holds).count() as f64 / scored.len() as f64;
        assert!(covered >= COVERED, "{shape:?}: {covered}");
    }
}

#[test]
fn a_constant_leak_has_a_narrow_interval_around_its_point() {
    let scored = scored(Shape::Constant);
    let mut ratios: Vec<f64> = scored.iter().map(|one| one.interval.1 / one.interval.0).collect();
    ratios.sort_by(f64::total_cmp);
    assert!(ratios[ratios.len() / 2] <= 4.0, "{ratios:?}");
    for one in &scored {
        let (low, high) = one.interval;
        assert!(low < one.point_s && one.point_s < high, "class {:?}", one.class);
    }
}

#[test]
fn no_shape_that_is_measured_calibrates() {
    assert!(CALIBRATING.iter().all(|shape| !MEASURED.contains(shape)));
}
