//! Who suffers from a condition: control groups that stall, processes that wait, were killed, or
//! whose system calls were slow or refused. What consumes and what suffers need not be the same.

use alloc::vec::Vec;

use crate::window::{Calls, Stall, Window};
use ks_vocabulary::kind::{Entity, Group, text};
use ks_vocabulary::membership::{belongs, cgroup_entity, is_within};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Cgroup, Memory, Process};
use ks_vocabulary::output::Culprit;
use ks_vocabulary::time::SECOND_NS;
use ks_vocabulary::unit::Unit;

use super::{CONVICT_LEAD, CONVICT_SHARE, NAMED};

/// What stalls for less than this share of the time suffers no more than others.
const VICTIM_SHARE: f64 = 0.05;
/// A share of less time than this says little.
const SHORTEST_NS: u64 = SECOND_NS;
const VICTIM_NS: u64 = 5_000_000_000;

/// Control groups that stall most; what consumes and what suffers need not be the same.
pub(crate) fn groups(window: &Window, entity: &Entity, stall: Stall) -> Vec<Culprit> {
    if *entity != Entity::Host {
        return Vec::new();
    }
    let groups = window.cgroups.entities().filter(|(_, row, _)| row.path() != Some(b"/"));
    let mut stalled: Vec<(f64, &Cgroup)> = groups
        .filter_map(|(_, row, track)| Some((track.pressure.share(stall, VICTIM_NS).ok()?, row)))
        .filter(|(share, _)| *share >= VICTIM_SHARE)
        .collect();
    stalled.sort_by(|one, other| other.0.total_cmp(&one.0));
    let named = stalled
        .iter()
        .take(NAMED)
        .map(|(share, row)| place(cgroup_entity(row), Metric::StalledShare5s, *share));
    named.collect()
}

/// A place that suffers by a share, as a victim.
pub(crate) fn place(entity: Entity, metric: Metric, share: f64) -> Culprit {
    Culprit {
        entity,
        comm: None,
        metric,
        amount: share,
        unit: metric.unit(),
        share,
        convicted: false,
        resident: false,
        began_ns: None,
        began_before: false,
    }
}

/// A process of the table, as a victim.
fn sufferer(row: &Process, metric: Metric, amount: f64) -> Culprit {
    let entity = Entity::Process(row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0));
    Culprit { comm: row.comm().map(text), ..place(entity, metric, amount) }
}

/// Processes that slept uninterruptibly at readings of the last five seconds, the most often first.
pub(crate) fn asleep(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let mut asleep = window.sufferers.asleep();
    asleep.sort_by(|one, other| other.1.total_cmp(&one.1));
    let known = asleep.iter().filter_map(|(key, share)| {
        let known = window.processes.find(*key)?;
        belongs(&known.row, entity).then(|| sufferer(&known.row, Metric::BlockedShare5s, *share))
    });
    known.take(NAMED).collect()
}

/// Processes that waited for a CPU most, by their share of time over the last seconds; those of
/// several threads can wait for more than one second in a second.
pub(crate) fn waiters(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let Some(at) = window.processes.at() else { return Vec::new() };
    let mut waits: Vec<(f64, &Process)> = window
        .processes
        .iter()
        .filter(|known| belongs(&known.row, entity) && known.consumption_ns(at) >= SHORTEST_NS)
        .map(|known| {
            let waited = known.consumption(at).wait_ns as f64;
            (waited / known.consumption_ns(at) as f64, &known.row)
        })
        .filter(|(share, _)| *share >= VICTIM_SHARE)
        .collect();
    waits.sort_by(|one, other| other.0.total_cmp(&one.0));
    let named = waits.iter().take(NAMED);
    named.map(|(share, row)| sufferer(row, Metric::CpuWaitShare, *share)).collect()
}

/// Victims of the OOM killer: of a group those whose group it is, by its path or its last part.
pub(crate) fn killed(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let theirs = |cgroup: &[u8]| {
        let Entity::Cgroup(Group { path, .. }) = entity else { return true };
        is_within(cgroup, path) || path.rsplit(|byte| *byte == b'/').next() == Some(cgroup)
    };
    let kills = window.sufferers.killed().filter(|killed| theirs(&killed.cgroup));
    // Room is left for who stalls now.
    let named = kills.take(NAMED - 1).map(|killed| Culprit {
        entity: Entity::Process(killed.process.0, killed.process.1),
        comm: Some(text(&killed.comm)),
        metric: Metric::OomKilled,
        amount: killed.resident_bytes as f64,
        unit: Unit::Bytes,
        share: share_of(killed.resident_bytes, memory_of(window, entity, &killed.cgroup)),
        convicted: false,
        resident: false,
        began_ns: None,
        began_before: false,
    });
    named.collect()
}

