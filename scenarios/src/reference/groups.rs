//! Quantities of control groups and processes, and what is told seldom.

use std::collections::BTreeMap;

use ks_vocabulary::held;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::model::{Cgroup, PortUse, Pressure, Sample};

use super::limits::{IO_FULL, IO_SOME, MEMORY_FULL, MEMORY_SOME};
use super::memory::{self, Use, killed};
use super::paging;
use super::tracers::cpu_stalls;
use super::{NONE, Pair, Quantity, Say, disks};

/// Throttled share of periods: there is no low one (`signals.md`, section 9).
const THROTTLED: [f64; 4] = [NONE, 0.25, 0.50, NONE];
/// Seconds of its CPUs that a group loses in one at least.
const LOST: [f64; 4] = [NONE, 0.10, 0.25, NONE];
/// Bytes a second that a group without room sends to swap.
const SPILL: f64 = 5.0 * 4096.0;
/// Share of its limit that a group near it holds, and of the host's stalls that make them its own.
const NEAR: f64 = 0.8;
const ALL_STALLS: f64 = 0.8;
/// Used share of descriptors and process ids (section 10).
const HANDLES: [f64; 4] = [NONE, 0.80, 0.90, 0.95];

/// Limits that are told when they change.
#[derive(Debug, Clone, Default)]
pub(super) struct Configured {
    ports: Option<u64>,
    /// Most local ports towards one destination when sockets were last listed, by namespace.
    used: BTreeMap<u64, u64>,
}

impl Configured {
    pub(super) fn take(&mut self, sample: &Sample) {
        if let Some(row) = sample.limits.first()
            && let (Some(first), Some(last)) = (row.local_port_first(), row.local_port_last())
        {
            self.ports = Some(last.saturating_sub(first) + 1);
        }
        // Sockets are listed at some ticks only, and then counted by state too.
        for row in sample.netns.iter().filter(|row| row.listen().is_some()) {
            let own = sample.ports.iter().filter(|port| port.netns() == row.netns());
            let most = own.filter_map(PortUse::local_ports).max().unwrap_or(0);
            self.used.insert(row.netns().unwrap_or(0), most);
        }
    }

    /// Most local ports that a network namespace uses towards one destination.
    pub(super) fn used(&self, netns: u64) -> Option<u64> {
        self.used.get(&netns).copied()
    }

    /// Local ports that may be used.
    pub(super) fn ports(&self) -> Option<u64> {
        self.ports
    }
}

pub(super) fn look(pair: &Pair<'_>, say: &mut Say<'_>) {
    let (limited, left) = (limited(pair), memory::left(pair));
    for after in pair.after.cgroups.iter().filter(|row| row.path() != Some(b"/")) {
        if let Some(before) = pair.before.cgroups.find(after) {
            let is_limited = limited.as_ref() == Some(&cgroup_entity(after));
            look_at_group(pair, (before, after), is_limited, say);
        }
    }
    // It is told of around it, or on the host, and its own.
    if let Some(left) = left.filter(|left| paging::has_killed(pair) || is_told_around(pair, left)) {
        say(Kind::MemoryPressure, cgroup_entity(left), Quantity::event(Severity::Critical));
    }
    for row in pair.after.processes.iter() {
        let (Some(open), Some(most @ 1..)) = (row.open_files(), row.open_files_max()) else {
            continue;
        };
        let entity = Entity::Process(row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0));
        let used = Some(open as f64 / most as f64);
        say(Kind::Syscall, entity, Quantity::of(used, HANDLES));
    }
}

/// The group of version 1 that met its limit most often on a host that stalls and is not short: it
/// has no stall shares, and the host's are its own.
fn limited(pair: &Pair<'_>) -> Option<Entity> {
    let met = |after: &Cgroup| {
        let before = pair.before.cgroups.find(after)?.memory_fail()?;
        after.memory_fail()?.checked_sub(before).filter(|met| *met > 0)
    };
    let without = pair.after.cgroups.iter().filter(|row| row.memory_some_total_us().is_none());
    let most = without.filter_map(|row| Some((met(row)?, row))).max_by_key(|(met, _)| *met);
    most.filter(|_| !paging::makes_room(pair)).map(|(_, row)| cgroup_entity(row))
}

/// Whether groups above one that is gone tell of a kill.
fn is_told_around(pair: &Pair<'_>, left: &Cgroup) -> bool {
    pair.after.cgroups.iter().any(|after| {
        let before = pair.before.cgroups.find(after);
        memory::is_above(after, left) && before.is_some_and(|before| killed(before, after))
    })
}

/// Whether a group at its limit stalls as long as the host does, which has memory left or is known
/// to make no room.
pub(super) fn explain(pair: &Pair<'_>) -> bool {
    let Some(all) = paging::stalled(pair, Pressure::memory_some_total_us).filter(|all| *all > 0.0)
    else {
        return false;
    };
    let stalls_as_long = |after: &Cgroup| {
        let before = pair.before.cgroups.find(after)?;
        let own = pair.rate(before.memory_some_total_us(), after.memory_some_total_us())?;
        let limit = after.memory_max_bytes().into_iter().chain(after.memory_high_bytes()).min()?;
        let is_near = after.memory_bytes()? as f64 >= NEAR * limit as f64
            || after.memory_fail() > before.memory_fail();
        Some(is_near && own / 1e6 >= ALL_STALLS * all)
    };
    let groups = pair.after.cgroups.iter().filter(|row| row.path() != Some(b"/"));
    limited(pair).is_some() || groups.into_iter().any(|row| stalls_as_long(row) == Some(true))
}

