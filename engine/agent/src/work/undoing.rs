//! What did not help is put back, and then it is looked at once more: whether the value is what it
//! was, and whether the quantity is.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::decision::{Decided, Direction, Phase, Upshot};
use ks_vocabulary::input::{Asks, Outcome};
use ks_vocabulary::time::SECOND_NS;

use super::{Agent, Ask, Carried, Stage};
use crate::facts::Facts;
use crate::verify::{amount, restored};

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
            return self.conclude(carried, upshot, None, facts);
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
        facts: &dyn Facts,
    ) {
        let why = carried.before_undo.clone().unwrap_or_default();
        let told = reason.map_or(String::new(), |reason| format!(": {reason}"));
        let measured = carried.decision.outcome.unwrap_or(Upshot::Inconclusive);
        self.learn(&carried.decision, measured, None);
        let decision = &mut carried.decision;
        decision.change = Decided::Undone;
        let (upshot, lesson) = match outcome {
            Outcome::Applied => return self.look_back(carried, measured, facts),
            Outcome::Superseded => (
                Upshot::Superseded,
                format!("{why}, and someone else changed it since: it is left alone{told}"),
            ),
            Outcome::NotApplied | Outcome::Withheld => {
                (measured, format!("{why}, and it could not be put back{told}"))
            }
            Outcome::Indeterminate => {
                self.touched = Some(facts.now());
                (Upshot::Indeterminate, format!("{why}, and nobody knows whether it was put back"))
            }
        };
        carried.decision.lesson = Some(lesson);
        self.settle(carried, upshot, facts.now());
    }

    /// It was put back; how that went is looked at in a while, and nothing else is done until then.
    fn look_back(&mut self, mut carried: Carried, measured: Upshot, facts: &dyn Facts) {
        self.touched = Some(facts.now());
        carried.measured = carried.measured.look_back(facts);
        carried.told_before_undo = measured;
        let why = carried.before_undo.clone().unwrap_or_default();
        let decision = &mut carried.decision;
        decision.outcome = Some(Upshot::RolledBack);
        decision.phase = Phase::Verify;
        decision.lesson = Some(format!("{why}, and it was put back"));
        self.decide_on(decision.clone());
        self.stage = Stage::Undone(Box::new(carried));
    }

    /// Looks at what was put back.
    pub(super) fn watch_undone(&mut self, mut carried: Box<Carried>, facts: &dyn Facts) {
        carried.measured.take(facts);
        if facts.now() <= carried.measured.ends() {
            self.stage = Stage::Undone(carried);
            return;
        }
        let why = carried.before_undo.clone().unwrap_or_default();
        let is_back = restored(carried.approved.plan(), facts);
        carried.decision.change = Decided::Verified;
        let (upshot, lesson) = if is_back == Some(false) {
            let told = "and it was not undone: what is read is not what was there before";
            (carried.told_before_undo, format!("{why}, {told}"))
        } else {
            self.limits.undone(carried.decision.id);
            let value = match is_back {
                Some(_) => "it was put back, and is read as it was before",
                None => "it was put back, which nothing that is recorded shows",
            };
            (Upshot::RolledBack, format!("{why}, and {value}; {}", carried.since_undone()))
        };
        carried.decision.lesson = Some(lesson);
        // The rest before the next look at the incident began when it was put back.
        self.settle(*carried, upshot, self.touched.unwrap_or(facts.now()));
    }
}

impl Carried {
    /// How the quantity went on after something was put back, for people.
    fn since_undone(&self) -> String {
        let metric = self.measured.metric;
        let direction = self.decision.predicted.map(|predicted| predicted.direction);
        let Some(after) = self.measured.after().filter(|_| self.measured.spoiled().is_none())
        else {
            return format!("how {metric} went on is not known");
        };
        let is_below = direction == Some(Direction::Up);
        let told = amount(after, metric);
        if self.measured.past.is_empty() {
            format!("{metric} is at {told} since, and what it was before it is not known")
        } else if self.measured.is_beyond(after, is_below) {
            format!("since then {metric} is at {told}, worse than before it was done")
        } else {
            format!("since then {metric} is at {told}, no worse than before it was done")
        }
    }
}
