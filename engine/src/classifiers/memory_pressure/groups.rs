//! Memory of control groups, against their own limits.

use crate::board::{Board, Evaluation};
use crate::culprit::short_group;
use crate::window::{CgroupTrack, Group, Stall, Window};
use ks_vocabulary::held;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::membership::{cgroup_entity, is_below};
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::time::SECOND_NS;

use super::super::{groups, stall};
use super::{RECLAIM_SPANS_S, STALLS, Swap, Use, grade_use, note_kills, swap_of, waits};

/// Growth of a group's swap, over the ten to twenty seconds of which consumption is known, with
/// which its limit is too small for what it holds (`swap_thrashing`, low: 5 pages a second).
const SPILL_BYTES: u64 = 5 * 4096 * 20;

/// Judges every control group; the return value is the number of kills that are theirs.
pub(super) fn judge(window: &Window, board: &mut Board) -> u64 {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return 0 };
    let host_swap = window.memory.one().map_or(Swap::Untold, swap_of);
    let host = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    let host_waits = waits(host);
    let short = short_group(window).map(|(id, _)| id);
    let mut theirs = 0;
    for (id, row, track) in groups(window) {
        let kills = kills_at_limit(track);
        let kills = if kills > 0 && is_innermost(window, row) { kills } else { 0 };
        theirs += kills;
        let mut seen = Evaluation::default();
        // Groups of version 1 have no stall shares: of the one that is short they are the host's.
        let has_own = track.pressure.is_given(Stall::MemorySome);
        let of_host = host.filter(|_| short == Some(id) && !has_own);
        let graded = stall::grade(&mut seen, of_host.unwrap_or(&track.pressure), &STALLS);
        if let Some(memory) = use_of_group(row, track, host_swap, host_waits) {
            grade_use(&mut seen, &memory, true);
        } else if graded.is_err() && kills == 0 {
            continue;
        }
        note_kills(&mut seen, kills);
        board.judge(Kind::MemoryPressure, id, at, &mut seen, || cgroup_entity(row));
    }
    theirs
}

/// Kills since the last reading that the group's own limit led to. Version 1 counts no failed
/// reclaims: there a limit that was met stands for one.
fn kills_at_limit(track: &CgroupTrack) -> u64 {
    let grew = |what| track.over(what, 1).map(|growth| growth.by);
    let failed = grew(Group::Oom).or_else(|_| grew(Group::LimitMet)).unwrap_or(0);
    if failed > 0 { grew(Group::OomKill).unwrap_or(0) } else { 0 }
}

/// Version 2 counts kills in every ancestor too: the one whose descendants have none is meant.
fn is_innermost(window: &Window, row: &Cgroup) -> bool {
    !window.cgroups.entities().any(|(_, other, track)| {
        other.hierarchy() == row.hierarchy()
            && other.path().zip(row.path()).is_some_and(|(path, group)| is_below(path, group))
            && kills_at_limit(track) > 0
    })
}

/// Use of a group against its own limit; without one there is no share. Groups of version 1 have no
/// stall shares: where nobody waits on the host, nobody does in them.
fn use_of_group(
    row: &Cgroup,
    track: &CgroupTrack,
    host_swap: Swap,
    host_waits: [Option<bool>; 4],
) -> Option<Use> {
    let max = row.memory_max_bytes().filter(|max| *max > 0)?;
    let held = held::held_bytes(row)?;
    let swap = match (row.swap_max_bytes(), row.swap_bytes()) {
        (Some(0), _) => Swap::None,
        (Some(max), Some(used)) => Swap::Free(1.0 - used.min(max) as f64 / max as f64),
        (Some(_), None) => Swap::Untold,
        (None, _) => host_swap,
    };
    Some(Use {
        used: held as f64 / max as f64,
        swap,
        is_held: row.active_file_bytes().is_some(),
        spills: track.consumption(row).swap_bytes >= SPILL_BYTES,
        reclaims: RECLAIM_SPANS_S.map(|span_s| {
            let growth = track.over(Group::LimitMet, span_s * SECOND_NS);
            growth.is_ok_and(|growth| growth.by > 0)
        }),
        stalls: if track.pressure.is_given(Stall::MemorySome) {
            waits(Some(&track.pressure))
        } else {
            host_waits
        },
    })
}
