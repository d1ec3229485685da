//! Every limit of `io_congestion`, from just below and from just above.

use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::IoCongestion;
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    BlockedTaskCell, CgroupCell, CgroupName, CpuCell, DiskCell, DiskName, LoadCell, MemoryCell,
    PressureCell, ProcessCell, ProcessName, ReadTimes, Record as _, Sample, VmCell,
};
use ks_vocabulary::subtype::Subtype;

const HOST: &str = "host";

#[derive(Default)]
struct Host {
    some_us: Meter,
    full_us: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, some: f64, full: f64) {
        let row = sample.pressure.push();
        row.set(PressureCell::io_some_total_us, self.some_us.add(some * 1e6));
        row.set(PressureCell::io_full_total_us, self.full_us.add(full * 1e6));
    }

    fn fill_group(&mut self, sample: &mut Sample, some: f64, full: f64) {
        let row = sample.cgroups.push();
        row.set_name(CgroupName::hierarchy, b"v2");
        row.set_name(CgroupName::path, b"/job");
        row.set(CgroupCell::inode, 1u64);
        row.set(CgroupCell::io_some_total_us, self.some_us.add(some * 1e6));
        row.set(CgroupCell::io_full_total_us, self.full_us.add(full * 1e6));
    }
}

/// So many tasks that are met in uninterruptible sleep.
fn put_to_sleep(sample: &mut Sample, tasks: u64) {
    for pid in 100..100 + tasks {
        let row = sample.blocked.push();
        row.set(BlockedTaskCell::pid, pid);
        row.set(BlockedTaskCell::start_ticks, 5u64);
    }
    sample.blocked.set_read(ReadTimes::default());
}

const TABLE: [(f64, f64, Option<ks_vocabulary::kind::Severity>); 9] = [
    (0.099, 0.0, None),
    (0.101, 0.0, Some(Low)),
    (0.9, 0.049, Some(Low)),
    (0.9, 0.051, Some(Medium)),
    (0.051, 0.051, Some(Medium)),
    (0.9, 0.199, Some(Medium)),
    (0.9, 0.201, Some(High)),
    (0.9, 0.499, Some(High)),
    (0.9, 0.501, Some(Critical)),
];

#[test]
fn each_limit_of_the_host_and_of_a_group_from_below_and_above() {
    for (some, full, expected) in TABLE {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| host.fill(sample, some, full));
        assert_eq!(lab.severity(IoCongestion, HOST), expected, "{some} {full}");
        let told = "ok: without control groups: not in the recording";
        assert_eq!(lab.coverage(IoCongestion), told);
        let (mut lab, mut host, mut group) = (Lab::new(), Host::default(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, 0.0, 0.0);
            group.fill_group(sample, some, full);
        });
        assert_eq!(lab.severity(IoCongestion, "cgroup:/job"), expected, "{some} {full}");
        assert_eq!(lab.severity(IoCongestion, HOST), None);
        assert_eq!(lab.coverage(IoCongestion), "ok");
    }
}

#[test]
fn it_is_raised_within_a_second_of_a_step_and_clears_a_minute_after_it() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, 0.0, 0.0));
    let step = lab.second();
    lab.run(20, |sample, _| host.fill(sample, 0.9, 0.0));
    assert_eq!(lab.raised_at(IoCongestion, HOST), Some(step + 1));
    let end = lab.second();
    lab.run(90, |sample, _| host.fill(sample, 0.079, 0.0));
    assert_eq!(lab.cleared_at(IoCongestion, HOST), Some(end + 4 + 60));
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, 0.12, 0.0));
    lab.run(200, |sample, _| host.fill(sample, 0.081, 0.0));
    assert_eq!(lab.severity(IoCongestion, HOST), Some(Low));
}

/// Shares of the last ten seconds in which everybody waits, and the worst that is said in them.
const STALLS: [([f64; 10], Option<ks_vocabulary::kind::Severity>); 7] = [
    ([0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], None),
    // One of less than a second is in two readings at most.
    ([0.45, 0.45, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], Some(Low)),
    ([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], Some(Low)),
    ([0.0, 0.15, 0.0, 0.0, 0.15, 0.0, 0.0, 0.0, 0.15, 0.0], Some(Medium)),
    ([0.0, 0.25, 0.0, 0.0, 0.04, 0.0, 0.0, 0.0, 0.25, 0.0], None),
    ([0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], Some(Medium)),
    ([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], Some(High)),
];

#[test]
fn one_stall_is_low_and_one_that_goes_on_or_comes_back_is_more() {
    for (shares, expected) in STALLS {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let mut worst = None;
        lab.run(20, |sample, _| host.fill(sample, 0.0, 0.0));
        for share in shares {
            lab.run(1, |sample, _| host.fill(sample, share, share));
            worst = worst.max(lab.severity(IoCongestion, HOST));
        }
        assert_eq!(worst, expected, "{shares:?}");
    }
}

