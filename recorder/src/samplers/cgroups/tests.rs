//! The control-group sampler over trees of files, and over a group of our own.

use std::path::Path;

use ks_vocabulary::model::{DiskCell, DiskName, ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::Cgroups;
use crate::absence::Absence;
use crate::budget::{Budget, Step};
use crate::host_fs::{Buffer, HostFs};
use crate::sampler::{Context, Sampler, State, States};

struct Lab {
    host: HostFs,
    buffer: Buffer,
    states: States,
    budget: Budget,
    cgroups: Cgroups,
}

impl Lab {
    fn new(root: &Path) -> Self {
        Self {
            host: HostFs::new(root),
            buffer: Buffer::default(),
            states: States::default(),
            budget: Budget::default(),
            cgroups: Cgroups::default(),
        }
    }

    fn tick(&mut self, second: u64) -> Sample {
        self.tick_with(second, Sample::default())
    }

    /// A tick at which other tables were read before.
    fn tick_with(&mut self, second: u64, sample: Sample) -> Sample {
        self.tick_as(second, sample, false, false)
    }

    fn tick_as(&mut self, second: u64, mut sample: Sample, keyframe: bool, detail: bool) -> Sample {
        let mut context = Context {
            host: &self.host,
            buffer: &mut self.buffer,
            states: &mut self.states,
            tick: Timestamp(second * SECOND_NS),
            keyframe,
            detail,
            budget: &mut self.budget,
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        self.cgroups.sample(&mut context, &mut sample);
        sample
    }
}

fn write(root: &Path, path: &str, text: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A host with both versions.
fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let mounts = b"30 24 0:26 / /cg/v2 rw - cgroup2 cgroup2 rw\n\
        32 24 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n";
    write(root.path(), "proc/self/mountinfo", mounts);
    write(root.path(), "cg/v2/cpu.stat", b"usage_usec 100\n");
    write(root.path(), "cg/v2/a.slice/cpu.stat", b"usage_usec 7\n");
    write(root.path(), "cg/v2/a.slice/cpu.max", b"50000 100000\n");
    write(root.path(), "cg/memory/memory.usage_in_bytes", b"4096\n");
    write(root.path(), "cg/memory/job/memory.usage_in_bytes", b"8192\n");
    write(root.path(), "cg/memory/job/memory.limit_in_bytes", b"16384\n");
    root
}

fn names(sample: &Sample) -> Vec<(String, String)> {
    let text = |name: Option<&[u8]>| String::from_utf8_lossy(name.unwrap()).into_owned();
    sample.cgroups.iter().map(|row| (text(row.hierarchy()), text(row.path()))).collect()
}

#[test]
fn groups_of_both_versions_have_rows_in_the_order_of_their_keys() {
    let root = tree();
    let sample = Lab::new(root.path()).tick(0);
    let expected = [("memory", "/"), ("memory", "/job"), ("v2", "/"), ("v2", "/a.slice")];
    assert_eq!(names(&sample), expected.map(|(one, other)| (one.to_owned(), other.to_owned())));
    let rows = sample.cgroups.as_slice();
    assert_eq!((rows[1].memory_bytes(), rows[1].memory_max_bytes()), (Some(8192), Some(16384)));
    assert_eq!((rows[3].cpu_usage_us(), rows[3].cpu_quota_us()), (Some(7), Some(50_000)));
    assert_eq!(rows[3].unit(), Some(b"a.slice".as_slice()));
    assert_eq!(rows[3].memory_bytes(), None);
}

#[test]
fn a_group_that_goes_has_no_row_and_one_that_comes_is_found_at_the_next_walk() {
    let root = tree();
    let mut lab = Lab::new(root.path());
    let first = lab.tick(0);
    std::fs::remove_dir_all(root.path().join("cg/memory/job")).unwrap();
    write(root.path(), "cg/v2/b/cpu.stat", b"usage_usec 1\n");
    assert_eq!(lab.tick(1).cgroups.iter().count(), 3);
    let paths: Vec<String> = names(&lab.tick(5)).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["/", "/", "/a.slice", "/b"]);
    // Made again under its name it is another group.
    write(root.path(), "cg/memory/other/memory.usage_in_bytes", b"1\n");
    write(root.path(), "cg/memory/job/memory.usage_in_bytes", b"1\n");
    let again = lab.tick(10);
    let inode = |sample: &Sample| {
        let row = sample.cgroups.iter().find(|row| row.path() == Some(b"/job")).cloned();
        row.unwrap().inode()
    };
    assert!(inode(&first).is_some() && inode(&again).is_some());
}

#[test]
fn limits_are_read_with_the_walk_and_files_that_are_garbage_leave_cells_absent() {
    let root = tree();
    let mut lab = Lab::new(root.path());
    lab.tick(0);
    write(root.path(), "cg/v2/a.slice/cpu.max", b"max 100000\n");
    write(root.path(), "cg/v2/a.slice/cpu.stat", b"\xff usage_usec\nusage_usec x\n");
    let row = lab.tick(1).cgroups.as_slice()[3].clone();
    assert_eq!((row.cpu_quota_us(), row.cpu_usage_us()), (Some(50_000), None));
    assert_eq!(lab.tick(5).cgroups.as_slice()[3].cpu_quota_us(), Some(-1));
}

#[test]
fn io_that_passes_two_devices_is_counted_once() {
    let root = tree();
    let lines = b"254:0 rbytes=7 wbytes=60 rios=1 wios=2\n8:0 rbytes=7 wbytes=60 rios=1 wios=2\n";
    write(root.path(), "cg/v2/a.slice/io.stat", lines);
    let mut sample = Sample::default();
    for (name, major, slaves) in [("dm-0", 254u64, "sda"), ("sda", 8, "")] {
        let row = sample.disks.push();
        row.set_name(DiskName::name, name.as_bytes());
        row.set_name(DiskName::slaves, slaves.as_bytes());
        row.set(DiskCell::major, major);
        row.set(DiskCell::minor, 0u64);
        row.set(DiskCell::stacked, !slaves.is_empty());
    }
    sample.disks.set_read(ReadTimes::default());
    let mut lab = Lab::new(root.path());
    let row = lab.tick_with(0, sample).cgroups.as_slice()[3].clone();
    assert_eq!((row.io_write_bytes(), row.io_reads()), (Some(60), Some(1)));
    let later = lab.tick(1).cgroups.as_slice()[3].clone();
    assert_eq!(later.io_write_bytes(), Some(60), "what is known of disks stays");
}

#[test]
fn the_groups_of_a_copied_tree_are_found_without_the_link_to_who_copied_it() {
    let root = tree();
    std::fs::remove_file(root.path().join("proc/self/mountinfo")).unwrap();
    write(root.path(), "proc/mounts", b"none /cg/v2 cgroup2 rw 0 0\nx / ext4 rw 0 0\n");
    let expected = [("v2", "/"), ("v2", "/a.slice")];
    let expected = expected.map(|(one, other)| (one.to_owned(), other.to_owned()));
    assert_eq!(names(&Lab::new(root.path()).tick(0)), expected);
    let init = b"32 24 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n";
    write(root.path(), "proc/1/mountinfo", init);
    assert_eq!(names(&Lab::new(root.path()).tick(0))[0].0, "memory");
}

#[test]
fn without_a_hierarchy_the_source_says_so() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "proc/self/mountinfo", b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
    let mut lab = Lab::new(root.path());
    assert!(lab.tick(0).cgroups.read().is_none());
    assert!(matches!(lab.states.get("cgroups"), Some(State::Absent(_))));
}

