//! What a person asks for: an action of his own, or that something is put back.
//!
//! It passes the guard like any other, but for what speaks for an action. Where no condition is
//! named by which it could be told whether it helps, what comes of it is inconclusive.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::action::{Action, DiskRef, Target};
use ks_vocabulary::decision::{
    Decided, DecisionSaid, FailureMode, Phase, Predicted, Reasoner, Upshot, Verdict,
};
use ks_vocabulary::input::{Asks, Condition, Outcome, OwnAction, RequestId};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::Signal;

use super::execute::PERFORM_NS;
use super::{Agent, Ask, Pending, Stage};
use crate::expected::expected;
use crate::facts::Facts;
use crate::guard::{ApprovedPlan, Judged, Origin, Proposal};
use crate::limits::NO_INCIDENT;

/// What was done last and can be put back on request. No more than six actions an hour are done.
const STANDING: usize = 16;

/// Something that is done, or put back, because a person asked for it.
#[derive(Debug)]
pub(super) struct Own {
    decision: DecisionSaid,
    approved: ApprovedPlan,
    pub(super) request: RequestId,
    is_undo: bool,
}

/// The signal by which it is told whether an action helps.
#[derive(Debug, Clone, Copy)]
struct Trigger {
    incident: u64,
    signal: u64,
    predicted: Option<Predicted>,
}

impl Agent {
    /// A person wants something done.
    pub fn act(&mut self, own: &OwnAction, facts: &dyn Facts, ask: &mut Ask<'_>) {
        let found = own.verify.as_ref().and_then(|wanted| self.trigger(wanted, own, facts));
        let mut proposal = proposal(own, found, facts);
        let mut judged = match self.resolved(own, facts) {
            Ok(action) => {
                proposal.action = action;
                self.judge_own(&proposal, facts)
            }
            Err(why) => not_named(why),
        };
        if judged.verdict != Verdict::Denied
            && let Some(why) = own.verify.as_ref().and_then(|wanted| untold(wanted, found))
        {
            (judged.verdict, judged.rule, judged.reason) = (Verdict::Denied, "verifiable", why);
        }
        let mut decision = self.decision_of(&proposal, found, &judged, facts);
        if judged.verdict == Verdict::Denied {
            return self.decide_on(decision);
        }
        if own.rehearse || self.rehearses {
            decision.outcome = Some(Upshot::DryRun);
            return self.decide_on(decision);
        }
        match found {
            Some(Trigger { signal, .. }) => {
                self.carry_out(Pending { proposal, decision, signal }, true, facts, ask);
            }
            None => self.ask_own(&proposal, decision, facts, ask),
        }
    }

    /// What it names, as the host knows it: what was typed gets a handle, like all that is told.
    fn resolved(&mut self, own: &OwnAction, facts: &dyn Facts) -> Result<Action, String> {
        let disk = disk_of(&own.action);
        let concealed = self.handles.conceal(&own.action, &own.target.0, disk.as_deref())?;
        self.handles.resolve(&concealed, facts)
    }

    fn judge_own(&mut self, proposal: &Proposal, facts: &dyn Facts) -> Judged {
        let tools = self.tools(proposal.incident, facts);
        let look = tools.look();
        let mut judged = tools.guard.judge(proposal, &look);
        if judged.verdict != Verdict::Denied && !matches!(self.stage, Stage::Idle) {
            let reason = "another action is being done or verified".into();
            (judged.verdict, judged.rule, judged.reason) = (Verdict::Denied, "in_flight", reason);
        }
        judged
    }

    /// The condition that was named, where it stands, and what the action is expected to do to it.
    fn trigger(
        &mut self,
        wanted: &Condition,
        own: &OwnAction,
        facts: &dyn Facts,
    ) -> Option<Trigger> {
        let is_wanted =
            |one: &Signal| one.kind == wanted.kind && one.entity.to_string() == wanted.entity;
        let signals = self.ledger.signals().filter(|known| known.stands());
        let signal = signals.map(|known| &known.signal).find(|one| is_wanted(one))?.clone();
        let incident = self.ledger.open().find(|one| one.episodes.contains(&signal.id));
        let incident = incident.map_or(NO_INCIDENT, |one| one.id);
        let tools = self.tools(incident, facts);
        let situation = tools.situation_of(&signal, Some(&own.target.0));
        let predicted = situation.and_then(|one| expected(own.action.kind(), &one));
        Some(Trigger { incident, signal: signal.id, predicted })
    }

