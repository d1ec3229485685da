//! For each rule a proposal that differs in one thing from one that passes.

use alloc::boxed::Box;
use alloc::format;

use ks_vocabulary::action::ActionKind as Is;
use ks_vocabulary::decision::{FailureMode, Mode, Upshot};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::bench::{Bench, INCIDENT, signal};
use crate::desk::PEER;

/// A proposal that passes, the one change, and the rule's word by which it is refused then.
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) word: &'static str,
    base: fn(&mut Bench),
    change: fn(&mut Bench),
}

const fn case(rule: &'static str, change: fn(&mut Bench)) -> Case {
    Case { rule, word: rule, base: |_| {}, change }
}

const HOST_WIDE: &str = r#"{"reduce_swappiness":{"value":10}}"#;
const ITS: &str = "process:1000:100";
const OTHER: u64 = INCIDENT + 1;

impl Case {
    /// The proposal that passes.
    pub(super) fn passing(&self) -> Bench {
        let mut bench = Bench::default();
        (self.base)(&mut bench);
        bench
    }

    /// The one that differs.
    pub(super) fn differing(&self) -> Bench {
        let mut bench = self.passing();
        (self.change)(&mut bench);
        bench
    }

    /// The rule that decides on the one that differs, whichever are switched off.
    #[cfg(feature = "mutants")]
    pub(crate) fn decided_by(&self) -> &'static str {
        self.differing().judge_as_is().rule
    }
}

/// One for each rule, in their order.
pub(crate) const CASES: [Case; 20] = [
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
