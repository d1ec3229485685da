//! Every limit of `io_congestion`, from just below and from just above.

mod served;
mod stuck;

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
