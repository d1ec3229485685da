//! Every limit of `block_device_saturation`, from just below and from just above.

use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::BlockDeviceSaturation;
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::model::{DiskCell, DiskName, Record as _, Sample};

mod late;
mod stacked;

const SDA: &str = "disk:sda";

#[derive(Clone, Copy)]
struct Second {
    busy: f64,
    queue: f64,
    wait_ms: f64,
    rotational: bool,
}

#[derive(Default)]
struct Disk {
    done: Meter,
    spent: Meter,
    busy: Meter,
    queued: Meter,
}

impl Disk {
    fn fill(&mut self, sample: &mut Sample, second: Second) {
        let row = sample.disks.push();
        row.set_name(DiskName::name, b"sda");
        row.set(DiskCell::rotational, second.rotational);
        row.set(DiskCell::reads, self.done.add(100.0));
        row.set(DiskCell::read_ms, self.spent.add(100.0 * second.wait_ms));
        row.set(DiskCell::writes, 0u64);
        row.set(DiskCell::write_ms, 0u64);
        row.set(DiskCell::io_ms, self.busy.add(second.busy * 1000.0));
        row.set(DiskCell::queue_ms, self.queued.add(second.queue * 1000.0));
    }
}

fn flash(busy: f64, queue: f64, wait_ms: f64) -> Second {
    Second { busy, queue, wait_ms, rotational: false }
}

fn rotating(busy: f64, queue: f64, wait_ms: f64) -> Second {
    Second { busy, queue, wait_ms, rotational: true }
}

#[test]
fn each_limit_from_below_and_above() {
    let table = [
        (flash(0.699, 9.0, 900.0), None),
        (flash(0.701, 9.0, 900.0), Some(Low)),
        (flash(0.849, 9.0, 900.0), Some(Low)),
        (flash(0.851, 9.0, 900.0), Some(Medium)),
        (flash(0.949, 9.0, 900.0), Some(Medium)),
        (flash(0.951, 3.9, 90.0), Some(Medium)),
        (flash(0.951, 4.1, 90.0), Some(High)),
        (flash(0.951, 4.1, 99.0), Some(High)),
        (flash(0.951, 4.1, 101.0), Some(Critical)),
        (rotating(0.951, 1.9, 490.0), Some(Medium)),
        (rotating(0.951, 2.1, 490.0), Some(High)),
        (rotating(0.951, 2.1, 499.0), Some(High)),
        (rotating(0.951, 2.1, 501.0), Some(Critical)),
    ];
    for (at, (second, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut disk) = (Lab::new(), Disk::default());
        lab.run(40, |sample, _| disk.fill(sample, second));
        assert_eq!(lab.severity(BlockDeviceSaturation, SDA), expected, "row {at}");
        let told = "ok: without errors and latency at completion: need bpf/block_io";
        assert_eq!(lab.coverage(BlockDeviceSaturation), told);
    }
}

#[test]
fn it_is_raised_in_the_mean_of_five_seconds_and_clears_a_minute_after_it() {
    let (mut lab, mut disk) = (Lab::new(), Disk::default());
    lab.run(20, |sample, _| disk.fill(sample, flash(0.0, 0.0, 1.0)));
    let step = lab.second();
    lab.run(20, |sample, _| disk.fill(sample, flash(1.0, 1.0, 1.0)));
    assert_eq!(lab.raised_at(BlockDeviceSaturation, SDA), Some(step + 4), "0.8 over 5 s");
    let end = lab.second();
    lab.run(90, |sample, _| disk.fill(sample, flash(0.0, 0.0, 1.0)));
    assert_eq!(lab.cleared_at(BlockDeviceSaturation, SDA), Some(end + 2 + 60), "0.6 at 3 of 5");
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut disk) = (Lab::new(), Disk::default());
    lab.run(20, |sample, _| disk.fill(sample, flash(0.75, 1.0, 1.0)));
    lab.run(200, |sample, _| disk.fill(sample, flash(0.562, 1.0, 1.0)));
    assert_eq!(lab.severity(BlockDeviceSaturation, SDA), Some(Low));
    lab.run(80, |sample, _| disk.fill(sample, flash(0.558, 1.0, 1.0)));
    assert_eq!(lab.severity(BlockDeviceSaturation, SDA), None);
}

