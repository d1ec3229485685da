//! Memory of control groups, against their own limits.

use crate::board::{Board, Evaluation};
use crate::culprit::short_group;
use crate::window::{CgroupTrack, EntityId, Group, Paging, Stall, Window};
use ks_vocabulary::held;
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::membership::{cgroup_entity, is_below};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::time::SECOND_NS;

use super::super::stall::{self, StallLimits};
use super::super::{PERSISTENCE_S, groups, page_cost};
use super::used::{self, Swap, USED, Use, Waits, ends_soon};
use super::witness;
use super::{KILL_CLEAR_S, RECLAIM_SPANS_S, STALLS, note_kills};

const MEDIUM_NS: u64 = PERSISTENCE_S[1] * SECOND_NS;
const TEN_S: u64 = 10 * SECOND_NS;

/// Growth of a group's swap, over the ten to twenty seconds of which consumption is known, with
/// which its limit is too small for what it holds (`swap_thrashing`, low: 5 pages a second).
const SPILL_BYTES: u64 = 5 * 4096 * 20;

/// A group that holds so much of its limit is at it (our judgement, as the lowest used share).
const AT_LIMIT: f64 = USED[0];

/// What the groups answer for, and the host does not.
#[derive(Debug, Default)]
pub(super) struct Theirs {
    /// Kills since the last reading on the whole host.
    pub(super) killed_on_host: u64,
    /// How many of them a limit of a group led to.
    pub(super) kills: u64,
    /// Whether one of them stalls as long as the host does.
    pub(super) explain_stalls: bool,
}

/// A group that the last reading is the first not to have, and that was at its limit before.
type Left<'a> = (EntityId, &'a Cgroup);

/// Judges every control group.
pub(super) fn judge(window: &Window, board: &mut Board) -> Theirs {
    let kills = window.vm.track().and_then(|track| track.over(Paging::OomKill, 1));
    let killed_on_host = kills.map_or(0, |growth| growth.by);
    let mut theirs = Theirs { killed_on_host, ..Theirs::default() };
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return theirs };
    let host_swap = window.memory.one().map_or(Swap::Untold, Swap::of);
    let host = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    let host_stalls = witness::stalls_of_host(window);
    let short = short_group(window).map(|(id, _)| id);
    theirs.explain_stalls = short.is_some();
    let left = fullest_that_left(window);
    let mut kills_of_left = 0;
    for (id, row, track) in groups(window) {
        let mut kills = kills_at_limit(window, row, track);
        if kills > 0 && !is_innermost(window, row) {
            kills = 0;
        } else if kills > 0 && left.is_some_and(|(_, left)| is_around(row, left)) {
            kills_of_left += core::mem::take(&mut kills);
        }
        theirs.kills += kills;
        let mut seen = Evaluation::default();
        // Groups of version 1 have no stall shares: of the one that is short they are the host's.
        let has_own = track.pressure.is_given(Stall::MemorySome);
        let of_host = host.filter(|_| short == Some(id) && !has_own);
        let graded = stall::grade(&mut seen, of_host.unwrap_or(&track.pressure), &STALLS);
        if host.is_none() && !has_own {
            grade_page_ins(&mut seen, window, track);
        }
        let waits = || witness::of_group(window, track, (short == Some(id), host_stalls));
        if let Some(memory) = use_of_group(window, (row, track), host_swap, waits) {
            used::grade(&mut seen, &memory, true);
        } else if graded.is_err() && kills == 0 {
            continue;
        }
        note_kills(&mut seen, kills, Severity::Critical);
        board.judge(Kind::MemoryPressure, id, at, &mut seen, || cgroup_entity(row));
    }
    if let Some(left) = left {
        theirs.kills += judge_left(window, board, left, (kills_of_left, &theirs));
    }
    theirs
}

/// Where nobody tells of stalls: a group that meets its limit stalls for as long as what it reads
/// back takes.
fn grade_page_ins(seen: &mut Evaluation, window: &Window, track: &CgroupTrack) {
    let [StallLimits { window_s, limits, .. }, ..] = &STALLS;
    let ns = window_s * SECOND_NS;
    let grew = |what| track.over(what, ns).map_or(0, |growth| growth.by);
    let cost = page_cost::of_group(window, track, ns).filter(|_| grew(Group::LimitMet) > 0);
    for (severity, limit) in Severity::ALL.into_iter().zip(limits) {
        let holds = cost.zip(*limit).is_some_and(|(cost, limit)| cost >= limit);
        if holds && severity == Severity::Low {
            seen.note(Metric::Refaults5s, grew(Group::Refault) as f64);
            seen.note(Metric::Majflt5s, grew(Group::MajorFault) as f64);
        }
        if limit.is_some() {
            seen.met(severity, holds);
        }
    }
}

