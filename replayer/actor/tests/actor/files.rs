//! Files that an actor may not open itself: its helpers do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ks_actor::message::Ask;
use ks_actor::perform::Order;
use ks_vocabulary::decision::{Effect, GroupFile, Sysctl};
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Sleeper, order, perform, start, wait};

/// By what this program is told to be in a network namespace of its own.
pub(crate) const IN_NETWORK: &str = "in-network";

/// Every effect on a process of another user, by an actor that may open none of its files.
pub(crate) fn helpers(folder: &Path) {
    let (child, (mut hand, _)) = (Sleeper::new(), start(folder).unwrap());
    let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.0.id())).unwrap();
    let process = || child.exact();
    let before = (of("oom_score_adj"), of("autogroup"));
    for (request, effect) in [
        (1, Effect::OomScore { process: process(), adj: 300 }),
        (2, Effect::Autogroup { process: process(), nice: 5 }),
    ] {
        let done = perform(&mut hand, order(request, effect.clone()));
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None), "{effect}");
    }
    assert_eq!(of("oom_score_adj"), "300\n");
    assert!(of("autogroup").ends_with(" nice 5\n"));
    for request in [1, 2] {
        let done = hand.ask(&Ask::Undo { request }).unwrap();
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    }
    assert_eq!((of("oom_score_adj"), of("autogroup")), before);
}

/// A control group of ours, which ends with this.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
        let folder = Path::new(line.split(' ').nth(4)?).join("ks-actor-test");
        fs::create_dir(&folder).ok()?;
        Some(Self(folder))
    }

    fn exact(&self) -> Exact {
        use std::os::unix::fs::MetadataExt;
        let inode = Some(fs::metadata(&self.0).unwrap().ino());
        let group = ks_vocabulary::kind::Group::at(b"/ks-actor-test");
        Exact(Entity::Cgroup(ks_vocabulary::kind::Group { inode, ..group }))
    }

    fn frozen(&self) -> String {
        fs::read_to_string(self.0.join("cgroup.freeze")).unwrap()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

pub(crate) fn a_group_is_frozen_for_a_time(folder: &Path) {
    let Some(group) = Group::new() else {
        println!("  skipped: no control group of version 2 can be made");
        return;
    };
    let (mut hand, _) = start(folder).unwrap();
    let (file, text) = (GroupFile::CgroupFreeze, "1".to_owned());
    let effect = Effect::GroupFile { group: group.exact(), file, text };
    let done = perform(&mut hand, Order { lasts_s: Some(1), ..order(1, effect) });
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    assert_eq!(group.frozen(), "1\n");
    wait(|| group.frozen() == "0\n");
    let (request, done) = loop {
        if let Some(over) = hand.over().unwrap() {
            break over;
        }
    };
    assert_eq!((request, done.outcome), (1, Outcome::Applied));
}

/// A parameter of a network namespace of its own: those of the host are not ours.
pub(crate) fn in_own_network(folder: &Path) {
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    let status = command.arg("--net").arg(own).arg(IN_NETWORK).arg(folder).status().unwrap();
    if status.code() == Some(1) {
        println!("  skipped: no network namespace can be made");
        return;
    }
    assert!(status.success(), "{status}");
}

pub(crate) fn a_parameter_is_set_and_put_back(folder: &Path) {
    let read = || fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let before = read();
    let (mut hand, _) = start(folder).unwrap();
    let set = |request, text: &str| {
        order(request, Effect::Sysctl { key: Sysctl::IpLocalPortRange, text: text.to_owned() })
    };
    assert_eq!(perform(&mut hand, set(1, "15000 65000")).outcome, Outcome::Applied);
    assert_eq!(read(), "15000\t65000\n");
    let narrower = perform(&mut hand, set(2, "20000 65000"));
    assert_eq!(narrower.outcome, Outcome::NotApplied);
    assert!(narrower.reason.unwrap().contains("would be more"), "it goes one way");
    assert_eq!(hand.ask(&Ask::Undo { request: 1 }).unwrap().outcome, Outcome::Applied);
    assert_eq!(read(), before);
    // Another setter finds what stood there in the note.
    assert_eq!(perform(&mut hand, set(3, "15000 65000")).outcome, Outcome::Applied);
    kill_process(Pid::from_raw(hand.pid().cast_signed()).unwrap(), Signal::KILL).unwrap();
    let (_next, left) = start(folder).unwrap();
    assert_eq!((left.len(), left[0].done.outcome), (1, Outcome::Applied), "{left:?}");
    assert_eq!(read(), before);
}
