//! Groups of ours in two hierarchies.

use super::*;
use crate::child::Child;
use crate::made::Made;

/// The hierarchy that a process is said to be in, where one of version 1 is beside it.
fn said() -> Option<&'static str> {
    let text = fs::read("/proc/self/mountinfo").unwrap();
    let is_there = |name: &&str| crate::place::mount_of(&text, name.as_bytes()).is_some();
    ["v2", "memory", "cpu"].into_iter().find(is_there)
}

#[test]
fn a_part_of_a_group_holds_only_who_is_said_to_be_in_it() {
    let Some(said) = said() else {
        println!("skipped: no control groups");
        return;
    };
    let (path, below) = ("/ks-actor-members", "/ks-actor-members/below");
    let Some(freezer) = Made::new("freezer", path) else { return };
    let (Some(inner), Some(group)) = (Made::new("freezer", below), Made::new(said, path)) else {
        return;
    };
    let Some(group_below) = Made::new(said, below) else { return };
    assert!(check(&freezer.exact()).is_ok(), "nobody is in it");
    let child = Child::sleeping();
    for part in [&freezer, &inner] {
        part.add(child.pid());
        match check(&freezer.exact()) {
            Err(Failure::Strangers { pid, .. }) => assert_eq!(pid, child.pid()),
            other => unreachable!("{other:?}"),
        }
    }
    for own in [&group, &group_below] {
        own.add(child.pid());
        assert!(check(&freezer.exact()).is_ok(), "{own:?}");
    }
    drop(child);
}

#[test]
fn a_group_of_version_2_and_one_that_is_gone() {
    let Some(made) = Made::new("freezer", "/ks-actor-members-gone") else { return };
    let (exact, child) = (made.exact(), Child::sleeping());
    drop(made);
    assert!(matches!(check(&exact), Err(Failure::Gone { .. })));
    assert!(check(&Exact(Entity::Cgroup(Group::at(b"/anything")))).is_ok());
    assert!(check(&Exact(Entity::Process(child.pid(), 1))).is_ok());
}
