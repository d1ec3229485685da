//! What is done is watched: harm beside it is put back at once, and at the planned time it is held
//! against what happens when nothing is done.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::decision::{Beside, Decided, Phase, Signal, Upshot};
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::random::Random;
use ks_vocabulary::time::SECOND_NS;

use super::{Agent, Ask, Carried, Stage};
use crate::facts::Facts;
use crate::tools::is_own;
use crate::verify::{BY_PLACEBO, GAP, Held, REWRITTEN, amount, is_worse, verdict, written};

/// The longest that a severity has to last before it is told.
const PERSISTS_NS: u64 = 30 * SECOND_NS;
/// A condition that got better may take so long to be over: it clears a minute after its limit.
const CLEARS_NS: u64 = 120 * SECOND_NS;

impl Agent {
    /// Whoever performs it has answered.
    pub(super) fn performed(
        &mut self,
        mut carried: Box<Carried>,
        outcome: Outcome,
        reason: Option<&str>,
        facts: &dyn Facts,
    ) {
        let decision = &mut carried.decision;
        decision.change = Decided::Done;
        let upshot = match outcome {
            Outcome::Applied => {
                decision.phase = Phase::Verify;
                self.decide_on(decision.clone());
                carried.done = facts.now();
                self.touched = Some(facts.now());
                self.stage = Stage::Verifying(carried);
                return;
            }
            Outcome::NotApplied | Outcome::Withheld => Upshot::NotApplied,
            Outcome::Indeterminate => {
                self.touched = Some(facts.now());
                Upshot::Indeterminate
            }
            Outcome::Superseded => Upshot::Superseded,
        };
        decision.lesson = reason.map(ToString::to_string);
        self.conclude(*carried, upshot, None, facts);
    }

    /// The recording has a hole here: no window over it tells anything.
    pub fn gap(&mut self) {
        match &mut self.stage {
            Stage::Executing(carried) | Stage::Verifying(carried) | Stage::Undone(carried) => {
                carried.measured.spoil(GAP);
                carried.guards.spoil(GAP);
            }
            Stage::Idle | Stage::Undoing(_) | Stage::Asked(_) => {}
        }
    }

    /// Looks at what is being verified.
    pub(super) fn watch(
        &mut self,
        mut carried: Box<Carried>,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        carried.measured.take(facts);
        carried.guards.take(facts);
        if let Some(harm) = self.harm(&carried, facts) {
            return self.undo(*carried, Upshot::Worse, &harm, facts, ask);
        }
        let now = facts.now();
        carried.heed_others(facts);
        if now <= carried.measured.ends() {
            self.stage = Stage::Verifying(carried);
            return;
        }
        let beside = carried.guards.looked(facts);
        if let Some(worse) = beside.as_ref().filter(|beside| is_worse(beside)) {
            let why = told(worse);
            let held = self.held(&carried, true, facts);
            carried.decision.actual = held.and_then(|held| held.actual);
            carried.tell_beside(beside);
            return self.undo(*carried, Upshot::Worse, &why, facts, ask);
        }
        let is_cleared =
            self.ledger.signal(carried.signal).is_none_or(|known| known.signal.change.is_over());
        let Some(held) = self.held(&carried, is_cleared, facts) else {
            return self.conclude(*carried, Upshot::Inconclusive, None, facts);
        };
        let may_clear = now <= carried.measured.ends().plus_ns(CLEARS_NS);
        // The fallback never says that a condition is resolved.
        let may_resolve = held.actual.as_ref().is_some_and(|actual| actual.method == BY_PLACEBO);
        if held.upshot == Upshot::Improved && may_resolve && !is_cleared && may_clear {
            self.stage = Stage::Verifying(carried);
            return;
        }
        self.judge_outcome(*carried, (held, beside), is_cleared, facts, ask);
    }

