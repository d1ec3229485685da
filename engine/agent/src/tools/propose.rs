//! `propose_action`: what could be done about a diagnosis, with what the guard would say of it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{CandidateTold, CandidatesTold, FailureMode, Predicted};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::is_within;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::{Evidence, Signal};
use ks_vocabulary::resource::Resource;
use ks_vocabulary::subtype::Subtype;

use super::{Tools, told};
use crate::candidates::{self, Candidate};
use crate::expected::{Situation, expected};
use crate::guard::{Origin, Proposal};

/// The quantities by which a resource is measured while no forecast stands, the plainest first.
fn measured_by(resource: Resource) -> Vec<Metric> {
    match resource {
        Resource::Memory => alloc::vec![Metric::UsedShare, resource.metric()],
        Resource::Swap => alloc::vec![Metric::SwapFreeShare, resource.metric()],
        Resource::Space
        | Resource::Inodes
        | Resource::FileHandles
        | Resource::Ports
        | Resource::Conntrack
        | Resource::Pids => alloc::vec![resource.metric()],
    }
}

/// Whether an action shares CPUs out in another way, and takes none away.
fn shares_out(action: ActionKind) -> bool {
    matches!(
        action,
        ActionKind::LowerProcessPriority
            | ActionKind::LowerAutogroupPriority
            | ActionKind::LowerCpuWeight
            | ActionKind::DemoteSchedulingClass
    )
}

/// Whether an action can move what a signal is about. One that shares CPUs out in another way
/// leaves the load of the host as it is: what gets better is with those who suffered.
fn moves(action: ActionKind, signal: &Signal) -> bool {
    if !shares_out(action) {
        return action.form().answers.contains(&signal.kind);
    }
    match signal.kind {
        Kind::Scheduler => matches!(signal.entity, Entity::Cgroup(_)),
        Kind::TcpExhaustion => true,
        Kind::MemoryPressure
        | Kind::LoadMismatch
        | Kind::IoCongestion
        | Kind::NetworkDegradation
        | Kind::SwapThrashing
        | Kind::BlockDeviceSaturation
        | Kind::Syscall
        | Kind::PageFault => false,
    }
}

/// Whether a signal is on what is acted on: it is to be held back, and nothing gets better there.
pub(crate) fn is_own(target: &Entity, signal: &Signal) -> bool {
    is_held_back(target, &signal.entity)
}

/// Whether a place is what is acted on, or a group above or below it.
pub(crate) fn is_held_back(target: &Entity, place: &Entity) -> bool {
    match (target, place) {
        (Entity::Cgroup(target), Entity::Cgroup(place)) => {
            is_within(&place.path, &target.path) || is_within(&target.path, &place.path)
        }
        (target, place) => *target != Entity::Host && target == place,
    }
}

