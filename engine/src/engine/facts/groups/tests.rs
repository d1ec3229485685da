//! A group of which each hierarchy has a part, and one of version 2.

use ks_vocabulary::model::{
    CgroupCell, CgroupName, CgroupSettingsCell, CgroupSettingsName, ReadTimes, Sample,
};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::*;

const JOB: &[u8] = b"/docker/job";

/// A group of a hierarchy.
fn row<'a>(sample: &'a mut Sample, hierarchy: &str, inode: u64) -> &'a mut Cgroup {
    let row = sample.cgroups.push();
    row.set_name(CgroupName::hierarchy, hierarchy.as_bytes());
    row.set_name(CgroupName::path, JOB);
    row.set(CgroupCell::inode, inode);
    row
}

fn settings<'a>(sample: &'a mut Sample, hierarchy: &str, inode: u64) -> &'a mut Settings {
    let row = sample.cgroup_settings.push();
    row.set_name(CgroupSettingsName::hierarchy, hierarchy.as_bytes());
    row.set_name(CgroupSettingsName::path, JOB);
    row.set(CgroupSettingsCell::inode, inode);
    row
}

/// All that version 1 has of the group.
fn of_version_1() -> Sample {
    let mut sample = Sample::default();
    let blkio = row(&mut sample, "blkio", 3);
    blkio.set(CgroupCell::io_read_bytes, 5u64 << 20);
    blkio.set(CgroupCell::io_write_bytes, 0u64);
    let cpu = row(&mut sample, "cpu,cpuacct", 4);
    cpu.set(CgroupCell::cpu_quota_us, -1i64);
    cpu.set(CgroupCell::cpu_period_us, 100_000u64);
    cpu.set(CgroupCell::cpu_weight, 1024u64);
    cpu.set(CgroupCell::cpu_usage_us, 7u64);
    row(&mut sample, "freezer", 3);
    row(&mut sample, "memory", 6).set(CgroupCell::memory_bytes, 4096u64);
    row(&mut sample, "pids", 7).set(CgroupCell::pids, 2u64);
    settings(&mut sample, "blkio", 3).set_name(CgroupSettingsName::io_max, b"8:0 rbps=9");
    settings(&mut sample, "freezer", 3).set(CgroupSettingsCell::frozen, false);
    sample
}

/// What is known of the group two seconds after it was seen first.
fn known(mut sample: Sample, test: impl Fn(&GroupFacts<'_>)) {
    let (mut window, mut tables) = (Window::default(), FactTables::default());
    sample.cgroups.sort();
    sample.cgroup_settings.sort();
    sample.cgroups.set_read(ReadTimes::default());
    sample.cgroup_settings.set_read(ReadTimes::default());
    for second in [1000, 1002] {
        let at = Timestamp(second * SECOND_NS);
        window.update(&sample, at);
        tables.update(&sample, at);
    }
    test(&facts(&window, &tables, JOB, Some(2.0)).unwrap());
    assert_eq!(facts(&window, &tables, b"/docker", Some(2.0)), None);
}

#[test]
fn each_hierarchy_of_version_1_has_a_part_with_an_inode_of_its_own() {
    known(of_version_1(), |facts| {
        let part = |hierarchy, inode| Some(Part { hierarchy, inode: Some(inode) });
        let first = FirstVersion {
            cpu: part(b"cpu,cpuacct", 4),
            memory: part(b"memory", 6),
            blkio: part(b"blkio", 3),
            pids: part(b"pids", 7),
            freezer: part(b"freezer", 3),
        };
        assert_eq!((facts.first, facts.inode, facts.controllers), (first, None, None));
        let cpu = (facts.cpu_quota_us, facts.cpu_period_us, facts.cpu_shares, facts.cpu_weight);
        assert_eq!(cpu, (Some(-1), Some(100_000), Some(1024), None));
        assert_eq!((facts.memory_bytes, facts.pids, facts.pids_max), (Some(4096), Some(2), None));
        assert_eq!((facts.io_max, facts.frozen), (Some(&b"8:0 rbps=9"[..]), Some(false)));
        assert!(facts.cpus_used.is_some() && facts.io_bytes_per_s.is_some());
    });
}

#[test]
fn what_version_2_has_is_taken_from_there() {
    let mut sample = of_version_1();
    row(&mut sample, "v2", 9).set(CgroupCell::cpu_usage_us, 0u64);
    known(sample.clone(), |facts| {
        assert_eq!((facts.inode, facts.frozen), (Some(9), Some(false)));
        assert!(facts.first.freezer.is_some(), "version 2 says nothing of it");
    });
    let second = settings(&mut sample, "v2", 9);
    second.set(CgroupSettingsCell::frozen, true);
    second.set_name(CgroupSettingsName::controllers, b"");
    known(sample, |facts| {
        assert_eq!((facts.inode, facts.frozen), (Some(9), Some(true)));
        assert_eq!((facts.first.freezer, facts.controllers), (None, Some(&b""[..])));
        assert!(facts.first.cpu.is_some());
    });
}

#[test]
fn what_no_part_counts_is_not_known() {
    let mut sample = Sample::default();
    row(&mut sample, "memory", 6).set(CgroupCell::memory_bytes, 4096u64);
    known(sample, |facts| {
        assert_eq!((facts.cpus_used, facts.io_bytes_per_s, facts.cpu_shares), (None, None, None));
    });
    let mut sample = Sample::default();
    row(&mut sample, "v2", 9).set(CgroupCell::cpu_weight, 50u64);
    known(sample, |facts| {
        assert_eq!((facts.cpu_weight, facts.cpu_shares), (Some(50), None));
        assert_eq!((facts.cpus_used, facts.io_bytes_per_s), (Some(0.0), Some((0.0, 0.0))));
    });
}
