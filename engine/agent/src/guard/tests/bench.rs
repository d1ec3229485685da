//! A proposal that passes, with all that it is held against, each of which a test can change.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use std::sync::LazyLock;
#[cfg(test)]
use std::sync::{Mutex, MutexGuard, PoisonError};

use ks_vocabulary::action::{Action, ActionKind};
#[cfg(test)]
use ks_vocabulary::decision::Verdict;
use ks_vocabulary::decision::{AgentConfig, FailureMode, Mode, Upshot};
use ks_vocabulary::kind::{Entity, Group, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::{Change, Culprit, Evidence, Incident, IncidentChange, Said, Signal};
use ks_vocabulary::time::{SECOND_NS, Timestamp, WallTime};
use ks_vocabulary::unit::Unit;
use regex::Regex;

use crate::desk::{BATCH, Desk, HOG};
#[cfg(test)]
use crate::guard::ApprovedPlan;
use crate::guard::{Guard, Judged, Look, Proposal};
use crate::ledger::Ledger;
use crate::limits::{Deed, Limits};
use crate::outcomes::Outcomes;
use crate::policy::TextPolicy;

/// Switched-off rules are those of the whole process: one test judges at a time.
#[cfg(test)]
static JUDGING: Mutex<()> = Mutex::new(());

/// The texts are the same to all: a test in a loop does not compile them each time.
pub(super) static TEXTS: LazyLock<TextPolicy> = LazyLock::new(TextPolicy::new);

#[cfg(test)]
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    JUDGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The incident that is worked on: signals of every kind stand in it.
pub(super) const INCIDENT: u64 = 1;
/// A signal of another incident.
pub(super) const OTHERS_SIGNAL: u64 = 40;

pub(super) struct Bench {
    pub(super) desk: Desk,
    pub(super) proposal: Proposal,
    pub(super) config: AgentConfig,
    pub(super) forbidden: Vec<Regex>,
    pub(super) limits: Limits,
    pub(super) outcomes: Outcomes,
    pub(super) ledger: Ledger,
    pub(super) stopped: bool,
    pub(super) wall: WallTime,
}

impl Default for Bench {
    fn default() -> Self {
        let desk = Desk::default();
        let proposal = Proposal {
            origin: crate::guard::Origin::Agent,
            incident: INCIDENT,
            action: action(
                r#"{"lower_process_priority":{"process":"process:1000:100","nice":10}}"#,
            ),
            target: Entity::Process(HOG.0, HOG.1),
            failure_mode: FailureMode::CpuHog,
            diagnosed: Some(Entity::Process(HOG.0, HOG.1)),
            kinds: Kind::ALL.to_vec(),
            evidence: (1..=10).collect(),
            disk: Some(b"sda".to_vec()),
            mount: None,
            exe: Proposal::exe_of(&Entity::Process(HOG.0, HOG.1), &desk),
            decided: desk.now,
            planned: None,
        };
        let config = AgentConfig { mode: Mode::Auto, ..AgentConfig::default() };
        let (limits, outcomes) = (Limits::default(), Outcomes::default());
        let (ledger, wall) = (Ledger::default(), WallTime(1_790_000_000_000_000_000));
        let forbidden = Vec::new();
        let stopped = false;
        let mut bench =
            Self { desk, proposal, config, forbidden, limits, outcomes, ledger, stopped, wall };
        for (id, kind) in (1..).zip(Kind::ALL) {
            bench.hear(signal(id, kind));
        }
        bench.hear(signal(OTHERS_SIGNAL, Kind::Scheduler));
        bench.open(INCIDENT, (1..=10).collect());
        bench.open(INCIDENT + 1, vec![OTHERS_SIGNAL]);
        bench
    }
}

pub(super) fn action(written: &str) -> Action {
    serde_json::from_str(written).expect(written)
}

/// A signal that stall shares tell, and that accounting convicts the hog of.
pub(crate) fn signal(id: u64, kind: Kind) -> Signal {
    let metric = Metric::CpuSome5s;
    let evidence =
        Evidence { metric, value: 0.6, window_s: None, limit: Some(0.3), baseline_p95: None };
    let culprit = Culprit {
        entity: Entity::Process(HOG.0, HOG.1),
        comm: None,
        metric: Metric::CpuTime,
        amount: 400.0,
        unit: Unit::Ticks,
        share: 0.9,
        convicted: true,
        resident: false,
        began_ns: None,
        began_before: true,
    };
    Signal {
        id,
        change: Change::Raised,
        kind,
        subtype: None,
        entity: Entity::Host,
        severity: Severity::High,
        flapping: false,
        onset_ns: Timestamp(SECOND_NS),
        start_ns: Timestamp(SECOND_NS),
        evidence: vec![evidence],
        culprits: vec![culprit],
        victims: Vec::new(),
    }
}

impl Bench {
    /// Something is proposed for the hog's control group, which is at fault.
    pub(super) fn for_batch(&mut self, written: &str) {
        self.for_group(written, BATCH);
    }

    pub(super) fn for_group(&mut self, written: &str, path: &[u8]) {
        self.propose(written, Entity::Cgroup(Group::at(path)));
    }

    /// Something is proposed for who is at fault.
    pub(super) fn propose(&mut self, written: &str, target: Entity) {
        self.proposal.action = action(written);
        self.proposal.diagnosed = (target != Entity::Host).then(|| target.clone());
        self.proposal.target = target;
    }

    pub(super) fn hear(&mut self, signal: Signal) {
        self.ledger.hear(&Said::Signal(signal), self.desk.now);
    }

    fn open(&mut self, id: u64, episodes: Vec<u64>) {
        let incident = Incident {
            id,
            change: IncidentChange::Opened,
            merged_into: None,
            start_ns: Timestamp(SECOND_NS),
            end_ns: None,
            severity: Some(Severity::High),
            episodes,
            causes: Vec::new(),
        };
        self.ledger.hear(&Said::Incident(incident), self.desk.now);
    }

    /// Something was done on an incident so long ago. It gives its number.
    pub(super) fn done(
        &mut self,
        ago_s: u64,
        incident: u64,
        action: ActionKind,
        target: &str,
        upshot: Option<Upshot>,
    ) -> u64 {
        let at = Timestamp(self.desk.now.0 - ago_s * SECOND_NS);
        let decision = self.limits.deeds().count() as u64 + 1;
        let (target, undone) = (target.to_string(), false);
        let before_boot_ns = 0;
        let deed = Deed { decision, incident, at, action, target, upshot, undone, before_boot_ns };
        self.limits.begin(deed);
        decision
    }

    /// So many outcomes are known of the form that is proposed.
    pub(super) fn known(&mut self, resolved: usize, without_effect: usize) {
        let kind = self.proposal.action.kind();
        for _ in 0..resolved {
            self.outcomes.count(kind, Upshot::Resolved, None);
        }
        for _ in 0..without_effect {
            self.outcomes.count(kind, Upshot::NoEffect, None);
        }
    }

    fn with<T>(&self, judge: impl FnOnce(&mut Guard, &Proposal, &Look<'_>) -> T) -> T {
        let look = Look {
            facts: &self.desk,
            wall: self.wall,
            config: &self.config,
            texts: &TEXTS,
            forbidden: &self.forbidden,
            limits: &self.limits,
            outcomes: &self.outcomes,
            ledger: &self.ledger,
            stopped: self.stopped,
        };
        judge(&mut Guard::default(), &self.proposal, &look)
    }

    /// What the guard says, whichever rules are switched off.
    pub(super) fn judge_as_is(&self) -> Judged {
        self.with(Guard::judge)
    }
}

#[cfg(test)]
impl Bench {
    pub(super) fn judge(&self) -> Judged {
        let _alone = alone();
        self.judge_as_is()
    }

    pub(super) fn approve(&self, by_operator: bool) -> Result<ApprovedPlan, Box<Judged>> {
        let _alone = alone();
        self.with(|guard, proposal, look| guard.approve(proposal, look, by_operator))
    }

    /// The rule that refuses, also where an operator says yes; `passes` where none does.
    pub(super) fn refusal(&self) -> &'static str {
        let judged = self.judge();
        match judged.verdict {
            Verdict::Denied => {
                let approved = self.approve(true);
                assert_eq!(approved.expect_err("it is denied").rule, judged.rule);
                judged.rule
            }
            Verdict::Allowed | Verdict::NeedsApproval => "passes",
        }
    }
}
