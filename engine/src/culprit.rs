//! Who consumes what a condition is about, and who suffers from it.
//!
//! A candidate is convicted by its own counter over the last ten to twenty seconds: at least 40 %
//! of all that was counted, and at least twice the next (our judgement, `signals.md` section 12).
//! Where no process is convicted a control group may be: many small ones add up in it.

use alloc::vec::Vec;

use crate::kind::{Entity, Kind, text};
use crate::model::{Cgroup, Process};
use crate::output::Culprit;
use crate::victim;
use crate::window::{Consumption, GroupConsumption, Stall, Window};

/// How many are named of each kind.
pub(crate) const NAMED: usize = 3;
const CONVICT_SHARE: f64 = 0.4;
const CONVICT_LEAD: f64 = 2.0;
/// A group within another is named in its place when it holds this share of it (our judgement).
const ENCLOSED_SHARE: f64 = 0.8;
/// Growth below this is not what fills a host's memory.
const GROWTH_FLOOR_BYTES: f64 = 16.0 * 1024.0 * 1024.0;
/// A counter that convicts, of a process and of a control group.
struct Counter {
    metric: &'static str,
    unit: &'static str,
    process: fn(&Consumption, &Process) -> u64,
    group: fn(&GroupConsumption) -> u64,
    group_unit: &'static str,
}

const CPU: Counter = Counter {
    metric: "cpu_time",
    unit: "ticks",
    process: |spent, _| spent.cpu_ticks,
    group: |spent| spent.cpu_us,
    group_unit: "us",
};
const IO: Counter = Counter {
    metric: "io_bytes",
    unit: "bytes",
    process: |spent, _| spent.io_bytes,
    group: |spent| spent.io_bytes,
    group_unit: "bytes",
};
const GROWTH: Counter = Counter {
    metric: "memory_growth",
    unit: "bytes",
    process: |spent, _| spent.memory_bytes,
    group: |spent| spent.memory_bytes,
    group_unit: "bytes",
};
const MAJFLT: Counter = Counter {
    metric: "majflt",
    unit: "faults",
    process: |spent, _| spent.majflt,
    group: |spent| spent.majflt,
    group_unit: "faults",
};
const SWAP: Counter = Counter {
    metric: "swap_growth",
    unit: "bytes",
    process: |spent, _| spent.swap_bytes,
    group: |spent| spent.swap_bytes,
    group_unit: "bytes",
};
const OPEN_FILES: Counter = Counter {
    metric: "open_files",
    unit: "1",
    process: |_, row| row.open_files().unwrap_or(0),
    group: |_| 0,
    group_unit: "1",
};

/// Culprits and victims of a condition.
pub(crate) fn rank(window: &Window, kind: Kind, entity: &Entity) -> (Vec<Culprit>, Vec<Culprit>) {
    match kind {
        Kind::LoadMismatch => (by(window, entity, &CPU), Vec::new()),
        Kind::Scheduler => {
            let groups = victim::groups(window, entity, Stall::CpuSome);
            let waiters = if groups.is_empty() { victim::waiters(window, entity) } else { groups };
            (by(window, entity, &CPU), waiters)
        }
        Kind::IoCongestion => {
            let groups = victim::groups(window, entity, Stall::IoSome);
            let asleep = if groups.is_empty() { victim::asleep(window, entity) } else { groups };
            (by(window, entity, &IO), asleep)
        }
        Kind::BlockDeviceSaturation => (by(window, entity, &IO), Vec::new()),
        Kind::MemoryPressure => {
            let mut culprits = by(window, entity, &GROWTH);
            if culprits.first().is_none_or(|first| first.amount < GROWTH_FLOOR_BYTES) {
                culprits = by(window, entity, &MAJFLT);
            }
            let mut suffer = victim::killed(window, entity);
            suffer.extend(victim::groups(window, entity, Stall::MemorySome));
            suffer.truncate(NAMED);
            (culprits, suffer)
        }
        Kind::SwapThrashing => {
            let growing = by(window, entity, &SWAP);
            let culprits = if growing.is_empty() { by(window, entity, &MAJFLT) } else { growing };
            (culprits, victim::groups(window, entity, Stall::MemorySome))
        }
        Kind::PageFault => (by(window, entity, &MAJFLT), Vec::new()),
        Kind::TcpExhaustion if *entity == Entity::Host => {
            (by(window, entity, &OPEN_FILES), Vec::new())
        }
        Kind::Syscall if matches!(entity, Entity::Filesystem(_)) => {
            (by(window, &Entity::Host, &IO), Vec::new())
        }
        Kind::Syscall => (
            victim::callers(window, "refused_calls", "1", |calls| calls.refused),
            victim::callers(window, "slow_calls", "ns", |calls| calls.slow_ns),
        ),
        Kind::NetworkDegradation | Kind::TcpExhaustion => Default::default(),
    }
}

