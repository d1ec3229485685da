//! Deeds on the same, and beside it.

use ks_vocabulary::decision::{Effect, GroupFile, Sysctl};
use ks_vocabulary::kind::Group;

use super::*;
use crate::child::{Child, start_of};
use crate::limit::NONE;
use crate::writes::Direct;
use crate::written::Prior;

fn nice(pid: u64) -> Deed {
    let process = Exact(Entity::Process(pid, start_of(pid)));
    Deed::of(&Effect::Nice { process, nice: 5 }, &Direct).unwrap()
}

fn score(pid: u64) -> Deed {
    let process = Exact(Entity::Process(pid, start_of(pid)));
    Deed::of(&Effect::OomScore { process, adj: 5 }, &Direct).unwrap()
}

fn file(place: Place, written: &str) -> Deed {
    Deed::File { prior: prior(place, written), told: None }
}

fn prior(place: Place, written: &str) -> Prior {
    Prior { place, written: written.to_owned(), before: None, taken: None }
}

/// The same by systemd.
fn unit(path: &str, inode: u64, at: GroupFile, written: &str) -> Deed {
    let unit = Unit::try_from(path.to_owned()).unwrap();
    let set = Limit::of(at, written).unwrap();
    let file = prior(group(path, inode, at), written);
    Deed::Unit { prior: unit_file::Prior { unit, set, before: set.with(NONE), file, taken: None } }
}

fn group(path: &str, inode: u64, file: GroupFile) -> Place {
    let group = Group { inode: Some(inode), ..Group::at(path.as_bytes()) };
    Place::Group { group: Exact(Entity::Cgroup(group)), file }
}

#[test]
fn a_process_and_what_it_made_since_are_one() {
    let (mut child, other) = (Child::parent(), Child::sleeping());
    let pid = child.pid();
    for of in [nice, score] {
        let older = of(pid);
        let made = child.make_child();
        assert!(is_on(&older, &of(pid)).unwrap() && is_on(&older, &of(made)).unwrap());
        assert!(!is_on(&of(made), &of(pid)).unwrap(), "its maker has it from nobody");
        assert!(!is_on(&older, &of(other.pid())).unwrap());
    }
    assert!(!is_on(&nice(pid), &score(pid)).unwrap());
    let older = nice(other.pid());
    let zombie = other.into_zombie();
    assert!(!is_on(&older, &nice(pid)).unwrap(), "it has ended");
    drop(zombie);
}

#[test]
fn a_group_is_its_inode_and_a_limit_its_device() {
    let freeze = GroupFile::CgroupFreeze;
    let older = file(group("/a", 7, freeze), "1");
    for (place, expected) in [
        (group("/a", 7, freeze), true),
        (group("/b/../a", 7, freeze), true),
        (group("/a", 8, freeze), false),
        (group("/a", 7, GroupFile::PidsMax), false),
        (Place::Sysctl(Sysctl::Swappiness), false),
    ] {
        assert_eq!(is_on(&older, &file(place.clone(), "1")).unwrap(), expected, "{place:?}");
    }
    let limit = |text| file(group("/a", 7, GroupFile::IoMax), text);
    let older = limit("8:0 rbps=100000");
    assert!(is_on(&older, &limit("8:0 rbps=65536")).unwrap());
    assert!(!is_on(&older, &limit("8:16 rbps=65536")).unwrap());
    assert!(!is_on(&older, &limit("8:0 wbps=65536")).unwrap());
    let reclaim = || file(group("/a", 7, GroupFile::MemoryReclaim), "4096");
    assert!(!is_on(&reclaim(), &reclaim()).unwrap(), "nothing of it is put back");
}

#[test]
fn what_systemd_holds_and_what_is_written_to_the_same_file_are_one() {
    let (a, pids, high) = ("/system.slice/a.service", GroupFile::PidsMax, GroupFile::MemoryHigh);
    let older = || unit(a, 7, pids, "300");
    let direct = |inode, at, text| file(group(a, inode, at), text);
    assert!(is_on(&older(), &unit(a, 7, pids, "200")).unwrap());
    assert!(is_on(&older(), &direct(7, pids, "200")).unwrap());
    assert!(is_on(&direct(7, pids, "400"), &older()).unwrap());
    assert!(is_on(&older(), &file(group("/b/../a", 7, pids), "200")).unwrap());
    // What started anew is held still, and what was written to its group before is gone with that.
    assert!(is_on(&older(), &unit(a, 8, pids, "200")).unwrap());
    assert!(is_on(&older(), &direct(8, pids, "200")).unwrap());
    assert!(!is_on(&direct(8, pids, "400"), &older()).unwrap());
    for other in [
        unit(a, 7, high, "4096"),
        unit("/system.slice/b.service", 8, pids, "200"),
        direct(7, high, "4096"),
        file(group("/b", 8, pids), "200"),
    ] {
        assert!(!is_on(&older(), &other).unwrap(), "{other:?}");
        assert!(!is_on(&other, &older()).unwrap(), "{other:?}");
    }
    let limit = |text| unit(a, 7, GroupFile::IoMax, text);
    let older = limit("8:0 rbps=100000");
    for (text, expected) in
        [("8:0 rbps=65536", true), ("8:16 rbps=9", false), ("8:0 wbps=9", false)]
    {
        assert_eq!(is_on(&older, &limit(text)).unwrap(), expected, "{text}");
        let direct = direct(7, GroupFile::IoMax, text);
        assert_eq!(is_on(&older, &direct).unwrap(), expected, "{text}");
        assert_eq!(is_on(&direct, &older).unwrap(), expected, "{text}");
    }
}

#[test]
fn an_autogroup_is_that_of_a_session() {
    let (mut child, other) = (Child::parent(), Child::sleeping());
    let made = child.make_child();
    let of = |pid| {
        let process = Exact(Entity::Process(pid, start_of(pid)));
        Deed::of(&Effect::Autogroup { process, nice: 5 }, &Direct)
    };
    let Ok(older) = of(child.pid()) else {
        println!("skipped: no autogroups");
        return;
    };
    assert!(is_on(&older, &of(made).unwrap()).unwrap());
    assert!(!is_on(&older, &of(other.pid()).unwrap()).unwrap(), "a session of its own");
}

#[test]
fn one_that_is_stopped_is_not_let_go_by_another_and_may_be_ended() {
    let child = Child::sleeping();
    let process = || Exact(Entity::Process(child.pid(), child.start()));
    let of = |signal| Deed::of(&Effect::Signal { process: process(), signal }, &Direct).unwrap();
    assert!(is_on(&of(Signal::Stop), &of(Signal::Continue)).unwrap());
    assert!(!is_on(&of(Signal::Stop), &of(Signal::Terminate)).unwrap());
}
