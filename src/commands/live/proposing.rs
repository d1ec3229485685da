//! What the agent says on the way to its actor: proposals become what a person is shown, and every
//! decision stands in the audit log.

use std::collections::BTreeMap;

use ks_actor::approval::Shown;
use ks_replayer::report::{Prediction, rfc3339};
use ks_vocabulary::decision::{Decided, DecisionSaid, Plan, Verdict};
use ks_vocabulary::input::Asks;
use ks_vocabulary::output::{Output, Request, Said};
use ks_vocabulary::time::{ClockAnchor, Timestamp};

use super::acting::{Desk, order};
use super::told::Told;
use crate::control::Proposed;
use crate::render::words::expected;

/// See the module.
pub(super) struct Proposing {
    desk: Desk,
    told: Told,
    /// Requests for an approval, with when each comes too late.
    asked: BTreeMap<u64, Timestamp>,
}

impl Proposing {
    pub(super) fn new(desk: Desk, told: Told) -> Self {
        Self { desk, told, asked: BTreeMap::new() }
    }

    /// Takes what was said, after [`Told`] has.
    pub(super) fn said(&mut self, output: &Output, clock: ClockAnchor) {
        if let Said::Request(Request { id, asks: Asks::Approval, until_ns, .. }) = &output.body {
            self.asked.retain(|_, until| *until >= output.mono_ns);
            self.asked.insert(id.0, *until_ns);
        }
        if let Said::Decision(decision) = &output.body {
            self.desk.decided(decision);
            if let Some((proposed, shown)) = self.proposed(decision, clock) {
                self.told.proposed(proposed);
                self.desk.seal(shown);
            }
        }
    }

    /// What is shown of a decision that waits for a person.
    fn proposed(&self, decision: &DecisionSaid, clock: ClockAnchor) -> Option<(Proposed, Shown)> {
        let is_asked =
            decision.change == Decided::Judged && decision.verdict == Verdict::NeedsApproval;
        let request = decision.request.filter(|_| is_asked)?;
        let until = *self.asked.get(&request)?;
        let (action, plan) = (decision.action.as_ref()?, decision.plan.as_ref()?);
        let order = order(decision.id, action, &plan.effects, plan.lasts_s);
        let evidence = decision.evidence.clone();
        let on = decision.on.as_ref();
        let predicted = decision.predicted.as_ref().map(|one| Prediction::of(one, on));
        let shown = Shown { order: order.clone(), evidence: evidence.clone(), until_ns: until.0 };
        let proposed = Proposed {
            decision: decision.id,
            request,
            incident: decision.incident,
            hypothesis: decision.hypothesis.clone(),
            target: decision.target.as_ref().map_or_else(String::new, ToString::to_string),
            comm: decision.comm.clone(),
            reason: decision.reason.clone(),
            order,
            undo: undo(plan),
            expected: predicted.as_ref().map(expected),
            evidence,
            until: rfc3339(clock.at(until)),
            token: None,
        };
        Some((proposed, shown))
    }
}

fn undo(plan: &Plan) -> Vec<String> {
    plan.undo.iter().map(|step| step.restore.to_string()).collect()
}
