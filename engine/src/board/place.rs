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
}

impl Place {
    pub(super) fn new(entity: Entity, at: Timestamp, known: Vec<(Metric, Baseline)>) -> Self {
        Self {
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
        let is_harmful = seen.is_harmful();
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
        if at.since_ns(standing.start) < ACCEPT_NS || harmed || !gated {
            return transition;
        }
        let was_critical = |worst: &Worst| worst.severity == Severity::Critical;
        self.is_outgrown_only |= self.worst.as_ref().is_some_and(was_critical);
        self.accept(wall)
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
