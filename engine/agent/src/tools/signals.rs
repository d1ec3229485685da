//! `query_signals`: what stands, and what stood.

use alloc::vec::Vec;

use ks_vocabulary::decision::{QuantityTold, SignalTold, SignalsTold};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::time::SECOND_NS;

use super::{Tools, told};
use crate::ledger::Known;

/// Quantities and parties told of one signal; the answer stays small.
const PARTS: usize = 4;

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) severity_min: Severity,
    pub(super) lookback_minutes: u64,
    pub(super) kinds: &'a [Kind],
    pub(super) limit: u64,
}

impl Tools<'_> {
    pub(super) fn signals(&mut self, asked: &Asked<'_>) -> SignalsTold {
        let ledger = self.ledger;
        let now = self.facts.now();
        let back_ns = asked.lookback_minutes * 60 * SECOND_NS;
        let is_asked = |known: &&Known| {
            let signal = &known.signal;
            signal.severity >= asked.severity_min
                && (asked.kinds.is_empty() || asked.kinds.contains(&signal.kind))
                && (known.stands() || now.since_ns(known.at) <= back_ns)
        };
        let mut found: Vec<&Known> = ledger.signals().filter(is_asked).collect();
        found.sort_by_key(|known| {
            let signal = &known.signal;
            let newest = core::cmp::Reverse(signal.start_ns);
            (
                core::cmp::Reverse(known.stands()),
                core::cmp::Reverse(signal.severity),
                newest,
                signal.id,
            )
        });
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let truncated = found.len().saturating_sub(limit);
        found.truncate(limit);
        let signals = found.into_iter().map(|known| self.one(known)).collect();
        SignalsTold { signals, truncated }
    }

    fn one(&mut self, known: &Known) -> SignalTold {
        let signal = &known.signal;
        let incident = self.ledger.incident(self.incident);
        let quantities = signal.evidence.iter().take(PARTS).map(|one| QuantityTold {
            metric: one.metric,
            value: told(one.value),
            limit: one.limit.map(told),
            baseline_p95: one.baseline_p95.map(told),
            unit: one.unit(),
        });
        SignalTold {
            id: signal.id,
            of_incident: incident.is_some_and(|incident| incident.episodes.contains(&signal.id)),
            kind: signal.kind,
            subtype: signal.subtype,
            entity: self.handles.of(&signal.entity),
            severity: signal.severity,
            stands: known.stands(),
            age_s: self.facts.now().since_ns(signal.start_ns) / SECOND_NS,
            flapping: signal.flapping,
            evidence: quantities.collect(),
            culprits: self.parties(&signal.culprits),
            victims: self.parties(&signal.victims),
        }
    }
}
