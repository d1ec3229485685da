//! One episode as an incident sees it.

use alloc::vec::Vec;

use crate::kind::{Entity, Kind, Severity};
use crate::output::{Culprit, Signal};
use crate::time::Timestamp;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) episode: u64,
    pub(super) kind: Kind,
    pub(super) subtype: Option<&'static str>,
    pub(super) entity: Entity,
    /// The highest it reached.
    pub(super) severity: Severity,
    pub(super) onset: Timestamp,
    pub(super) open: bool,
    /// Those convicted at any time.
    pub(super) convicted: Vec<Culprit>,
}

impl Member {
    pub(super) fn of(signal: &Signal) -> Self {
        let mut member = Self {
            episode: signal.id,
            kind: signal.kind,
            subtype: signal.subtype,
            entity: signal.entity.clone(),
            severity: signal.severity,
            onset: signal.onset_ns,
            open: true,
            convicted: Vec::new(),
        };
        member.update(signal);
        member
    }

    pub(super) fn update(&mut self, signal: &Signal) {
        self.severity = self.severity.max(signal.severity);
        if signal.change.is_over() {
            self.open = false;
            return;
        }
        for culprit in signal.culprits.iter().filter(|culprit| culprit.convicted) {
            let known = self.convicted.iter_mut().find(|known| known.entity == culprit.entity);
            match known {
                Some(known) => known.share = known.share.max(culprit.share),
                None => self.convicted.push(culprit.clone()),
            }
        }
    }

    pub(super) fn shares_culprit(&self, other: &Self) -> bool {
        let of_other =
            |culprit: &Culprit| other.convicted.iter().any(|known| known.entity == culprit.entity);
        self.convicted.iter().any(of_other)
    }

    /// Its part in what an incident is worth: 1 for low to 4 for critical.
    pub(super) fn weight(&self) -> f64 {
        1.0 + self.severity.index() as f64
    }
}
