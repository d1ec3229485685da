//! Tests of baselines: what is learned, what gates, what is accepted.

use super::*;

const HOUR_S: u64 = 3_600;
const SECOND_NS: u64 = 1_000_000_000;
const LEARNING: Learning = Learning {
    max: None,
    weekly: true,
    kept_a_day: 0.98,
    cadence_ns: 5 * SECOND_NS,
    longest_ns: 15 * SECOND_NS,
    weight_min: 150.0,
};

fn moment(second: u64) -> Moment {
    Moment { mono_ns: second * SECOND_NS, hour: (second / HOUR_S).cast_signed() }
}

/// Feeds a value every five seconds.
fn feed(
    baseline: &mut Baseline,
    from_s: u64,
    seconds: u64,
    stands: bool,
    value: impl Fn(u64) -> f64,
) {
    for second in (from_s..from_s + seconds).step_by(5) {
        baseline.learn(moment(second), value(second), stands, &LEARNING);
    }
}

fn close(found: f64, expected: f64, part: f64) {
    assert!((found / expected - 1.0).abs() < part, "{found} is not about {expected}");
}

#[test]
fn half_an_hour_of_values_makes_a_baseline_and_less_does_not() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0, 1_790, false, |at| (at / 5 % 100) as f64);
    assert_eq!(baseline.level(), None);
    feed(&mut baseline, 1_790, HOUR_S, false, |at| (at / 5 % 100) as f64);
    let level = baseline.level().unwrap();
    close(level.p50, 49.5, 0.05);
    close(level.p95, 94.0, 0.05);
    close(level.trigger, 1.2 * level.p95, 1e-9);
    assert_eq!(level.span, Span::All);
}

#[test]
fn the_spread_of_a_gauge_that_hardly_varies_is_not_zero() {
    // The worked example of statistics.md: one bin holds all values, the second sketch tells them
    // apart.
    let values = [1000.0, 1001.0, 999.0, 1000.5, 999.5, 1001.0, 999.0, 1000.0];
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0, 40, false, |at| values[usize::try_from(at / 5).unwrap()]);
    let level = baseline.overall(None).unwrap();
    close(level.volatility, 0.743_582, 0.02);
    close(level.p50, 1_002.428_009, 1e-6);
}

#[test]
fn readings_within_five_seconds_are_one() {
    let (mut often, mut seldom) = (Baseline::default(), Baseline::default());
    for second in 0..4_000u64 {
        often.learn(moment(second), (second % 50) as f64, false, &LEARNING);
        if second % 5 == 0 {
            seldom.learn(moment(second), (second % 50) as f64, false, &LEARNING);
        }
    }
    assert_eq!(often, seldom);
}

#[test]
fn an_incident_is_not_learned_and_a_lasting_one_can_be_accepted() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0, HOUR_S, false, |_| 10.0);
    let before = baseline.all.clone();
    feed(&mut baseline, HOUR_S, HOUR_S, true, |_| 100.0);
    assert_eq!(baseline.all, before, "while the signal stands nothing changes");
    close(baseline.level().unwrap().p95, 10.0, 0.02);
    let mut other = baseline.clone();
    other.accept();
    feed(&mut other, 2 * HOUR_S, 60, false, |_| 100.0);
    close(other.level().unwrap().p95, 100.0, 0.02);
    feed(&mut baseline, 2 * HOUR_S, 60, false, |_| 10.0);
    baseline.accept();
    feed(&mut baseline, 2 * HOUR_S + 60, 60, false, |_| 10.0);
    close(baseline.level().unwrap().p95, 10.0, 0.02);
}