/// Processes that belong to the entity, most of `counter` first; before them the control group
/// that is convicted where none of them is.
fn by(window: &Window, entity: &Entity, counter: &Counter) -> Vec<Culprit> {
    let mut named = processes(window, entity, counter);
    if named.first().is_none_or(|first| !first.convicted)
        && *entity == Entity::Host
        && let Some(group) = group(window, counter)
    {
        named.insert(0, group);
        named.truncate(NAMED);
    }
    named
}

fn processes(window: &Window, entity: &Entity, counter: &Counter) -> Vec<Culprit> {
    let Some(at) = window.processes.at() else { return Vec::new() };
    let mut candidates: Vec<(u64, &Process)> = window
        .processes
        .iter()
        .filter(|known| belongs(&known.row, entity))
        .map(|known| ((counter.process)(&known.consumption(at), &known.row), &known.row))
        .filter(|(amount, row)| *amount > 0 && row.pid() != Some(window.host().recorder_pid))
        .collect();
    candidates.sort_by_key(|(amount, row)| (core::cmp::Reverse(*amount), row.pid()));
    let total: u64 = candidates.iter().map(|(amount, _)| *amount).sum();
    let next = candidates.get(1).map_or(0, |(amount, _)| *amount);
    let named = candidates.iter().take(NAMED).enumerate();
    let named = named.map(|(place, (amount, row))| Culprit {
        entity: Entity::Process(row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0)),
        comm: row.comm().map(text),
        metric: counter.metric,
        amount: *amount as f64,
        unit: counter.unit,
        share: *amount as f64 / total as f64,
        convicted: place == 0 && convicts(*amount, next, total),
    });
    named.collect()
}

fn convicts(amount: u64, next: u64, total: u64) -> bool {
    amount as f64 >= CONVICT_SHARE * total as f64 && amount as f64 >= CONVICT_LEAD * next as f64
}

/// The control group that is convicted, if any: of the outermost ones the one that consumed most,
/// or the innermost one in it that holds nearly all of its share.
fn group(window: &Window, counter: &Counter) -> Option<Culprit> {
    let groups: Vec<(u64, &Cgroup)> = window
        .cgroups
        .entities()
        .map(|(_, row, track)| ((counter.group)(&track.consumption(row)), row))
        .filter(|(amount, row)| *amount > 0 && row.path() != Some(b"/"))
        .collect();
    let most_within = |parent: Option<&Cgroup>| {
        let mut children = groups.iter().filter(|(_, row)| is_child(row, parent));
        let first = *children.next()?;
        let (mut most, mut next, mut total) = (first, 0, first.0);
        for child in children {
            total += child.0;
            if child.0 > most.0 {
                next = most.0;
                most = *child;
            } else {
                next = next.max(child.0);
            }
        }
        Some((most, next, total))
    };
    let ((mut amount, mut row), next, total) = most_within(None)?;
    if !convicts(amount, next, total) {
        return None;
    }
    while let Some(((inner, inner_row), ..)) = most_within(Some(row))
        && inner as f64 >= ENCLOSED_SHARE * amount as f64
    {
        (amount, row) = (inner, inner_row);
    }
    Some(Culprit {
        entity: entity_of(row),
        comm: None,
        metric: counter.metric,
        amount: amount as f64,
        unit: counter.group_unit,
        share: amount as f64 / total as f64,
        convicted: true,
    })
}

/// Whether a group is directly below `parent`, or below the root where there is none.
fn is_child(row: &Cgroup, parent: Option<&Cgroup>) -> bool {
    let above = parent.and_then(Cgroup::path).unwrap_or_default();
    let same = parent.is_none_or(|parent| parent.hierarchy() == row.hierarchy());
    let rest = row.path().and_then(|path| path.strip_prefix(above)?.strip_prefix(b"/"));
    same && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(&b'/'))
}

