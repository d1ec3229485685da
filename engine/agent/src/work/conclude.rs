//! What came of a decision: it is counted, and learned from.

use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{Decided, DecisionSaid, Phase, TriedTold, Upshot};
use ks_vocabulary::time::Timestamp;

use super::{Agent, Carried, Stage};
use crate::facts::Facts;
use crate::verify::{BY_PLACEBO, change};

impl Agent {
    /// What came of a decision is known, and nothing is put back. What helped is watched further.
    pub(super) fn conclude(
        &mut self,
        mut carried: Carried,
        upshot: Upshot,
        better_sd: Option<f64>,
        facts: &dyn Facts,
    ) {
        self.learn(&carried.decision, upshot, better_sd);
        carried.decision.change = Decided::Verified;
        if carried.decision.lesson.is_none() {
            carried.decision.lesson = lesson(&carried.decision);
        }
        let measured = carried.measured.clone();
        let decision = self.settle(carried, upshot, facts.now());
        if is_help(upshot) {
            self.keep_watching(decision, measured, facts.now());
        }
    }

    /// Counts what came of an action, where it was held against what happens without one.
    pub(super) fn learn(
        &mut self,
        decision: &DecisionSaid,
        upshot: Upshot,
        better_sd: Option<f64>,
    ) {
        let by_placebo = decision.actual.as_ref().is_some_and(|one| one.method == BY_PLACEBO);
        let kind = decision.action.as_ref().map(Action::kind);
        if let Some(kind) = kind.filter(|_| by_placebo) {
            self.outcomes.count(kind, upshot, better_sd);
        }
    }

    /// Says a decision for the last time, but for what is seen of it later.
    pub(super) fn settle(
        &mut self,
        carried: Carried,
        upshot: Upshot,
        now: Timestamp,
    ) -> DecisionSaid {
        let Carried { mut decision, approved, .. } = carried;
        decision.outcome = Some(upshot);
        decision.phase = Phase::Reflect;
        self.limits.end(decision.id, upshot);
        let target = decision.target.as_ref().map(|target| self.handles.of(target));
        let action = decision.action.as_ref().map(|action| action.name().to_string());
        let spent = self.spent.entry(decision.incident).or_default();
        spent.tried.push(TriedTold {
            action: action.unwrap_or_default(),
            target: target.unwrap_or_default(),
            outcome: upshot,
        });
        // What did not help leaves the incident open: the next rung may.
        if let Some(handled) = self.handled.get_mut(&decision.incident) {
            handled.again = !is_help(upshot);
            handled.at = now;
        }
        self.decide_on(decision.clone());
        self.stage = Stage::Idle;
        self.stands(&decision, approved);
        decision
    }
}

fn is_help(upshot: Upshot) -> bool {
    matches!(upshot, Upshot::Resolved | Upshot::Improved)
}

/// What was learned: prediction against outcome, in one quantity.
fn lesson(decision: &DecisionSaid) -> Option<String> {
    let (predicted, actual) = (decision.predicted.as_ref()?, decision.actual.as_ref()?);
    let effect = actual.effect?;
    let metric = predicted.metric;
    let way = if effect < 0.0 { "fell" } else { "rose" };
    let held = if actual.held == Some(true) { "as" } else { "not as" };
    let [by, low, high] =
        [libm::fabs(effect), predicted.low, predicted.high].map(|value| change(value, metric));
    Some(format!(
        "{metric} {way} by {by} against what happens without it, \
         {held} predicted ({low} to {high} {})",
        predicted.direction
    ))
}
