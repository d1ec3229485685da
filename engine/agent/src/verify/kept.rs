//! Whether what helped keeps working: the quantity is watched for half an hour after the verdict
//! (`statistics.md`, section 6, "persistence").

use alloc::collections::VecDeque;

use ks_statistics::cusum::Cusum;
use ks_statistics::order::sum;
use ks_statistics::whitened::Whitened;
use ks_vocabulary::decision::{DecisionSaid, Direction};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::Measured;
use super::verdict::MATTERS_OF_LEVEL;
use crate::facts::Facts;

/// So long.
const WATCHED_NS: u64 = 1_800 * SECOND_NS;
/// The sum of deviations that is a drift.
const LIMIT: f64 = 5.0;
/// Two minutes of readings say where the level is.
const RECENT: usize = 24;
/// Without a reading for so long nothing is known of the time between.
/// Time between two readings.
const STEP_NS: u64 = 5 * SECOND_NS;
const HOLE_NS: u64 = 3 * STEP_NS;

/// What is known by now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Course {
    /// It works as far as it was watched.
    Watched,
    /// It worked all the time.
    Worked,
    /// It stopped working: the level is as far back as this.
    Stopped(f64),
    /// Too little was read to say so.
    Unseen,
}

/// A decision that helped, and the quantity that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// As it was told last.
    pub decision: DecisionSaid,
    /// When the watch began.
    pub from: Timestamp,
    measured: Measured,
    whitened: Whitened,
    cusum: Cusum,
    is_drifting: bool,
    /// Half of what was won is lost beyond it.
    halfway: f64,
    recent: VecDeque<f64>,
    last: Timestamp,
    unseen_ns: u64,
}

impl Kept {
    /// Watches the quantity of a decision that helped; `None` where its window cannot be told from
    /// what was before.
    pub fn begin(decision: DecisionSaid, measured: Measured, now: Timestamp) -> Option<Self> {
        let (before, after) = (measured.before?, measured.after()?);
        // What was before its trigger is not what it was done about.
        let effect = decision.actual.as_ref().and_then(|actual| actual.effect);
        let without = effect.map_or(before, |effect| after - effect);
        let won = match decision.predicted?.direction {
            Direction::Down => without - after,
            Direction::Up => after - without,
        };
        let floor = MATTERS_OF_LEVEL * libm::fabs(without).max(libm::fabs(after));
        let whitened = Whitened::of(measured.readings(), floor)?;
        (won > 0.0).then_some(Self {
            from: now,
            whitened,
            cusum: Cusum::default(),
            is_drifting: false,
            halfway: f64::midpoint(without, after),
            recent: VecDeque::with_capacity(RECENT),
            last: now,
            unseen_ns: 0,
            decision,
            measured,
        })
    }

    /// When it has been watched long enough.
    pub fn until(&self) -> Timestamp {
        self.from.plus_ns(WATCHED_NS)
    }

    /// Takes what is there now.
    pub fn take(&mut self, facts: &dyn Facts) -> Course {
        let now = facts.now();
        if now >= self.until() {
            return self.over(now);
        }
        if now.0 / STEP_NS == self.last.0 / STEP_NS {
            return Course::Watched;
        }
        let Measured { kind, entity, metric, .. } = &self.measured;
        let Some(value) = facts.level(*kind, entity, *metric) else { return Course::Watched };
        self.skip(now);
        let worse = self.worse();
        self.is_drifting |= self.cusum.take(worse * self.whitened.take(value)) > LIMIT;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(value);
        let level = sum(self.recent.iter().copied()) / self.recent.len() as f64;
        let is_lost = self.recent.len() == RECENT && worse * (level - self.halfway) > 0.0;
        if self.is_drifting && is_lost { Course::Stopped(level) } else { Course::Watched }
    }

    /// What was read last was at `last`: after a hole it begins anew.
    fn skip(&mut self, now: Timestamp) {
        let since_ns = now.since_ns(self.last);
        self.last = now;
        if since_ns > HOLE_NS {
            self.unseen_ns += since_ns;
            self.whitened.interrupt();
            self.recent.clear();
        }
    }

    fn over(&mut self, now: Timestamp) -> Course {
        self.skip(now);
        // Of less than four fifths of the time nothing is said.
        if self.unseen_ns > WATCHED_NS / 5 { Course::Unseen } else { Course::Worked }
    }

    fn worse(&self) -> f64 {
        match self.decision.predicted.map(|predicted| predicted.direction) {
            Some(Direction::Up) => -1.0,
            Some(Direction::Down) | None => 1.0,
        }
    }
}

#[cfg(test)]
mod tests;