    fn decision_of(
        &mut self,
        proposal: &Proposal,
        trigger: Option<Trigger>,
        judged: &Judged,
        facts: &dyn Facts,
    ) -> DecisionSaid {
        self.last_decision += 1;
        let signal = trigger.and_then(|one| self.ledger.signal(one.signal));
        DecisionSaid {
            id: self.last_decision,
            change: Decided::Judged,
            incident: proposal.incident,
            phase: Phase::Decide,
            reasoner: Reasoner::Person,
            failure_mode: proposal.failure_mode,
            hypothesis: "a person asks for it".into(),
            evidence: proposal.evidence.clone(),
            action: Some(proposal.action.clone()),
            target: Some(proposal.target.clone()),
            comm: Self::comm_of(&proposal.target, facts),
            predicted: trigger.and_then(|one| one.predicted),
            on: signal.map(|known| known.signal.entity.clone()),
            confidence_raw: None,
            confidence: None,
            verdict: judged.verdict,
            rule: judged.rule,
            reason: judged.reason.clone(),
            request: None,
            plan: judged.plan.clone(),
            outcome: None,
            actual: None,
            lesson: None,
        }
    }

    /// Asks for it, where nothing is there by which it could be told whether it helps.
    fn ask_own(
        &mut self,
        proposal: &Proposal,
        decision: DecisionSaid,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        let approved = self.approve(proposal, decision, true, facts);
        let Some((approved, mut decision)) = approved else { return };
        let request = self.ask_for(proposal, &mut decision, &approved, facts, ask);
        self.stage = Stage::Asked(Box::new(Own { decision, approved, request, is_undo: false }));
    }

    /// Whoever performs what a person asked for has answered.
    pub(super) fn performed_own(
        &mut self,
        own: Own,
        outcome: Outcome,
        reason: Option<&str>,
        facts: &dyn Facts,
    ) {
        if matches!(outcome, Outcome::Applied | Outcome::Indeterminate) {
            self.touched = Some(facts.now());
        }
        if own.is_undo {
            return self.undone_on_request(own, outcome, reason);
        }
        let Own { mut decision, approved, .. } = own;
        let told = match outcome {
            Outcome::Applied => Some("it was done; whether it helped was not looked at"),
            Outcome::NotApplied
            | Outcome::Indeterminate
            | Outcome::Withheld
            | Outcome::Superseded => reason,
        };
        let upshot = upshot_of(outcome).unwrap_or(Upshot::Inconclusive);
        (decision.change, decision.phase) = (Decided::Done, Phase::Reflect);
        (decision.outcome, decision.lesson) = (Some(upshot), told.map(ToString::to_string));
        self.limits.end(decision.id, upshot);
        self.decide_on(decision.clone());
        self.stands(&decision, approved);
    }

    /// Remembers what was done and stays.
    pub(super) fn stands(&mut self, decision: &DecisionSaid, approved: ApprovedPlan) {
        let stays = decision.outcome.is_some_and(Upshot::stays);
        if !stays || approved.plan().undo.is_empty() {
            return;
        }
        if self.standing.len() == STANDING {
            self.standing.pop_front();
        }
        self.standing.push_back((decision.clone(), approved));
    }

