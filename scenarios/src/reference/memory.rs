//! What is said alike of the memory of a host and of a control group.

use ks_vocabulary::kind::Severity;
use ks_vocabulary::membership::is_below;
use ks_vocabulary::model::{Cgroup, Memory};

use super::{NONE, Pair, Quantity};

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
const FAULTS_STALL: f64 = 0.05;
const FAULTS_IO: f64 = 0.10;
/// Refaults for each fault with which it is for pages that were dropped.
const DROPPED: f64 = 0.2;

/// Reads for each fault of a disk that serves them.
const SERVED: f64 = 0.8;
/// Share of its limit with which a group is at it.
const AT_LIMIT: f64 = 0.8;

/// What is used of a memory, and whether its end is met.
pub(super) struct Use {
    pub(super) used: f64,
    /// Free share of swap, where there is any.
    pub(super) swap_free: Option<f64>,
    pub(super) reclaims: bool,
    pub(super) some: Option<f64>,
    /// Whether somebody waits by other counts; where stalls are told of those decide as well.
    pub(super) waits: Option<bool>,
    /// Only swap could make room.
    pub(super) is_held: bool,
    /// Swap takes what the memory cannot, or reclaim found nothing.
    pub(super) overflows: bool,
}

impl Use {
    /// What the used share says; low by reclaim differs between a host and a group.
    pub(super) fn exhausted(&self) -> Quantity {
        let stalls = self.some.is_some_and(|some| some >= SOME_WITHOUT_SWAP);
        let meets_end = self.reclaims || stalls || self.some.is_none() && self.waits == Some(true);
        let is_full = |at: usize| match self.swap_free {
            Some(free) => free <= SWAP_FREE[at],
            None => meets_end,
        };
        let stalls = |at: usize| self.some.is_none_or(|some| some >= WAITS[at]);
        let waits = |at: usize| self.waits != Some(false) && stalls(at);
        let reached = |at: usize| self.used >= USED[at] && is_full(at) && waits(at);
        let is_used = self.used >= USED[1];
        let gives = !self.is_held || self.swap_free.is_some_and(|free| free > SWAP_FREE[2]);
        let is_medium = is_used && (waits(1) || self.overflows);
        // How fast it grows to its end is not seen in one interval.
        let ends = !gives && self.used >= USED[3];
        let possible = ends.then_some(Severity::Medium);
        Quantity { possible, ..Quantity::graded([is_used, is_medium, reached(2), reached(3)]) }
    }
}

pub(super) fn swap_free(row: &Memory) -> Option<f64> {
    let total = row.swap_total_bytes().filter(|total| *total > 0)?;
    Some(row.swap_free_bytes()? as f64 / total as f64)
}

/// Major faults a second: above low only where somebody suffers by them, since stalls say so or
/// many are for pages that were dropped; above medium only where they cost time. `stalled` are the
/// shares for memory and for I/O, of which faults can have taken `bound`; where nobody tells of
/// stalls, nothing was measured, and they can have taken little it is low.
pub(super) fn faults(
    major: Option<f64>,
    (refaults, own): (Option<f64>, Option<f64>),
    (memory, io): (Option<f64>, Option<f64>),
    (bound, is_measured): (Option<f64>, bool),
) -> Quantity {
    let [low, medium, high, critical] = MAJOR;
    let is_dropped =
        refaults.zip(major).is_some_and(|(back, major)| back > 0.0 && back >= DROPPED * major);
    let suffers = is_dropped || own.is_some_and(|some| some >= FAULTS_STALL);
    let may_cost = bound.is_none_or(|share| share >= FAULTS_IO);
    let waits_for_io = io.is_some_and(|some| some >= FAULTS_IO) && may_cost;
    let costs = memory.map_or(may_cost, |some| some >= FAULTS_STALL || waits_for_io);
    let or_none = |limit: f64, holds: bool| if holds { limit } else { NONE };
    let limits = [
        low,
        or_none(medium, suffers && (memory.is_some() || is_measured || costs)),
        or_none(high, suffers && costs),
        or_none(critical, suffers && costs),
    ];
    Quantity::of(major, limits)
}

/// Share of time that so many faults a second can have taken of the slowest disk with as many
/// reads.
pub(super) fn bound(pair: &Pair<'_>, major: Option<f64>) -> Option<f64> {
    let major = major?;
    let taken = pair.after.disks.iter().filter_map(|after| {
        let before = pair.before.disks.find(after)?;
        let reads = pair.rate(before.reads(), after.reads())?;
        let taken = pair.rate(before.read_ms(), after.read_ms())?;
        (reads > 0.0 && reads >= SERVED * major).then(|| taken / reads)
    });
    Some(major * taken.max_by(f64::total_cmp)? / 1e3)
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

/// The group nearest its limit, if at it, that the later sample is the first not to have.
pub(super) fn left<'a>(pair: &Pair<'a>) -> Option<&'a Cgroup> {
    let share = |row: &Cgroup| {
        Some(row.memory_bytes()? as f64 / row.memory_max_bytes().filter(|max| *max > 0)? as f64)
    };
    let gone = pair.before.cgroups.iter().filter(|row| pair.after.cgroups.find(row).is_none());
    let shares = gone.filter_map(|row| Some((share(row)?, row)));
    let at_limit = shares.filter(|(share, _)| *share >= AT_LIMIT);
    at_limit.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, row)| row)
}

/// Whether a group is above another of its hierarchy.
pub(super) fn is_above(row: &Cgroup, other: &Cgroup) -> bool {
    row.hierarchy() == other.hierarchy()
        && other.path().zip(row.path()).is_some_and(|(path, group)| is_below(path, group))
}