/// The memory for want of which one of a control group was killed: the limit of that group, or of
/// the nearest around it, that met its own end; else what the host has.
fn memory_of(window: &Window, entity: &Entity, cgroup: &[u8]) -> Option<u64> {
    let own = if let Entity::Cgroup(group) = entity { &group.path } else { cgroup };
    let is_around = |row: &Cgroup| {
        row.path().is_some_and(|path| {
            is_within(cgroup, path)
                || is_within(own, path)
                || !cgroup.is_empty() && path.rsplit(|byte| *byte == b'/').next() == Some(cgroup)
        })
    };
    // Version 1 does not count its ends.
    let met_its_end = |row: &Cgroup| row.oom().is_none_or(|count| count > 0);
    let rows = window.cgroups.entities().map(|(_, row, _)| row);
    let limited = rows.filter(|row| is_around(row) && met_its_end(row));
    let limited = limited.filter(|row| row.memory_max_bytes().is_some());
    let nearest = limited.max_by_key(|row| row.path().map_or(0, <[u8]>::len));
    let limit = nearest.and_then(Cgroup::memory_max_bytes);
    limit.or_else(|| window.memory.one().ok().and_then(Memory::total_bytes))
}

fn share_of(bytes: u64, all: Option<u64>) -> f64 {
    let all = all.filter(|all| *all > 0);
    all.map_or(0.0, |all| (bytes as f64 / all as f64).min(1.0))
}

/// Who held most of the memory of the host, or of a control group with a limit, when it was killed
/// for want of it, and so was the cause.
pub(super) fn killed_holders(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let max = if *entity == Entity::Host {
        window.memory.one().ok().and_then(Memory::total_bytes)
    } else {
        let rows = window.cgroups.entities().map(|(_, row, _)| row);
        let mut own = rows.filter(|row| cgroup_entity(row) == *entity);
        own.next().and_then(Cgroup::memory_max_bytes)
    };
    let Some(max) = max.filter(|max| *max > 0) else { return Vec::new() };
    let mut holders = killed(window, entity);
    for holder in &mut holders {
        holder.metric = Metric::MemoryWhenKilled;
        holder.share = (holder.amount / max as f64).min(1.0);
        holder.convicted = holder.share >= CONVICT_SHARE && !window.hides_processes;
    }
    holders.retain(|holder| holder.convicted);
    holders.truncate(1);
    holders
}

/// Names the process in place of its control group, where the group is convicted of growth that a
/// process of it held until it was killed.
pub(super) fn name_killed(window: &Window, blamed: &mut [Culprit]) {
    let Some(first) = blamed.first_mut().filter(|first| first.convicted) else { return };
    if !matches!(first.entity, Entity::Cgroup(..)) || window.hides_processes {
        return;
    }
    let holds = |victim: &Culprit| victim.amount >= CONVICT_SHARE * first.amount;
    if let Some(victim) = killed(window, &first.entity).into_iter().find(holds) {
        (first.entity, first.comm) = (victim.entity, victim.comm);
    }
}

/// Processes by what their system calls met in the last ten seconds, by `metric` in a unit. Only
/// where the limit is each one's own can one of them be convicted.
pub(crate) fn callers(
    window: &Window,
    (metric, unit): (Metric, Unit),
    is_own_limit: bool,
    amount: fn(Calls) -> u64,
) -> Vec<Culprit> {
    let callers = window.sufferers.callers(window.mono());
    let mut callers: Vec<_> = callers
        .map(|(pid, comm, calls)| (amount(calls), pid, comm))
        .filter(|(amount, ..)| *amount > 0)
        .collect();
    callers.sort_by_key(|(amount, pid, _)| (core::cmp::Reverse(*amount), *pid));
    let total: u64 = callers.iter().map(|(amount, ..)| *amount).sum();
    let most = callers.first().map_or(0, |(amount, ..)| *amount) as f64;
    let next = callers.get(1).map_or(0, |(amount, ..)| *amount) as f64;
    let convicts = is_own_limit
        && !window.hides_processes
        && most >= CONVICT_SHARE * total as f64
        && most >= CONVICT_LEAD * next;
    let named = callers.iter().take(NAMED).enumerate().map(|(at, (amount, pid, comm))| Culprit {
        entity: Entity::Process(*pid, window.processes.start_of(*pid).unwrap_or(0)),
        comm: Some(text(comm)),
        metric,
        amount: *amount as f64,
        unit,
        share: *amount as f64 / total as f64,
        convicted: convicts && at == 0,
        resident: false,
        began_ns: None,
        began_before: false,
    });
    named.collect()
}

#[cfg(test)]
mod tests;
