//! Tasks that hang, with stalls or without.

use super::*;

#[test]
fn tasks_that_no_reading_meets_awake_are_stuck() {
    // How many of 8 CPUs, with which load, and whether they wake now and then.
    let table = [
        (1u64, 60.0, false, None),
        (2, 60.0, false, Some(Low)),
        (3, 60.0, false, Some(Low)),
        (4, 60.0, false, Some(Medium)),
        (15, 60.0, false, Some(Medium)),
        (16, 60.0, false, Some(High)),
        (16, 4.9, false, Some(High)),
        // Those of a frozen group are no load.
        (16, 4.7, false, Some(Low)),
        (60, 60.0, true, None),
    ];
    for (tasks, load1, wakes, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, second| {
            host.fill(sample, 0.0, 0.0);
            if sample.cpu.as_slice().is_empty() {
                sample.cpu.push();
            }
            sample.cpu.as_mut_slice()[0].set(CpuCell::cpus_online, 8u64);
            sample.load.push().set(LoadCell::load1, load1);
            put_to_sleep(sample, if wakes && second % 20 == 0 { 0 } else { tasks });
        });
        assert_eq!(lab.severity(IoCongestion, HOST), expected, "{tasks} {load1} {wakes}");
        let subtype = expected.map(|_| Subtype::Blocked);
        assert_eq!(lab.subtype(IoCongestion, HOST), subtype);
    }
}

#[test]
fn where_threads_are_not_read_the_load_and_the_groups_own_bytes_tell() {
    // The load of a host of 8 idle CPUs, what the group moves a second, and what holds of each.
    let table = [
        (0.4, Some(0), Some(Low), Some(Low)),
        (14.6, Some(4096), Some(Critical), Some(Critical)),
        (14.6, None, Some(Critical), Some(Critical)),
    ];
    for (load1, moves, of_host, of_group) in table {
        let (mut lab, mut host, mut group) = (Lab::new(), Host::default(), Host::default());
        let mut idle = Meter::default();
        lab.run(40, |sample, second| {
            host.fill(sample, 0.95, 0.9);
            group.fill_group(sample, 0.95, 0.9);
            if let Some(moves) = moves {
                sample.cgroups.as_mut_slice()[0].set(CgroupCell::io_read_bytes, moves * second);
            }
            let row = sample.cpu.push();
            row.set(CpuCell::procs_running, 1u64);
            row.set(CpuCell::idle_ticks, idle.add(800.0));
            row.set(CpuCell::system_ticks, 0u64);
            sample.load.push().set(LoadCell::load1, load1);
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::queue_ms, 0u64);
            row.set(DiskCell::in_flight, 0u64);
            // Of the processes only one that leads others is read, and it is awake.
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 7u64);
            row.set_name(ProcessName::cgroup, b"/job");
            sample.blocked.set_read(ReadTimes::default());
            sample.processes.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(IoCongestion, HOST), of_host, "{load1} {moves:?}");
        assert_eq!(lab.severity(IoCongestion, "cgroup:/job"), of_group, "{load1} {moves:?}");
    }
}

#[test]
fn where_threads_are_not_read_a_load_that_nobody_explains_is_of_tasks_that_hang() {
    // The load of 8 CPUs, their busy share, tasks met asleep, requests in flight.
    let table = [
        (4.9, 0.02, 0u64, 0u64, None),
        (5.1, 0.02, 0, 0, Some(Low)),
        (16.9, 0.02, 0, 0, Some(Low)),
        (60.0, 0.02, 0, 0, Some(Medium)),
        (60.0, 0.9, 0, 0, None),
        (60.0, 0.02, 0, 58, None),
        (16.9, 0.02, 12, 0, Some(Medium)),
    ];
    for (load1, busy, asleep, in_flight, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let (mut idle, mut system) = (Meter::default(), Meter::default());
        lab.run(40, |sample, _| {
            host.fill(sample, 0.0, 0.0);
            let row = sample.cpu.push();
            row.set(CpuCell::cpus_online, 8u64);
            row.set(CpuCell::procs_running, 1u64);
            row.set(CpuCell::idle_ticks, idle.add(800.0 * (1.0 - busy)));
            row.set(CpuCell::system_ticks, system.add(800.0 * busy));
            sample.load.push().set(LoadCell::load1, load1);
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::in_flight, in_flight);
            put_to_sleep(sample, asleep);
        });
        let of = lab.severity(IoCongestion, HOST);
        assert_eq!(of, expected, "{load1} {busy} {asleep} {in_flight}");
    }
}

#[test]
fn threads_of_the_kernel_that_are_stuck_are_low() {
    for (parent, expected) in [(2u64, Some(Low)), (1, Some(High))] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, _| {
            host.fill(sample, 0.0, 0.0);
            let row = sample.cpu.push();
            row.set(CpuCell::cpus_online, 8u64);
            sample.load.push().set(LoadCell::load1, 16.0);
            put_to_sleep(sample, 16);
            for pid in 100..116u64 {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, pid);
                row.set(ProcessCell::start_ticks, 5u64);
                row.set(ProcessCell::ppid, parent);
            }
            sample.processes.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(IoCongestion, HOST), expected, "children of {parent}");
    }
}

#[test]
fn tasks_that_the_kernel_finds_hung_are_medium_though_nobody_stalls() {
    for (hung, expected) in [(0, None), (1, Some(Medium)), (60, Some(Medium))] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(20, |sample, second| {
            host.fill(sample, 0.0, 0.0);
            sample.vm.push().set(VmCell::hung_tasks, if second < 10 { 4u64 } else { 4 + hung });
        });
        assert_eq!(lab.severity(IoCongestion, HOST), expected, "{hung}");
        assert_eq!(lab.subtype(IoCongestion, HOST), expected.map(|_| Subtype::Blocked));
    }
}
