//! What faults cost in time, and how bad that is.

use crate::window::{PressureTrack, Stall};
use ks_vocabulary::kind::Severity;

/// Shares of time in which faults stop some task at medium and high, and all tasks at critical
/// (our judgement: what is a wait for memory at all, as high of `memory_pressure`, and half of its
/// critical one, since whoever waits for a page does nothing else).
pub(super) const SOME: [f64; 2] = [0.01, 0.15];
/// The first two where most faults bring back what was swapped out: it was in use, and goes out
/// again for the next (our judgement).
const SWAPPED: [f64; 2] = [SOME[0], 0.04];
const FULL: f64 = 0.30;
/// The first two where it is the most that faults can have taken (our judgement).
const MOST: [f64; 2] = [0.10, 0.30];

/// Shares of time in which faults stop some task, and all tasks; `None` where nobody tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) some: Option<f64>,
    full: Option<f64>,
    /// Nobody tells of stalls: it is the most that faults can have taken.
    is_bound: bool,
    /// Most faults swap in.
    is_swap: bool,
    /// The limit of a group is met, and its faults take long.
    pub(super) is_squeezed: bool,
}

impl Cost {
    /// The cost of faults most of which swap in. Who swaps in waits for room as
    /// well, and where stalls are told they are not of reads alone.
    pub(super) fn of_swap(track: Option<&PressureTrack>, taken: Option<f64>, ns: u64) -> Self {
        let has_stalls = track.is_some_and(|track| track.is_given(Stall::MemorySome));
        Self { is_swap: true, ..Self::of(track, taken.filter(|_| !has_stalls), ns) }
    }

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
            is_swap: false,
            is_squeezed: false,
        }
    }

    /// Whether faults cost as much as a severity wants.
    pub(super) fn bears(self, severity: Severity) -> bool {
        let limits = match (self.is_bound, self.is_swap) {
            (true, _) => MOST,
            (false, true) => SWAPPED,
            (false, false) => SOME,
        };
        let costs = |limit: f64| self.some.map(|share| share >= limit);
        match severity {
            Severity::Low => true,
            Severity::Medium => costs(limits[0]) != Some(false),
            Severity::High => costs(limits[1]) == Some(true),
            Severity::Critical => self.full.is_some_and(|share| share >= FULL),
        }
    }
}
