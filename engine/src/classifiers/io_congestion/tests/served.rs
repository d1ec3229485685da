//! Stalls that disks or servers answer in time, and those that nothing else knows of.

use super::*;

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
