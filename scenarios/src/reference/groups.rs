//! Quantities of control groups and processes, and what is told seldom.

use std::collections::BTreeMap;

use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::model::{Cgroup, PortUse, Sample};

use super::{Pair, Quantity, Say, level};

/// Share of stalled time at low (`signals.md`, sections 2, 4 and 9), full of I/O at medium.
const MEMORY_SOME: f64 = 0.05;
const IO: (f64, f64) = (0.10, 0.05);
const CPU_SOME: f64 = 0.10;
/// Throttled share of periods at medium: there is no low one (section 9).
const THROTTLED: f64 = 0.25;
/// Used share of a group's memory at medium (section 2).
const USED: f64 = 0.90;
/// Used share of descriptors and process ids at medium (section 10).
const HANDLES: f64 = 0.80;
/// Major faults a second (section 11).
const MAJOR: f64 = 10.0;

/// Limits that are told when they change.
#[derive(Debug, Default)]
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
    for after in pair.after.cgroups.iter().filter(|row| row.path() != Some(b"/")) {
        if let Some(before) = pair.before.cgroups.find(after) {
            look_at_group(pair, before, after, say);
        }
    }
    for row in pair.after.processes.iter() {
        let (Some(open), Some(most @ 1..)) = (row.open_files(), row.open_files_max()) else {
            continue;
        };
        let entity = Entity::Process(row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0));
        say(Kind::Syscall, entity, level(open as f64 >= HANDLES * most as f64));
    }
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

fn look_at_group(pair: &Pair<'_>, before: &Cgroup, after: &Cgroup, say: &mut Say<'_>) {
    let bytes = |name: Option<&[u8]>| name.unwrap_or_default().to_vec();
    let entity = Entity::Cgroup(bytes(after.hierarchy()), bytes(after.path()));
    let rate = |get: fn(&Cgroup) -> Option<u64>| pair.rate(get(before), get(after));
    let share =
        |get: fn(&Cgroup) -> Option<u64>, limit: f64| rate(get).is_some_and(|us| us / 1e6 >= limit);
    let used = after.memory_max_bytes().zip(after.memory_bytes()).is_some_and(|(max, held)| {
        let held = held.saturating_sub(after.inactive_file_bytes().unwrap_or(0));
        held as f64 >= USED * max as f64
    });
    let memory = if killed(before, after) {
        Quantity::Event
    } else {
        level(used || share(Cgroup::memory_some_total_us, MEMORY_SOME))
    };
    say(Kind::MemoryPressure, entity.clone(), memory);
    let io = share(Cgroup::io_some_total_us, IO.0) || share(Cgroup::io_full_total_us, IO.1);
    say(Kind::IoCongestion, entity.clone(), level(io));
    let throttled = rate(Cgroup::nr_throttled).zip(rate(Cgroup::nr_periods));
    let is_throttled = throttled
        .is_some_and(|(throttled, periods)| periods > 0.0 && throttled >= THROTTLED * periods);
    let waits = share(Cgroup::cpu_some_total_us, CPU_SOME) || is_throttled;
    say(Kind::Scheduler, entity.clone(), level(waits));
    let major = rate(Cgroup::pgmajfault).is_some_and(|rate| rate >= MAJOR);
    say(Kind::PageFault, entity, level(major));
}
