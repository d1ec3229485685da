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
    assert_eq!(lowered(800.0, true), ([false, false, false, true], false), "it does no harm");
}

/// Nothing says when it is normal where the severity that it is lowered to has no limit.
#[test]
fn what_is_lowered_to_a_severity_without_a_limit_is_never_normal() {
    let mut seen = Evaluation::default();
    let key = seen.note(Metric::Majflt5s, 800.0);
    seen.keyed(key, Severity::High, Held::Met, true);
    seen.second(Some(false), Severity::Medium);
    seen.settle(|_| Some(level(100.0, 100.0)));
    assert_eq!(seen.held.map(|held| held != Held::No), [false, true, false, false]);
    assert!(seen.is_absolute());
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

#[test]
fn counted_harm_is_kept_from_high_on() {
    let kept = |say: &dyn Fn(&mut Evaluation)| {
        let mut seen = Evaluation::default();
        seen.met(Severity::Medium, true);
        say(&mut seen);
        seen.settle(|_| None);
        seen.keep_harm();
        seen.held
    };
    let high = |held| [Held::No, Held::No, held, Held::No];
    let suffers = |severity| kept(&|seen| _ = seen.suffers(severity, Held::Met));
    assert_eq!(suffers(Severity::High), high(Held::Met));
    assert_eq!(suffers(Severity::Medium), high(Held::No), "a few are what was called normal");
    assert_eq!(suffers(Severity::Critical)[3], Held::Met);
    assert_eq!(kept(&|seen| _ = seen.event(Severity::High, true, 1)), high(Held::Event));
    assert_eq!(kept(&|seen| _ = seen.met(Severity::High, true)), high(Held::No));
    let doubted = |seen: &mut Evaluation| {
        seen.suffers(Severity::High, Held::Met).second(Some(false), Severity::Low);
    };
    assert_eq!(kept(&doubted), high(Held::No), "nor what a second source knows nothing of");
}

#[test]
fn of_what_is_critical_only_harm_is_kept() {
    let kept = |say: &dyn Fn(&mut Evaluation)| {
        let mut seen = Evaluation::default();
        seen.met(Severity::High, true).keep(true);
        say(&mut seen);
        seen.settle(|_| None);
        assert_ne!(seen.held[3], Held::No, "it is critical");
        let is_harmful = seen.is_harmful();
        seen.keep_harm();
        assert!(!seen.keeps() && seen.held[..2].iter().all(|held| *held == Held::No));
        assert_eq!((is_harmful, is_harmful), (seen.is_harmful(), seen.held[3] != Held::No));
        is_harmful
    };
    let quantity = Quantity { metric: Metric::Load1, value: 9.0, limits: LIMITS };
    let graded = |relax| kept(&|seen| _ = seen.grade(quantity, Held::Counts, relax));
    assert!(!graded(Relax::Scaled) && graded(Relax::Share) && graded(Relax::Event));
    assert!(kept(&|seen| _ = seen.event(Severity::Critical, true, 1)));
    assert!(kept(&|seen| _ = seen.counts(Severity::Critical, true)), "a resource is used up");
    assert!(!kept(&|seen| _ = seen.met(Severity::Critical, true)), "a mean is a rate");
    let key = |seen: &mut Evaluation| seen.note(Metric::Load1, 9.0);
    assert!(!kept(&|seen| {
        let key = key(seen);
        seen.keyed(key, Severity::Critical, Held::Counts, true);
    }));
    assert!(kept(&|seen| {
        seen.met(Severity::Critical, true).event(Severity::Medium, true, 1);
    }));
}

#[test]
fn a_second_source_that_knows_of_no_harm_is_believed() {
    let mut seen = Evaluation::default();
    seen.counts(Severity::Critical, true).second(Some(false), Severity::Low);
    seen.settle(|_| None);
    assert!(!seen.is_harmful() && seen.is_absolute(), "what was lowered has no baseline");
}
