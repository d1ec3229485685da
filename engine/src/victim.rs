//! Who suffers from a condition: control groups that stall, processes that wait, were killed, or
//! whose system calls were slow or refused. What consumes and what suffers need not be the same.

use alloc::vec::Vec;

use crate::culprit::{CONVICT_LEAD, CONVICT_SHARE, NAMED, belongs, entity_of, is_within};
use crate::kind::{Entity, text};
use crate::model::{Cgroup, Memory, Process};
use crate::output::Culprit;
use crate::time::SECOND_NS;
use crate::window::{Calls, Stall, Window};

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
    let named = stalled.iter().take(NAMED).map(|(share, row)| Culprit {
        entity: entity_of(row),
        comm: None,
        metric: "stalled_share_5s",
        amount: *share,
        unit: "ratio",
        share: *share,
        convicted: false,
        resident: false,
        began_ns: None,
        began_before: false,
    });
    named.collect()
}

/// A process of the table, as a victim.
fn sufferer(row: &Process, metric: &'static str, amount: f64, unit: &'static str) -> Culprit {
    Culprit {
        entity: Entity::Process(row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0)),
        comm: row.comm().map(text),
        metric,
        amount,
        unit,
        share: amount,
        convicted: false,
        resident: false,
        began_ns: None,
        began_before: false,
    }
}

