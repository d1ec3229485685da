//! What is measured of one action. Its windows are fixed before it is done.

use alloc::vec::Vec;

use ks_statistics::order::sum;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::facts::Facts;

/// An action settles for so long before it is looked at.
const SETTLE_NS: u64 = 10 * SECOND_NS;
/// The window after that.
const WINDOW_NS: u64 = 60 * SECOND_NS;
/// A reading is taken every five seconds, as of untreated triggers.
const STEP_NS: u64 = 5 * SECOND_NS;
/// Share of the readings of the window that have to be there.
const THERE_SHARE: f64 = 0.8;
/// Seconds from a trigger to an action within which the two have the same windows.
const AT_ONCE_NS: u64 = 5 * SECOND_NS;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Of which condition.
    pub kind: Kind,
    /// Where.
    pub entity: Entity,
    /// Which quantity.
    pub metric: Metric,
    /// Mean of the ten seconds before the trigger.
    pub before: Option<f64>,
    /// Readings before the action, the newest last.
    pub past: Vec<f64>,
    /// The action came with the trigger, so that untreated triggers have the same windows.
    pub at_once: bool,
    begins: Timestamp,
    ends: Timestamp,
    last: Option<u64>,
    readings: Vec<f64>,
}

impl Measured {
    /// Of an action that is done now, whose signal was raised at `raised`.
    pub fn begin(
        kind: Kind,
        entity: Entity,
        metric: Metric,
        raised: Timestamp,
        facts: &dyn Facts,
    ) -> Self {
        let now = facts.now();
        let begins = now.plus_ns(SETTLE_NS);
        Self {
            kind,
            metric,
            before: facts.before(kind, &entity, metric),
            past: facts.past(kind, &entity, metric),
            at_once: now.since_ns(raised) <= AT_ONCE_NS,
            begins,
            ends: begins.plus_ns(WINDOW_NS),
            last: None,
            readings: Vec::new(),
            entity,
        }
    }

    /// When it is looked at.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// Takes what is there now.
    pub fn take(&mut self, facts: &dyn Facts) {
        let now = facts.now();
        let step = now.0 / STEP_NS;
        if now < self.begins || now > self.ends || self.last == Some(step) {
            return;
        }
        if let Some(value) = facts.level(self.kind, &self.entity, self.metric) {
            self.last = Some(step);
            self.readings.push(value);
        }
    }

    /// The mean of the window; `None` where too much of it is missing.
    pub fn after(&self) -> Option<f64> {
        let due = (WINDOW_NS / STEP_NS) as f64;
        if (self.readings.len() as f64) < due * THERE_SHARE {
            return None;
        }
        Some(sum(self.readings.iter().copied()) / self.readings.len() as f64)
    }

    /// The readings of the window.
    pub fn readings(&self) -> &[f64] {
        &self.readings
    }
}

#[cfg(test)]
impl Measured {
    /// One that is complete.
    pub(super) fn of(before: f64, past: Vec<f64>, readings: Vec<f64>, at_once: bool) -> Self {
        Self {
            kind: Kind::Scheduler,
            entity: Entity::Host,
            metric: Metric::CpuSome5s,
            before: Some(before),
            past,
            at_once,
            begins: Timestamp(0),
            ends: Timestamp(0),
            last: None,
            readings,
        }
    }
}
