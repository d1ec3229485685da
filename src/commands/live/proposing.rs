//! What the agent says on the way to its actor: proposals become what a person is shown, and every
//! decision stands in the audit log.

use std::collections::BTreeMap;

use ks_actor::approval::Shown;
use ks_replayer::report::{Prediction, rfc3339};
use ks_vocabulary::decision::{Decided, DecisionSaid, Plan, Reasoner};
use ks_vocabulary::input::Asks;
use ks_vocabulary::output::{Output, Request, Said};
use ks_vocabulary::time::{ClockAnchor, Timestamp};

use super::acting::Desk;
use super::order::order as order_of;
use super::told::Told;
use crate::control::Proposed;
use crate::render::words::expected;

/// See the module.
pub(super) struct Proposing {
    /// Nobody is there who does anything where it is only told what would be done.
    desk: Option<Desk>,
    told: Told,
    /// Requests for an approval, with when each comes too late.
    asked: BTreeMap<u64, Timestamp>,
}

impl Proposing {
    pub(super) fn new(desk: Option<Desk>, told: Told) -> Self {
        Self { desk, told, asked: BTreeMap::new() }
    }

    /// Takes what was said, after [`Told`] has.
    pub(super) fn said(&mut self, output: &Output, clock: ClockAnchor) {
        if let Said::Request(Request { id, asks: Asks::Approval, until_ns, .. }) = &output.body {
            self.asked.retain(|_, until| *until >= output.mono_ns);
            self.asked.insert(id.0, *until_ns);
        }
        if let Said::Decision(decision) = &output.body {
            if let Some(desk) = &self.desk {
                desk.decided(decision);
            }
            // What a person asks for is asked for at once.
            if matches!(decision.change, Decided::Judged | Decided::Asked) {
                self.judged(decision, clock);
            }
        }
    }

    /// What waits for a person is shown and sealed; what he asked for himself is told.
    fn judged(&mut self, decision: &DecisionSaid, clock: ClockAnchor) {
        let mut shown = shown(decision);
        if decision.reasoner == Reasoner::Person {
            return self.told.own(shown);
        }
        let until = decision.request.and_then(|request| self.asked.get(&request)).copied();
        let (Some(until), Some(order)) = (until, &shown.order) else { return };
        let (order, evidence) = (order.clone(), shown.evidence.clone());
        shown.request = decision.request;
        shown.until = Some(rfc3339(clock.at(until)));
        self.told.proposed(shown);
        if let Some(desk) = &self.desk {
            desk.seal(Shown { order, evidence, until_ns: until.0 });
        }
    }
}

/// What a person is shown of a decision.
fn shown(decision: &DecisionSaid) -> Proposed {
    let plan = decision.plan.as_ref();
    let order = decision.action.as_ref().zip(plan);
    let on = decision.on.as_ref();
    let predicted = decision.predicted.as_ref().map(|one| Prediction::of(one, on));
    Proposed {
        decision: decision.id,
        request: None,
        incident: decision.incident,
        hypothesis: decision.hypothesis.clone(),
        target: decision.target.as_ref().map_or_else(String::new, ToString::to_string),
        comm: decision.comm.clone(),
        verdict: decision.verdict,
        rule: decision.rule.to_owned(),
        reason: decision.reason.clone(),
        order: order
            .map(|(action, plan)| order_of(decision.id, action, &plan.effects, plan.lasts_s)),
        undo: plan.map(undo).unwrap_or_default(),
        expected: predicted.as_ref().map(expected),
        evidence: decision.evidence.clone(),
        until: None,
        token: None,
    }
}

fn undo(plan: &Plan) -> Vec<String> {
    plan.undo.iter().map(|step| step.restore.to_string()).collect()
}
