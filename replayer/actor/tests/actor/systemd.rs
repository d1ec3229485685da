//! Groups of systemd's units: systemd is asked for their limits, and holds them over a reload.
//! Where no systemd runs one is played.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ks_actor::hand::Hand;
use ks_actor::message::Ask;
use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;

use crate::lab::{order, perform, start};

/// By what this program is told to be where a systemd is played, and where one runs.
pub(crate) const PLAYED: &str = "systemd-played";
pub(crate) const RUNNING: &str = "systemd-running";
pub(crate) const BOOTED: &str = "/run/systemd/system";
pub(crate) const PATH: &str = "/system.slice/ks-actor-test.service";
const MANAGER_STATUS: [&str; 6] = [
    "Uid:\t0\t0\t0\t0",
    "Threads:\t1",
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
    "CapEff:\t0000000000000000",
    "CapBnd:\t0000000000000000",
];

pub(crate) fn is_there() -> bool {
    Path::new(BOOTED).is_dir()
}

pub(crate) fn mount_of_groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    Some(line.split(' ').nth(4)?.into())
}

fn exact(path: &str) -> Exact {
    let folder = mount_of_groups().unwrap().join(&path[1..]);
    let inode = Some(fs::metadata(folder).unwrap().ino());
    Exact(Entity::Cgroup(Group { inode, ..Group::at(path.as_bytes()) }))
}

pub(crate) fn effect(path: &str, file: GroupFile, text: &str) -> Effect {
    Effect::GroupFile { group: exact(path), file, text: text.to_owned() }
}

/// Limits a unit, whose group has this path, by an actor of its own, and puts it back. Each limit
/// is in force after a reload too. It is all that a host with a systemd has to call.
pub(crate) fn limits_hold(folder: &Path, path: &str, reload: &dyn Fn()) {
    let group = mount_of_groups().unwrap().join(&path[1..]);
    let read = |file: GroupFile| fs::read_to_string(group.join(file.word())).ok();
    let (mut hand, left) = start(folder).unwrap();
    assert!(left.is_empty());
    manager_is_in_its_sandbox(&hand);
    for (request, file, text) in [
        (1, GroupFile::PidsMax, "300"),
        (2, GroupFile::MemoryHigh, "1073741824"),
        (3, GroupFile::CpuWeight, "20"),
        (4, GroupFile::CpuMax, "50000 100000"),
    ] {
        let before = read(file);
        let done = perform(&mut hand, order(request, effect(path, file, text)));
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None), "{file}");
        assert_eq!(read(file).unwrap().trim(), text);
        reload();
        assert_eq!(read(file).unwrap().trim(), text, "{file} after a reload");
        let done = hand.ask(&Ask::Undo { request }).unwrap();
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None), "{file}");
        // Without a limit there may be no file, or one that says so.
        let is_back = || {
            before.as_ref().map_or_else(
                || read(file).is_none_or(|found| found.trim() != text),
                |before| read(file).as_ref() == Some(before),
            )
        };
        assert!(is_back(), "{file}: {:?}", read(file));
        reload();
        assert!(is_back(), "{file} after a reload: {:?}", read(file));
    }
}

/// A process that is an actor's helper for systemd.
fn manager_of(hand: &Hand) -> u64 {
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", hand.pid())).unwrap();
    let is_it = |pid: &&str| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        line.split('\0').any(|word| word == "manager")
    };
    children.split_ascii_whitespace().find(is_it).unwrap().parse().unwrap()
}

fn manager_is_in_its_sandbox(hand: &Hand) {
    let pid = manager_of(hand);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in MANAGER_STATUS {
        assert!(status.lines().any(|one| one == line), "{line} in\n{status}");
    }
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    assert_eq!(open, 5, "the standard ones, the actor's socket and its connection");
}

/// With a systemd of this host, and a unit of ours.
fn of_this_host(folder: &Path) {
    let unit = "ks-actor-test.service";
    let run = |command: &str, arguments: &[&str]| {
        let status = Command::new(command).args(arguments).stdin(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !run("systemd-run", &["--quiet", "--unit", unit, "sleep", "1000"]) {
        println!("  skipped: systemd starts no unit");
        return;
    }
    running(folder, PATH);
    assert!(run("systemctl", &["stop", unit]));
}

/// The same with a unit that runs.
pub(crate) fn running(folder: &Path, path: &str) {
    limits_hold(folder, path, &|| {
        let status = Command::new("systemctl").arg("daemon-reload").status().unwrap();
        assert!(status.success());
    });
}

pub(crate) fn units(folder: &Path) {
    if is_there() {
        return of_this_host(folder);
    }
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]).arg(own).arg(PLAYED).arg(folder);
    let status = command.stdin(Stdio::null()).status().unwrap();
    if status.code() == Some(1) {
        println!("  skipped: no mount namespace can be made");
        return;
    }
    assert!(status.success(), "{status}");
}