    /// A person wants something put back.
    pub fn undo_on_request(&mut self, decision: u64, facts: &dyn Facts, ask: &mut Ask<'_>) {
        let why = "an operator asked for it to be undone";
        match core::mem::take(&mut self.stage) {
            Stage::Verifying(carried) if carried.decision.id == decision => {
                return self.undo(*carried, Upshot::Inconclusive, why, facts, ask);
            }
            Stage::Idle => {}
            // What is going on comes first; whoever asked sees that nothing came of it.
            other @ (Stage::Executing(_)
            | Stage::Verifying(_)
            | Stage::Undoing(_)
            | Stage::Undone(_)
            | Stage::Asked(_)) => {
                self.stage = other;
                return;
            }
        }
        let Some(at) = self.standing.iter().position(|(one, _)| one.id == decision) else { return };
        let Some((mut said, approved)) = self.standing.remove(at) else { return };
        let Some(undo) = approved.undo(decision) else { return };
        self.kept.retain(|kept| kept.decision.id != decision);
        let request = ask(Asks::Effect, facts.now().plus_ns(PERFORM_NS));
        self.asked.insert(request, undo);
        (said.change, said.request) = (Decided::Verified, Some(request.0));
        said.lesson = Some(why.into());
        self.decide_on(said.clone());
        let own = Own { decision: said, approved, request, is_undo: true };
        self.stage = Stage::Asked(Box::new(own));
    }

    fn undone_on_request(&mut self, own: Own, outcome: Outcome, reason: Option<&str>) {
        let Own { mut decision, approved, .. } = own;
        let before = decision.outcome;
        let told = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let (upshot, lesson) = match outcome {
            Outcome::Applied => (Upshot::RolledBack, "an operator asked for it to be undone"),
            Outcome::Superseded => {
                (Upshot::Superseded, "someone else changed it since: it is left alone")
            }
            Outcome::NotApplied | Outcome::Withheld => {
                (before.unwrap_or(Upshot::Inconclusive), "it could not be put back")
            }
            Outcome::Indeterminate => {
                (Upshot::Indeterminate, "nobody knows whether it was put back")
            }
        };
        if outcome == Outcome::Applied {
            self.limits.undone(decision.id);
        }
        (decision.change, decision.phase) = (Decided::Undone, Phase::Reflect);
        (decision.outcome, decision.lesson) = (Some(upshot), Some(format!("{lesson}{told}")));
        self.decide_on(decision.clone());
        self.stands(&decision, approved);
    }
}

fn upshot_of(outcome: Outcome) -> Option<Upshot> {
    match outcome {
        Outcome::Applied => None,
        Outcome::NotApplied | Outcome::Withheld => Some(Upshot::NotApplied),
        Outcome::Indeterminate => Some(Upshot::Indeterminate),
        Outcome::Superseded => Some(Upshot::Superseded),
    }
}

fn proposal(own: &OwnAction, trigger: Option<Trigger>, facts: &dyn Facts) -> Proposal {
    let target = own.target.0.clone();
    let disk =
        if let Entity::Disk(name) = &target { Some(name.clone()) } else { disk_of(&own.action) };
    let mount = if let Entity::Filesystem(mount) = &target { Some(mount.clone()) } else { None };
    Proposal {
        origin: Origin::Person,
        incident: trigger.map_or(NO_INCIDENT, |one| one.incident),
        action: own.action.clone(),
        failure_mode: FailureMode::Unknown,
        diagnosed: None,
        kinds: own.verify.iter().map(|wanted| wanted.kind).collect(),
        evidence: trigger.map(|one| one.signal).into_iter().collect(),
        disk,
        mount,
        exe: Proposal::exe_of(&target, facts),
        decided: facts.now(),
        planned: None,
        target,
    }
}

/// The disk that an action names beside its target.
fn disk_of(action: &Action) -> Option<Vec<u8>> {
    action.targets().into_iter().find_map(|target| {
        let Target::Disk(disk @ DiskRef::Name(_)) = target else { return None };
        let name = disk.to_string();
        Some(name.strip_prefix("disk:").unwrap_or(&name).as_bytes().to_vec())
    })
}

/// What names nothing on this host.
fn not_named(reason: String) -> Judged {
    let plain = "it names nothing on this host".into();
    Judged { verdict: Verdict::Denied, rule: "target", reason, plain, plan: None }
}

/// Why it could not be told whether an action helps.
fn untold(wanted: &Condition, trigger: Option<Trigger>) -> Option<String> {
    let what = || format!("{} on {}", wanted.kind.word(), wanted.entity);
    match trigger {
        None => Some(format!("{} does not stand", what())),
        Some(Trigger { predicted: None, .. }) => {
            Some(format!("it is not known what this action does to {}", what()))
        }
        Some(_) => None,
    }
}
