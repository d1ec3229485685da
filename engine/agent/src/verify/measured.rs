//! What is measured of one action. Its windows are fixed before it is done.

use alloc::vec::Vec;

use ks_statistics::order::{mean, sum};
use ks_vocabulary::decision::Windows;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::Timestamp;

use crate::facts::Facts;

/// The mean before a trigger is over two readings, which is ten seconds.
const BEFORE: usize = 2;
/// Share of the readings of the window that have to be there.
const THERE_SHARE: f64 = 0.8;
/// Time from a trigger to an action within which the two have the same windows: that of a sample of
/// every five seconds, which may come a little late.
pub(crate) const AT_ONCE_NS: u64 = 5_500_000_000;

/// Why a window tells nothing, for people.
const OTHER: &str = "another action falls into the time that it is measured by";
const GONE: &str = "what it is measured by was not there any more";
/// The same where readings are missing.
pub(super) const MISSING: &str = "too little was read of what it is measured by";
/// The same for a hole in the recording.
pub(crate) const GAP: &str = "there is a gap in the time that it is measured by";
/// The same for what someone else wrote meanwhile.
pub(crate) const REWRITTEN: &str = "someone else changed what it had written";

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
    spoiled: Option<&'static str>,
    pub(super) windows: Windows,
}

impl Measured {
    /// Of an action that is done now, whose signal was raised at `raised`. What was read while
    /// something that was done at `touched` had not settled says nothing of before.
    pub fn begin(
        kind: Kind,
        entity: Entity,
        metric: Metric,
        (raised, touched): (Timestamp, Option<Timestamp>),
        windows: Windows,
        facts: &dyn Facts,
    ) -> Self {
        let now = facts.now();
        let settled = touched.map(|at| at.plus_ns(windows.settle_ns()));
        let mut past = facts.past(kind, &entity, metric);
        if let Some(settled) = settled {
            let clean =
                usize::try_from(now.since_ns(settled) / windows.step_ns()).unwrap_or(usize::MAX);
            past.drain(..past.len().saturating_sub(clean));
        }
        let before_ns = windows.step_ns() * BEFORE as u64;
        let at_once = now.since_ns(raised) <= AT_ONCE_NS;
        let is_other = at_once && settled.is_some_and(|at| raised.0 < at.0 + before_ns);
        Self {
            kind,
            metric,
            // Of what was not read yet when the signal was raised, the last before the action.
            before: facts.before(kind, &entity, metric).or_else(|| last(&past)),
            past,
            at_once,
            begins: now.plus_ns(windows.settle_ns()),
            ends: now.plus_ns(windows.settle_ns() + windows.window_ns()),
            last: None,
            readings: Vec::new(),
            spoiled: is_other.then_some(OTHER),
            windows,
            entity,
        }
    }

    /// Of a quantity that the action is not meant to move, in the same window.
    pub fn beside(
        kind: Kind,
        entity: Entity,
        metric: Metric,
        windows: Windows,
        facts: &dyn Facts,
    ) -> Self {
        let now = facts.now();
        let past = facts.past(kind, &entity, metric);
        Self {
            before: last(&past),
            at_once: false,
            begins: now.plus_ns(windows.settle_ns()),
            ends: now.plus_ns(windows.settle_ns() + windows.window_ns()),
            last: None,
            readings: Vec::new(),
            spoiled: None,
            windows,
            kind,
            entity,
            metric,
            past,
        }
    }

    /// Of the same quantity once the action was put back, against what was before it.
    #[must_use]
    pub fn look_back(&self, facts: &dyn Facts) -> Self {
        let begins = facts.now().plus_ns(self.windows.settle_ns());
        Self {
            begins,
            ends: begins.plus_ns(self.windows.back_ns()),
            last: None,
            readings: Vec::new(),
            spoiled: None,
            ..self.clone()
        }
    }

    /// When it is looked at.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// Takes what is there now.
    pub fn take(&mut self, facts: &dyn Facts) {
        let now = facts.now();
        let step = now.0 / self.windows.step_ns();
        if now < self.begins || now > self.ends || self.last == Some(step) {
            return;
        }
        match facts.level(self.kind, &self.entity, self.metric) {
            Some(value) => {
                self.last = Some(step);
                self.readings.push(value);
            }
            None => self.spoil(GONE),
        }
    }

    /// From here on the window tells nothing; the first reason is kept.
    pub fn spoil(&mut self, why: &'static str) {
        self.spoiled.get_or_insert(why);
    }

    /// Why the window tells nothing, if it does not.
    pub fn spoiled(&self) -> Option<&'static str> {
        self.spoiled
    }

    /// The mean of the window; `None` where too much of it is missing.
    pub fn after(&self) -> Option<f64> {
        let due = (self.ends.since_ns(self.begins) / self.windows.step_ns()) as f64;
        if self.readings.is_empty() || (self.readings.len() as f64) < due * THERE_SHARE {
            return None;
        }
        Some(sum(self.readings.iter().copied()) / self.readings.len() as f64)
    }

    /// The readings of the window.
    pub fn readings(&self) -> &[f64] {
        &self.readings
    }

    /// Whether a mean is below, or above, all that was read in the minute before. A trigger picks
    /// a moment at which a quantity is high; that it falls back to where it was is no effect.
    pub fn is_beyond(&self, after: f64, below: bool) -> bool {
        self.past.iter().all(|before| if below { after < *before } else { after > *before })
    }
}

/// The mean of the newest ten seconds of readings.
fn last(past: &[f64]) -> Option<f64> {
    let from = past.len().checked_sub(BEFORE)?;
    mean(&past[from..])
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
            ends: Timestamp(Windows::default().window_ns()),
            last: None,
            readings,
            spoiled: None,
            windows: Windows::default(),
        }
    }
}
