//! Answers that are too long, and what is left of them.

use alloc::boxed::Box;
use alloc::string::String;

use ks_vocabulary::action::{Blast, Risk};
use ks_vocabulary::decision::{
    CandidateTold, CandidatesTold, ChangeTold, DiskUse, FailureMode, ForecastTold, JudgedTold,
    Listed, ProcessUse, Row, SignalTold, SignalsTold, Stalls, Told, TrendsTold, Verdict,
};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::resource::Resource;
use ks_vocabulary::unit::Unit;

use super::*;

fn signal(id: u64) -> SignalTold {
    SignalTold {
        id,
        of_incident: true,
        kind: Kind::Scheduler,
        subtype: None,
        entity: "host".into(),
        severity: Severity::High,
        stands: true,
        age_s: 1,
        flapping: false,
        evidence: Vec::new(),
        culprits: Vec::new(),
        victims: Vec::new(),
    }
}

fn signals(count: u64) -> ToolAnswer {
    ToolAnswer::Signals(SignalsTold { signals: (0..count).map(signal).collect(), truncated: 7 })
}

fn change(entity: &str) -> ChangeTold {
    let (metric, before, unit) = (Metric::CpuTime, Some(1.0), Unit::Ticks);
    ChangeTold { entity: entity.into(), metric, before, present: 0.5, unit }
}

fn forecast() -> ForecastTold {
    ForecastTold {
        entity: "host".into(),
        resource: Resource::Memory,
        level: 0.5,
        slope_per_min: Some(0.1),
        eta_low_s: Some(100.0),
        eta_s: Some(200.0),
        eta_high_s: Some(300.0),
    }
}

fn listed<T: Clone>(of: &T, count: usize) -> Listed<T> {
    let row = Row { entity: "proc#123".into(), group: Some("cg#12".into()), of: of.clone() };
    Listed { age_s: Some(0.5), rows: alloc::vec![row; count], truncated: 0, cannot_tell: None }
}

fn usage() -> ProcessUse {
    let some = Some(1_234_000.0);
    ProcessUse {
        rss_bytes: some,
        swap_bytes: some,
        threads: some,
        cpus: some,
        ..ProcessUse::default()
    }
}

#[test]
fn what_fits_is_as_it_was() {
    let answer = signals(20);
    assert!(length(&answer) < BYTES_MAX);
    assert_eq!(bounded(answer.clone()), answer);
}

#[test]
fn the_last_signals_are_left_out_and_counted() {
    let answer = bounded(signals(500));
    let bytes = length(&answer);
    let ToolAnswer::Signals(told) = &answer else { unreachable!("it is what it was") };
    let kept = told.signals.len();
    assert_eq!(told.truncated, 7 + 500 - kept, "with those that were left out before");
    let next = length(&signal(999)) + 1;
    assert!(bytes <= BYTES_MAX && bytes + next + 40 > BYTES_MAX, "{kept} are kept: {bytes}");
    let expected: Vec<SignalTold> = (0..kept as u64).map(signal).collect();
    assert_eq!(told.signals, expected, "none is changed");
}

#[test]
fn a_single_row_that_is_too_long_is_left_out_as_a_whole() {
    let entity: String = "x".repeat(2 * BYTES_MAX);
    let changes = [change("host"), change(&entity), change("cg#1")].to_vec();
    let answer = bounded(ToolAnswer::Trends(TrendsTold { changes, ..TrendsTold::default() }));
    let ToolAnswer::Trends(told) = answer else { unreachable!("it is what it was") };
    assert_eq!((told.changes, told.truncated), ([change("host")].to_vec(), 2));
}

#[test]
fn two_lists_share_the_room() {
    for (changes, forecasts) in [(400, 400), (400, 3), (3, 400), (0, 400)] {
        let told = TrendsTold {
            changes: alloc::vec![change("host"); changes],
            forecasts: alloc::vec![forecast(); forecasts],
            ..TrendsTold::default()
        };
        let answer = bounded(ToolAnswer::Trends(told));
        let bytes = length(&answer);
        assert!(bytes <= BYTES_MAX && bytes > BYTES_MAX - 300, "{bytes}");
        let ToolAnswer::Trends(told) = answer else { unreachable!("it is what it was") };
        let kept = [told.changes.len(), told.forecasts.len()];
        assert_eq!(told.truncated, changes + forecasts - kept[0] - kept[1]);
        assert!(kept[0] >= changes.min(20) && kept[1] >= forecasts.min(20), "{kept:?}");
    }
}

#[test]
fn every_answer_with_rows_is_cut() {
    let stalls = Stalls { cpu_some_share: Some(0.1234), ..Stalls::default() };
    let disk = DiskUse { busy_share: Some(0.1234), wait_ms: Some(1.5), ..DiskUse::default() };
    let host = Told { age_s: Some(1.0), row: None, cannot_tell: None };
    let looks = [
        LookTold::TopCpu { processes: listed(&usage(), 300) },
        LookTold::IoActivity { disks: listed(&disk, 300), processes: listed(&usage(), 300) },
        LookTold::Pressure { host, groups: listed(&stalls, 300) },
    ];
    for look in looks {
        let answer = bounded(ToolAnswer::Looked(Box::new(look)));
        let written = serde_json::to_value(&answer).unwrap();
        assert!(length(&answer) <= BYTES_MAX, "{written}");
        let lists = written["looked"].as_object().unwrap().values().next().unwrap();
        let lists = lists.as_object().unwrap().values().filter(|list| list["rows"].is_array());
        for list in lists {
            let rows = list["rows"].as_array().unwrap().len() as u64;
            assert!((20..300).contains(&rows), "{rows}");
            assert_eq!(list["truncated"].as_u64(), Some(300 - rows));
        }
    }
}

fn candidate() -> CandidateTold {
    let action = r#"{"lower_process_priority":{"process":"proc#1","nice":10}}"#;
    CandidateTold {
        action: serde_json::from_str(action).unwrap(),
        risk: Risk::Reversible,
        blast: Blast::Process,
        verdict: Verdict::Denied,
        rule: "mode".into(),
        reason: "the mode is to observe".into(),
        expected: None,
        gain: 0.0,
        success_rate: 0.5,
        outcomes: 0.0,
    }
}

#[test]
fn the_last_candidates_are_left_out_and_counted() {
    let failure_mode = FailureMode::CpuHog;
    let candidates = alloc::vec![candidate(); 200];
    let told = CandidatesTold { failure_mode, candidates, truncated: 0 };
    let answer = bounded(ToolAnswer::Candidates(told));
    assert!(length(&answer) <= BYTES_MAX);
    let ToolAnswer::Candidates(told) = answer else { unreachable!("it is what it was") };
    assert!(told.candidates.len() > 20 && told.candidates.len() + told.truncated == 200);
}

#[test]
fn an_answer_without_rows_is_never_cut() {
    let told = JudgedTold {
        decision: 1,
        verdict: Verdict::Denied,
        rule: "mode".into(),
        reason: "x".repeat(BYTES_MAX),
    };
    let answer = ToolAnswer::Judged(told);
    assert_eq!(bounded(answer.clone()), answer, "text is never cut");
}