pub(crate) fn entity_of(row: &Cgroup) -> Entity {
    let bytes = |name: Option<&[u8]>| name.unwrap_or_default().to_vec();
    Entity::Cgroup(bytes(row.hierarchy()), bytes(row.path()))
}

pub(crate) fn belongs(row: &Process, entity: &Entity) -> bool {
    match entity {
        Entity::Cgroup(_, path) => row.cgroup().is_some_and(|own| is_within(own, path)),
        Entity::Host
        | Entity::Disk(_)
        | Entity::Nic(_)
        | Entity::NicOf(..)
        | Entity::Filesystem(_)
        | Entity::Netns(_)
        | Entity::Process(..) => true,
    }
}

pub(crate) fn is_within(path: &[u8], group: &[u8]) -> bool {
    let rest = path.strip_prefix(group);
    rest.is_some_and(|rest| rest.is_empty() || group == b"/" || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CgroupCell, CgroupName, ProcessCell, ProcessName, ReadTimes, Sample};
    use crate::time::{SECOND_NS, Timestamp};
    use alloc::string::{String, ToString};

    /// A window in which each process (pid, group, ticks a second) and group (path, us a second)
    /// worked for 15 s.
    fn window(processes: &[(u64, &str, u64)], groups: &[(&str, u64)]) -> Window {
        let mut window = Window::default();
        for second in 0..=15 {
            let mut sample = Sample { processes_complete: second == 0, ..Sample::default() };
            for (pid, group, ticks) in processes {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, *pid);
                row.set(ProcessCell::start_ticks, 1u64);
                row.set_name(ProcessName::cgroup, group.as_bytes());
                row.set(ProcessCell::utime_ticks, 1000 + ticks * second);
            }
            for (path, us) in groups {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path.as_bytes());
                row.set(CgroupCell::inode, 1u64);
                row.set(CgroupCell::cpu_usage_us, 1000 + us * second);
            }
            sample.cgroups.sort();
            sample.processes.set_read(ReadTimes::default());
            sample.cgroups.set_read(ReadTimes::default());
            window.update(&sample, Timestamp((100 + second) * SECOND_NS));
        }
        window
    }

    fn culprits(window: &Window, entity: &Entity) -> Vec<(String, bool)> {
        let (culprits, _) = rank(window, Kind::LoadMismatch, entity);
        culprits.iter().map(|culprit| (culprit.entity.to_string(), culprit.convicted)).collect()
    }

    #[test]
    fn two_fifths_and_twice_the_next_convict() {
        let first = |rates: &[u64]| {
            let rows: Vec<_> =
                rates.iter().enumerate().map(|(at, rate)| (at as u64 + 1, "/", *rate)).collect();
            culprits(&window(&rows, &[]), &Entity::Host).first().map(|first| first.1)
        };
        assert_eq!(first(&[40, 20, 20, 20]), Some(true));
        assert_eq!(first(&[39, 19, 21, 21]), Some(false), "less than two fifths");
        assert_eq!(first(&[50, 26, 24]), Some(false), "less than twice the next");
        assert_eq!(first(&[0]), None);
    }

    #[test]
    fn many_small_ones_are_convicted_as_their_innermost_group() {
        let processes = [(1, "/a/b", 10), (2, "/a/b", 10), (3, "/a/b", 10), (4, "/c", 10)];
        let groups = [("/", 400), ("/a", 310), ("/a/b", 300), ("/a/d", 10), ("/c", 100)];
        let found = culprits(&window(&processes, &groups), &Entity::Host);
        assert_eq!(found[0], ("cgroup:/a/b".to_string(), true));
        assert!(found.len() == 3 && !found[1].1);
        let even = [("/a", 310), ("/a/b", 200), ("/a/d", 110)];
        let found = culprits(&window(&processes, &even), &Entity::Host);
        assert_eq!(found[0], ("cgroup:/a".to_string(), true), "no group in it holds four fifths");
    }

    #[test]
    fn a_group_names_its_own_processes_only() {
        let processes = [(1, "/a", 10), (2, "/ab", 90), (3, "/a/b", 5)];
        let entity = Entity::Cgroup(b"v2".to_vec(), b"/a".to_vec());
        let found = culprits(&window(&processes, &[]), &entity);
        let named = [("process:1:1".to_string(), true), ("process:3:1".to_string(), false)];
        assert_eq!(found, named);
    }
}
