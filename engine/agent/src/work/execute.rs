//! What a reasoner wants done is judged, and asked for where it may be.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use ks_vocabulary::action::Risk;
use ks_vocabulary::decision::{
    Decided, DecisionSaid, Execution, FailureMode, JudgedTold, ModelRequest, Phase, Predicted,
    Reasoner as Named, Upshot, Verdict,
};
use ks_vocabulary::input::{Asks, RequestId};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::case::Case;
use super::{Agent, Ask, Carried, Pending, Stage};
use crate::candidates::Candidate;
use crate::expected::expected;
use crate::facts::Facts;
use crate::guard::{ApprovedPlan, Judged, Proposal};
use crate::limits::Deed;
use crate::tools::is_held_back;
use crate::verify::{AT_ONCE_NS, Beside, Guards, Measured};

/// Whoever performs an action has so long to say what became of it.
pub(super) const PERFORM_NS: u64 = 30 * SECOND_NS;

impl Agent {
    /// Judges what is asked for; where it is allowed it is asked of whoever performs it. The error
    /// says what is wrong with the call.
    pub(super) fn execute(
        &mut self,
        case: &mut Case,
        asked: &Execution,
        request: &ModelRequest,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) -> Result<JudgedTold, String> {
        if case.decided {
            return Err("one action is decided on at a time: this case has its own".into());
        }
        let action = self.handles.resolve(&asked.action, facts)?;
        let target = self.handles.target(&asked.action)?;
        let (mode, diagnosed) = case.diagnosis.clone().unwrap_or((FailureMode::Unknown, None));
        let tools = self.tools(case.incident, facts);
        let candidate = Candidate { action, target };
        let mut proposal = tools.proposal(mode, diagnosed.clone(), &candidate);
        proposal.evidence.clone_from(&asked.evidence);
        let situation = tools.situation(diagnosed.as_ref(), &candidate);
        let Some((signal, situation)) = situation else {
            return Err("nothing stands that this could be verified by".into());
        };
        // What is expected is what we expect: a reasoner's own numbers are kept beside it.
        let predicted = expected(proposal.action.kind(), &situation);
        let look = tools.look();
        let judged = tools.guard.judge(&proposal, &look);
        case.decided = judged.verdict != Verdict::Denied;
        let mut decision =
            self.decision(case, asked, &proposal, predicted, &judged, request, facts);
        decision.on = self.ledger.signal(signal).map(|known| known.signal.entity.clone());
        let told = JudgedTold {
            decision: decision.id,
            verdict: judged.verdict,
            rule: judged.rule.to_string(),
            reason: judged.plain.clone(),
        };
        match judged.verdict {
            Verdict::Denied => self.decide_on(decision),
            Verdict::NeedsApproval => {
                self.propose(Pending { proposal, decision, signal }, facts, ask);
            }
            Verdict::Allowed => {
                let pending = Pending { proposal, decision, signal };
                self.carry_out(pending, false, facts, ask);
            }
        }
        Ok(told)
    }

