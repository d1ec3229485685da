//! Series whose direction is known, noise that has none, and series too poor to tell.

use super::*;
use ks_vocabulary::random::Random;

/// Follows `rows` rows a minute apart: noise between -1 and 1 on what `shape` gives for a row.
fn follow(rows: u32, shape: impl Fn(f64) -> f64) -> Tracker {
    let mut random = Random::stream(17, "trend");
    let mut tracker = Tracker::new();
    for row in 0..rows {
        let noise = random.next_f64() + random.next_f64() - 1.0;
        tracker.push(f64::from(row) * 60.0, shape(f64::from(row)) + noise);
    }
    tracker
}

fn check(rows: u32, shape: impl Fn(f64) -> f64, expected: Direction) -> Option<Trend> {
    let tracker = follow(rows, shape);
    let trend = tracker.trend();
    let found = trend.map(|trend| trend.direction);
    assert_eq!(found, Some(expected), "{trend:?}");
    trend
}

#[test]
fn a_rise_after_a_quiet_time_is_named_and_so_is_its_mirror() {
    let rise = |row: f64| (row - 1800.0).max(0.0) * 0.2;
    let trend = check(2000, rise, Direction::Increasing).unwrap();
    assert!((trend.slope * 60.0 - 0.2).abs() < 0.02, "{trend:?}");
    assert!((trend.level - 39.8).abs() < 0.5, "{trend:?}");
    assert!(trend.slope_low.unwrap() > 0.0 && trend.slope_low < trend.slope_high);
    assert!(trend.significance.unwrap() <= 0.05 && trend.r2.unwrap() > 0.9);
    assert!(trend.proof.unwrap() <= 0.01, "{trend:?}");
    assert_eq!((trend.rows, trend.span_s), (64, 63.0 * 60.0));
    check(2000, |row| -rise(row), Direction::Decreasing);
}

#[test]
fn a_rise_that_lasts_does_not_become_usual_and_its_end_is_seen() {
    let rise = |row: f64| (row - 2000.0).clamp(0.0, 1000.0) * 0.2;
    check(3000, rise, Direction::Increasing);
    check(3200, rise, Direction::Stable);
}

#[test]
fn a_series_that_always_rose_rises_and_can_be_foreseen() {
    let trend = check(1900, |row| row * 0.2, Direction::Increasing).unwrap();
    assert!(trend.proof.unwrap() <= 0.01, "{trend:?}");
    check(1900, |row| row * -0.2, Direction::Decreasing);
}

#[test]
fn noise_seldom_rises() {
    let mut rises = 0;
    for seed in 0..10 {
        let mut random = Random::stream(seed, "noise");
        let (mut tracker, mut value) = (Tracker::new(), 0.0);
        for row in 0..1500 {
            value = 0.9 * value + random.next_f64() - 0.5;
            let found = tracker.push(f64::from(row), value);
            let asked = row >= 1000 && row % 100 == 0;
            rises += u32::from(asked && found == Direction::Increasing);
        }
    }
    // 50 looks at a nominal 5 %; neighbouring looks are alike.
    assert!(rises <= 8, "{rises}");
}

#[test]
fn a_short_series_is_unproven_and_has_a_line_from_8_rows_on() {
    let trend = check(40, |row| row, Direction::Unproven).unwrap();
    assert!((trend.slope * 60.0 - 1.0).abs() < 0.05, "{trend:?}");
    assert_eq!((trend.significance, trend.rows), (None, 40));
    assert_eq!(follow(7, |row| row).trend(), None);
    assert_eq!(Tracker::new().trend(), None);
}

#[test]
fn a_constant_series_is_stable_and_one_of_few_values_has_no_line() {
    let constant = |rows: u32| {
        let mut tracker = Tracker::new();
        (0..rows).fold(None, |_, row| Some(tracker.push(f64::from(row), 3.0)))
    };
    assert_eq!(constant(100), Some(Direction::Unproven));
    assert_eq!(constant(200), Some(Direction::Stable));
    assert_eq!(constant(2000), Some(Direction::Stable));
    let mut tracker = Tracker::new();
    for row in 0..2000u32 {
        tracker.push(f64::from(row), f64::from(row / 7 % 3));
    }
    assert_eq!(tracker.trend(), None);
}

