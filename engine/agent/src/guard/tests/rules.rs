//! What each rule refuses, and what it does not.

use ks_vocabulary::decision::{FailureMode, Verdict};
use ks_vocabulary::kind::{Entity, Kind};
use regex::Regex;

use super::bench::{Bench, OTHERS_SIGNAL, action, signal};
use super::cases::CASES;
use crate::desk::{HOG, SOLO};
use crate::guard::{Guard, RULES};

#[test]
fn a_proposal_passes_every_rule_and_each_was_looked_at() {
    let judged = Bench::default().judge();
    assert_eq!((judged.verdict, judged.rule), (Verdict::Allowed, "gate: exploring"));
    assert_eq!(judged.plan.map(|plan| plan.effects.len()), Some(1));
    let guard = Guard::default();
    let names: Vec<_> = guard.evaluated().map(|(name, _)| name).collect();
    assert_eq!(names, CASES.each_ref().map(|case| case.rule));
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn each_rule_refuses_what_differs_in_its_one_thing() {
    for case in &CASES {
        assert_eq!(case.passing().refusal(), "passes", "{} without the change", case.rule);
        let bench = case.differing();
        assert_eq!(bench.refusal(), case.word, "{}: {}", case.rule, bench.judge().reason);
    }
}

#[test]
fn evidence_has_to_be_issued_for_this_incident_and_to_stand() {
    let changes: [fn(&mut Bench); 4] = [
        |b| b.proposal.evidence.clear(),
        |b| b.proposal.evidence.push(OTHERS_SIGNAL),
        |b| b.proposal.incident = 77,
        |b| clear(b, ks_vocabulary::output::Change::Stale),
    ];
    for change in changes {
        let mut bench = Bench::default();
        change(&mut bench);
        assert_eq!(bench.refusal(), "evidence");
    }
}

pub(super) fn clear(bench: &mut Bench, change: ks_vocabulary::output::Change) {
    bench.hear(ks_vocabulary::output::Signal { change, ..signal(1, Kind::ALL[0]) });
}

#[test]
fn what_answers_nothing_that_stands_is_no_answer() {
    let mut bench = Bench::default();
    bench.proposal.evidence = vec![1];
    assert_eq!(bench.refusal(), "diagnosis", "signal 1 is of memory");
    bench.proposal.failure_mode = FailureMode::BusyByDesign;
    assert_eq!(bench.refusal(), "diagnosis");
    let mut resumes = Bench::default();
    resumes.propose(
        r#"{"resume_process":{"process":"process:1101:111"}}"#,
        Entity::Process(1101, 111),
    );
    assert_eq!(resumes.refusal(), "diagnosis", "what was stopped here goes on by an undo alone");
}

#[test]
fn a_target_is_who_is_at_fault_or_holds_it() {
    let set = |b: &mut Bench, diagnosed| b.proposal.diagnosed = diagnosed;
    let group = |path: &[u8]| Some(Entity::Cgroup(ks_vocabulary::kind::Group::at(path)));
    for (diagnosed, wanted) in [
        (None, "target"),
        (group(crate::desk::BATCH), "passes"),
        (group(b"/work.slice"), "passes"),
        (group(crate::desk::ALONE), "target"),
        (Some(Entity::ForkTree(HOG.0, HOG.1)), "passes"),
        (Some(Entity::Process(HOG.0, HOG.1 + 1)), "target"),
        (Some(Entity::Executable(b"work".to_vec())), "target"),
    ] {
        let mut bench = Bench::default();
        set(&mut bench, diagnosed.clone());
        assert_eq!(bench.refusal(), wanted, "{diagnosed:?}");
    }
}

#[test]
fn what_the_action_names_is_what_it_is_said_to_be_done_to() {
    let mut bench = Bench::default();
    for target in [Entity::Process(SOLO.0, SOLO.1), Entity::Host, Entity::Disk(b"sda".to_vec())] {
        bench.proposal.target = target.clone();
        bench.proposal.diagnosed = Some(target);
        assert_eq!(bench.refusal(), "target");
    }
    let mut earlier = Bench::default();
    earlier.proposal.action =
        action(r#"{"lower_process_priority":{"process":"process:1000:99","nice":10}}"#);
    assert_eq!(earlier.refusal(), "target", "its pid is that of another process");
    let mut weight = Bench::default();
    weight.for_batch(r#"{"lower_cpu_weight":{"group":"/work.slice/batch.service","weight":20}}"#);
    assert_eq!(weight.refusal(), "passes");
    weight.for_batch(r#"{"lower_cpu_weight":{"group":"/work.slice/alone.service","weight":20}}"#);
    assert_eq!(weight.refusal(), "target");
    let mut disk = Bench::default();
    let read_ahead = r#"{"reduce_readahead":{"disk":"8:0","kb":64}}"#;
    disk.propose(read_ahead, Entity::Disk(b"sda".to_vec()));
    assert_eq!(disk.refusal(), "passes");
    disk.desk.sda().device = Some((8, 16));
    assert_eq!(disk.refusal(), "target", "its numbers are those of another disk");
}

#[test]
fn a_site_forbids_texts_and_a_text_is_matched_as_a_whole_by_the_pattern() {
    let mut bench = Bench::default();
    bench.forbidden.push(Regex::new(r"\Arenice -n 1[1-9] .*\z").unwrap());
    assert_eq!(bench.refusal(), "passes");
    bench.forbidden.push(Regex::new(r"\Arenice -n 10 -p 1000\z").unwrap());
    assert_eq!(bench.refusal(), "site");
}
