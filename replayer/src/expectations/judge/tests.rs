//! Each definition, by a made-up run.

use super::super::seen::Told;
use super::super::truth::{Crossed, Rise};
use super::*;
use ks_scenarios::expectation::Expect;
use ks_scenarios::scenario::Weakened;

/// An episode of memory_pressure on the host that begins at a time.
fn episode(start_s: f64) -> SeenEpisode {
    SeenEpisode {
        incident: None,
        kind: Kind::MemoryPressure,
        entity: "host".into(),
        subtype: None,
        raised_as: None,
        severity: Severity::High,
        rises: vec![(Severity::High, start_s)],
        start_s,
        end_s: Some(start_s + 100.0),
        is_flapping: false,
        first: Some(Blamed {
            entity: "process:7:9".into(),
            comm: Some("leaky".into()),
            convicted: true,
        }),
    }
}

fn seen(episodes: Vec<SeenEpisode>) -> Seen {
    Seen { ticks: 600, length_s: 600.0, episodes, ..Seen::default() }
}

fn truth(toml: &str) -> Truth {
    let text = format!("kind = \"memory_pressure\"\n{toml}");
    let expect: Expect = toml::from_str(&text).unwrap();
    Truth { expect, onset_s: 100.0, end_s: 300.0, cross_s: Some(120.0) }
}

/// Runs on whose host the limit of memory_pressure is crossed.
fn judged(seen: &Seen, truths: &[Truth], forbids: &[&str]) -> Verdict {
    judged_with(seen, truths, forbids, &[])
}

fn judged_with(seen: &Seen, truths: &[Truth], forbids: &[&str], weakened: &[Weakened]) -> Verdict {
    let expects: Vec<Expect> = truths.iter().map(|truth| truth.expect.clone()).collect();
    let crossed = Crossed {
        kind: Kind::MemoryPressure,
        entity: "host".to_owned(),
        at_s: 120.0,
        end_s: 300.0,
        rises: vec![Rise { severity: Severity::High, first_s: 100.0, held_s: None }],
    };
    let windows = super::super::truth::windows_of(truths);
    let forbids: Vec<Forbid> = forbids.iter().map(|text| toml::from_str(text).unwrap()).collect();
    judge(
        seen,
        &Measure {
            truths,
            expects: &expects,
            crossings: &[crossed],
            weakened,
            windows: &windows,
            forbids: &forbids,
            interval_s: 1.0,
            may_be_empty: false,
        },
    )
}

fn check(seen: &Seen, toml: &str, expected: &str) {
    let why = judged(seen, &[truth(toml)], &[]).why.join("; ");
    if expected.is_empty() {
        assert_eq!(why, "");
    } else {
        assert!(why.contains(expected), "{why:?} has no {expected:?}");
    }
}

#[test]
fn found_is_in_time_on_the_entity_and_in_the_range() {
    check(&seen(vec![episode(124.0)]), "", "");
    check(&seen(vec![episode(119.0)]), "", "");
    check(&seen(vec![episode(118.0)]), "", "missed");
    check(&seen(vec![episode(151.0)]), "", "missed");
    check(&seen(vec![episode(151.0)]), "within = \"40s\"", "");
    check(&seen(vec![episode(124.0)]), "severity = \"medium\"", "missed");
    check(&seen(vec![episode(124.0)]), "subtype = \"predicted\"", "missed");
    check(&seen(vec![]), "", "never raised");
    check(&seen(vec![]), "optional = true", "");
}

#[test]
fn a_forecast_may_come_before_the_crossing_and_not_before_the_onset() {
    let predicted = |start_s| SeenEpisode {
        raised_as: Some(Subtype::Predicted),
        subtype: Some(Subtype::OomKill),
        ..episode(start_s)
    };
    check(&seen(vec![predicted(105.0)]), "", "");
    check(&seen(vec![predicted(105.0)]), "subtype = \"predicted\"", "");
    check(&seen(vec![predicted(98.0)]), "", "missed");
}

#[test]
fn an_ancestor_counts_where_it_is_declared() {
    check(&seen(vec![episode(124.0)]), "entity = \"cgroup:/a\"", "missed");
    check(&seen(vec![episode(124.0)]), "entity = \"cgroup:/a\"\nancestors = [\"host\"]", "");
}

#[test]
fn the_culprit_is_the_first_in_rank_or_nobody() {
    check(&seen(vec![episode(124.0)]), "culprit = \"leaky\"", "");
    check(&seen(vec![episode(124.0)]), "culprit = \"process:7:9\"", "");
    check(&seen(vec![episode(124.0)]), "culprit = \"other\"", "blames process:7:9 leaky");
    check(&seen(vec![episode(124.0)]), "culprit = \"other\"\nambiguous = true", "");
    let nobody = SeenEpisode { first: None, ..episode(124.0) };
    check(&seen(vec![nobody]), "culprit = \"leaky\"", "blames nobody");
    let mut unsure = episode(124.0);
    unsure.first.as_mut().unwrap().convicted = false;
    check(&seen(vec![unsure]), "culprit = \"leaky\"", "leaky (ambiguous) and not leaky");
}

#[test]
fn false_is_what_no_window_explains() {
    let late = judged(&seen(vec![episode(124.0), episode(391.0)]), &[truth("")], &[]);
    assert_eq!(kinds_of(&late), [[Kind::MemoryPressure]]);
    let early = judged(&seen(vec![episode(50.0), episode(124.0)]), &[truth("")], &[]);
    assert_eq!(kinds_of(&early), [[Kind::MemoryPressure]]);
    let in_time = judged(&seen(vec![episode(124.0), episode(389.0)]), &[truth("")], &[]);
    assert!(in_time.false_alarms.is_empty() && in_time.why.is_empty());
    let rises = vec![(Severity::Low, 50.0)];
    let low = SeenEpisode { severity: Severity::Low, rises, ..episode(50.0) };
    let low = judged(&seen(vec![low, episode(124.0)]), &[truth("")], &[]);
    assert!(low.why.is_empty() && low.low_kinds == [Kind::MemoryPressure]);
}