#[test]
fn where_readings_are_rare_two_of_them_tell() {
    for (shares, expected) in [
        ([0.0, 0.15, 0.0], Some(Low)),
        ([0.0, 0.15, 0.15], Some(Medium)),
        ([0.15, 0.0, 0.0], Some(Low)),
    ] {
        let (mut lab, mut host) = (Lab::every(60), Host::default());
        let mut worst = None;
        lab.run(5, |sample, _| host.fill(sample, 0.0, 0.0));
        for share in shares {
            lab.run(1, |sample, _| host.fill(sample, share * 200.0, share * 60.0));
            worst = worst.max(lab.severity(IoCongestion, HOST));
        }
        assert_eq!(worst, expected, "{shares:?}");
    }
}

/// Requests in flight by the time they took and at the reading, tasks that sleep, and what holds.
const SECOND: [(f64, u64, Option<u64>, Option<ks_vocabulary::kind::Severity>); 6] = [
    (0.0, 0, Some(0), Some(Low)),
    (0.44, 0, Some(0), Some(Low)),
    (0.46, 0, Some(0), Some(Critical)),
    (0.0, 1, Some(0), Some(Critical)),
    (0.0, 0, Some(1), Some(Critical)),
    // Who sleeps is not known.
    (0.0, 0, None, Some(Critical)),
];

#[test]
fn a_stall_that_neither_disks_nor_sleeping_tasks_know_of_is_low() {
    for (queue, in_flight, asleep, expected) in SECOND {
        let (mut lab, mut host, mut group) = (Lab::new(), Host::default(), Host::default());
        let mut queued = Meter::default();
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.9);
            group.fill_group(sample, 0.9, 0.9);
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            for cell in [DiskCell::reads, DiskCell::writes, DiskCell::read_ms, DiskCell::write_ms] {
                row.set(cell, 0u64);
            }
            row.set(DiskCell::io_ms, 0u64);
            row.set(DiskCell::queue_ms, queued.add(queue * 1000.0));
            row.set(DiskCell::in_flight, in_flight);
            let Some(asleep) = asleep else { return };
            // What walks threads tells how long they waited.
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 1u64);
            row.set(ProcessCell::wait_ns, 0u64);
            put_to_sleep(sample, asleep);
            for pid in 100..100 + asleep {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, pid);
                row.set(ProcessCell::start_ticks, 5u64);
                row.set_name(ProcessName::cgroup, b"/job");
            }
            sample.processes.set_read(ReadTimes::default());
        });
        for entity in [HOST, "cgroup:/job"] {
            let found = lab.severity(IoCongestion, entity);
            assert_eq!(found, expected, "{entity} {queue} {in_flight} {asleep:?}");
        }
    }
}

#[test]
fn one_program_that_is_served_in_time_is_low() {
    // Who sleeps at once, requests in flight, how long one takes in ms, whether the disk seeks.
    let table = [
        (1u64, 0.9, 19.0, false, Some(Low)),
        (1, 0.9, 21.0, false, Some(Critical)),
        (1, 0.9, 49.0, true, Some(Low)),
        (1, 0.9, 51.0, true, Some(Critical)),
        // Another waits beside it, or more is asked at once.
        (2, 0.9, 5.0, false, Some(Critical)),
        (1, 1.6, 5.0, false, Some(Critical)),
        // It waits for something else than a disk.
        (1, 0.1, 5.0, false, Some(Critical)),
    ];
    for (asleep, queue, wait_ms, seeks, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut queued, mut reads, mut spent] = [(); 3].map(|()| Meter::default());
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.9);
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::rotational, seeks);
            row.set(DiskCell::writes, 0u64);
            row.set(DiskCell::write_ms, 0u64);
            row.set(DiskCell::io_ms, 0u64);
            row.set(DiskCell::reads, reads.add(100.0));
            row.set(DiskCell::read_ms, spent.add(100.0 * wait_ms));
            row.set(DiskCell::queue_ms, queued.add(queue * 1000.0));
            row.set(DiskCell::in_flight, 0u64);
            put_to_sleep(sample, asleep);
        });
        let found = lab.severity(IoCongestion, HOST);
        assert_eq!(found, expected, "{asleep} {queue} {wait_ms} {seeks}");
    }
}

/// A host without PSI: `busy` is the share of the time that its disk works.
fn without_pressure(sample: &mut Sample, busy_ms: &mut Meter, blocked: u64, busy: f64) {
    let row = sample.cpu.push();
    row.set(CpuCell::cpus_online, 4u64);
    row.set(CpuCell::procs_blocked, blocked);
    let row = sample.disks.push();
    row.set_name(DiskName::name, b"sda");
    for cell in [DiskCell::reads, DiskCell::writes, DiskCell::read_ms, DiskCell::write_ms] {
        row.set(cell, 0u64);
    }
    row.set(DiskCell::queue_ms, 0u64);
    row.set(DiskCell::io_ms, busy_ms.add(busy * 1000.0));
    let row = sample.memory.push();
    row.set(MemoryCell::dirty_bytes, 5u64);
    row.set(MemoryCell::writeback_bytes, 6u64);
}

