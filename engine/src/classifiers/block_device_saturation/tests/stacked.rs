//! Devices that lie on others.

use super::{Disk, flash};
use crate::lab::Lab;
use ks_vocabulary::kind::Kind::BlockDeviceSaturation;
use ks_vocabulary::kind::Severity::{self, Critical, Low, Medium};
use ks_vocabulary::model::{DiskCell, DiskName, Sample};

/// What is found of `dm-0`, on the disks `slaves`, while `sda` is busy for so much of the time.
fn judged(slaves: &str, below: f64) -> Option<Severity> {
    let (mut lab, mut stacked, mut disk) = (Lab::new(), Disk::default(), Disk::default());
    lab.run(20, |sample, _| {
        stacked.fill(sample, flash(1.0, 1.0, 1.0));
        name(sample, 0, "dm-0");
        let row = &mut sample.disks.as_mut_slice()[0];
        row.set(DiskCell::stacked, true);
        row.set_name(DiskName::slaves, slaves.as_bytes());
        disk.fill(sample, flash(below, 1.0, 1.0));
        disk_idle(sample, "sdb");
    });
    lab.severity(BlockDeviceSaturation, "disk:dm-0")
}

fn name(sample: &mut Sample, at: usize, name: &str) {
    sample.disks.as_mut_slice()[at].set_name(DiskName::name, name.as_bytes());
}

fn disk_idle(sample: &mut Sample, disk: &str) {
    Disk::default().fill(sample, flash(0.0, 0.0, 0.0));
    let last = sample.disks.as_mut_slice().len() - 1;
    name(sample, last, disk);
    let row = &mut sample.disks.as_mut_slice()[last];
    row.set(DiskCell::reads, 1u64);
    row.set(DiskCell::in_flight, 0u64);
}

#[test]
fn it_is_judged_while_no_disk_below_it_is_busy() {
    assert_eq!((judged("sda", 0.69), judged("sda", 0.71)), (Some(Medium), None));
    assert_eq!(judged("sdb", 0.71), Some(Medium), "another disk is busy");
    assert_eq!(judged("sdb,sda", 0.71), None);
    assert_eq!((judged("", 0.69), judged("", 0.71)), (Some(Medium), None), "any may be below");
}

/// `dm-0` on `sdb` completes nothing, while `sdb` is busy with `in_flight` of its own.
fn hung(in_flight: u64) -> Option<Severity> {
    let (mut lab, mut stacked, mut disk) = (Lab::new(), Disk::default(), Disk::default());
    lab.run(60, |sample, second| {
        disk.fill(sample, flash(0.71, 0.71, 1.0));
        name(sample, 0, "sdb");
        sample.disks.as_mut_slice()[0].set(DiskCell::in_flight, in_flight);
        stacked.fill(sample, flash(0.0, 0.0, 0.0));
        name(sample, 1, "dm-0");
        let row = &mut sample.disks.as_mut_slice()[1];
        row.set(DiskCell::stacked, true);
        row.set_name(DiskName::slaves, b"sdb");
        row.set(DiskCell::reads, 5u64);
        row.set(DiskCell::io_ms, second * 1000);
        row.set(DiskCell::in_flight, 40u64);
        sample.disks.sort();
    });
    assert_eq!(lab.severity(BlockDeviceSaturation, "disk:sdb"), Some(Low));
    lab.severity(BlockDeviceSaturation, "disk:dm-0")
}

#[test]
fn what_it_holds_back_itself_is_not_work_of_the_disk_below() {
    assert_eq!((hung(0), hung(1)), (Some(Critical), None));
}
