//! What faults cost in time, and how bad that is.

use crate::window::{PressureTrack, Stall};
use ks_vocabulary::kind::Severity;

/// Shares of time in which faults stop some task at medium and high, and all tasks at critical
/// (our judgement, as those of `memory_pressure` and half of its critical one, since whoever waits
/// for a page does nothing else).
pub(super) const SOME: [f64; 2] = [0.05, 0.15];
const FULL: f64 = 0.30;
/// Times as much where it is the most that it can be (our judgement).
const BOUND: f64 = 2.0;

/// Shares of time in which faults stop some task, and all tasks; `None` where nobody tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) some: Option<f64>,
    full: Option<f64>,
    /// Nobody tells of stalls: it is the most that faults can have taken.
    is_bound: bool,
}

impl Cost {
    /// Of stalls for either reason that which is longer, but no more than faults can have taken.
    pub(super) fn of(track: Option<&PressureTrack>, taken: Option<f64>, ns: u64) -> Self {
        let least = |stalls: [Stall; 2]| {
            let shares = stalls.map(|stall| track?.share(stall, ns).ok());
            let share = shares.into_iter().flatten().max_by(f64::total_cmp)?;
            Some(taken.map_or(share, |taken| share.min(taken)))
        };
        let some = least([Stall::MemorySome, Stall::IoSome]);
        Self {
            some: some.or(taken),
            full: least([Stall::MemoryFull, Stall::IoFull]),
            is_bound: some.is_none(),
        }
    }

    /// Whether faults cost as much as a severity wants.
    pub(super) fn bears(self, severity: Severity) -> bool {
        let factor = if self.is_bound { BOUND } else { 1.0 };
        let costs = |limit: f64| self.some.map(|share| share >= factor * limit);
        match severity {
            Severity::Low => true,
            Severity::Medium => costs(SOME[0]) != Some(false),
            Severity::High => costs(SOME[1]) == Some(true),
            Severity::Critical => self.full.is_some_and(|share| share >= FULL),
        }
    }
}