fn kinds_of(verdict: &Verdict) -> Vec<&[Kind]> {
    verdict.false_alarms.iter().map(|alarm| alarm.kinds.as_slice()).collect()
}

#[test]
fn several_false_episodes_of_one_incident_are_one_alarm() {
    let of = |incident, kind, start_s| SeenEpisode { incident, kind, ..episode(start_s) };
    let verdict = judged(
        &seen(vec![
            of(Some(1), Kind::IoCongestion, 20.0),
            of(Some(1), Kind::Syscall, 30.0),
            of(Some(1), Kind::IoCongestion, 40.0),
            of(Some(2), Kind::IoCongestion, 45.0),
            of(None, Kind::Scheduler, 50.0),
            of(None, Kind::Scheduler, 60.0),
        ]),
        &[],
        &["kind = \"page_fault\""],
    );
    let expected: [&[Kind]; 4] = [
        &[Kind::IoCongestion, Kind::Syscall],
        &[Kind::IoCongestion],
        &[Kind::Scheduler],
        &[Kind::Scheduler],
    ];
    assert_eq!(kinds_of(&verdict), expected);
    assert_eq!(verdict.why.len(), 6, "each is named");
}

#[test]
fn what_crosses_no_limit_is_in_excess_during_a_fault_too() {
    let of = |kind, severity| SeenEpisode { kind, severity, ..episode(130.0) };
    let excess = |seen: &Seen, toml: &str, weakened: &[Weakened]| {
        let verdict = judged_with(seen, &[truth(toml)], &[], weakened);
        (verdict.excess.len(), verdict.why.join("; "))
    };
    let wrong = seen(vec![episode(124.0), of(Kind::Syscall, Severity::Medium)]);
    let (count, why) = excess(&wrong, "", &[]);
    assert!(count == 1 && why.starts_with("excess: medium syscall on host"), "{why}");
    let low = seen(vec![episode(124.0), of(Kind::Syscall, Severity::Low)]);
    assert_eq!(excess(&low, "", &[]), (0, String::new()));
    let crossed =
        seen(vec![episode(124.0), SeenEpisode { entity: "cgroup:/a".into(), ..episode(124.0) }]);
    assert_eq!(excess(&crossed, "", &[]), (0, String::new()), "its kind crossed a limit");
    let entry = |entity: &str| Weakened {
        reason: "known".to_owned(),
        what: "raised".to_owned(),
        kind: Some(Kind::Syscall),
        entity: entity.to_owned(),
        severity: None,
    };
    assert_eq!(excess(&wrong, "", &[entry("*")]), (1, String::new()), "it counts all the same");
    assert!(!excess(&wrong, "", &[entry("disk:*")]).1.is_empty());
}

#[test]
fn what_is_expected_is_not_in_excess_though_no_counter_crosses() {
    let slow = SeenEpisode { kind: Kind::Syscall, ..episode(124.0) };
    let mut expected = truth("");
    expected.expect.kind = Kind::Syscall;
    let found = seen(vec![slow]);
    let verdict = judged(&found, std::slice::from_ref(&expected), &[]);
    assert!(verdict.excess.is_empty() && verdict.why.is_empty(), "{:?}", verdict.why);
    expected.expect.optional = true;
    let verdict = judged(&found, &[expected], &[]);
    assert_eq!(verdict.excess.len(), 1, "what may be missing may not be made up");
}

#[test]
fn a_second_one_of_the_same_truth_is_flapping() {
    let verdict = judged(&seen(vec![episode(124.0), episode(250.0)]), &[truth("")], &[]);
    assert_eq!(verdict.outcomes[0].flapping, 1);
    assert_eq!(verdict.outcomes[0].delay_s, Some(4.0));
}

#[test]
fn what_is_forbidden_must_not_be_there_and_must_have_been_told() {
    let none = seen(vec![]);
    assert!(judged(&none, &[], &["kind = \"*\""]).why.is_empty());
    let why = |seen: &Seen, forbid: &str| judged(seen, &[], &[forbid]).why.join("; ");
    let one = seen(vec![episode(124.0)]);
    assert!(why(&one, "kind = \"memory_pressure\"").contains("forbidden"));
    assert!(!why(&one, "kind = \"scheduler\"").contains("forbidden"));
    assert!(!why(&one, "kind = \"*\"\nseverity = \"critical\"").contains("forbidden"));
    assert!(!why(&one, "kind = \"*\"\nto = \"100s\"").contains("forbidden"));
    let blind = Seen {
        told: vec![Told {
            kind: "scheduler".into(),
            from_s: 100.0,
            to_s: 200.0,
            state: "cannot tell",
            reason: Some("gone".into()),
        }],
        ..none
    };
    assert!(why(&blind, "kind = \"scheduler\"").contains("could not be told"));
    assert!(why(&blind, "kind = \"syscall\"").is_empty());
    let early = "kind = \"scheduler\"\nto = \"90s\"";
    assert!(why(&blind, early).is_empty());
}

#[test]
fn a_case_that_expects_nothing_or_has_no_tick_fails() {
    assert!(judged(&seen(vec![]), &[], &[]).why[0].contains("expects nothing"));
    let empty = Seen::default();
    assert!(judged(&empty, &[], &["kind = \"*\""]).why[0].contains("no tick"));
}
