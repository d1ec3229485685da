//! Victims by what they met.

use super::*;
use alloc::string::{String, ToString};
use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{
    BlockedTaskCell, CallerCell, CallerName, CgroupCell, CgroupName, EventCell, EventName,
    MemoryCell, ProcessCell, ProcessName, ReadTimes, Sample,
};
use ks_vocabulary::time::Timestamp;

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

fn named(found: &[Culprit]) -> Vec<(String, Metric, f64)> {
    found.iter().map(|one| (one.entity.to_string(), one.metric, one.share)).collect()
}

#[test]
fn who_waits_for_a_cpu_is_named_with_the_share_of_time() {
    let window = window(|_, _| {});
    let found = waiters(&window, &Entity::Host);
    assert_eq!(named(&found), [("process:7:1".to_string(), Metric::CpuWaitShare, 0.5)]);
    let other = Entity::Cgroup(Group::at(b"/other"));
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
    assert_eq!(named(&found), [("process:8:1".to_string(), Metric::BlockedShare5s, 0.5)]);
}

/// A window of a host of 1000 bytes at whose end a process that held so many was killed.
fn with_kill(cgroup: &'static [u8], resident_bytes: u64) -> Window {
    window(move |second, sample| {
        let row = sample.memory.push();
        row.set(MemoryCell::total_bytes, 1000u64);
        sample.memory.set_read(ReadTimes::default());
        if second == 11 {
            let row = sample.bpf_events.push();
            row.set_name(EventName::kind, b"oom_kill");
            row.set_name(EventName::comm, b"hog");
            row.set_name(EventName::cgroup, cgroup);
            row.set(EventCell::pid, 9u64);
            row.set(EventCell::start_ns, 20_000_000u64);
            row.set(EventCell::resident_bytes, resident_bytes);
        }
    })
}

#[test]
fn a_victim_of_the_oom_killer_is_that_of_its_group_and_of_the_host() {
    let window = with_kill(b"service", 250);
    let group = |path: &[u8]| Entity::Cgroup(Group::at(path));
    for entity in [Entity::Host, group(b"/service")] {
        let found = killed(&window, &entity);
        assert_eq!(named(&found), [("process:9:2".to_string(), Metric::OomKilled, 0.25)]);
    }
    assert!(killed(&window, &group(b"/other")).is_empty());
}

#[test]
fn a_kill_at_the_limit_of_a_group_is_a_share_of_that_limit() {
    let killed_share = |oom: Option<u64>, entity: &Entity| {
        let window = window(move |second, sample| {
            sample.memory.push().set(MemoryCell::total_bytes, 1_000_000u64);
            sample.memory.set_read(ReadTimes::default());
            for (path, max) in [(&b"/a"[..], 2000u64), (b"/a/service", 500), (b"/b", 10)] {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path);
                row.set(CgroupCell::inode, max);
                row.set(CgroupCell::memory_max_bytes, max);
                row.set_some(CgroupCell::oom, oom);
            }
            sample.cgroups.set_read(ReadTimes::default());
            if second == 11 {
                let row = sample.bpf_events.push();
                row.set_name(EventName::kind, b"oom_kill");
                row.set_name(EventName::comm, b"hog");
                row.set_name(EventName::cgroup, b"service");
                row.set(EventCell::pid, 9u64);
                row.set(EventCell::start_ns, 20_000_000u64);
                row.set(EventCell::resident_bytes, 400u64);
            }
        });
        killed(&window, entity)[0].share
    };
    let own = Entity::Cgroup(Group::at(b"/a/service"));
    for entity in [Entity::Host, own] {
        assert!((killed_share(Some(1), &entity) - 0.8).abs() < 1e-9, "{entity}");
        assert!((killed_share(None, &entity) - 0.8).abs() < 1e-9, "{entity}");
        assert!((killed_share(Some(0), &entity) - 0.0004).abs() < 1e-9, "the host's own end");
    }
}

#[test]
fn who_held_most_when_it_was_killed_is_to_blame_for_the_host_and_in_place_of_its_group() {
    let held = killed_holders(&with_kill(b"/a/service", 400), &Entity::Host);
    assert_eq!(named(&held), [("process:9:2".to_string(), Metric::MemoryWhenKilled, 0.4)]);
    assert!(held[0].convicted);
    assert!(killed_holders(&with_kill(b"/a/service", 399), &Entity::Host).is_empty());

    let group = |path: &[u8], amount: f64, convicted| Culprit {
        entity: Entity::Cgroup(Group::at(path)),
        comm: None,
        metric: Metric::MemoryGrowth,
        amount,
        unit: Unit::Bytes,
        share: 0.9,
        convicted,
        resident: false,
        began_ns: None,
        began_before: false,
    };
    let cases = [
        (group(b"/a", 1000.0, true), "process:9:2"),
        (group(b"/a", 1001.0, true), "cgroup:/a"),
        (group(b"/b", 100.0, true), "cgroup:/b"),
        (group(b"/a", 1000.0, false), "cgroup:/a"),
    ];
    for (first, expected) in cases {
        let mut blamed = [first];
        name_killed(&with_kill(b"/a/service", 400), &mut blamed);
        assert_eq!(blamed[0].entity.to_string(), expected);
        assert!((blamed[0].share - 0.9).abs() < 1e-9, "its share of the growth stays");
    }
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
    let found =
        callers(&window, (Metric::SlowCalls, Unit::Nanoseconds), false, |calls| calls.slow_ns);
    let expected = [
        ("process:7:1".to_string(), Metric::SlowCalls, 0.75),
        ("process:8:1".to_string(), Metric::SlowCalls, 0.25),
    ];
    assert_eq!(named(&found), expected);
    assert!(!found[0].convicted);
    let found =
        callers(&window, (Metric::SlowCalls, Unit::Nanoseconds), true, |calls| calls.slow_ns);
    let convicted: Vec<bool> = found.iter().map(|one| one.convicted).collect();
    assert_eq!(convicted, [true, false], "three times the next, where the limit is its own");
}
