//! What came of a decision: it is put back where it did not help, counted, and learned from.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{Decided, DecisionSaid, Phase, TriedTold, Upshot};
use ks_vocabulary::input::{Asks, Outcome};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use ks_vocabulary::unit::Unit;

use super::{Agent, Ask, Carried, Stage};
use crate::facts::Facts;

/// Whoever puts it back has so long to say what became of it.
const UNDO_NS: u64 = 30 * SECOND_NS;

impl Agent {
    /// Puts an action back, where it can be.
    pub(super) fn undo(
        &mut self,
        mut carried: Carried,
        upshot: Upshot,
        why: &str,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        carried.decision.outcome = Some(upshot);
        carried.before_undo = Some(why.to_string());
        let Some(undo) = carried.approved.undo(carried.decision.id) else {
            carried.decision.lesson = Some(format!("{why}, and it cannot be put back"));
            return self.conclude(carried, upshot, None, facts.now());
        };
        let request = ask(Asks::Effect, facts.now().plus_ns(UNDO_NS));
        self.asked.insert(request, undo);
        carried.request = request;
        carried.decision.change = Decided::Verified;
        carried.decision.request = Some(request.0);
        self.decide_on(carried.decision.clone());
        self.stage = Stage::Undoing(Box::new(carried));
    }

    /// Whoever puts it back has answered.
    pub(super) fn put_back(
        &mut self,
        mut carried: Carried,
        outcome: Outcome,
        reason: Option<&str>,
        now: Timestamp,
    ) {
        let why = carried.before_undo.take().unwrap_or_default();
        let told = reason.map_or(String::new(), |reason| format!(": {reason}"));
        let measured = carried.decision.outcome.unwrap_or(Upshot::Inconclusive);
        let decision = &mut carried.decision;
        decision.change = Decided::Undone;
        let (upshot, lesson) = match outcome {
            Outcome::Applied => (Upshot::RolledBack, format!("{why}, and it was put back")),
            Outcome::Superseded => (
                Upshot::Superseded,
                format!("{why}, and someone else changed it since: it is left alone{told}"),
            ),
            Outcome::NotApplied | Outcome::Withheld => {
                (measured, format!("{why}, and it could not be put back{told}"))
            }
            Outcome::Indeterminate => {
                (Upshot::Indeterminate, format!("{why}, and nobody knows whether it was put back"))
            }
        };
        decision.lesson = Some(lesson);
        if outcome == Outcome::Applied {
            self.limits.undone(decision.id);
        }
        self.learn(&carried.decision, measured, None);
        self.settle(carried, upshot, now);
    }

    /// What came of a decision is known, and nothing is put back.
    pub(super) fn conclude(
        &mut self,
        mut carried: Carried,
        upshot: Upshot,
        better_sd: Option<f64>,
        now: Timestamp,
    ) {
        self.learn(&carried.decision, upshot, better_sd);
        carried.decision.change = Decided::Verified;
        if carried.decision.lesson.is_none() {
            carried.decision.lesson = lesson(&carried.decision);
        }
        self.settle(carried, upshot, now);
    }

    /// Counts what came of an action, where it was held against what happens without one.
    fn learn(&mut self, decision: &DecisionSaid, upshot: Upshot, better_sd: Option<f64>) {
        let by_placebo = decision.actual.as_ref().is_some_and(|one| one.method == "placebo");
        let kind = decision.action.as_ref().map(Action::kind);
        if let Some(kind) = kind.filter(|_| by_placebo) {
            self.outcomes.count(kind, upshot, better_sd);
        }
    }

    fn settle(&mut self, carried: Carried, upshot: Upshot, now: Timestamp) {
        let mut decision = carried.decision;
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
        let helped = matches!(upshot, Upshot::Resolved | Upshot::Improved);
        if let Some(handled) = self.handled.get_mut(&decision.incident) {
            handled.again = !helped;
            handled.at = now;
        }
        self.decide_on(decision);
        self.stage = Stage::Idle;
    }
}

/// What was learned: prediction against outcome, in one quantity.
fn lesson(decision: &DecisionSaid) -> Option<String> {
    let (predicted, actual) = (decision.predicted.as_ref()?, decision.actual.as_ref()?);
    let effect = actual.effect?;
    let metric = predicted.metric;
    let way = if effect < 0.0 { "fell" } else { "rose" };
    let held = if actual.held == Some(true) { "as" } else { "not as" };
    let [by, low, high] =
        [libm::fabs(effect), predicted.low, predicted.high].map(|value| amount(value, metric));
    Some(format!(
        "{metric} {way} by {by} against what happens without it, \
         {held} predicted ({low} to {high} {})",
        predicted.direction
    ))
}

/// A number in the unit of people.
fn amount(value: f64, metric: Metric) -> String {
    let unit = metric.unit();
    if unit == Unit::Ratio {
        return format!("{:.1} %", value * 100.0);
    }
    format!("{value:.2} {unit}")
}