#[test]
fn without_pressure_blocked_tasks_beside_a_busy_disk_reach_medium() {
    let table = [
        (0, 0.9, None),
        (1, 0.699, None),
        (1, 0.701, Some(Low)),
        (3, 0.9, Some(Low)),
        (4, 0.9, Some(Medium)),
        (400, 1.0, Some(Medium)),
    ];
    for (blocked, busy, expected) in table {
        let (mut lab, mut busy_ms) = (Lab::new(), Meter::default());
        lab.run(60, |sample, _| without_pressure(sample, &mut busy_ms, blocked, busy));
        assert_eq!(lab.severity(IoCongestion, HOST), expected, "{blocked} {busy}");
        let told = "ok: without stall shares: no pressure of I/O, severity ends at medium; \
                control groups: not in the recording";
        assert_eq!(lab.coverage(IoCongestion), told);
        if let Some(signal) = lab.signal(IoCongestion, HOST) {
            let unwritten = signal.evidence.iter().find(|part| part.metric == Metric::Unwritten);
            assert!((unwritten.unwrap().value - 11.0).abs() < 1e-9);
        }
    }
}

#[test]
fn with_neither_it_cannot_tell() {
    let mut lab = Lab::new();
    lab.absent("pressure/io", "no such file");
    lab.run(5, |_, _| ());
    assert_eq!(lab.coverage(IoCongestion), "cannot tell: pressure/io: no such file");
}

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
fn one_program_that_bytes_flow_to_is_served_though_no_disk_knows_of_it() {
    // Bytes a second of one that sleeps, how many sleep, and what holds of a host whose disks rest.
    let table = [
        (6_400_000u64, 1u64, Some(Critical)),
        (6_700_000, 1, Some(Low)),
        (6_700_000, 2, Some(Critical)),
        (0, 1, Some(Critical)),
    ];
    for (bytes, tasks, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, second| {
            host.fill(sample, 0.95, 0.9);
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::queue_ms, 0u64);
            put_to_sleep(sample, tasks);
            for pid in 100..100 + tasks {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, pid);
                row.set(ProcessCell::start_ticks, 5u64);
                row.set(ProcessCell::wait_ns, 0u64);
                row.set(ProcessCell::read_bytes, second * bytes);
            }
            sample.processes.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(IoCongestion, HOST), expected, "{bytes} {tasks}");
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

#[test]
fn what_disks_and_cpus_do_not_tell_is_not_taken_for_none() {
    // A disk whose requests nobody counts says nothing against a stall.
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(40, |sample, _| {
        host.fill(sample, 0.9, 0.3);
        sample.disks.push().set_name(DiskName::name, b"sda");
    });
    assert_eq!(lab.severity(IoCongestion, HOST), Some(High));
    // Nor is one without a share of busy time at rest.
    let (mut lab, mut busy_ms) = (Lab::new(), Meter::default());
    lab.run(60, |sample, _| {
        without_pressure(sample, &mut busy_ms, 9, 0.9);
        sample.disks.as_mut_slice()[0].row_mut().unset_cell(DiskCell::io_ms as usize);
    });
    assert_eq!(lab.severity(IoCongestion, HOST), None);
    assert_eq!(lab.coverage(IoCongestion), "cannot tell: diskstats: not given by this host");
    // And a host whose CPUs are not counted is none of one CPU.
    let (mut lab, mut busy_ms) = (Lab::new(), Meter::default());
    lab.run(60, |sample, _| {
        without_pressure(sample, &mut busy_ms, 9, 0.9);
        sample.cpu.as_mut_slice()[0].row_mut().unset_cell(CpuCell::cpus_online as usize);
    });
    assert_eq!(lab.severity(IoCongestion, HOST), Some(Low));
    let part = "blocked and stuck tasks above low: need the number of CPUs";
    assert!(lab.coverage(IoCongestion).contains(part), "{}", lab.coverage(IoCongestion));
}

/// Who discards moves no bytes, and waits for a disk all the same.
#[test]
fn one_group_that_discards_is_served_where_it_is_alone() {
    // Milliseconds a second of discards, and what holds of the group that does nothing else.
    for (discard_ms, expected) in [(0u64, Some(Critical)), (930, Some(Low))] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, second| {
            host.fill_group(sample, 0.95, 0.95);
            let row = &mut sample.cgroups.as_mut_slice()[0];
            row.set(CgroupCell::io_read_bytes, 7u64);
            row.set(CgroupCell::io_write_bytes, 7u64);
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::reads, second * 160);
            row.set(DiskCell::read_ms, second * 21);
            row.set(DiskCell::writes, 7u64);
            row.set(DiskCell::write_ms, 7u64);
            row.set(DiskCell::queue_ms, second * 950);
            row.set(DiskCell::discards, second * 28);
            row.set(DiskCell::discard_ms, second * discard_ms);
            put_to_sleep(sample, 1);
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 100u64);
            row.set(ProcessCell::start_ticks, 5u64);
            row.set(ProcessCell::threads, 1u64);
            row.set_name(ProcessName::cgroup, b"/job");
            sample.processes.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(IoCongestion, "cgroup:/job"), expected, "{discard_ms}");
    }
}
