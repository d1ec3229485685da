//! Limits that the raw counters of a run cross.

use ks_scenarios::reference::{self, Crossing, Reference};
use ks_vocabulary::input::Input;
use ks_vocabulary::time::Timestamp;

use super::truth::{Crossed, Rise};

/// Looks for crossings, in seconds from the beginning of the run.
#[derive(Default)]
pub(super) struct Watch {
    begin: Option<Timestamp>,
    reference: Reference,
}

impl Watch {
    pub(super) fn input(&mut self, input: &Input) {
        self.begin.get_or_insert(input.mono);
        self.reference.input(input);
    }

    /// When the run began.
    pub(super) fn begin(&self) -> Timestamp {
        self.begin.unwrap_or_default()
    }

    pub(super) fn finish(self) -> Vec<Crossed> {
        let begin = self.begin();
        let after = |at: Timestamp| at.since_ns(begin) as f64 / 1e9;
        let rise = |one: &reference::Rise| Rise {
            severity: one.severity,
            first_s: after(one.first),
            held_s: one.held.map(after),
        };
        let crossed = |crossing: Crossing| Crossed {
            kind: crossing.kind,
            entity: crossing.entity.to_string(),
            at_s: after(crossing.at),
            end_s: after(crossing.end),
            rises: crossing.rises.iter().map(rise).collect(),
        };
        self.reference.finish().into_iter().map(crossed).collect()
    }
}
