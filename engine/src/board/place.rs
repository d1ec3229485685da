//! One condition on one entity: its signal, and what is learned of its quantities.

use alloc::vec::Vec;

use crate::analysis::Baseline;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp, WallTime};

use super::Changed;
use super::evaluation::Evaluation;
use super::learned::Notebook;
use super::names::Names;
use super::placebo::Placebo;
use super::slot::{Slot, Standing, Transition};
use super::worst::Worst;

/// A signal that stood so long, and in that time did no harm, is the normal where only quantities
/// with a baseline hold it (`signals.md`, "Accepted as normal").
const ACCEPT_NS: u64 = 24 * 3_600 * SECOND_NS;
/// So long where it stood when the run began, nothing was known of what was before, and it was
/// never high: the host may be busy by design, and whoever looked would have seen nothing change
/// (our judgement; within the first hour, and past what a baseline needs at ten seconds a sample).
const ACCEPT_FIRST_NS: u64 = 3_000 * SECOND_NS;
/// What is raised so soon after the first look stood before (our judgement).
const BEGINNING_NS: u64 = 300 * SECOND_NS;

/// See the module.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) entity: Entity,
    pub(super) slot: Slot,
    pub(super) judged: Timestamp,
    /// While a signal stands.
    pub(super) worst: Option<Worst>,
    pub(super) notebook: Notebook,
    pub(super) placebo: Placebo,
    pub(super) names: Names,
    /// Critical congestion was accepted too: of it only what outgrows the baseline holds.
    pub(super) is_outgrown_only: bool,
    harmed_at: Option<Timestamp>,
    /// Until when what is raised stood before anything was known; `None` where something was.
    beginning: Option<Timestamp>,
}

impl Place {
    /// A place that is looked at from `at` on, in a run that began at `began`.
    pub(super) fn new(
        entity: Entity,
        at: Timestamp,
        known: Vec<(Metric, Baseline)>,
        began: Timestamp,
    ) -> Self {
        let until = began.plus_ns(BEGINNING_NS);
        Self {
            beginning: known.is_empty().then_some(until),
            entity,
            slot: Slot::default(),
            judged: at,
            worst: None,
            notebook: Notebook::with(known),
            placebo: Placebo::default(),
            names: Names::default(),
            is_outgrown_only: false,
            harmed_at: None,
        }
    }

    /// Feeds the slot, and accepts what has become normal.
    pub(super) fn feed(
        &mut self,
        (at, wall): (Timestamp, WallTime),
        seen: &Evaluation,
        next_id: &mut u64,
        is_accepted: bool,
    ) -> Transition {
        // Of what is called normal nothing but harm holds.
        let is_harmful = seen.is_harmful() || is_accepted && seen.mask() != 0;
        if is_harmful {
            self.harmed_at = Some(at);
        }
        if is_accepted && !is_harmful && self.slot.standing().is_some_and(|of| !self.harmed(of)) {
            return self.accept(wall);
        }
        let transition = self.slot.feed(at, seen, next_id);
        let Some(standing) = self.slot.standing() else { return transition };
        let harmed = self.harmed_at.is_some_and(|last| at.since_ns(last) < ACCEPT_NS);
        // At a reading without an event nothing holds: what is accepted is a level that does.
        let gated = seen.mask() != 0 && !seen.is_absolute();
        let lasts_ns = at.since_ns(standing.start);
        let is_usual = lasts_ns >= ACCEPT_NS && !harmed;
        let is_first = lasts_ns >= ACCEPT_FIRST_NS && self.has_always_been(standing);
        if !gated || !is_usual && !is_first {
            return transition;
        }
        let was_critical = |worst: &Worst| worst.severity == Severity::Critical;
        self.is_outgrown_only |= self.worst.as_ref().is_some_and(was_critical);
        self.accept(wall)
    }

    /// Whether what stands was there before anything was known, was never high, and is known well
    /// enough to be told from what comes.
    fn has_always_been(&self, standing: &Standing) -> bool {
        let worst = self.worst.as_ref().map_or(standing.severity, |worst| worst.severity);
        self.beginning.is_some_and(|until| standing.start <= until)
            && worst.max(standing.severity) < Severity::High
            && self.notebook.can_accept()
    }

    /// Whether harm was done while a signal stood: it is told as long as on any host.
    fn harmed(&self, standing: &Standing) -> bool {
        self.harmed_at.is_some_and(|last| last >= standing.start)
    }

    /// Keeps the worst moment of what stands.
    pub(super) fn remember(&mut self, seen: &Evaluation, transition: Transition) -> Transition {
        let Some(standing) = self.slot.standing() else { return transition };
        match &mut self.worst {
            Some(worst) if transition != Transition::Raised => {
                worst.take(standing.severity, seen, transition)
            }
            worst => {
                *worst = Some(Worst::new(standing.severity, seen));
                transition
            }
        }
    }

    /// What is said of a signal that changed: as it is, or, where it is over, at its worst.
    pub(super) fn change(
        &self,
        kind: Kind,
        transition: Transition,
        standing: Standing,
        seen: &Evaluation,
    ) -> Changed {
        let over = self.slot.standing().is_none();
        let worst = self.worst.as_ref().filter(|_| over);
        Changed {
            kind,
            entity: self.entity.clone(),
            transition,
            stale: false,
            standing,
            seen: worst.map_or(*seen, |worst| worst.seen),
            limits_of: worst.map_or(standing.severity, |worst| worst.severity),
        }
    }

    /// What stands is normal from here on.
    fn accept(&mut self, wall: WallTime) -> Transition {
        self.slot.end();
        self.slot.restart();
        self.notebook.accept(wall);
        Transition::Accepted
    }

    /// Windows restart after a gap; a signal that stands goes on standing.
    pub(super) fn restart(&mut self) {
        self.slot.restart();
        self.notebook.restart();
        self.placebo.restart();
    }
}

#[cfg(test)]
mod tests;
