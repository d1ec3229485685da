//! What changed, put into words.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use super::Engine;
use crate::board::{Changed, Transition};
use crate::classifiers;
use crate::culprit::{Blamed, Case};
use crate::mutation;
use crate::window::Missing;
use ks_vocabulary::input::{Delivery, HIDEPID, SourceState};
use ks_vocabulary::output::{Change, Evidence, Signal};

impl Engine {
    pub(super) fn signal(&self, changed: &Changed) -> Signal {
        let standing = &changed.standing;
        // What is stale rests on readings that are old: nobody is named by them.
        let over = changed.stale
            || matches!(
                changed.transition,
                Transition::Cleared | Transition::Accepted | Transition::Ended
            );
        let blamed = if over {
            Blamed::default()
        } else {
            let case = Case::new(&self.window, &changed.entity, Some(standing.onset));
            classifiers::of(changed.kind).blame(&case)
        };
        let index = changed.limits_of.index();
        let evidence = changed.seen.quantities().map(|noted| Evidence {
            metric: noted.quantity.metric,
            value: noted.quantity.value + 0.0,
            window_s: noted.quantity.metric.window_s(self.window.interval_ns),
            limit: noted.quantity.limits[index],
            baseline_p95: noted.baseline_p95.map(|p95| p95 + 0.0),
        });
        Signal {
            id: standing.id,
            change: match (changed.stale, changed.transition) {
                (true, _) => Change::Stale,
                (false, Transition::Raised) => Change::Raised,
                (false, Transition::Escalated) => Change::Escalated,
                (false, Transition::Cleared) => Change::Cleared,
                (false, Transition::Accepted) => Change::AcceptedAsNormal,
                (false, Transition::Ended) => Change::Ended,
                (false, Transition::Updated | Transition::None) => Change::Updated,
            },
            kind: changed.kind,
            subtype: standing.subtype,
            entity: changed.entity.clone(),
            severity: standing.severity,
            flapping: standing.flapping,
            onset_ns: standing.onset,
            start_ns: standing.start,
            evidence: evidence.collect(),
            culprits: mutation::ranked(blamed.culprits),
            victims: blamed.victims,
        }
    }
}

/// What of each kind is not known where the recorder sees its own processes only.
pub(super) const HIDDEN_PROCESSES: &str =
    "culprits among processes: those of others are hidden from the recorder";

/// Whether the recorder said that it does not see all processes.
pub(super) fn hides_processes(sources: &BTreeMap<String, SourceState>) -> bool {
    let reason = sources.get("processes").and_then(|state| state.reason.as_deref());
    reason.is_some_and(|reason| reason.starts_with(HIDEPID))
}

pub(super) fn explain(sources: &BTreeMap<String, SourceState>, missing: Missing) -> String {
    match missing {
        Missing::Source(name) => match sources.get(name) {
            Some(SourceState { state: Delivery::Absent | Delivery::Shed, reason, .. }) => {
                format!("{name}: {}", reason.as_deref().unwrap_or("absent"))
            }
            _ => format!("{name}: not in the recording"),
        },
        Missing::NoEarlier => "no earlier reading to compare with".to_string(),
        Missing::Field(name) => format!("{name}: not given by this host"),
        Missing::WentBack => "a counter went back".to_string(),
        Missing::Because(why) => why.to_string(),
    }
}
