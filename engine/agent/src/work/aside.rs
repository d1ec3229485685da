//! Incidents of one cause are one work: while something is done about one, another of the same
//! likeliest cause is set aside, and says where it belongs to. When the first is over, and the
//! other still stands, it is looked at for itself.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use ks_vocabulary::decision::Ending;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::output::Incident;
use ks_vocabulary::time::Timestamp;

use super::case::{Case, Handled, Seen};
use super::{Agent, Stage};

/// The picture of an incident is whole so long after the first of its signals: those of one cause
/// come within a few readings, and an action that is done later than `AT_ONCE_NS` after its signal
/// cannot be held against triggers at which nothing was done (our judgement). One that is
/// critical is looked at sooner. Half a second less than the fourth sample, which may come a little
/// earlier than the second is over.
const WHOLE_NS: u64 = 3_500_000_000;

/// The likeliest cause of an incident.
fn cause(incident: &Incident) -> Option<(&Entity, Kind)> {
    incident.causes.first().map(|cause| (&cause.entity, cause.kind))
}

impl Agent {
    /// Incidents about which something is being done or watched, or waits for an operator.
    pub(super) fn worked_on(&self) -> BTreeSet<u64> {
        let carried = match &self.stage {
            Stage::Executing(carried)
            | Stage::Verifying(carried)
            | Stage::Undoing(carried)
            | Stage::Undone(carried) => Some(carried.decision.incident),
            Stage::Idle | Stage::Asked(_) => None,
        };
        let pending = self.pending.values().map(|pending| pending.proposal.incident);
        pending.chain(carried).collect()
    }

    /// Whether an incident is worth a look: it is severe, its picture is whole, it was not looked
    /// at as it is, and nobody is asked about it.
    pub(super) fn is_worth(
        &self,
        incident: &Incident,
        busy: &BTreeSet<u64>,
        at: Timestamp,
    ) -> bool {
        let mut severe = self.ledger.standing(incident.id);
        let mut standing = self.ledger.standing(incident.id).map(|known| &known.signal);
        let is_whole = standing.any(|signal| {
            signal.severity == Severity::Critical || signal.start_ns.plus_ns(WHOLE_NS) <= at
        });
        let is_due = |known: &Handled| match known.belongs_to {
            Some(other) => !busy.contains(&other),
            None => known.is_due(&Seen::of(incident, &self.ledger), at),
        };
        let is_asked = self.pending.values().any(|one| one.proposal.incident == incident.id);
        is_whole
            && !is_asked
            && severe.any(|known| known.signal.severity >= self.config.severity_min)
            && self.handled.get(&incident.id).is_none_or(is_due)
    }

    /// Sets aside what has the cause of an incident that is worked on.
    pub(super) fn set_aside(&mut self, at: Timestamp) {
        let busy = self.worked_on();
        let causes: Vec<_> =
            busy.iter().filter_map(|id| Some((*id, cause(self.ledger.incident(*id)?)?))).collect();
        if causes.is_empty() {
            return;
        }
        let others = self.ledger.open().filter(|incident| !busy.contains(&incident.id));
        let found: Vec<(u64, u64)> = others
            .filter_map(|incident| {
                let own = cause(incident)?;
                let (other, _) = causes.iter().find(|(_, of)| *of == own)?;
                self.is_worth(incident, &busy, at).then_some((incident.id, *other))
            })
            .collect();
        for (id, other) in found {
            self.belongs(id, other, at);
        }
    }

    fn belongs(&mut self, id: u64, other: u64, at: Timestamp) {
        let Some(incident) = self.ledger.incident(id) else { return };
        let seen = Seen::of(incident, &self.ledger);
        self.spent.entry(id).or_default().turns += 1;
        let why = format!(
            "it has the likeliest cause of incident {other}, which is being worked on: it belongs \
             to that one"
        );
        self.step(
            &mut Case::new((0, id), at, false),
            None,
            Some(why),
            None,
            Some(Ending::NothingToDo),
        );
        let mut handled = Handled::new(seen, Ending::NothingToDo, at);
        handled.belongs_to = Some(other);
        self.handled.insert(id, handled);
    }
}