#[test]
fn more_groups_than_are_read_is_said() {
    let root = tree();
    for number in 0..1100 {
        write(root.path(), &format!("cg/v2/g{number}/cpu.stat"), b"usage_usec 1\n");
    }
    let mut lab = Lab::new(root.path());
    assert_eq!(lab.tick(0).cgroups.iter().count(), 1024);
    assert!(matches!(lab.states.get("cgroups"), Some(State::Limited(_))));
}

/// Made again with another inode: the old directory stays elsewhere, so that its inode is in use.
#[test]
fn a_group_that_is_made_again_between_walks_is_not_taken_for_the_old_one() {
    let root = tree();
    let mut lab = Lab::new(root.path());
    let inode = |sample: &Sample| {
        let mut rows = sample.cgroups.iter();
        rows.find(|row| row.path() == Some(b"/job".as_slice())).map(|row| row.inode().unwrap())
    };
    let first = inode(&lab.tick(0));
    std::fs::rename(root.path().join("cg/memory/job"), root.path().join("old")).unwrap();
    write(root.path(), "cg/memory/job/memory.usage_in_bytes", b"1\n");
    assert_eq!(inode(&lab.tick(1)), None);
    let again = inode(&lab.tick(5));
    assert!(first.is_some() && again.is_some() && again != first);
}

#[test]
fn a_file_that_goes_alone_leaves_its_group() {
    let root = tree();
    write(root.path(), "cg/v2/a.slice/pids.current", b"3\n");
    let mut lab = Lab::new(root.path());
    assert_eq!(lab.tick(0).cgroups.as_slice()[3].pids(), Some(3));
    std::fs::remove_file(root.path().join("cg/v2/a.slice/pids.current")).unwrap();
    let row = lab.tick(1).cgroups.as_slice()[3].clone();
    assert_eq!((row.pids(), row.cpu_usage_us()), (None, Some(7)));
}

#[test]
fn what_kept_a_walk_from_finding_groups_is_said_until_the_next() {
    let root = tempfile::tempdir().unwrap();
    let mut lab = Lab::new(root.path());
    for second in 0..4 {
        lab.tick(second);
        let state = lab.states.get("cgroups");
        assert_eq!(state, Some(State::Absent(Absence::NotFound)), "second {second}");
    }
}