fn look_at_group(
    pair: &Pair<'_>,
    (before, after): (&Cgroup, &Cgroup),
    is_limited: bool,
    say: &mut Say<'_>,
) {
    let entity = cgroup_entity(after);
    let rate = |get: fn(&Cgroup) -> Option<u64>| pair.rate(get(before), get(after));
    let share = |get: fn(&Cgroup) -> Option<u64>| rate(get).map(|us| us / 1e6);
    let some = share(Cgroup::memory_some_total_us);
    let of_host = |get| paging::stalled(pair, get);
    let full = share(Cgroup::memory_full_total_us);
    let mut memory = if is_limited {
        Quantity::of(of_host(Pressure::memory_some_total_us), MEMORY_SOME)
            .or(Quantity::of(of_host(Pressure::memory_full_total_us), MEMORY_FULL))
    } else {
        Quantity::of(some, MEMORY_SOME).or(Quantity::of(full, MEMORY_FULL))
    };
    // A level that falls has no rate.
    let spilt = rate(Cgroup::swap_bytes).unwrap_or(0.0);
    let overflows = spilt >= SPILL || rate(Cgroup::oom).is_some_and(|rate| rate > 0.0);
    if let Some(held) = use_of(pair, after, rate(Cgroup::memory_fail), some, overflows) {
        memory = memory.or(held.exhausted());
    }
    let is_gone = || memory::left(pair).is_some_and(|left| memory::is_above(after, left));
    if killed(before, after) && !is_gone() {
        memory = memory.or(Quantity::event(Severity::Critical));
    }
    say(Kind::MemoryPressure, entity.clone(), memory);
    let io = Quantity::of(share(Cgroup::io_some_total_us), IO_SOME)
        .or(Quantity::of(share(Cgroup::io_full_total_us), IO_FULL));
    // Who sleeps of the group is not known from every sample.
    let io = if disks::serve_in_time(pair) { io.sure_to(Severity::Low) } else { io };
    say(Kind::IoCongestion, entity.clone(), io);
    let periods = rate(Cgroup::nr_periods).filter(|periods| *periods > 0.0);
    let throttled = rate(Cgroup::nr_throttled).zip(periods).map(|(some, all)| some / all);
    // What each CPU was throttled for is added up.
    let period_s = after.cpu_period_us().map_or(0.1, |us| us as f64 / 1e6);
    let at_once = rate(Cgroup::nr_throttled).map(|periods| periods * period_s);
    let lost = share(Cgroup::throttled_us).map(|lost| at_once.map_or(lost, |most| lost.min(most)));
    let costs = LOST.map(|least| lost.is_none_or(|lost| lost >= least));
    let limits = core::array::from_fn(|at| if costs[at] { THROTTLED[at] } else { NONE });
    let waits =
        cpu_stalls(pair, share(Cgroup::cpu_some_total_us)).or(Quantity::of(throttled, limits));
    say(Kind::Scheduler, entity.clone(), waits);
    let own = (rate(Cgroup::refault), some);
    let major = rate(Cgroup::pgmajfault);
    let bound = if some.is_some() { None } else { memory::bound(pair, major) };
    // Groups of version 1 have no stall shares: those of the host speak for them.
    let stalls = (
        some.or_else(|| of_host(Pressure::memory_some_total_us)),
        share(Cgroup::io_some_total_us).or_else(|| of_host(Pressure::io_some_total_us)),
    );
    say(Kind::PageFault, entity, memory::faults(major, own, stalls, (bound, false)));
}

/// What a group uses of its own limit; without one there is no share.
fn use_of(
    pair: &Pair<'_>,
    row: &Cgroup,
    met: Option<f64>,
    some: Option<f64>,
    overflows: bool,
) -> Option<Use> {
    let max = row.memory_max_bytes().filter(|max| *max > 0)?;
    let held = held::held_bytes(row)?;
    let swap_free = match row.swap_max_bytes() {
        Some(0) => None,
        Some(most) => Some(1.0 - row.swap_bytes().unwrap_or(0) as f64 / most as f64),
        None => pair.after.memory.first().and_then(memory::swap_free),
    };
    let reclaims = met.is_some_and(|rate| rate > 0.0);
    // With stalls of its own those decide; without, it waits where it meets its limit.
    let waits = met.filter(|_| some.is_none()).map(|rate| rate > 0.0);
    // Groups of version 1 have no stall shares: those of the host speak for them.
    let some = some.or_else(|| paging::stalled(pair, Pressure::memory_some_total_us));
    let used = held as f64 / max as f64;
    let is_held = row.active_file_bytes().is_some();
    Some(Use { used, swap_free, reclaims, some, waits, is_held, overflows })
}
