//! What is busy and lets nobody wait, from below and from above.

use super::{Disk, SDA, Second, flash, rotating};
use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::BlockDeviceSaturation;
use ks_vocabulary::kind::Severity::{self, Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    BlockedTaskCell, DiskCell, PressureCell, ProcessCell, ReadTimes, Sample,
};

/// What tells of waits beside the disk: share of stalled time, tasks in uninterruptible sleep and
/// their parent; `None` where it is not recorded.
#[derive(Clone, Copy)]
struct Waits {
    some: Option<f64>,
    asleep: Option<u64>,
    parent: u64,
    reads_threads: bool,
    threads: u64,
}

const REST: Waits =
    Waits { some: Some(0.04), asleep: Some(0), parent: 1, reads_threads: false, threads: 1 };
const STALLED: Waits = Waits { some: Some(0.5), ..REST };
const STALLED_ONE: Waits = Waits { asleep: Some(1), reads_threads: true, ..STALLED };

/// Puts the waits of one second into a sample.
fn fill(sample: &mut Sample, waits: Waits, stalled: &mut Meter) {
    if let Some(some) = waits.some {
        let row = sample.pressure.push();
        row.set(PressureCell::io_some_total_us, stalled.add(some * 1e6));
        row.set(PressureCell::io_full_total_us, 0u64);
    }
    let Some(asleep) = waits.asleep else { return };
    for pid in 0..asleep {
        let row = sample.blocked.push();
        row.set(BlockedTaskCell::pid, 100 + pid);
        row.set(BlockedTaskCell::start_ticks, 7u64);
        row.set(BlockedTaskCell::tid, 100 + pid);
        let row = sample.processes.push();
        row.set(ProcessCell::pid, 100 + pid);
        row.set(ProcessCell::start_ticks, 7u64);
        row.set(ProcessCell::ppid, waits.parent);
        row.set(ProcessCell::threads, waits.threads);
        if waits.reads_threads {
            row.set(ProcessCell::wait_ns, 0u64);
            sample.processes.set_read(ReadTimes::default());
        }
    }
    sample.blocked.set_read(ReadTimes::default());
}

/// Severity after 40 s of a disk, with what `change` does to its row in each second.
fn judged(
    second: Second,
    waits: Waits,
    mut change: impl FnMut(&mut ks_vocabulary::model::Disk, u64),
) -> Option<Severity> {
    let (mut lab, mut disk, mut stalled) = (Lab::new(), Disk::default(), Meter::default());
    lab.run(40, |sample, at| {
        disk.fill(sample, second);
        change(&mut sample.disks.as_mut_slice()[0], at);
        fill(sample, waits, &mut stalled);
    });
    lab.severity(BlockDeviceSaturation, SDA)
}

#[test]
fn above_low_somebody_is_late() {
    let some = |some| Waits { some: Some(some), ..REST };
    let asleep = |asleep, parent| Waits { asleep: Some(asleep), parent, ..REST };
    let table = [
        (flash(0.98, 0.98, 0.08), REST, Some(Low)),
        (flash(0.90, 1.6, 0.08), STALLED, Some(Medium)),
        // One program at a time that is served in time.
        (flash(0.90, 1.4, 0.08), STALLED, Some(Low)),
        (flash(0.998, 8.0, 0.1), some(0.09), Some(Low)),
        (flash(0.998, 8.0, 0.1), some(0.11), Some(High)),
        (flash(0.998, 8.0, 0.1), asleep(1, 1), Some(High)),
        (flash(0.998, 8.0, 0.1), asleep(1, 2), Some(Low)),
        (rotating(0.995, 8.0, 25.0), REST, Some(Low)),
        (rotating(0.995, 8.0, 25.0), STALLED, Some(High)),
        (rotating(0.995, 8.0, 499.0), REST, Some(Low)),
        (rotating(0.995, 8.0, 501.0), REST, Some(Critical)),
        (flash(0.86, 4.1, 99.0), REST, Some(Low)),
        (flash(0.86, 4.1, 101.0), REST, Some(Medium)),
        (flash(0.998, 8.0, 0.1), Waits { some: None, ..REST }, Some(High)),
        (flash(0.998, 8.0, 0.1), Waits { asleep: None, ..REST }, Some(High)),
    ];
    for (at, (second, waits, expected)) in table.into_iter().enumerate() {
        assert_eq!(judged(second, waits, |_, _| ()), expected, "row {at}");
    }
}

#[test]
fn what_is_written_behind_is_late_when_others_wait_as_well() {
    // Milliseconds that flushes take in a second, reads a second and their wait, tasks asleep.
    let table = [
        (0, (0u64, 0), 1, Some(Low)),
        (0, (0, 0), 2, Some(Critical)),
        (90, (0, 0), 1, Some(Low)),
        (110, (0, 0), 1, Some(Critical)),
        (0, (1, 99), 1, Some(Low)),
        (0, (1, 101), 1, Some(Critical)),
    ];
    for (flush_ms, (reads, read_ms), asleep, expected) in table {
        let waits = Waits { asleep: Some(asleep), ..STALLED_ONE };
        let found = judged(flash(1.0, 60.0, 0.0), waits, |row, second| {
            row.set(DiskCell::reads, second * reads);
            row.set(DiskCell::read_ms, second * reads * read_ms);
            row.set(DiskCell::writes, second * 100);
            row.set(DiskCell::write_ms, second * 60_000);
            row.set(DiskCell::flush_ms, second * flush_ms);
        });
        assert_eq!(found, expected, "{flush_ms} {reads} {read_ms} {asleep}");
    }
}