    #[expect(clippy::too_many_arguments, reason = "a decision is all of this")]
    fn decision(
        &mut self,
        case: &Case,
        asked: &Execution,
        proposal: &Proposal,
        predicted: Option<Predicted>,
        judged: &Judged,
        request: &ModelRequest,
        facts: &dyn Facts,
    ) -> DecisionSaid {
        self.last_decision += 1;
        let record = self.outcomes.of(proposal.action.kind());
        let sure = request.incident.causes.first().map_or(0.5, |cause| cause.score);
        DecisionSaid {
            id: self.last_decision,
            change: Decided::Judged,
            incident: case.incident,
            phase: Phase::Decide,
            reasoner: if case.fallen_back { Named::Rules } else { self.config.reasoner },
            failure_mode: proposal.failure_mode,
            hypothesis: asked.justification.clone(),
            evidence: proposal.evidence.clone(),
            action: Some(proposal.action.clone()),
            target: Some(proposal.target.clone()),
            comm: Self::comm_of(&proposal.target, facts),
            predicted,
            on: None,
            confidence_raw: Some(asked.confidence),
            // By what came of such actions and how sure the cause is, never by what is said of it.
            confidence: Some(record.rate() * sure.clamp(0.0, 1.0)),
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

    fn propose(&mut self, pending: Pending, facts: &dyn Facts, ask: &mut Ask<'_>) {
        let Pending { mut proposal, mut decision, signal } = pending;
        if self.rehearses {
            decision.outcome = Some(Upshot::DryRun);
            return self.decide_on(decision);
        }
        let wait_s =
            self.config.approval_s.min(ks_vocabulary::decision::AgentConfig::APPROVAL_S_MAX);
        let until = facts.now().plus_ns(wait_s * SECOND_NS);
        let request = ask(Asks::Approval, until);
        decision.request = Some(request.0);
        proposal.planned.clone_from(&decision.plan);
        self.decide_on(decision.clone());
        self.pending.insert(request, Pending { proposal, decision, signal });
    }

    /// An operator has approved of a proposal, or has not.
    pub fn answered(
        &mut self,
        request: RequestId,
        approved: bool,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        let Some(pending) = self.pending.remove(&request) else { return };
        if !approved {
            return self.not_approved(pending, "an operator has denied it");
        }
        if !matches!(self.stage, Stage::Idle) {
            return self.not_approved(pending, "another action is in flight");
        }
        self.carry_out(pending, true, facts, ask);
    }

    pub(super) fn not_approved(&mut self, pending: Pending, why: &str) {
        let mut decision = pending.decision;
        decision.change = Decided::Done;
        decision.outcome = Some(Upshot::NotApplied);
        decision.lesson = Some(why.into());
        self.decide_on(decision);
    }

    /// Looks at everything again, and asks for it to be done.
    pub(super) fn carry_out(
        &mut self,
        pending: Pending,
        by_operator: bool,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        let Pending { proposal, decision, signal } = pending;
        let approved = self.approve(&proposal, decision, by_operator, facts);
        let Some((approved, mut decision)) = approved else { return };
        if self.rehearses {
            decision.outcome = Some(Upshot::DryRun);
            decision.lesson = Some("nothing is done to a recording".into());
            return self.decide_on(decision);
        }
        let Some(measured) = self.measured(signal, &decision, facts) else {
            decision.verdict = Verdict::Denied;
            decision.rule = "verifiable";
            decision.reason = "what it would change cannot be measured".into();
            return self.decide_on(decision);
        };
        let guards = self.guards(&measured, signal, &proposal.target, facts);
        let request = self.ask_for(&proposal, &mut decision, &approved, facts, ask);
        let severities = self.ledger.signals().filter(|known| known.stands());
        let severities = severities.map(|known| (known.signal.id, known.signal.severity)).collect();
        self.stage = Stage::Executing(Box::new(Carried {
            decision,
            approved,
            request,
            measured,
            guards,
            is_written: false,
            signal,
            severities,
            done: facts.now(),
            before_undo: None,
            told_before_undo: Upshot::Inconclusive,
        }));
    }

    /// Has the guard look once more. What it refuses is told, and is over.
    pub(super) fn approve(
        &mut self,
        proposal: &Proposal,
        mut decision: DecisionSaid,
        by_operator: bool,
        facts: &dyn Facts,
    ) -> Option<(ApprovedPlan, DecisionSaid)> {
        let tools = self.tools(proposal.incident, facts);
        let look = tools.look();
        match tools.guard.approve(proposal, &look, by_operator) {
            Ok(approved) => Some((approved, decision)),
            Err(judged) => {
                decision.verdict = judged.verdict;
                (decision.rule, decision.reason) = (judged.rule, judged.reason);
                decision.outcome = Some(Upshot::NotApplied);
                self.decide_on(decision);
                None
            }
        }
    }

    /// Asks whoever performs it for what was approved of, and counts it.
    pub(super) fn ask_for(
        &mut self,
        proposal: &Proposal,
        decision: &mut DecisionSaid,
        approved: &ApprovedPlan,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) -> RequestId {
        let request = ask(Asks::Effect, facts.now().plus_ns(PERFORM_NS));
        self.asked.insert(request, approved.request(decision.id));
        self.limits.begin(Deed {
            decision: decision.id,
            incident: proposal.incident,
            at: facts.now(),
            action: proposal.action.kind(),
            target: proposal.target.to_string(),
            upshot: None,
            undone: false,
            before_boot_ns: 0,
        });
        (decision.change, decision.phase) = (Decided::Asked, Phase::Execute);
        decision.request = Some(request.0);
        self.decide_on(decision.clone());
        request
    }

    fn measured(
        &self,
        signal: u64,
        decision: &DecisionSaid,
        facts: &dyn Facts,
    ) -> Option<Measured> {
        let metric = decision.predicted?.metric;
        let signal = &self.ledger.signal(signal)?.signal;
        let entity = signal.entity.clone();
        let raised = signal.start_ns;
        let before = (raised, self.touched);
        Some(Measured::begin(signal.kind, entity, metric, before, self.config.windows, facts))
    }

    /// The other quantities of the host, of an action that is done now.
    fn guards(
        &self,
        measured: &Measured,
        signal: u64,
        target: &Entity,
        facts: &dyn Facts,
    ) -> Guards {
        let now = facts.now();
        let windows = self.config.windows;
        // So long after a trigger all has come that came with it: others are followed as long.
        let arrived_ns = windows.settle_ns() + windows.window_ns();
        let age_ns = |raised: Timestamp| now.since_ns(raised);
        let raised = self.ledger.signal(signal).map(|known| known.signal.start_ns);
        let is_trigger = |kind: Kind| {
            let mut own = self.ledger.signals().filter(|known| known.stands());
            own.any(|known| {
                (known.signal.kind, &known.signal.entity) == (kind, &Entity::Host)
                    && age_ns(known.signal.start_ns) <= AT_ONCE_NS
            })
        };
        let beside = Beside {
            verified: (measured.kind, &measured.entity),
            is_settled: raised.is_some_and(|raised| age_ns(raised) >= arrived_ns),
            windows,
            is_trigger: &is_trigger,
            is_meant: &|place| is_held_back(target, place),
        };
        Guards::begin(&beside, facts)
    }

    /// Whether an action of this decision can be put back.
    pub(super) fn is_reversible(decision: &DecisionSaid) -> bool {
        let risk = decision.action.as_ref().map(|action| action.kind().form().risk);
        risk != Some(Risk::Disruptive)
            || decision.plan.as_ref().is_some_and(|plan| !plan.undo.is_empty())
    }
}
