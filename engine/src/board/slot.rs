//! One condition on one entity over time: persistence, hysteresis, severity, flapping.
//!
//! The rules are those of `signals.md` section 1. A slot is fed one [`Evaluation`] per reading and
//! says what changed; it knows neither kinds nor entities.

use alloc::collections::VecDeque;

use crate::mutation;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::evaluation::{Evaluation, Held};

/// Time for which the low predicate must be false before a signal clears, and at how many readings.
const CLEAR_NS: u64 = 60 * SECOND_NS;
const CLEAR_READINGS: u64 = 5;
/// Time for which a severity's predicate must be false before it falls by one step, or another form
/// must be seen before it is told, and at how many readings.
const FALL_NS: u64 = 30 * SECOND_NS;
const FALL_READINGS: u64 = 3;
/// More than three raises in this time are one flapping signal.
const FLAP_NS: u64 = 900 * SECOND_NS;
/// In so many times of clearing at least: at a minute a sample a quarter of an hour holds none.
const FLAP_CLEARS: u64 = 15;
/// Readings that persistence counts where they come less often than it asks for (`signals.md`,
/// "Persistence").
const PERSISTENCE_READINGS: u64 = 2;
const FLAP_PAIRS: usize = 3;
/// Share of the persistence window in which the predicate must hold.
const HELD_SHARE: f64 = 0.8;

/// Persistence of each severity: 5, 5, 10 and 30 s.
pub const PERSISTENCE_NS: [u64; 4] = [5 * SECOND_NS, 5 * SECOND_NS, 10 * SECOND_NS, 30 * SECOND_NS];

/// Intervals kept however long they are, for the cadence and for persistence.
const INTERVALS_LEAST: usize = 3;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Nothing worth saying.
    None,
    /// It was raised.
    Raised,
    /// Its severity rose.
    Escalated,
    /// Its severity fell, or its subtype changed.
    Updated,
    /// It is over.
    Cleared,
    /// It is over: what held it has become normal.
    Accepted,
    /// Its run is over.
    Ended,
}

/// A signal that stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Number of the episode.
    pub id: u64,
    /// How bad it is.
    pub severity: Severity,
    /// Which form it takes.
    pub subtype: Option<Subtype>,
    /// Start of the interval in which the limit was first crossed.
    pub onset: Timestamp,
    /// When it was raised.
    pub start: Timestamp,
    /// It was raised too often: it clears only after a quiet quarter of an hour.
    pub flapping: bool,
    /// Its inputs are missing.
    pub stale: bool,
    clear_after: Timestamp,
    true_at: [Timestamp; 4],
    /// When the form that stands was seen last.
    formed_at: Timestamp,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    intervals: VecDeque<(u64, u8)>,
    last: Option<Timestamp>,
    raised: VecDeque<Timestamp>,
    standing: Option<Standing>,
    /// Time between the samples of the recording: what is read less often than others is as sure as
    /// they are, and persistence does not wait for its next reading.
    pub tick_ns: u64,
}

impl Slot {
    /// The signal, while it stands.
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Marks a standing signal as stale; true when it was not before.
    pub fn mark_stale(&mut self) -> bool {
        self.standing
            .as_mut()
            .is_some_and(|standing| !core::mem::replace(&mut standing.stale, true))
    }

    /// Ends the signal because its entity is gone.
    pub fn end(&mut self) -> Option<Standing> {
        self.standing.take()
    }

    /// Forgets what led up to here, as after a gap: windows restart, a standing signal stays.
    pub fn restart(&mut self) {
        self.intervals.clear();
        self.last = None;
    }

    /// Takes one evaluation made at `now`. `next_id` numbers a new episode.
    pub fn feed(
        &mut self,
        now: Timestamp,
        evaluation: &Evaluation,
        next_id: &mut u64,
    ) -> Transition {
        let mask = evaluation.mask();
        if let Some(last) = self.last {
            self.push_interval(now.since_ns(last), mask);
        }
        self.last = Some(now);
        let reached = Severity::ALL.into_iter().rev().find(|severity| {
            match evaluation.held[severity.index()] {
                Held::No => false,
                Held::Met | Held::Event => true,
                Held::Counts => self.persists(*severity),
            }
        });
        match self.standing {
            None => reached.map_or(Transition::None, |severity| {
                self.raise(now, severity, evaluation, next_id);
                Transition::Raised
            }),
            Some(standing) => self.go_on(now, standing, reached, evaluation),
        }
    }

    /// Time between readings where none is late: the shortest of the last intervals. One alone may
    /// be a late one, and says nothing.
    fn cadence_ns(&self) -> u64 {
        if self.intervals.len() < 2 {
            return 0;
        }
        self.intervals.iter().map(|(ns, _)| *ns).min().unwrap_or(0)
    }

    fn fall_ns(&self) -> u64 {
        FALL_NS.max(self.cadence_ns().saturating_mul(FALL_READINGS))
    }