/// Processes that slept uninterruptibly at readings of the last five seconds, the most often first.
pub(crate) fn asleep(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let mut asleep = window.sufferers.asleep();
    asleep.sort_by(|one, other| other.1.total_cmp(&one.1));
    let known = asleep.iter().filter_map(|(key, share)| {
        let known = window.processes.find(*key)?;
        belongs(&known.row, entity)
            .then(|| sufferer(&known.row, "blocked_share_5s", *share, "ratio"))
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
    named.map(|(share, row)| sufferer(row, "cpu_wait_share", *share, "ratio")).collect()
}

/// Victims of the OOM killer: of a group those whose group it is, by its path or its last part.
pub(crate) fn killed(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let total = window.memory.one().ok().and_then(Memory::total_bytes).filter(|total| *total > 0);
    let theirs = |cgroup: &[u8]| {
        let Entity::Cgroup(_, path) = entity else { return true };
        is_within(cgroup, path) || path.rsplit(|byte| *byte == b'/').next() == Some(cgroup)
    };
    let kills = window.sufferers.killed().filter(|killed| theirs(&killed.cgroup));
    // Room is left for who stalls now.
    let named = kills.take(NAMED - 1).map(|killed| Culprit {
        entity: Entity::Process(killed.process.0, killed.process.1),
        comm: Some(text(&killed.comm)),
        metric: "oom_killed",
        amount: killed.resident_bytes as f64,
        unit: "bytes",
        share: total.map_or(0.0, |total| killed.resident_bytes as f64 / total as f64),
        convicted: false,
        resident: false,
        began_ns: None,
        began_before: false,
    });
    named.collect()
}

/// Who held most of a control group's memory when it was killed for that, and so was the cause.
pub(crate) fn killed_holders(window: &Window, entity: &Entity) -> Vec<Culprit> {
    let rows = window.cgroups.entities().map(|(_, row, _)| row);
    let mut own = rows.filter(|row| entity_of(row) == *entity);
    let Some(max) = own.next().and_then(Cgroup::memory_max_bytes).filter(|max| *max > 0) else {
        return Vec::new();
    };
    let mut holders = killed(window, entity);
    for holder in &mut holders {
        holder.metric = "resident_when_killed";
        holder.share = (holder.amount / max as f64).min(1.0);
        holder.convicted = holder.share >= CONVICT_SHARE;
    }
    holders.retain(|holder| holder.convicted);
    holders.truncate(1);
    holders
}

/// Processes by what their system calls met in the last ten seconds, by `metric` in a unit. Only
/// where the limit is each one's own can one of them be convicted.
pub(crate) fn callers(
    window: &Window,
    (metric, unit): (&'static str, &'static str),
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
    let convicts =
        is_own_limit && most >= CONVICT_SHARE * total as f64 && most >= CONVICT_LEAD * next;
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
mod tests {
    use super::*;
    use crate::input::HostFacts;
    use crate::model::{
        BlockedTaskCell, CallerCell, CallerName, EventCell, EventName, MemoryCell, ProcessCell,
        ProcessName, ReadTimes, Sample,
    };
    use crate::time::Timestamp;
    use alloc::string::{String, ToString};

    /// A window of 12 s in which `fill` filled each sample beside two processes.
    fn window(fill: impl Fn(u64, &mut Sample)) -> Window {
        let mut window = Window::default();
        window.set_host(HostFacts { user_hz: 100, ..HostFacts::default() });
        for second in 0..12u64 {
            let mut sample = Sample { processes_complete: second == 0, ..Sample::default() };
            for (pid, waits) in [(7u64, SECOND_NS / 2), (8, SECOND_NS / 100)] {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, pid);
                row.set(ProcessCell::start_ticks, 1u64);
                row.set_name(ProcessName::comm, b"worker");
                row.set_name(ProcessName::cgroup, b"/service");
                row.set(ProcessCell::wait_ns, waits * second);
            }
            sample.processes.set_read(ReadTimes::default());
            fill(second, &mut sample);
            window.update(&sample, Timestamp((100 + second) * SECOND_NS));
        }
        window
    }

    fn named(found: &[Culprit]) -> Vec<(String, &'static str, f64)> {
        found.iter().map(|one| (one.entity.to_string(), one.metric, one.share)).collect()
    }

    #[test]
    fn who_waits_for_a_cpu_is_named_with_the_share_of_time() {
        let window = window(|_, _| {});
        let found = waiters(&window, &Entity::Host);
        assert_eq!(named(&found), [("process:7:1".to_string(), "cpu_wait_share", 0.5)]);
        let other = Entity::Cgroup(b"v2".to_vec(), b"/other".to_vec());
        assert!(waiters(&window, &other).is_empty());
    }

    #[test]
    fn one_that_was_just_born_has_no_share_yet() {
        let window = window(|second, sample| {
            if second == 11 {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, 99u64);
                row.set(ProcessCell::start_ticks, 11_050u64);
                row.set(ProcessCell::wait_ns, SECOND_NS / 2);
                sample.processes.sort();
            }
        });
        let found = waiters(&window, &Entity::Host);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn who_sleeps_uninterruptibly_is_named() {
        let window = window(|second, sample| {
            if second >= 9 {
                let row = sample.blocked.push();
                row.set(BlockedTaskCell::pid, 8u64);
                row.set(BlockedTaskCell::start_ticks, 1u64);
            }
            sample.blocked.set_read(ReadTimes::default());
        });
        let found = asleep(&window, &Entity::Host);
        assert_eq!(named(&found), [("process:8:1".to_string(), "blocked_share_5s", 0.5)]);
    }

    #[test]
    fn a_victim_of_the_oom_killer_is_that_of_its_group_and_of_the_host() {
        let window = window(|second, sample| {
            let row = sample.memory.push();
            row.set(MemoryCell::total_bytes, 1000u64);
            sample.memory.set_read(ReadTimes::default());
            if second == 11 {
                let row = sample.bpf_events.push();
                row.set_name(EventName::kind, b"oom_kill");
                row.set_name(EventName::comm, b"hog");
                row.set_name(EventName::cgroup, b"service");
                row.set(EventCell::pid, 9u64);
                row.set(EventCell::start_ns, 20_000_000u64);
                row.set(EventCell::resident_bytes, 250u64);
            }
        });
        let group = |path: &[u8]| Entity::Cgroup(b"memory".to_vec(), path.to_vec());
        for entity in [Entity::Host, group(b"/service")] {
            let found = killed(&window, &entity);
            assert_eq!(named(&found), [("process:9:2".to_string(), "oom_killed", 0.25)]);
        }
        assert!(killed(&window, &group(b"/other")).is_empty());
    }

    #[test]
    fn callers_are_named_by_what_their_calls_met() {
        let window = window(|second, sample| {
            for (pid, slow_ns) in [(7u64, 30u64), (8, 10), (9, 0)] {
                let row = sample.bpf_callers.push();
                row.set(CallerCell::pid, pid);
                row.set_name(CallerName::comm, b"worker");
                row.set(CallerCell::slow_ns, slow_ns * second);
            }
            sample.bpf_callers.set_read(ReadTimes::default());
        });
        let found = callers(&window, ("slow_calls", "ns"), false, |calls| calls.slow_ns);
        let expected = [
            ("process:7:1".to_string(), "slow_calls", 0.75),
            ("process:8:1".to_string(), "slow_calls", 0.25),
        ];
        assert_eq!(named(&found), expected);
        assert!(!found[0].convicted);
        let found = callers(&window, ("slow_calls", "ns"), true, |calls| calls.slow_ns);
        let convicted: Vec<bool> = found.iter().map(|one| one.convicted).collect();
        assert_eq!(convicted, [true, false], "three times the next, where the limit is its own");
    }
}