#[test]
fn a_busy_share_is_no_more_than_the_mean_in_flight() {
    let table = [
        (0.06, [0u64, 0], None),
        (0.699, [0, 0], None),
        (0.701, [0, 0], Some(Low)),
        (0.06, [1, 2], Some(Medium)),
        (0.06, [3, 3], None),
        (0.951, [3, 3], Some(Medium)),
    ];
    for (queue, in_flight, expected) in table {
        let (mut lab, mut disk) = (Lab::new(), Disk::default());
        lab.run(20, |sample, second| {
            disk.fill(sample, flash(0.93, queue, 0.2));
            let in_flight = in_flight[usize::from(second % 2 == 1)];
            sample.disks.as_mut_slice()[0].set(DiskCell::in_flight, in_flight);
        });
        let found = lab.severity(BlockDeviceSaturation, SDA);
        assert_eq!(found, expected, "{queue} in the mean, {in_flight:?} at readings");
    }
}

#[test]
fn a_device_that_completes_nothing_is_at_its_end() {
    use ks_vocabulary::kind::Severity;
    let judged = |in_flight: u64, done: u64, discards: u64, seconds| -> Option<Severity> {
        let (mut lab, mut disk) = (Lab::new(), Disk::default());
        lab.run(40, |sample, _| disk.fill(sample, flash(0.1, 0.1, 1.0)));
        let mut busy_ms = disk.busy.add(0.0);
        let before = disk.done.add(0.0);
        lab.run(seconds, |sample, second| {
            disk.fill(sample, flash(0.0, 0.0, 0.0));
            busy_ms += 1000;
            let row = &mut sample.disks.as_mut_slice()[0];
            row.set(DiskCell::in_flight, in_flight);
            row.set(DiskCell::reads, before + second * done);
            row.set(DiskCell::discards, second * discards);
            row.set(DiskCell::io_ms, busy_ms);
        });
        lab.severity(BlockDeviceSaturation, SDA)
    };
    assert_eq!(judged(1, 0, 0, 9), Some(Medium));
    assert_eq!(judged(1, 0, 0, 12), Some(High), "nothing in ten seconds");
    assert_eq!(judged(1, 0, 0, 32), Some(Critical), "nor in thirty");
    assert_eq!(judged(1, 1, 0, 32), Some(Medium), "it reads");
    assert_eq!(judged(1, 0, 1, 32), Some(Medium), "it discards");
    assert_eq!(judged(0, 0, 0, 32), None, "it has nothing to do");
}

#[test]
fn an_absent_source_is_named() {
    let mut lab = Lab::new();
    lab.absent("diskstats", "permission denied");
    lab.run(5, |_, _| ());
    let told = "cannot tell: diskstats: permission denied";
    assert_eq!(lab.coverage(BlockDeviceSaturation), told);
}

#[test]
fn a_disk_that_is_gone_ends_its_signal() {
    let (mut lab, mut disk, mut other) = (Lab::new(), Disk::default(), Disk::default());
    let busy = flash(1.0, 1.0, 1.0);
    lab.run(20, |sample, _| disk.fill(sample, busy));
    assert_eq!(lab.severity(BlockDeviceSaturation, SDA), Some(Medium));
    lab.run(1, |sample, _| {
        other.fill(sample, flash(0.0, 0.0, 1.0));
        sample.disks.as_mut_slice()[0].set_name(DiskName::name, b"sdb");
    });
    assert_eq!(lab.severity(BlockDeviceSaturation, SDA), None);
    assert_eq!(lab.cleared_at(BlockDeviceSaturation, SDA), Some(lab.second()));
}

#[test]
fn a_queue_and_waits_that_are_not_told_are_no_evidence_and_are_named() {
    let cells = [(DiskCell::queue_ms, "queue of a disk: not in diskstats", Critical)];
    let waits = "wait of requests: not in diskstats, severity ends at high";
    for (cell, part, expected) in cells.into_iter().chain([(DiskCell::read_ms, waits, High)]) {
        let (mut lab, mut disk) = (Lab::new(), Disk::default());
        lab.run(40, |sample, _| {
            disk.fill(sample, flash(0.96, 9.0, 900.0));
            sample.disks.as_mut_slice()[0].row_mut().unset_cell(cell as usize);
        });
        let signal = lab.signal(BlockDeviceSaturation, SDA).unwrap();
        assert_eq!(signal.severity, expected, "{part}");
        assert!(signal.evidence.iter().all(|part| part.value > 0.0), "{:?}", signal.evidence);
        assert!(lab.coverage(BlockDeviceSaturation).contains(part), "{part}");
    }
}
