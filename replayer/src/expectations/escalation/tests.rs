//! Rises of made-up episodes against crossings of made-up counters.

use ks_scenarios::expectation::Expect;
use ks_scenarios::scenario::Weakened;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::kind::Severity::{Critical, High, Medium};

use super::super::judge::{self, Verdict};
use super::super::seen::Seen;
use super::*;

/// One episode of io_congestion, with the severities that it rose to.
fn episode(rises: &[(Severity, f64)]) -> SeenEpisode {
    SeenEpisode {
        incident: None,
        kind: Kind::IoCongestion,
        entity: "host".into(),
        subtype: None,
        raised_as: None,
        severity: rises.iter().map(|rise| rise.0).max().unwrap(),
        rises: rises.to_vec(),
        start_s: rises[0].1,
        end_s: None,
        is_flapping: false,
        first: None,
    }
}

/// Raised at medium at 105 s, while counters cross from 100 s on, and reach high and critical so.
fn judged(said: &[(Severity, f64)], reached: &[Rise], weakened: &[Weakened]) -> Verdict {
    let mut rises = vec![(Medium, 105.0)];
    rises.extend_from_slice(said);
    let expect: Expect = toml::from_str("kind = \"io_congestion\"").unwrap();
    let expects = [expect.clone()];
    let truths = [Truth { expect, onset_s: 100.0, end_s: 300.0, cross_s: Some(100.0) }];
    let of = |entity: &str, rises: &[Rise]| Crossed {
        kind: Kind::IoCongestion,
        entity: entity.to_owned(),
        at_s: 100.0,
        end_s: 300.0,
        rises: rises.to_vec(),
    };
    let elsewhere = [rise(High, 100.0, Some(100.0))];
    let crossings = [of("host", reached), of("cgroup:/a", &elsewhere)];
    let case = Measure {
        truths: &truths,
        expects: &expects,
        crossings: &crossings,
        weakened,
        windows: &super::super::truth::windows_of(&truths),
        forbids: &[],
        interval_s: 1.0,
        may_be_empty: false,
    };
    let episodes = vec![episode(&rises)];
    judge::judge(&Seen { ticks: 600, length_s: 600.0, episodes, ..Seen::default() }, &case)
}

fn rise(severity: Severity, first_s: f64, held_s: Option<f64>) -> Rise {
    Rise { severity, first_s, held_s }
}

fn check(said: &[(Severity, f64)], reached: &[Rise], expected: &str) {
    let why = judged(said, reached, &[]).why.join("; ");
    if expected.is_empty() {
        assert_eq!(why, "");
    } else {
        assert!(why.contains(expected), "{why:?} has no {expected:?}");
    }
}

#[test]
fn what_is_held_must_be_said_when_its_severity_has_lasted() {
    let high = [rise(High, 150.0, Some(160.0))];
    check(&[(High, 170.0)], &high, "");
    check(&[(High, 175.0)], &high, "");
    check(&[(High, 176.0)], &high, "io_congestion on host, high: held, due until 175 s: said at");
    check(&[], &high, "high: held, due until 175 s: never said");
    let critical = [rise(High, 150.0, Some(160.0)), rise(Critical, 150.0, Some(160.0))];
    check(&[(High, 170.0), (Critical, 195.0)], &critical, "");
    check(&[(High, 170.0), (Critical, 196.0)], &critical, "critical: held, due until 195 s");
    check(&[(Critical, 170.0)], &critical, "");
}

#[test]
fn what_was_not_reached_must_not_be_said() {
    let high = [rise(High, 150.0, Some(160.0))];
    check(&[(High, 149.0)], &high, "");
    check(&[(High, 148.0)], &high, "high: said at 148 s, first reached at 149 s");
    check(&[(High, 149.0), (Critical, 200.0)], &high, "critical: said at 200 s, never reached");
    check(&[(High, 149.0)], &[], "high: said at 149 s, never reached");
    check(&[], &[], "");
}

#[test]
fn what_was_reached_and_not_held_may_be_said_or_not() {
    check(&[], &[rise(High, 150.0, None)], "");
    check(&[(High, 250.0)], &[rise(High, 150.0, None)], "");
    check(&[], &[rise(High, 290.0, Some(301.0))], "");
}

#[test]
fn one_that_the_file_bears_with_counts_and_does_not_fail() {
    let entry = |severity| Weakened {
        reason: "known".to_owned(),
        what: "late".to_owned(),
        kind: Some(Kind::IoCongestion),
        entity: "host".to_owned(),
        severity,
    };
    let high = [rise(High, 150.0, Some(160.0))];
    let borne = judged(&[], &high, &[entry(Some(High))]);
    assert!(borne.why.is_empty(), "{:?}", borne.why);
    assert!(borne.outcomes[0].escalations[0].why.is_some());
    assert_eq!(judged(&[], &high, &[entry(None)]).why.len(), 1, "that is for what is in excess");
    assert_eq!(judged(&[], &high, &[entry(Some(Critical))]).why.len(), 1);
}