    fn flap_ns(&self) -> u64 {
        FLAP_NS.max(self.cadence_ns().saturating_mul(CLEAR_READINGS * FLAP_CLEARS))
    }

    fn clear_ns(&self, seen: &Evaluation, flapping: bool) -> u64 {
        if flapping {
            return self.flap_ns();
        }
        let least_ns = CLEAR_NS.max(self.cadence_ns().saturating_mul(CLEAR_READINGS));
        seen.event_clear_ns.unwrap_or(0).max(least_ns)
    }

    fn push_interval(&mut self, ns: u64, mask: u8) {
        self.intervals.push_back((ns, mask));
        let mut total: u64 = self.intervals.iter().map(|(ns, _)| *ns).sum();
        while let Some((oldest, _)) = self.intervals.front()
            && total - oldest >= PERSISTENCE_NS[3]
            && self.intervals.len() > INTERVALS_LEAST
        {
            total -= oldest;
            self.intervals.pop_front();
        }
    }

    /// The predicate held for 80 % of the shortest run of last intervals that reaches D.
    fn persists(&self, severity: Severity) -> bool {
        let (mut total, mut held) = (0, 0);
        let asked_ns = PERSISTENCE_NS[severity.index()];
        let cadence_ns = self.cadence_ns().min(self.tick_ns);
        let asked_ns = mutation::persistence(asked_ns);
        // Five seconds are seldom five to the nanosecond.
        let least_ns = if cadence_ns > asked_ns.saturating_add(asked_ns / 2) {
            cadence_ns.saturating_mul(PERSISTENCE_READINGS)
        } else {
            asked_ns
        };
        for (ns, mask) in self.intervals.iter().rev() {
            total += ns;
            if mask >> severity.index() & 1 == 1 {
                held += ns;
            }
            if total >= least_ns {
                return held as f64 >= HELD_SHARE * total as f64;
            }
        }
        false
    }

    /// Start of the unbroken run of intervals in which at least the lowest predicate held.
    fn onset(&self, now: Timestamp) -> Timestamp {
        let mut ns = 0;
        for (interval, mask) in self.intervals.iter().rev() {
            if *mask == 0 && ns > 0 {
                break;
            }
            ns += interval;
        }
        Timestamp(now.0.saturating_sub(ns))
    }

    fn raise(&mut self, now: Timestamp, severity: Severity, seen: &Evaluation, next_id: &mut u64) {
        let flap_ns = self.flap_ns();
        while self.raised.front().is_some_and(|at| now.since_ns(*at) > flap_ns) {
            self.raised.pop_front();
        }
        let flapping = self.raised.len() >= FLAP_PAIRS;
        self.raised.push_back(now);
        *next_id += 1;
        self.standing = Some(Standing {
            id: *next_id,
            severity,
            subtype: seen.subtype,
            onset: self.onset(now),
            start: now,
            flapping,
            stale: false,
            clear_after: now.plus_ns(self.clear_ns(seen, flapping)),
            true_at: [now; 4],
            formed_at: now,
        });
    }

    fn go_on(
        &mut self,
        now: Timestamp,
        mut standing: Standing,
        reached: Option<Severity>,
        seen: &Evaluation,
    ) -> Transition {
        let was = (standing.severity, standing.subtype, standing.stale);
        standing.stale = false;
        let mask = seen.mask();
        for severity in Severity::ALL {
            if mask >> severity.index() & 1 == 1 {
                standing.true_at[severity.index()] = now;
            }
        }
        if seen.keeps() || mask != 0 {
            let until = now.plus_ns(self.clear_ns(seen, standing.flapping));
            standing.clear_after = standing.clear_after.max(until);
        } else if now >= standing.clear_after {
            self.standing = None;
            return Transition::Cleared;
        }
        match reached {
            Some(severity) if severity >= standing.severity => standing.severity = severity,
            _ => {
                let index = standing.severity.index();
                if let Some(lower) = standing.severity.below()
                    && seen.has_level(lower)
                    && now.since_ns(standing.true_at[index]) >= self.fall_ns()
                {
                    standing.severity = lower;
                    standing.true_at[lower.index()] = now;
                }
            }
        }
        self.form(now, &mut standing, seen, was.0);
        self.standing = Some(standing);
        let is = (standing.severity, standing.subtype, standing.stale);
        if standing.severity > was.0 {
            return Transition::Escalated;
        }
        if was == is { Transition::None } else { Transition::Updated }
    }

    /// A form goes with its severity: at another one it is the form at hand; at the same one
    /// another has to be seen for as long as a severity takes to fall.
    fn form(&self, now: Timestamp, standing: &mut Standing, seen: &Evaluation, was: Severity) {
        if seen.mask() == 0 {
            return;
        }
        let is_other = seen.subtype != standing.subtype;
        let is_due = now.since_ns(standing.formed_at) >= self.fall_ns();
        if !is_other || standing.severity != was || is_due {
            standing.subtype = seen.subtype;
            standing.formed_at = now;
        }
    }
}

#[cfg(test)]
mod tests;