#[test]
fn what_lies_before_a_gap_does_not_count() {
    let mut tracker = Tracker::new();
    for row in 0..50 {
        tracker.push(f64::from(row), 100.0 - f64::from(row));
    }
    for row in 0..20 {
        tracker.push(1000.0 + f64::from(row), 2.0 * f64::from(row));
    }
    let trend = tracker.trend().unwrap();
    assert!((trend.slope - 2.0).abs() < 1e-9, "{trend:?}");
    assert_eq!((trend.rows, trend.significance), (20, None));
}

#[test]
fn times_that_are_equal_or_go_back_do_no_harm() {
    let mut tracker = Tracker::new();
    for row in 0..200u32 {
        let time_s = if row == 100 { 0.0 } else { f64::from(row / 2) };
        tracker.push(time_s, f64::from(row / 2) * 3.0);
    }
    let trend = tracker.trend().unwrap();
    assert!((trend.slope - 3.0).abs() < 0.1, "{trend:?}");
    let mut still = Tracker::new();
    for row in 0..200 {
        still.push(5.0, f64::from(row));
    }
    assert_eq!(still.trend(), None);
}

#[test]
fn what_was_proven_before_a_gap_proves_nothing_after_it() {
    let mut random = Random::stream(17, "gap");
    let mut tracker = Tracker::new();
    let mut proofs = Vec::new();
    for row in 0..2110 {
        let noise = random.next_f64() + random.next_f64() - 1.0;
        // It rises at last, and a gap of a day lies in the rise.
        let late_s = if row < 2004 { 0.0 } else { 86_400.0 };
        let value = (f64::from(row) - 1900.0).max(0.0) * 0.2 + noise;
        tracker.push(f64::from(row) * 60.0 + late_s, value);
        if row >= 2004 {
            proofs.push(tracker.trend().and_then(|trend| trend.proof));
        }
    }
    assert!(proofs.iter().all(Option::is_none), "{proofs:?}");
}

#[test]
fn a_rise_in_the_last_rows_of_a_short_series_is_found_and_noise_is_none() {
    let (mut found, mut rises) = (0, 0);
    for seed in 0..60 {
        let mut random = Random::stream(seed, "short");
        let (mut steady, mut rising) = (Tracker::new(), Tracker::new());
        for row in 0..900u32 {
            let noise = (0..4).map(|_| random.next_f64()).sum::<f64>() * 1.73 - 3.46;
            let time_s = f64::from(row);
            steady.push(time_s, noise);
            rising.push(time_s, noise + 7.0 * (time_s - 780.0).max(0.0) / 120.0);
        }
        let direction = |tracker: &Tracker| tracker.trend().unwrap().direction;
        found += u32::from(direction(&rising) == Direction::Increasing);
        rises += u32::from(direction(&steady) == Direction::Increasing);
    }
    assert!(found >= 48 && rises <= 5, "{found} found, {rises} false, of 60");
}

#[test]
fn a_direction_takes_nineteen_windows_that_share_nothing() {
    let told = |rows: u32| follow(rows, |row| row).trend().map(|it| (it.direction, it.disjoint));
    assert_eq!(told(100), Some((Direction::Unproven, 9)));
    assert_eq!(told(175), Some((Direction::Unproven, 18)));
    assert_eq!(told(176), Some((Direction::Increasing, 19)));
    let trend = follow(1407, |row| row).trend().unwrap();
    assert_eq!(trend.rows, 60);
    assert!(trend.disjoint >= 19, "{trend:?}");
}

#[test]
fn a_rise_that_is_proven_goes_on_in_a_short_series_too() {
    let rise = |row: f64| (row - 500.0).max(0.0) * 0.2;
    for rows in [600, 800, 1000, 1300, 1600] {
        check(rows, rise, Direction::Increasing);
    }
    let ends = |row: f64| (row - 500.0).clamp(0.0, 200.0) * 0.2;
    check(900, ends, Direction::Stable);
}