#[test]
fn groups_that_cost_too_much_are_left_out_and_come_back() {
    let root = tree();
    let mut lab = Lab::new(root.path());
    assert_eq!(names(&lab.tick(1)).len(), 4);
    lab.budget.set_taken(Step::Cgroups, Some(0.09));
    let sample = lab.tick(2);
    assert!(sample.cgroups.read().is_none() && sample.cgroups.as_slice().is_empty());
    assert_eq!(lab.states.get("cgroups"), Some(State::OverBudget));
    lab.budget.set_taken(Step::Cgroups, None);
    assert_eq!(names(&lab.tick(3)).len(), 4);
    assert_eq!(lab.states.get("cgroups"), Some(State::On));
}

#[test]
fn settings_are_told_when_they_change_and_all_in_a_keyframe() {
    let root = tree();
    let file = |name: &str, text: &[u8]| write(root.path(), &format!("cg/v2/a.slice/{name}"), text);
    write(root.path(), "cg/v2/cgroup.controllers", b"cpu io memory\n");
    file("cgroup.controllers", b"cpu io\n");
    file("io.max", b"8:0 rbps=max wbps=4096 riops=max wiops=max\n");
    file("io.weight", b"default 50\n");
    file("cgroup.freeze", b"0\n");
    write(root.path(), "cg/v2/a.slice/x@1.service/cpu.stat", b"usage_usec 7\n");
    write(root.path(), "lib/systemd/system/x@.service", b"[Service]\nRestart=always\n");
    let mut lab = Lab::new(root.path());
    let mut at = |second: u64, keyframe: bool, detail: bool| {
        lab.tick_as(second, Sample::default(), keyframe, detail).cgroup_settings
    };
    let first = at(0, false, false);
    let [top, slice, service] = first.as_slice() else { unreachable!("three rows: {first:?}") };
    assert_eq!((top.path(), top.io_max()), (Some(b"/".as_slice()), None));
    assert_eq!(slice.controllers(), Some(b"cpu io".as_slice()));
    let line = b"8:0 rbps=max wbps=4096 riops=max wiops=max".as_slice();
    assert_eq!((slice.io_max(), slice.io_weight()), (Some(line), Some(50)));
    assert_eq!((slice.frozen(), slice.restart()), (Some(false), None));
    assert_eq!((service.restart(), service.watchdog_us()), (Some(b"always".as_slice()), Some(0)));
    file("cgroup.freeze", b"1\n");
    assert_eq!(at(5, false, false).read(), None, "they are taken to hold for a while");
    assert_eq!(at(6, true, false).as_slice(), first.as_slice());
    let changed = at(10, false, true);
    let [slice] = changed.as_slice() else { unreachable!("one row: {changed:?}") };
    assert_eq!(slice.frozen(), Some(true), "asked sooner while a signal stands");
    assert_eq!(at(11, true, false).as_slice().len(), 3);
}

#[test]
fn settings_of_many_groups_are_asked_in_turn() {
    let root = tree();
    for at in 0..70 {
        write(root.path(), &format!("cg/v2/g{at:02}/cpu.stat"), b"usage_usec 7\n");
        write(root.path(), &format!("cg/v2/g{at:02}/io.weight"), b"default 9\n");
    }
    let mut lab = Lab::new(root.path());
    let rows: Vec<_> = [0, 1, 2, 3, 62, 63]
        .into_iter()
        .map(|second| lab.tick(second).cgroup_settings.as_slice().len())
        .collect();
    assert_eq!(rows.iter().sum::<usize>(), 70);
    assert!(rows[0] > 20 && rows[1] == 32 && rows[2] > 0, "{rows:?}");
}

#[test]
fn a_group_of_the_freezer_is_told_though_nothing_is_counted_in_it() {
    let root = tree();
    let mounts = b"32 24 0:28 / /cg/freezer rw - cgroup cgroup rw,freezer\n\
        33 24 0:29 / /cg/blkio rw - cgroup cgroup rw,blkio\n";
    write(root.path(), "proc/self/mountinfo", mounts);
    write(root.path(), "cg/freezer/cgroup.procs", b"1\n");
    write(root.path(), "cg/freezer/job/freezer.state", b"FREEZING\n");
    write(root.path(), "cg/freezer/job/freezer.self_freezing", b"1\n");
    for (name, text) in [("read_bps", "8:0 4096\n"), ("write_bps", "")] {
        write(root.path(), &format!("cg/blkio/blkio.throttle.{name}_device"), text.as_bytes());
    }
    for name in ["read_iops", "write_iops"] {
        write(root.path(), &format!("cg/blkio/blkio.throttle.{name}_device"), b"");
    }
    write(root.path(), "cg/blkio/blkio.throttle.io_serviced", b"Total 0\n");
    let sample = Lab::new(root.path()).tick(0);
    let expected = [("blkio", "/"), ("freezer", "/job")];
    assert_eq!(names(&sample), expected.map(|(one, other)| (one.to_owned(), other.to_owned())));
    assert!(sample.cgroups.as_slice()[1].inode().is_some());
    let [blkio, freezer] = sample.cgroup_settings.as_slice() else { unreachable!("two rows") };
    let line = b"8:0 rbps=4096 wbps=max riops=max wiops=max".as_slice();
    assert_eq!((blkio.io_max(), blkio.frozen()), (Some(line), None));
    assert_eq!((freezer.io_max(), freezer.frozen()), (None, Some(true)));
}
