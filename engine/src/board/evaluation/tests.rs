//! Tests of the two keys: a limit and the own baseline.

use super::*;
use crate::analysis::Level;
use ks_statistics::baseline::{Span, trigger_level};

const LIMITS: [Option<f64>; 4] = [Some(1.0), Some(2.0), Some(3.0), Some(8.0)];

fn level(p50: f64, p95: f64) -> Level {
    let trigger = trigger_level(p95, None);
    Level { p50, p75: p50, p95, volatility: 0.0, trigger, span: Span::All, samples: 1_000 }
}

/// What holds of a value with these limits, given the 95th percentile of its baseline.
fn graded(value: f64, relax: Relax, p95: Option<f64>) -> ([bool; 4], bool) {
    let mut seen = Evaluation::default();
    seen.grade(Quantity { metric: Metric::Load1, value, limits: LIMITS }, Held::Met, relax);
    seen.settle(|_| p95.map(|p95| level(p95, p95)));
    (seen.held.map(|held| held != Held::No), seen.keeps())
}

#[test]
fn without_a_baseline_the_limit_decides() {
    assert_eq!(graded(2.5, Relax::Scaled, None), ([true, true, false, false], true));
    assert_eq!(graded(0.9, Relax::Scaled, None), ([false; 4], true), "80 % of the lowest limit");
}

#[test]
fn below_its_own_level_a_value_is_no_verdict_but_at_critical() {
    // 1.2 times 4 is 4.8.
    assert_eq!(graded(4.5, Relax::Scaled, Some(4.0)), ([false; 4], false));
    assert_eq!(graded(4.9, Relax::Scaled, Some(4.0)), ([true, true, true, false], true));
    let (held, _) = graded(9.0, Relax::Scaled, Some(40.0));
    assert_eq!(held, [false, false, false, true], "a critical limit has one key");
}

#[test]
fn without_a_second_source_nothing_but_events_is_above_what_may_be() {
    let held = |value: f64, agrees: Option<bool>, event: bool| {
        let mut seen = Evaluation::default();
        let quantity = Quantity { metric: Metric::Load1, value, limits: LIMITS };
        seen.grade(quantity, Held::Met, Relax::Scaled);
        seen.event(Severity::Critical, event, 1).second(agrees, Severity::Low);
        seen.settle(|_| None);
        (seen.held.map(|held| held != Held::No), seen.mask())
    };
    let all = ([true; 4], 0b1111);
    assert_eq!(held(9.0, Some(true), false), all);
    assert_eq!(held(9.0, None, false), all, "what was not asked is no contradiction");
    assert_eq!(held(9.0, Some(false), false), ([true, false, false, false], 1));
    assert_eq!(held(0.5, Some(false), false), ([false; 4], 0), "it raises nothing either");
    assert_eq!(held(9.0, Some(false), true), ([true, false, false, true], 0b1111), "harm is harm");
}

/// What is lowered for want of a second source is excused with what it is lowered to.
#[test]
fn a_baseline_that_excuses_a_severity_excuses_what_is_lowered_to_it() {
    let lowered = |p95: f64, agrees: bool| {
        let mut seen = Evaluation::default();
        let limits = [None, Some(50.0), None, Some(500.0)];
        let key = seen.note_with(Metric::Majflt5s, 800.0, limits);
        seen.keyed(key, Severity::Medium, Held::Met, true);
        seen.keyed(key, Severity::Critical, Held::Met, true);
        seen.second(Some(agrees), Severity::Medium);
        seen.settle(|_| Some(level(p95, p95)));
        (seen.held.map(|held| held != Held::No), seen.is_absolute())
    };
    assert_eq!(lowered(100.0, false), ([false, true, false, false], false));
    assert_eq!(lowered(800.0, false), ([false; 4], false));
    assert_eq!(lowered(800.0, true), ([false, false, false, true], true));
}

#[test]
fn no_baseline_excuses_a_used_share_or_an_event() {
    for relax in [Relax::Share, Relax::Event] {
        assert_eq!(graded(2.5, relax, Some(40.0)), ([true, true, false, false], true));
    }
}

#[test]
fn a_predicate_rests_on_the_quantity_it_names() {
    let held = |value: f64, p95: Option<f64>| {
        let mut seen = Evaluation::default();
        let key = seen.note(Metric::Load1, value);
        seen.note(Metric::BusyShare, 1e9);
        seen.keyed(key, Severity::Medium, Held::Met, true);
        seen.keep_keyed(key, true);
        seen.settle(|metric| p95.filter(|_| metric == Metric::Load1).map(|p95| level(p95, p95)));
        (seen.held[1] != Held::No, seen.keeps())
    };
    assert_eq!(held(5.0, None), (true, true));
    assert_eq!(held(5.0, Some(5.0)), (false, false));
    assert_eq!(held(6.0, Some(5.0)), (true, true));
}

#[test]
fn a_rule_on_the_median_has_a_fallback() {
    let held = |value: f64, p50: Option<f64>, without: bool| {
        let mut seen = Evaluation::default();
        let key = seen.note(Metric::Wait5s, value);
        seen.ruled(Severity::High, Held::Met, [Some(Rule::Median(key, 3, without)), None]);
        seen.settle(|_| p50.map(|p50| level(p50, p50)));
        seen.held[2] != Held::No
    };
    assert!(held(9.0, None, true) && !held(9.0, None, false));
    assert!(held(9.0, Some(3.0), false) && !held(8.9, Some(3.0), true));
}

#[test]
fn a_forecast_is_medium_and_gives_way_to_what_is_worse() {
    let mut seen = Evaluation::of(Subtype::Slow);
    seen.settle(|_| None);
    seen.predict();
    assert_eq!((seen.subtype, seen.held[1]), (Some(Subtype::Predicted), Held::Met));
    let mut seen = Evaluation::of(Subtype::Slow);
    seen.met(Severity::High, true);
    seen.settle(|_| None);
    seen.predict();
    assert_eq!(seen.subtype, Some(Subtype::Slow), "the higher severity keeps its form");
}