impl Tools<'_> {
    pub(super) fn candidates(
        &mut self,
        mode: FailureMode,
        target: Option<&str>,
    ) -> Result<CandidatesTold, String> {
        let culprit = target.map(|handle| self.entity(handle)).transpose()?;
        let disk = self.disk();
        let made = candidates::of(mode, culprit.as_ref(), disk.as_deref(), self.facts);
        let told = made.into_iter().map(|one| self.candidate(mode, culprit.as_ref(), &one));
        let candidates = told.collect::<Result<Vec<_>, _>>()?;
        Ok(CandidatesTold { failure_mode: mode, candidates, truncated: 0 })
    }

    /// The disk of the incident's signals.
    pub fn disk(&self) -> Option<Vec<u8>> {
        let standing = self.ledger.standing(self.incident);
        let own = standing.filter_map(|known| match &known.signal.entity {
            Entity::Disk(name) => Some(name.clone()),
            Entity::Host
            | Entity::Nic(_)
            | Entity::NicOf(..)
            | Entity::Filesystem(_)
            | Entity::Netns(_)
            | Entity::Cgroup(_)
            | Entity::Process(..)
            | Entity::ForkTree(..)
            | Entity::Executable(_) => None,
        });
        own.min().or_else(|| self.facts.only_disk())
    }

    fn candidate(
        &mut self,
        mode: FailureMode,
        culprit: Option<&Entity>,
        one: &Candidate,
    ) -> Result<CandidateTold, String> {
        let kind = one.action.kind();
        let situation = self.situation(culprit, one).map(|(_, situation)| situation);
        let expected = situation.and_then(|situation| expected(kind, &situation));
        let proposal = self.proposal(mode, culprit.cloned(), one);
        let look = self.look();
        let judged = self.guard.judge(&proposal, &look);
        let record = self.outcomes.of(kind);
        let disk = self.disk();
        Ok(CandidateTold {
            action: self.handles.conceal(&one.action, &one.target, disk.as_deref())?,
            risk: kind.form().risk,
            blast: kind.form().blast,
            verdict: judged.verdict,
            rule: judged.rule.to_string(),
            reason: judged.plain,
            gain: told(situation.zip(expected).map_or(0.0, |(of, expected)| of.part(&expected))),
            expected: expected.map(|expected| Predicted {
                low: told(expected.low),
                high: told(expected.high),
                ..expected
            }),
            success_rate: told(record.rate()),
            outcomes: record.trials,
        })
    }

    /// A proposal that rests on all that stands of the incident.
    pub fn proposal(
        &self,
        failure_mode: FailureMode,
        diagnosed: Option<Entity>,
        one: &Candidate,
    ) -> Proposal {
        let standing = || self.ledger.standing(self.incident);
        let told = standing().filter(|known| known.signal.severity >= Severity::Medium);
        Proposal {
            origin: Origin::Agent,
            incident: self.incident,
            action: one.action.clone(),
            target: one.target.clone(),
            failure_mode,
            diagnosed,
            kinds: standing().map(|known| known.signal.kind).collect(),
            evidence: told.map(|known| known.signal.id).collect(),
            disk: self.disk(),
            mount: None,
            exe: Proposal::exe_of(&one.target, self.facts),
            decided: self.facts.now(),
            planned: None,
        }
    }

    /// The signal that an action is verified by, and what is known of its quantity: the worst that
    /// it can move, that of the culprit first.
    pub fn situation(&self, culprit: Option<&Entity>, one: &Candidate) -> Option<(u64, Situation)> {
        let kind = one.action.kind();
        // Who suffers from how CPUs are shared out may be in another incident.
        let anywhere = self.ledger.signals().filter(|known| known.stands() && shares_out(kind));
        let standing = self.ledger.standing(self.incident).chain(anywhere);
        let standing = standing.map(|known| &known.signal);
        let own = standing.filter(|signal| moves(kind, signal) && !is_own(&one.target, signal));
        let blames = |signal: &Signal| {
            signal.culprits.iter().any(|one| one.convicted && Some(&one.entity) == culprit)
        };
        let mut own: Vec<&Signal> = own.collect();
        own.sort_by_key(|signal| {
            let rank = (blames(signal), signal.severity, core::cmp::Reverse(signal.id));
            core::cmp::Reverse(rank)
        });
        own.into_iter().find_map(|signal| Some((signal.id, self.situation_of(signal, culprit)?)))
    }

    /// What is known of the quantity of a signal, and of who is at fault.
    pub fn situation_of(&self, signal: &Signal, culprit: Option<&Entity>) -> Option<Situation> {
        let held = culprit.map_or(0.0, |culprit| self.held(culprit));
        let (metric, usual) = self.quantity(signal)?;
        let value = self.facts.level(signal.kind, &signal.entity, metric)?;
        let share = signal.culprits.iter().find(|one| Some(&one.entity) == culprit);
        let share = share.map_or(1.0, |one| one.share);
        Some(Situation { metric, value, usual, share, held })
    }

    /// The quantity by which a signal is told, and what is usual of it. Of a forecast it is the
    /// level of the resource.
    fn quantity(&self, signal: &Signal) -> Option<(Metric, f64)> {
        if signal.subtype == Some(Subtype::Predicted) {
            let of_kind = Resource::ALL.into_iter().filter(|one| one.kind() == signal.kind);
            let forecast =
                of_kind.filter(|one| self.ledger.forecast(&signal.entity, *one).is_some());
            let mut measured = forecast
                .flat_map(measured_by)
                .filter(|metric| self.facts.before(signal.kind, &signal.entity, *metric).is_some());
            return measured.next().map(|metric| (metric, 0.0));
        }
        let told = Evidence::decisive(&signal.evidence, signal.subtype)?;
        let usual = told.baseline_p95.or(told.limit.map(|limit| limit * 0.5)).unwrap_or(0.0);
        Some((told.metric, usual))
    }

    /// The share of the host's memory that a party holds.
    fn held(&self, entity: &Entity) -> f64 {
        let Some(all) = self.facts.host().memory_bytes.filter(|all| *all > 0) else { return 0.0 };
        let held = match entity {
            Entity::Process(pid, start) | Entity::ForkTree(pid, start) => {
                self.facts.process((*pid, *start)).and_then(|process| process.rss_bytes)
            }
            Entity::Cgroup(group) => {
                self.facts.group(&group.path).and_then(|group| group.memory_bytes)
            }
            Entity::Host
            | Entity::Disk(_)
            | Entity::Nic(_)
            | Entity::NicOf(..)
            | Entity::Filesystem(_)
            | Entity::Netns(_)
            | Entity::Executable(_) => None,
        };
        held.unwrap_or(0) as f64 / all as f64
    }
}
