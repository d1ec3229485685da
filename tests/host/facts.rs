//! What seldom changes of a process and a group of our own, as a recording of this very host tells.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ks_vocabulary::model::{Process, ProcessFacts};

use crate::recorded::Recorded;
use crate::{KS, Own, has, skipped};

/// Leads a session whose autogroup is as nice as that, and becomes a program that sleeps.
const WORK: &str = "echo 7 > /proc/self/autogroup; \
    exec nice -n 5 ionice -c 2 -n 6 taskset -c 0 chrt --reset-on-fork --other 0 sleep 600";

/// The last rows of `pid` in a recording of four seconds.
fn recorded(pid: u64, more: &[&str]) -> (ProcessFacts, Process) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut command = Command::new(KS);
    command.args(["record", "--interval", "100ms", "--duration", "4s", "-o"]).arg(&path);
    let status = command.args(more).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    let recorded = Recorded::read(&path);
    let samples = recorded.samples();
    let mut facts = samples.iter().flat_map(|sample| sample.process_facts.iter());
    let facts = facts.rfind(|row| row.pid() == Some(pid)).cloned().unwrap();
    let mut rows = samples.iter().flat_map(|sample| sample.processes.iter());
    (facts, rows.rfind(|row| row.pid() == Some(pid)).cloned().unwrap())
}

fn number(path: &Path) -> u64 {
    let text = std::fs::read_to_string(path).unwrap();
    text.split_whitespace().next().unwrap().trim_start_matches("/autogroup-").parse().unwrap()
}

#[test]
fn a_process_of_our_own_has_exactly_the_facts_that_were_set() {
    if skipped() {
        return;
    }
    let missing = ["setsid", "nice", "ionice", "taskset", "chrt"].iter().find(|one| !has(one));
    if let Some(missing) = missing {
        return eprintln!("skipped: {missing} is not installed, which sets what is looked for");
    }
    let mut command = Command::new("setsid");
    let child = Own(command.args(["sh", "-c", WORK]).spawn().unwrap());
    let pid = u64::from(child.0.id());
    let folder = Path::new("/proc").join(pid.to_string());
    let sleeps = || std::fs::read(folder.join("comm")).is_ok_and(|comm| comm == b"sleep\n");
    let waited = (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        sleeps()
    });
    assert!(waited, "it becomes the program that sleeps");
    for more in [&[][..], &["--no-ebpf"]] {
        let (facts, row) = recorded(pid, more);
        assert_eq!(facts.start_ticks(), row.start_ticks(), "{more:?}");
        assert_eq!((row.nice(), row.comm()), (Some(5), Some(b"sleep".as_slice())), "{more:?}");
        assert_eq!((facts.session(), facts.uid()), (Some(pid), Some(0)), "{more:?}: {facts:?}");
        assert_eq!(facts.is_kernel(), Some(false), "{more:?}");
        assert_eq!(facts.reset_on_fork(), Some(true), "{more:?}");
        assert_eq!(facts.io_priority(), Some(2 << 13 | 6), "{more:?}");
        assert_eq!(facts.cpus_allowed(), Some(b"0".as_slice()), "{more:?}");
        let exe = std::fs::metadata(folder.join("exe")).unwrap();
        let (major, minor) = (rustix::fs::major(exe.dev()), rustix::fs::minor(exe.dev()));
        let device = u64::from(major) << 20 | u64::from(minor);
        assert_eq!((facts.exe_device(), facts.exe_inode()), (Some(device), Some(exe.ino())));
        let autogroup = folder.join("autogroup");
        if autogroup.exists() {
            let expected = (Some(number(&autogroup)), Some(7));
            assert_eq!((facts.autogroup(), facts.autogroup_nice()), expected, "{more:?}");
        }
    }
}

#[test]
fn what_the_kernel_tells_of_every_process_is_what_its_files_tell() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let of = |more: &[&str]| {
        let path = folder.path().join(format!("{}.parquet", more.len()));
        let mut command = Command::new(KS);
        command.args(["record", "--interval", "100ms", "--duration", "5s", "-o"]).arg(&path);
        assert!(command.args(more).stderr(Stdio::null()).status().unwrap().success());
        let recorded = Recorded::read(&path);
        let mut last = std::collections::BTreeMap::new();
        for row in recorded.samples().iter().flat_map(|sample| sample.process_facts.iter()) {
            last.insert((row.pid(), row.start_ticks()), row.clone());
        }
        last
    };
    let (by_pass, by_files) = (of(&[]), of(&["--no-ebpf"]));
    let both = by_pass.iter().filter_map(|(key, row)| Some((row, by_files.get(key)?)));
    let differ = both.clone().filter(|(one, other)| one != other).count();
    let count = both.count();
    assert!(count > 10, "{count} processes");
    // Others may change what they are in between.
    assert!(differ * 20 <= count, "{differ} of {count} differ");
}

/// A control group of version 2, which is removed when the test ends.
struct OwnGroup(PathBuf);

impl OwnGroup {
    /// `None` where no hierarchy of version 2 is mounted.
    fn new() -> Option<Self> {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
        let mount = Path::new(line.split(' ').nth(4).unwrap());
        let path = mount.join(format!("ks-facts-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Some(Self(path))
    }
}

impl Drop for OwnGroup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_group_of_our_own_and_the_host_have_the_settings_that_are_set() {
    if skipped() {
        return;
    }
    let Some(group) = OwnGroup::new() else {
        return eprintln!("skipped: no hierarchy of version 2 is mounted");
    };
    std::fs::write(group.0.join("cgroup.freeze"), "1").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut command = Command::new(KS);
    command.args(["record", "--no-ebpf", "--duration", "4s", "-o"]).arg(&path);
    assert!(command.stderr(Stdio::null()).status().unwrap().success());
    let recorded = Recorded::read(&path);
    let samples = recorded.samples();
    let name = Path::new("/").join(group.0.file_name().unwrap());
    let mut rows = samples.iter().flat_map(|sample| sample.cgroup_settings.iter());
    let row = rows.rfind(|row| row.path() == Some(name.as_os_str().as_bytes())).unwrap();
    let controllers = std::fs::read_to_string(group.0.join("cgroup.controllers")).unwrap();
    assert_eq!(row.controllers(), Some(controllers.trim().as_bytes()));
    assert_eq!((row.frozen(), row.hierarchy()), (Some(true), Some(b"v2".as_slice())));
    assert_eq!(row.inode(), Some(std::fs::metadata(&group.0).unwrap().ino()));
    let sysctls = samples[0].sysctls.first().unwrap();
    let swappiness = number(Path::new("/proc/sys/vm/swappiness"));
    assert_eq!(sysctls.swappiness(), Some(swappiness));
}
