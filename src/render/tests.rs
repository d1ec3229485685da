//! How much of a report people are given, and what of it.

use std::collections::BTreeMap;

use ks_replayer::report::{Episode, Incident, Mode, Recording, Span};
use ks_vocabulary::kind::{Entity, Group, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::{Cause, Evidence};

use super::*;

const END: &str = "2026-03-04T23:00:00.000000000Z";

fn entity(number: u64) -> Entity {
    match number % 5 {
        0 | 1 => Entity::Host,
        _ => Entity::Cgroup(Group::at(format!("/batch.slice/job-{number}").as_bytes())),
    }
}

fn culprit(comm: &str, convicted: bool) -> Culprit {
    Culprit {
        entity: Entity::Host,
        comm: Some(comm.to_owned()),
        metric: Metric::CpuTime,
        amount: 1.0,
        unit: Metric::CpuTime.unit(),
        share: 0.9,
        convicted,
        resident: false,
        began_ns: None,
        began_before: false,
    }
}

/// A verdict that stood for ten minutes of the hour of its number, by nine quantities of which the
/// last decided.
fn episode(id: u64) -> Episode {
    let position = usize::try_from(id).unwrap();
    let severity = Severity::ALL[position % 3];
    let at = |minute: u64| format!("2026-03-04T{:02}:{minute:02}:00.123456789Z", id % 22);
    let quiet = |metric| Evidence {
        metric,
        value: 0.0,
        window_s: None,
        limit: Some(0.95),
        baseline_p95: None,
    };
    let mut evidence = vec![quiet(Metric::UsedShare); 8];
    evidence.push(Evidence { value: 0.97, ..quiet(Metric::SwapUsedShare) });
    Episode {
        id,
        run: 1,
        kind: Kind::ALL[position % 7],
        subtype: None,
        raised_as: None,
        raised: severity,
        entity: entity(id),
        severity,
        last: severity,
        state: "cleared",
        onset: at(10),
        start: at(11),
        end: Some(at(20)),
        peak: at(15),
        escalations: Vec::new(),
        evidence,
        culprits: vec![culprit("first", false), culprit("spinner", true)],
        victims: Vec::new(),
        summary: String::new(),
    }
}

/// A report of so many incidents and verdicts; the last incident alone is critical, and not over.
fn report(incidents: u64, verdicts: u64, wrong: usize) -> Report {
    let mut episodes: Vec<Episode> = (1..=verdicts).map(episode).collect();
    if let Some(last) = episodes.iter_mut().find(|one| one.id == incidents) {
        (last.severity, last.state, last.end) = (Severity::Critical, "open", None);
    }
    let incident = |id: u64| {
        let ids =
            (id..=verdicts).step_by(usize::try_from(incidents).unwrap()).collect::<Vec<u64>>();
        let own = || episodes.iter().filter(|one| ids.contains(&one.id));
        let is_open = own().any(|one| one.end.is_none());
        let comm = Some("spinner".to_owned());
        let entity = Entity::Cgroup(Group::at(b"/cause"));
        let kind = Kind::Scheduler;
        let cause = Cause { entity, comm, kind, score: 0.6, evidence: Vec::new() };
        Incident {
            id,
            run: 1,
            state: if is_open { "open" } else { "closed" },
            start: own().map(|one| one.onset.clone()).min().unwrap(),
            end: if is_open { None } else { own().filter_map(|one| one.end.clone()).max() },
            severity: own().map(|one| one.severity).max(),
            episodes: ids.clone(),
            causes: vec![cause; 3],
        }
    };
    let told = |place| if place < wrong { "cannot tell: no such file" } else { "ok" };
    let kinds = || Kind::ALL.iter().map(|kind| kind.word());
    let span = Span { from: END.to_owned(), to: None, state: "ok", reason: None };
    Report {
        names: Names::default(),
        mode: Mode::WhatIf,
        differs: vec!["no engine had seen it when it was recorded".to_owned()],
        recording: Recording {
            host: "web".to_owned(),
            ticks: 86_400,
            start: Some("2026-03-04T00:00:00.000000000Z".to_owned()),
            end: Some(END.to_owned()),
            ..Recording::default()
        },
        incidents: (1..=incidents).map(incident).collect(),
        episodes,
        forecasts: Vec::new(),
        decisions: Vec::new(),
        steps: Vec::new(),
        guards: BTreeMap::new(),
        objected: Vec::new(),
        coverage: kinds().enumerate().map(|(at, kind)| (kind, told(at).to_owned())).collect(),
        coverage_spans: kinds().map(|kind| (kind, vec![span.clone()])).collect(),
        defects: Vec::new(),
        journal_sha256: "0".repeat(64),
    }
}

#[test]
fn a_day_of_trouble_fits_a_screen() {
    for (incidents, verdicts, wrong) in [(62, 102, 2), (62, 62, 0), (500, 2_000, 10), (1, 90, 0)] {
        let told = page(&report(incidents, verdicts, wrong), false);
        assert!(told.line_count() <= SCREEN_LINES, "{}", told.as_str());
        assert!(told.line_count() > 15, "{}", told.as_str());
    }
}

#[test]
fn the_worst_comes_first_and_is_told_by_what_decided() {
    let told = page(&report(62, 102, 2), false);
    let expected = "86400 ticks of web, 2026-03-04 00:00:00 to 23:00:00 UTC\n\n\
        What-if: no engine had seen it when it was recorded.\n\n\
        62 incidents with 102 verdicts. The worst 5:\n\
        CRITICAL page_fault on x, since 18:10:00, open, HIGH at the end \
        (incident 62)\n         \
        swap_used_share 97 % (limit 95 %, reached)\n         \
        by host spinner: 90 % of cpu_time\n         \
        likely first cause: cgroup:/cause spinner, scheduler (score 0.60)\n";
    let lead = format!("{} on {}", Kind::ALL[62 % 7].word(), entity(62));
    let expected = expected.replace("page_fault on x", &lead);
    assert!(told.as_str().starts_with(&expected), "{}", told.as_str());
    let lines: Vec<&str> = told.as_str().lines().collect();
    assert!(lines.iter().any(|line| line.contains(" x LOW ") && line.ends_with(" min in all")));
    assert!(lines.iter().all(|line| !line.contains(" 0 %")), "quiet quantities are left out");
    assert!(lines.last().unwrap().starts_with("`-v` adds "));
    assert!(lines.contains(&"8 of 10 kinds of trouble were judged in full. Not so:"));
}

#[test]
fn every_verdict_is_counted_once() {
    for (incidents, verdicts) in [(62, 102), (1, 90), (3, 400)] {
        let told = page(&report(incidents, verdicts, 0), false);
        let lines = || told.as_str().lines();
        let shown = lines().filter(|line| line.contains("(incident ")).count() as u64;
        let others: u64 = lines().filter_map(counted).chain(lines().filter_map(beside)).sum();
        assert_eq!(shown + others, verdicts, "{}", told.as_str());
    }
}

/// Verdicts of a line of the others.
fn counted(line: &str) -> Option<u64> {
    let words: Vec<&str> = line.strip_prefix("  ")?.split(' ').collect();
    match words.as_slice() {
        ["and", count, "verdicts" | "verdict", ..] | [count, "x", ..] => count.parse().ok(),
        ["LOW" | "MEDIUM" | "HIGH", _, "on", ..] => Some(1),
        _ => None,
    }
}

/// Verdicts that are named beside the worst of an incident.
fn beside(line: &str) -> Option<u64> {
    let groups = line.trim_start().strip_prefix("beside it: ")?;
    let groups = groups.trim_end_matches(", and more that stand below");
    groups.split(", ").map(|group| counted(&format!("  {group}"))).sum()
}

#[test]
fn what_fits_a_screen_is_told_whole_and_so_is_what_is_asked_for() {
    let small = report(1, 1, 0);
    assert_eq!(page(&small, false).as_str(), page(&small, true).as_str());
    assert!(page(&small, false).as_str().contains("INCIDENT 1 CRITICAL, open: 1 episode (1)"));
    let whole = page(&report(62, 102, 2), true);
    let count = |begin: &str| whole.as_str().matches(begin).count();
    assert_eq!((count("\nINCIDENT "), count(" of cpu_time\n")), (62, 204));
    assert_eq!(count("used_share 0 % (limit 95 %)"), 8 * 102, "quiet quantities as well");
}

#[test]
fn what_decided_stands_first() {
    let whole = page(&report(1, 1, 0), true);
    let lines: Vec<&str> = whole.as_str().lines().collect();
    let since = lines.iter().rposition(|line| line.contains("since ")).unwrap();
    assert_eq!(lines[since + 1].trim(), "swap_used_share 97 % (limit 95 %, reached)");
}

#[test]
fn a_report_of_nothing_but_defects_fits_a_screen_too() {
    let mut quiet = report(1, 1, 0);
    (quiet.incidents, quiet.episodes) = (Vec::new(), Vec::new());
    let defect = ks_vocabulary::output::Defect { place: "stat", problem: "it ran back".into() };
    quiet.defects = vec![defect; 99];
    let told = page(&quiet, false);
    assert!(told.line_count() <= SCREEN_LINES);
    assert!(told.as_str().contains("No signal was raised."), "{}", told.as_str());
    assert!(told.as_str().contains("The data have 99 defects."));
}