#[test]
fn readahead_of_one_program_is_one_that_waits() {
    let found = judged(flash(0.99, 4.0, 4.0), STALLED_ONE, |_, _| ());
    assert_eq!(found, Some(Low));
    let threads = Waits { threads: 8, ..STALLED_ONE };
    assert_eq!(judged(flash(0.99, 4.1, 4.0), threads, |_, _| ()), Some(High), "whose are they");
    let two = Waits { asleep: Some(2), ..STALLED_ONE };
    assert_eq!(judged(flash(0.99, 4.1, 4.0), two, |_, _| ()), Some(High));
}

#[test]
fn many_reads_in_flight_are_late_by_themselves() {
    let deep = |queue: u64, wait_us: u64, rotational| {
        judged(flash(1.0, 240.0, 0.0), REST, |row, second| {
            row.set(DiskCell::rotational, rotational);
            row.set(DiskCell::reads, second * queue * 1_000_000 / wait_us);
            row.set(DiskCell::read_ms, second * queue * 1000);
        })
    };
    assert_eq!(deep(240, 4_500, false), Some(High));
    assert_eq!((deep(63, 4_500, false), deep(65, 4_500, false)), (Some(Low), Some(High)));
    assert_eq!((deep(240, 1_900, false), deep(240, 2_100, false)), (Some(Low), Some(High)));
    assert_eq!(deep(240, 4_500, true), Some(Low), "a seek takes as long");
}

#[test]
fn discards_and_flushes_are_no_queue_of_reads_and_writes() {
    let trimmed = |cell: DiskCell, others_ms: u64, wait_ms: f64| {
        judged(flash(0.995, 8.0, wait_ms), STALLED, |row, second| {
            row.set(cell, second * others_ms);
        })
    };
    for cell in [DiskCell::discard_ms, DiskCell::flush_ms] {
        assert_eq!(trimmed(cell, 3_900, 10.0), Some(High), "4.1 are left");
        assert_eq!(trimmed(cell, 4_100, 10.0), Some(Medium), "3.9 are left");
        assert_eq!(trimmed(cell, 8_000, 8.8), Some(Low), "880 of 8,880 ms are its own");
        assert_eq!(trimmed(cell, 8_000, 9.0), Some(Medium), "900 of 8,900 ms are");
    }
}

/// Nothing is done while `in_flight` are asked, and the disk tells of so much busy time.
fn standing(busy_ms: u64, waits: Waits, in_flight: u64) -> Option<Severity> {
    judged(flash(0.0, 0.0, 0.0), waits, |row, second| {
        row.set(DiskCell::reads, 9u64);
        row.set(DiskCell::in_flight, in_flight);
        row.set(DiskCell::io_ms, second * busy_ms);
    })
}

#[test]
fn a_device_that_completes_nothing_hangs_where_somebody_waits() {
    let told = |busy_ms| {
        let asleep = Waits { asleep: Some(12), ..REST };
        let unknown = Waits { some: None, asleep: None, ..REST };
        let all = [REST, STALLED, asleep, unknown];
        all.map(|waits| standing(busy_ms, waits, 3))
    };
    let expected = [Some(Low), Some(Critical), Some(Critical), Some(Critical)];
    assert_eq!(told(1000), expected);
    assert_eq!(told(0), expected, "kernels that count busy time at completion");
    assert_eq!(standing(0, STALLED, 0), None, "it has nothing to do");
}

#[test]
fn a_hang_that_is_told_when_it_ends_is_high_while_it_lasts_and_not_critical_after_it() {
    let (mut lab, mut disk, mut stalled) = (Lab::new(), Disk::default(), Meter::default());
    lab.run(40, |sample, _| {
        disk.fill(sample, flash(0.085, 0.09, 1.0));
        sample.disks.as_mut_slice()[0].set(DiskCell::in_flight, 0u64);
        fill(sample, REST, &mut stalled);
    });
    let stands = flash(0.0, 0.0, 0.0);
    let hang = |sample: &mut Sample, disk: &mut Disk, done: u64| {
        disk.fill(sample, stands);
        let row = &mut sample.disks.as_mut_slice()[0];
        row.set(DiskCell::reads, done);
        row.set(DiskCell::in_flight, 12u64);
    };
    let done = disk.done.add(0.0);
    lab.run(20, |sample, _| {
        hang(sample, &mut disk, done);
        fill(sample, STALLED, &mut stalled);
    });
    assert_eq!(lab.severity(BlockDeviceSaturation, SDA), Some(High));
    disk.busy.add(20_000.0);
    disk.spent.add(240_000.0);
    disk.queued.add(240_000.0);
    lab.run(20, |sample, _| {
        disk.fill(sample, flash(0.085, 0.09, 1.0));
        sample.disks.as_mut_slice()[0].set(DiskCell::in_flight, 0u64);
        fill(sample, REST, &mut stalled);
    });
    let signal = lab.signal(BlockDeviceSaturation, SDA).unwrap();
    assert!(signal.severity <= High, "{signal:?}");
    assert!(
        signal
            .evidence
            .iter()
            .all(|part| part.metric != Metric::Utilisation5s || part.value <= 1.0)
    );
}
