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

/// Time for which the low predicate must be false before a signal clears.
const CLEAR_NS: u64 = 60 * SECOND_NS;
/// Time for which a severity's predicate must be false before it falls by one step.
const FALL_NS: u64 = 30 * SECOND_NS;
/// More than three raises in this time are one flapping signal.
const FLAP_NS: u64 = 900 * SECOND_NS;
const FLAP_PAIRS: usize = 3;
/// Share of the persistence window in which the predicate must hold.
const HELD_SHARE: f64 = 0.8;

/// Persistence of each severity: 5, 5, 10 and 30 s.
pub const PERSISTENCE_NS: [u64; 4] = [5 * SECOND_NS, 5 * SECOND_NS, 10 * SECOND_NS, 30 * SECOND_NS];

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
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    intervals: VecDeque<(u64, u8)>,
    last: Option<Timestamp>,
    raised: VecDeque<Timestamp>,
    standing: Option<Standing>,
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

    fn push_interval(&mut self, ns: u64, mask: u8) {
        self.intervals.push_back((ns, mask));
        let mut total: u64 = self.intervals.iter().map(|(ns, _)| *ns).sum();
        while let Some((oldest, _)) = self.intervals.front()
            && total - oldest >= PERSISTENCE_NS[3]
        {
            total -= oldest;
            self.intervals.pop_front();
        }
    }

    /// The predicate held for 80 % of the shortest run of last intervals that reaches D.
    fn persists(&self, severity: Severity) -> bool {
        let (mut total, mut held) = (0, 0);
        for (ns, mask) in self.intervals.iter().rev() {
            total += ns;
            if mask >> severity.index() & 1 == 1 {
                held += ns;
            }
            if total >= mutation::persistence(PERSISTENCE_NS[severity.index()]) {
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
        while self.raised.front().is_some_and(|at| now.since_ns(*at) > FLAP_NS) {
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
            clear_after: now.plus_ns(clear_ns(seen, flapping)),
            true_at: [now; 4],
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
            let until = now.plus_ns(clear_ns(seen, standing.flapping));
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
                    && now.since_ns(standing.true_at[index]) >= FALL_NS
                {
                    standing.severity = lower;
                    standing.true_at[lower.index()] = now;
                }
            }
        }
        if mask != 0 {
            standing.subtype = seen.subtype;
        }
        self.standing = Some(standing);
        let is = (standing.severity, standing.subtype, standing.stale);
        if standing.severity > was.0 {
            return Transition::Escalated;
        }
        if was == is { Transition::None } else { Transition::Updated }
    }
}

fn clear_ns(seen: &Evaluation, flapping: bool) -> u64 {
    if flapping { FLAP_NS } else { seen.event_clear_ns.unwrap_or(0).max(CLEAR_NS) }
}

#[cfg(test)]
mod tests;
