//! What changed between the decision and the deed is refused, also where an operator said yes.

use ks_vocabulary::decision::{Mode, Verdict};
use ks_vocabulary::output::Change;

use super::bench::Bench;
use super::rules::clear;
use crate::guard::Proposal;

const WEIGHT: &str = r#"{"lower_cpu_weight":{"group":"/work.slice/batch.service","weight":20}}"#;

/// Something was decided on, and waits with its plan.
fn decided(propose: fn(&mut Bench)) -> Bench {
    let mut bench = Bench::default();
    propose(&mut bench);
    bench.proposal.planned = bench.judge().plan;
    bench.proposal.exe = Proposal::exe_of(&bench.proposal.target, &bench.desk);
    assert!(bench.proposal.planned.is_some());
    bench
}

fn refused(bench: &Bench) -> [&'static str; 2] {
    [false, true].map(|by_operator| bench.approve(by_operator).expect_err("it is refused").rule)
}

#[test]
fn what_did_not_change_is_approved_with_the_plan_that_was_decided_on() {
    let bench = decided(|_| {});
    let approved = bench.approve(false).expect("it is allowed");
    assert_eq!(Some(approved.plan()), bench.proposal.planned.as_ref());
    let request = approved.request(7);
    assert_eq!((request.decision(), request.target()), (7, &bench.proposal.target));
    assert_eq!(request.to_do().map(|(action, _)| action), Some(&bench.proposal.action));
    assert!(request.to_undo().is_none() && approved.undo(7).is_some());
}

#[test]
fn another_value_than_the_one_that_was_decided_on_is_stale() {
    let mut bench = decided(|_| {});
    bench.desk.hog().nice = Some(5);
    assert_eq!(refused(&bench), ["stale"; 2]);
}

#[test]
fn a_group_that_was_made_anew_under_its_path_is_stale() {
    let mut bench = decided(|bench| bench.for_batch(WEIGHT));
    bench.desk.batch().inode = Some(7001);
    assert_eq!(refused(&bench), ["stale"; 2]);
}

#[test]
fn a_process_that_became_another_program_under_its_number_is_stale() {
    let mut bench = decided(|_| {});
    bench.desk.hog().exe = Some((8, 4_711));
    assert_eq!(refused(&bench), ["stale"; 2]);
}

#[test]
fn a_signal_that_was_cleared_since_carries_nothing() {
    for change in [Change::Cleared, Change::AcceptedAsNormal, Change::Ended, Change::Stale] {
        let mut bench = decided(|_| {});
        clear(&mut bench, change);
        assert_eq!(refused(&bench), ["evidence"; 2]);
    }
}

#[test]
fn an_operator_who_was_away_for_longer_than_a_decision_lasts_approves_what_is_the_same() {
    let mut bench = decided(|bench| bench.config.mode = Mode::Propose);
    let later = bench.desk.now.plus_ns(120_000_000_000);
    (bench.desk.now, bench.desk.sampled) = (later, Some(later));
    assert!(bench.approve(true).is_ok());
    bench.proposal.planned = None;
    assert_eq!(refused(&bench), ["stale"; 2]);
}

#[test]
fn an_operator_decides_on_what_needs_one_and_on_nothing_else() {
    let mut bench = decided(|bench| bench.config.mode = Mode::Propose);
    let judged = bench.approve(false).expect_err("nobody said yes");
    assert_eq!((judged.verdict, judged.rule), (Verdict::NeedsApproval, "mode"));
    assert!(bench.approve(true).is_ok());
    bench.stopped = true;
    assert_eq!(refused(&bench), ["stopped"; 2]);
}
