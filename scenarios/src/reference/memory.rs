//! What is said alike of the memory of a host and of a control group.

use ks_vocabulary::model::{Cgroup, Memory};

use super::{NONE, Quantity};

/// Used share of memory: at low with reclaim, at high and critical with this share of swap free or
/// less; without swap reclaim, or this stall, stands for its being used up (`signals.md`,
/// section 2).
pub(super) const USED: [f64; 4] = [0.80, 0.90, 0.90, 0.95];
const SWAP_FREE: [f64; 4] = [1.0, 1.0, 0.10, 0.05];
const SOME_WITHOUT_SWAP: f64 = 0.05;
/// Where stalls are told of, this much of the time must be one at medium, high and critical: a used
/// share alone is low.
const WAITS: [f64; 4] = [0.0, 0.01, 0.05, 0.05];
/// Major faults a second, which above low need refaults or this stall (section 11), and above
/// medium this stall, or one of I/O, where stalls are told of.
const MAJOR: [f64; 4] = [10.0, 50.0, 100.0, 500.0];
pub(super) const FAULTS_STALL: f64 = 0.05;
const FAULTS_IO: f64 = 0.10;

/// What is used of a memory, and whether its end is met.
pub(super) struct Use {
    pub(super) used: f64,
    /// Free share of swap, where there is any.
    pub(super) swap_free: Option<f64>,
    pub(super) reclaims: bool,
    pub(super) some: Option<f64>,
    /// Only swap could make room.
    pub(super) is_held: bool,
    /// Swap takes what the memory cannot.
    pub(super) spills: bool,
}

impl Use {
    /// What the used share says; low by reclaim differs between a host and a group.
    pub(super) fn exhausted(&self) -> Quantity {
        let meets_end = self.reclaims || self.some.is_some_and(|some| some >= SOME_WITHOUT_SWAP);
        let is_full = |at: usize| match self.swap_free {
            Some(free) => free <= SWAP_FREE[at],
            None => meets_end,
        };
        let waits = |at: usize| self.some.is_none_or(|some| some >= WAITS[at]);
        let reached = |at: usize| self.used >= USED[at] && is_full(at) && waits(at);
        let is_used = self.used >= USED[1];
        let gives = !self.is_held || self.swap_free.is_some_and(|free| free > SWAP_FREE[2]);
        let ends = !gives && (self.used >= USED[3] || self.reclaims);
        let is_medium = is_used && (waits(1) || ends || self.spills);
        Quantity::graded([is_used, is_medium, reached(2), reached(3)])
    }
}

pub(super) fn swap_free(row: &Memory) -> Option<f64> {
    let total = row.swap_total_bytes().filter(|total| *total > 0)?;
    Some(row.swap_free_bytes()? as f64 / total as f64)
}

/// Major faults a second; above low only where somebody suffers by them, above medium only where
/// they cost time: `stalled` are the shares for memory and for I/O.
pub(super) fn faults(
    major: Option<f64>,
    suffers: bool,
    (memory, io): (Option<f64>, Option<f64>),
) -> Quantity {
    let [low, medium, high, critical] = MAJOR;
    let costs =
        memory.is_none_or(|some| some >= FAULTS_STALL) || io.is_some_and(|some| some >= FAULTS_IO);
    let or_none = |limit: f64, holds: bool| if holds { limit } else { NONE };
    let limits = [
        low,
        or_none(medium, suffers),
        or_none(high, suffers && costs),
        or_none(critical, suffers && costs),
    ];
    Quantity::of(major, limits)
}

/// Whether a group's own limit has led to kills. Version 1 counts no failed reclaims: there a limit
/// that was met stands for one.
pub(super) fn killed(before: &Cgroup, after: &Cgroup) -> bool {
    let grew = |get: fn(&Cgroup) -> Option<u64>| {
        get(before).zip(get(after)).map(|(before, after)| after > before)
    };
    let failed = grew(Cgroup::oom).or_else(|| grew(Cgroup::memory_fail));
    failed == Some(true) && grew(Cgroup::oom_kill) == Some(true)
}
