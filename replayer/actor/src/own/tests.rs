//! What is ours, and what is beside it.

use std::fs::File;
use std::path::Path;

use ks_vocabulary::decision::{Effect, GroupFile, Signal};

use super::*;
use crate::child::{Child, start_of};
use crate::limit::{Limit, NONE};
use crate::unit::Unit;
use crate::unit_file;
use crate::writes::Direct;
use crate::written::Prior;

fn told(own: &Own, effect: &Effect) -> Option<String> {
    match own.check(&Deed::of(effect, &Direct).unwrap()) {
        Ok(()) => None,
        Err(Failure::Own { what }) => Some(what),
        Err(other) => unreachable!("{other}"),
    }
}

fn process(pid: u64) -> Exact {
    Exact(Entity::Process(pid, start_of(pid)))
}

#[test]
fn who_acts_and_who_started_it_are_out_of_reach() {
    let (helper, other) = (Child::sleeping(), Child::sleeping());
    let own = Own::with(&[helper.pid()]).unwrap();
    let parent = Stat::of(Path::new("/proc/self")).unwrap().ppid;
    for pid in [std::process::id().into(), parent, helper.pid()] {
        for effect in [
            Effect::Nice { process: process(pid), nice: 5 },
            Effect::OomScore { process: process(pid), adj: 5 },
            Effect::Signal { process: process(pid), signal: Signal::Stop },
        ] {
            assert_eq!(told(&own, &effect), Some(format!("process {pid}")), "{effect}");
        }
    }
    assert_eq!(told(&own, &Effect::Nice { process: process(other.pid()), nice: 5 }), None);
}

#[test]
fn nor_is_a_process_in_the_session_of_one_by_that() {
    if !Path::new("/proc/self/autogroup").exists() {
        println!("skipped: no autogroups");
        return;
    }
    let (mut helper, other) = (Child::parent(), Child::sleeping());
    let beside = helper.make_child();
    let own = Own::with(&[helper.pid()]).unwrap();
    let autogroup = |pid| Effect::Autogroup { process: process(pid), nice: 5 };
    assert_eq!(told(&own, &autogroup(beside)), Some(format!("the autogroup of process {beside}")));
    assert_eq!(told(&own, &Effect::Nice { process: process(beside), nice: 5 }), None);
    assert_eq!(told(&own, &autogroup(other.pid())), None, "a session of its own");
}

/// Control groups of ours, which end with this.
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            let _ = fs::remove_dir(path);
        }
    }
}

/// The same file by systemd.
fn of_a_unit(file: Prior) -> unit_file::Prior {
    let unit = Unit::try_from("/system.slice/a.service".to_owned()).unwrap();
    let (set, before) = (Limit::Tasks(1), Limit::Tasks(NONE));
    unit_file::Prior { unit, set, before, file, taken: None }
}

#[test]
fn nor_is_a_group_that_holds_one_or_is_above_it() {
    let mounts = fs::read("/proc/self/mountinfo").unwrap();
    let Some(mount) = mount_of(&mounts, b"v2") else {
        println!("skipped: no control groups of version 2");
        return;
    };
    let names = ["ks-actor-own", "ks-actor-own/a", "ks-actor-own/a/b", "ks-actor-own/c"];
    let made = Made(names.map(|name| mount.join(name)).to_vec());
    if let Some(error) = made.0.iter().find_map(|path| fs::create_dir(path).err()) {
        println!("skipped: no control group of version 2 can be made: {error}");
        return;
    }
    let helper = Child::sleeping();
    fs::write(made.0[1].join("cgroup.procs"), helper.pid().to_string()).unwrap();
    let own = Own::with(&[helper.pid()]).unwrap();
    let reached = |name: &str, inode_of: &Path| {
        let inode = Some(File::open(inode_of).unwrap().metadata().unwrap().ino());
        let group = Group { inode, ..Group::at(format!("/{name}").as_bytes()) };
        let place =
            Place::Group { group: Exact(Entity::Cgroup(group)), file: GroupFile::CgroupFreeze };
        let prior = Prior { place, written: "1".to_owned(), before: None, taken: None };
        let may = own.check(&Deed::Unit { prior: of_a_unit(prior.clone()) }).is_ok();
        assert_eq!(own.check(&Deed::File { prior, told: None }).is_ok(), may, "by whomever");
        may
    };
    let may: Vec<bool> =
        names.iter().zip(&made.0).map(|(name, path)| reached(name, path)).collect();
    assert_eq!(may, [false, false, true, true], "above, its own, below, beside");
    assert!(!reached("ks-actor-own/c/../a", &made.0[1]), "another way to write it");
    assert!(!reached("", &mount), "the root");
    drop(helper);
}