/// Of the groups that are gone with this reading, the one that was nearest its limit, if at it.
fn fullest_that_left(window: &Window) -> Option<Left<'_>> {
    let share = |row: &Cgroup| {
        let max = row.memory_max_bytes().filter(|max| *max > 0)?;
        Some(row.memory_bytes()? as f64 / max as f64)
    };
    let shares = window.cgroups.left().filter_map(|(id, row)| Some((share(row)?, (id, row))));
    let at_limit = shares.filter(|(share, _)| *share >= AT_LIMIT);
    at_limit.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, left)| left)
}

/// A group that is removed with its last process takes the count of its kills with it: those that
/// only the groups around it or the host tell of are its own, unless the host had to make room.
fn judge_left(
    window: &Window,
    board: &mut Board,
    (id, row): Left<'_>,
    (told_around, theirs): (u64, &Theirs),
) -> u64 {
    let others = theirs.kills.saturating_add(told_around);
    let rest = if reclaims(window) { 0 } else { theirs.killed_on_host.saturating_sub(others) };
    let kills = told_around + rest;
    if kills > 0 {
        let mut seen = Evaluation::default();
        note_kills(&mut seen, kills, Severity::Critical);
        let entity = cgroup_entity(row);
        // One that is back under the same name tells for itself.
        let is_back = window.cgroups.entities().any(|(_, other, _)| cgroup_entity(other) == entity);
        let stands_s = if is_back { 0 } else { KILL_CLEAR_S };
        board.judge_left(Kind::MemoryPressure, (id, entity), stands_s, &mut seen);
    }
    kills
}

/// Kills since the last reading that the group's own limit led to. Version 1 counts no failed
/// reclaims: there a limit that was met stands for one, but where page cache fills it while the
/// host has to make room.
fn kills_at_limit(window: &Window, row: &Cgroup, track: &CgroupTrack) -> u64 {
    let grew = |what| track.over(what, 1).map(|growth| growth.by);
    let met =
        || grew(Group::LimitMet).map(|met| if is_held(row) || !reclaims(window) { met } else { 0 });
    let failed = grew(Group::Oom).or_else(|_| met()).unwrap_or(0);
    if failed > 0 { grew(Group::OomKill).unwrap_or(0) } else { 0 }
}

/// Whether a group is at its limit by what it holds, beside its page cache.
fn is_held(row: &Cgroup) -> bool {
    let share = || Some(held::held_bytes(row)? as f64 / row.memory_max_bytes()? as f64);
    share().is_some_and(|share| share >= AT_LIMIT)
}

/// Whether tasks of the host had to reclaim for themselves.
fn reclaims(window: &Window) -> bool {
    let reclaimed = window.vm.track().and_then(|track| track.over(Paging::DirectReclaim, TEN_S));
    reclaimed.is_ok_and(|growth| growth.by > 0)
}

/// Version 2 counts kills in every ancestor too: the one whose descendants have none is meant.
fn is_innermost(window: &Window, row: &Cgroup) -> bool {
    let mut others = window.cgroups.entities();
    !others
        .any(|(_, other, track)| is_around(row, other) && kills_at_limit(window, other, track) > 0)
}

/// Whether a group is somewhere below another of its hierarchy.
fn is_around(row: &Cgroup, other: &Cgroup) -> bool {
    other.hierarchy() == row.hierarchy()
        && other.path().zip(row.path()).is_some_and(|(path, group)| is_below(path, group))
}

/// Use of a group against its own limit; without one there is no share.
fn use_of_group(
    window: &Window,
    (row, track): (&Cgroup, &CgroupTrack),
    host_swap: Swap,
    waits: impl FnOnce() -> Waits,
) -> Option<Use> {
    let max = row.memory_max_bytes().filter(|max| *max > 0)?;
    let held = held::held_bytes(row)?;
    let swap = match (row.swap_max_bytes(), row.swap_bytes()) {
        (Some(0), _) => Swap::None,
        (Some(max), Some(used)) => Swap::Free(1.0 - used.min(max) as f64 / max as f64),
        (Some(_), None) => Swap::Untold,
        (None, _) => host_swap,
    };
    let used = held as f64 / max as f64;
    let grew = |what, ns| track.over(what, ns).is_ok_and(|growth| growth.by > 0);
    let spills = || track.consumption(row).swap_bytes >= SPILL_BYTES;
    let overflows = used >= USED[1] && (spills() || grew(Group::Oom, MEDIUM_NS));
    let grows = || {
        let at = window.cgroups.at().unwrap_or(window.mono());
        let ns = window.group_leaders.lately_ns(at, track);
        let (left, newest) = (max.saturating_sub(held), track.held.growth());
        ends_soon(newest.by as f64, newest.ns, left)
            && ends_soon(track.consumption(row).memory_bytes as f64, ns, left)
    };
    Some(Use {
        used,
        swap,
        is_held: row.active_file_bytes().is_some(),
        overflows,
        grows: used >= USED[3] && grows(),
        reclaims: RECLAIM_SPANS_S.map(|span_s| grew(Group::LimitMet, span_s * SECOND_NS)),
        // Below low nobody asks.
        waits: if used >= USED[0] { waits() } else { [None; 4] },
        left_bytes: Some(max.saturating_sub(held)),
    })
}