    /// Holds what was measured against what happens when nothing is done.
    fn held(&self, carried: &Carried, is_cleared: bool, facts: &dyn Facts) -> Option<Held> {
        let predicted = carried.decision.predicted?;
        let measured = &carried.measured;
        let untreated = facts.untreated(measured.kind, measured.metric);
        let stream = format!("verification of decision {}", carried.decision.id);
        let mut random = Random::stream(self.seed, &stream);
        let mut next = || random.next_f64();
        Some(verdict(measured, &predicted, &untreated, is_cleared, &mut next))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others helped, or are told elsewhere")]
    fn judge_outcome(
        &mut self,
        mut carried: Carried,
        (held, beside): (Held, Option<Beside>),
        is_cleared: bool,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        carried.decision.actual = held.actual;
        carried.tell_beside(beside);
        let useless = match held.upshot {
            Upshot::NoEffect => Some("it made no difference that matters"),
            Upshot::Worse => Some("it made things worse"),
            Upshot::Inconclusive if !is_cleared => {
                Some(held.why.unwrap_or("nothing shows that it helped"))
            }
            _ => None,
        };
        match useless {
            Some(why) if Self::is_reversible(&carried.decision) => {
                self.undo(carried, held.upshot, why, facts, ask);
            }
            Some(_) | None => {
                carried.decision.lesson = held.why.map(ToString::to_string);
                self.conclude(carried, held.upshot, held.better_sd, facts);
            }
        }
    }

    /// Another condition that came or got worse, or a target that is gone, unless that was meant.
    fn harm(&self, carried: &Carried, facts: &dyn Facts) -> Option<String> {
        let standing = self.ledger.signals().filter(|known| known.stands());
        for known in standing {
            let signal = &known.signal;
            let target = carried.decision.target.as_ref();
            let is_meant = target.is_some_and(|target| is_own(target, signal));
            if signal.id == carried.signal || signal.severity < Severity::Medium || is_meant {
                continue;
            }
            // What had crossed its limit before is no harm of the action, though it is told later.
            let is_worse = match carried.severities.get(&signal.id) {
                Some(before) => {
                    signal.severity > *before && known.at.since_ns(carried.done) > PERSISTS_NS
                }
                None => signal.onset_ns > carried.done,
            };
            if is_worse {
                return Some(format!(
                    "signal {}: {} on {} is {}",
                    signal.id,
                    signal.kind.word(),
                    signal.entity,
                    signal.severity.word()
                ));
            }
        }
        let ends = carried.approved.plan().effects.iter().any(|effect| {
            use ks_vocabulary::decision::Effect;
            matches!(effect, Effect::Signal { signal: Signal::Terminate, .. })
        });
        match carried.decision.target.as_ref() {
            Some(Entity::Process(pid, start)) if !ends => {
                let is_gone = facts.process((*pid, *start)).is_none();
                is_gone.then(|| format!("process {pid} is gone"))
            }
            Some(Entity::Cgroup(group)) => {
                let is_gone = facts.group(&group.path).is_none();
                is_gone.then(|| "the control group is gone".into())
            }
            _ => None,
        }
    }
}

impl Carried {
    /// Once what was written was seen, another value is someone else's. What ends by itself is
    /// known to go.
    fn heed_others(&mut self, facts: &dyn Facts) {
        let plan = self.approved.plan();
        if plan.lasts_s.is_some() {
            return;
        }
        match written(plan, facts) {
            Some(true) => self.is_written = true,
            Some(false) if self.is_written => self.measured.spoil(REWRITTEN),
            Some(false) | None => {}
        }
    }

    fn tell_beside(&mut self, beside: Option<Beside>) {
        if let Some(actual) = &mut self.decision.actual {
            actual.beside = beside;
        }
    }
}

/// The quantity that got worse beside an action, for people.
fn told(beside: &Beside) -> String {
    let Some(worst) = &beside.worst else { return String::new() };
    let [before, after] = [worst.before, worst.after].map(|value| amount(value, worst.metric));
    format!(
        "{} of {} on {} went from {before} to {after} beside it (p {:.3}, adjusted for {} tests)",
        worst.metric,
        worst.kind.word(),
        worst.entity,
        worst.p,
        beside.tested
    )
}
