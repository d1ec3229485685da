//! For each rule a proposal that differs in one thing from one that passes.

use ks_vocabulary::action::ActionKind as Is;
use ks_vocabulary::decision::{FailureMode, Mode, Upshot, Verdict};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use regex::Regex;

use super::bench::{Bench, INCIDENT, OTHERS_SIGNAL, action, signal};
use crate::desk::{HOG, PEER, SOLO};
use crate::guard::{Guard, RULES};

/// A proposal that passes, the one change, and the rule's word by which it is refused then.
pub(super) struct Case {
    pub(super) rule: &'static str,
    pub(super) word: &'static str,
    pub(super) base: fn(&mut Bench),
    pub(super) change: fn(&mut Bench),
}

const fn case(rule: &'static str, change: fn(&mut Bench)) -> Case {
    Case { rule, word: rule, base: |_| {}, change }
}

const HOST_WIDE: &str = r#"{"reduce_swappiness":{"value":10}}"#;
const ITS: &str = "process:1000:100";
const OTHER: u64 = INCIDENT + 1;

/// One for each rule, in their order.
pub(super) const CASES: [Case; 20] = [
    case("stopped", |b| b.stopped = true),
    case("mode", |b| b.config.mode = Mode::Observe),
    case("evidence", |b| b.proposal.evidence.push(99)),
    case("sources", |b| (1..).zip(Kind::ALL).for_each(|(id, kind)| nobody(b, id, kind))),
    case("diagnosis", |b| b.proposal.failure_mode = FailureMode::Unknown),
    case("target", |b| b.proposal.diagnosed = Some(Entity::Process(PEER.0, PEER.1))),
    case("fresh", |b| b.desk.sampled = Some(ago(b, 3_001))),
    case("protected", |b| b.desk.hog().uid = Some(0)),
    Case { word: "direction", ..case("preconditions", |b| b.desk.hog().nice = Some(10)) },
    case("stale", |b| b.proposal.decided = ago(b, 30_001)),
    Case { base: |b| in_group(b, 100), ..case("text", |b| in_group(b, 200)) },
    case("site", |b| b.config.policy.deny.push(Is::LowerProcessPriority)),
    case("in_flight", |b| {
        b.done(40, OTHER, Is::LimitCgroupCpu, "x", None);
    }),
    case("incident_budget", |b| {
        for at in 0..3 {
            b.done(9_000 + at, INCIDENT, Is::LimitCgroupCpu, "x", Some(Upshot::Resolved));
        }
    }),
    case("host_budget", |b| {
        for target in ["a", "b", "c", "d", "e", "f"] {
            b.done(3_599, OTHER, Is::LimitCgroupCpu, target, Some(Upshot::Resolved));
        }
    }),
    case("cool_down", |b| {
        b.done(299, OTHER, Is::LowerProcessPriority, ITS, Some(Upshot::Resolved));
    }),
    case("failures", |b| {
        for target in ["a", "b", "c"] {
            b.done(3_599, OTHER, Is::LowerProcessPriority, target, Some(Upshot::NoEffect));
        }
    }),
    case("futile", |b| {
        for ago_s in [14_399, 10_000, 3_600] {
            b.done(ago_s, OTHER, Is::LowerProcessPriority, ITS, Some(Upshot::NoEffect));
        }
    }),
    Case {
        base: |b| b.config.budgets.per_target_per_hour = 99,
        ..case("oscillation", |b| {
            for ago_s in [3_000, 2_000] {
                let done =
                    b.done(ago_s, OTHER, Is::LowerProcessPriority, ITS, Some(Upshot::Improved));
                b.limits.undone(done);
            }
        })
    },
    Case {
        base: |b| b.propose(HOST_WIDE, Entity::Host),
        ..case("blast", |b| {
            b.done(3_599, INCIDENT, Is::EnableTwReuse, "host", Some(Upshot::Improved));
        })
    },
];

fn ago(bench: &Bench, ms: u64) -> Timestamp {
    Timestamp(bench.desk.now.0 - ms * SECOND_NS / 1_000)
}

/// A signal of which nobody is convicted: its own quantity alone speaks for it.
fn nobody(bench: &mut Bench, id: u64, kind: Kind) {
    let mut said = signal(id, kind);
    said.culprits[0].convicted = false;
    bench.hear(said);
}

/// A group at fault whose path has so many bytes: a longer text than any is refused unread.
fn in_group(bench: &mut Bench, bytes: usize) {
    let path: &'static str = Box::leak(format!("/{}", "a".repeat(bytes - 1)).into_boxed_str());
    bench.desk.hog().group = Some(path.as_bytes());
    bench.desk.groups.insert(path.into(), crate::desk::group(path.as_bytes()));
    let written = format!("{{\"lower_cpu_weight\":{{\"group\":\"{path}\",\"weight\":20}}}}");
    bench.for_group(&written, path.as_bytes());
}

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
        let mut bench = Bench::default();
        (case.base)(&mut bench);
        assert_eq!(bench.refusal(), "passes", "{} without the change", case.rule);
        (case.change)(&mut bench);
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