#[test]
fn after_three_weeks_an_hour_is_compared_with_itself() {
    let mut baseline = Baseline::default();
    let week_s = 168 * HOUR_S;
    // Busy in the third hour of the week, calm else; only two hours of each week are fed.
    for week in 0..4 {
        feed(&mut baseline, week * week_s + 2 * HOUR_S, HOUR_S, false, |_| 50.0);
        let level = baseline.level().unwrap();
        assert_eq!(level.span == Span::HourOfWeek, week >= 2, "week {week}");
        feed(&mut baseline, week * week_s + 9 * HOUR_S, HOUR_S, false, |_| 1.0);
    }
    close(baseline.level().unwrap().p95, 1.0, 0.02);
    feed(&mut baseline, 4 * week_s + 2 * HOUR_S, 10, false, |_| 50.0);
    close(baseline.level().unwrap().p50, 50.0, 0.02);
    assert_eq!(baseline.level().unwrap().span, Span::HourOfWeek);
}

#[test]
fn a_month_halves_the_weight_of_what_was() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0, 10, false, |_| 1.0);
    let count = baseline.all.values.count();
    feed(&mut baseline, 30 * 24 * HOUR_S, 5, false, |_| 1.0);
    close(baseline.all.values.count() - 1.0, count * 0.545_484, 1e-5);
}

#[test]
fn two_recordings_merge_into_what_both_together_would_be() {
    let (mut one, mut other, mut both) =
        (Baseline::default(), Baseline::default(), Baseline::default());
    let value = |at: u64| (at % 83) as f64;
    feed(&mut one, 0, HOUR_S, false, value);
    feed(&mut other, HOUR_S, HOUR_S, false, value);
    feed(&mut both, 0, 2 * HOUR_S, false, value);
    one.merge(&other);
    assert_eq!(one.samples(), both.samples());
    assert_eq!(one.all.values, both.all.values);
}

#[test]
fn a_constant_series_has_a_baseline_without_spread() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0, HOUR_S, false, |_| 0.0);
    let level = baseline.level().unwrap();
    assert_eq!((level.p50, level.p95, level.volatility, level.trigger), (0.0, 0.0, 0.0, 0.0));
}

#[test]
fn what_is_stored_is_what_is_loaded() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0, HOUR_S, false, |at| (at % 71) as f64 - 30.0);
    let text = serde_json::to_string(&baseline).unwrap();
    let mut loaded: Baseline = serde_json::from_str(&text).unwrap();
    loaded.refresh(0, &LEARNING);
    assert_eq!(loaded.all, baseline.all);
    let bad = text.replace("\"samples\":720", "\"samples\":-1");
    assert_ne!(bad, text);
    assert!(serde_json::from_str::<Baseline>(&bad).is_err());
}

#[test]
fn a_series_of_any_cadence_is_learned_whole_and_known_by_its_hours() {
    let each = Learning { cadence_ns: 0, longest_ns: u64::MAX, ..LEARNING };
    // A value in five minutes: by day the hour, at weekends a hundred more.
    let taught = |days: u64| {
        let mut baseline = Baseline::default();
        for row in 0..days * 288 {
            let hour = (row / 12 % 24 + 1) as f64;
            let value = if (row / 288) % 7 >= 5 { hour + 100.0 } else { hour };
            baseline.learn(moment(row * 300), value, false, &each);
        }
        baseline
    };
    let check = |days: u64, at: u64, p50: f64| {
        let level = taught(days).level_at(at.cast_signed(), &each).unwrap();
        close(level.p50, p50, 0.011);
    };
    check(2, 2 * 24, 12.5);
    check(6, 6 * 24 + 7, 8.0);
    check(36, 35 * 24 + 7, 8.0);
    check(36, 40 * 24 + 7, 108.0);
}

#[test]
fn counts_that_would_overflow_are_not_sound() {
    let mut baseline = Baseline::default();
    (0..7).for_each(|day| feed(&mut baseline, day * 24 * HOUR_S, HOUR_S, false, |_| 1.0));
    assert!(baseline.is_sound());
    let text = serde_json::to_string(&baseline).unwrap();
    for (was, is) in [
        ("\"periods\":1", "\"periods\":4294967295"),
        ("\"samples\":720", { "\"samples\":4611686018427387903" }),
    ] {
        let stored = text.replace(was, is);
        assert_ne!(stored, text);
        let loaded: Baseline = serde_json::from_str(&stored).unwrap();
        assert!(!loaded.is_sound(), "{is}");
    }
}
