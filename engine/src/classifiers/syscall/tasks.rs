//! Process ids, of which each thread has one: of the host, and of control groups.

use alloc::vec::Vec;

use crate::analysis::resources::tasks_max;
use crate::board::{Board, Cover, Evaluation};
use crate::culprit::Case;
use crate::window::{CgroupTrack, Group, HOST, Missing, Window};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Load;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::time::SECOND_NS;

use super::super::groups;
use super::super::soon::is_soon;
use super::{COUNTS, KIND, LIMIT, calls, grade};

/// Used share of process ids that are not used up soon, as far as is known (our judgement).
const STEADY: [Option<f64>; 4] = [COUNTS[1], COUNTS[2], COUNTS[3], None];
/// The same where the kernel counts refused forks, and there are none.
const UNREFUSED: [Option<f64>; 4] = [COUNTS[1], None, None, None];
/// Limits below this are set to the processes that a service has (our judgement).
const TASKS_LEAST: u64 = 20;
const FORKS_CLEAR_S: u64 = 120;

/// The smaller of the two limits counts.
pub(super) fn judge_host(window: &Window, board: &mut Board) {
    let tasks = window.load.one().map(Load::tasks).unwrap_or_default();
    let Some(tasks) = tasks.filter(|_| window.load.is_fresh()) else {
        return board.cover(KIND, Cover::Missing(Missing::Source(window.load.source())));
    };
    let Some(limit) = limit(window) else {
        return board.cover(KIND, Cover::Part("process ids: no limits"));
    };
    let mut seen = Evaluation::of(LIMIT);
    let ends = window.load.track().ok().and_then(|track| track.full_in_ns(limit));
    let limits = if is_soon(ends) { COUNTS } else { STEADY };
    grade(&mut seen, Metric::PidsUsedShare, Some(tasks as f64 / limit as f64), limits);
    calls::judge(&mut seen, window, board);
    let at = window.load.at().unwrap_or(window.mono());
    board.judge(KIND, HOST, at, &mut seen, || Entity::Host);
}

fn limit(window: &Window) -> Option<u64> {
    window.limits.one().ok().and_then(tasks_max).filter(|limit| *limit > 0)
}

pub(super) fn judge_groups(window: &Window, board: &mut Board) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    for (id, row, track) in groups(window) {
        // A group without a limit of its own is refused at one around it.
        let used = row.pids().zip(row.pids_max().filter(|max| *max > 0));
        if used.is_none() && row.pids_fail().unwrap_or(0) == 0 {
            continue;
        }
        let mut seen = Evaluation::of(LIMIT);
        if let Some((pids, max)) = used {
            let limits = limits_of_group(track, max);
            grade(&mut seen, Metric::PidsUsedShare, Some(pids as f64 / max as f64), limits);
        }
        grade_forks(&mut seen, track);
        board.judge(KIND, id, at, &mut seen, || cgroup_entity(row));
    }
}

/// A service that has all the processes it ever has fills its limit by design: harm wants a fork
/// that was refused, or tasks that use up what is left soon.
fn limits_of_group(track: &CgroupTrack, max: u64) -> [Option<f64>; 4] {
    let mut spans = [10 * SECOND_NS, 1].into_iter();
    let refused = spans.find_map(|ns| track.over(Group::ForkRefused, ns).ok());
    match refused.map(|growth| growth.by > 0) {
        Some(true) => COUNTS,
        _ if max < TASKS_LEAST => [None; 4],
        _ if is_soon(track.tasks.full_in_ns(max)) => COUNTS,
        Some(false) => UNREFUSED,
        None => STEADY,
    }
}

/// A fork that was refused at the group's limit, or at one around it, is harm done.
fn grade_forks(seen: &mut Evaluation, track: &CgroupTrack) {
    let refused = track.over(Group::ForkRefused, 1).map_or(0, |growth| growth.by);
    if refused > 0 {
        let limits = [None, Some(1.0), None, None];
        seen.note_with(Metric::ForksRefused, refused as f64, limits);
        seen.event(Severity::Medium, true, FORKS_CLEAR_S);
    }
}

/// Who has the tasks of a control group, or of a host that has most of those it can have; `None`
/// where it is not by tasks that the entity is judged.
pub(super) fn blame(case: &Case<'_>) -> Option<Vec<Culprit>> {
    let window = case.window;
    let tasks = if *case.entity == Entity::Host {
        let tasks = window.load.one().ok().and_then(Load::tasks)?;
        let share = tasks as f64 / limit(window)? as f64;
        COUNTS[2].filter(|most| share >= *most).map(|_| tasks)?
    } else {
        let mut rows = window.cgroups.entities();
        let (_, row, _) = rows.find(|(_, row, _)| cgroup_entity(row) == *case.entity)?;
        row.pids()?
    };
    Some(case.by_threads(tasks))
}
