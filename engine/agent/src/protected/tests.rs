//! Each line of the protected set, from a host on which nothing of the hog's is protected.

use super::*;
use crate::desk::{ALONE, BATCH, Desk, HOG, PAUSED, PEER, RECORDER, SESSION, SOLO, process as of};
use crate::facts::ProcessKey;

type Change = fn(&mut Desk);

fn why(desk: &Desk, key: ProcessKey, site: Site<'_>) -> Option<String> {
    process(&desk.processes[&key], site, desk)
}

fn after(change: Change, key: ProcessKey) -> Option<String> {
    let mut desk = Desk::default();
    change(&mut desk);
    why(&desk, key, Site::default())
}

fn says(found: Option<String>, part: &str) {
    let found = found.unwrap_or_else(|| panic!("it is not protected: {part}"));
    assert!(found.contains(part), "{found}: {part}");
}

#[test]
fn a_process_of_which_all_is_known_and_nothing_speaks_for_it_is_not_protected() {
    let desk = Desk::default();
    for key in [HOG, PEER, SOLO, PAUSED] {
        assert_eq!(why(&desk, key, Site::default()), None, "{key:?}");
    }
    for path in [BATCH, ALONE, b"/work.slice"] {
        assert_eq!(group(path, Site::default(), &desk), None);
    }
}

/// The hog joins a listed unit, and runs its executable.
fn join_init(desk: &mut Desk) {
    desk.hog().group = Some(b"/init.scope/below");
    desk.hog().exe = desk.at((1, 1)).exe;
}

#[test]
fn each_line_of_the_set_protects() {
    let hog: [(Change, &str); 9] = [
        (|d| d.hog().is_kernel = Some(true), "a thread of the kernel"),
        (|d| d.hog().ppid = Some(2), "a thread of the kernel"),
        (|d| d.hog().is_kernel = None, "whether it is a thread of the kernel is not recorded"),
        (|d| d.hog().oom_score_adj = Some(-1000), "never to be killed"),
        (|d| d.hog().uid = Some(0), "it is root's"),
        (|d| d.hog().uid = None, "its user is not recorded"),
        (|d| d.hog().group = None, "its control group is not recorded"),
        (
            |d| d.hog().group = Some(b"/system.slice/kernelsight.service"),
            "shares the control group",
        ),
        (|d| join_init(d), "it belongs to /init.scope"),
    ];
    for (change, part) in hog {
        says(after(change, HOG), part);
    }
    for (key, part) in
        [((1, 1), "process 1 is the kernel's"), ((2, 1), "process 2 is the kernel's")]
    {
        says(after(|_| {}, key), part);
    }
}

#[test]
fn this_program_those_above_it_and_those_beside_it_are_protected() {
    let started = "it is this program, or started it";
    says(after(|_| {}, RECORDER), started);
    says(after(|_| {}, (850, 85)), started);
    says(after(|_| {}, (800, 80)), started);
    says(after(|_| {}, (50, 5)), started);
    says(after(|_| {}, (901, 91)), "it shares the control group of this program");
    let root: Change = |d| {
        d.at(RECORDER).group = Some(b"/");
        d.hog().group = Some(b"/");
    };
    assert_eq!(after(root, HOG), None, "all that is in no group shares the root");
}

#[test]
fn a_chain_of_parents_that_is_a_circle_ends() {
    let circle: Change = |d| d.at((800, 80)).ppid = Some(850);
    says(after(circle, (850, 85)), "started it");
    assert_eq!(after(circle, HOG), None);
}

#[test]
fn members_of_the_listed_units_are_protected_with_the_executable_of_the_unit() {
    for unit in UNITS {
        let path = unit.as_bytes();
        let mut desk = Desk::default();
        desk.processes.remove(&(1, 1));
        desk.processes.remove(&(50, 5));
        desk.add(&of((60, 6), 1, 105, path));
        says(why(&desk, (60, 6), Site::default()), unit);
        desk.add(&of((61, 7), 60, 105, path));
        assert_eq!(why(&desk, (61, 7), Site::default()), None, "{unit}: a stranger in it");
        says(group(path, Site::default(), &desk), "process 60 is in it");
        desk.at((61, 7)).exe = None;
        says(why(&desk, (61, 7), Site::default()), unit);
        desk.at((61, 7)).exe = Some((8, 60));
        says(why(&desk, (61, 7), Site::default()), unit);
        desk.at((60, 6)).exe = None;
        says(why(&desk, (61, 7), Site::default()), unit);
    }
}

#[test]
fn a_name_protects_nobody() {
    for name in [&b"sshd"[..], b"systemd", b"systemd-journal", b"dbus-daemon", b"kthreadd", b"ks"] {
        let mut desk = Desk::default();
        desk.hog().comm = Some(name);
        assert_eq!(why(&desk, HOG, Site::default()), None);
    }
}

#[test]
fn a_users_own_unit_of_a_listed_name_is_not_the_listed_one() {
    for path in [
        &b"/user.slice/user-1001.slice/user@1001.service/app.slice/sshd.service"[..],
        b"/user.slice/user-1001.slice/user@1001.service/init.scope",
        b"/system.slice/sshd.service.d",
        b"/system.slice/other.service/system.slice/sshd.service",
        b"/sshd.service",
    ] {
        let mut desk = Desk::default();
        desk.add(&of((60, 6), 1, 1001, path));
        assert_eq!(why(&desk, (60, 6), Site::default()), None, "{}", path.escape_ascii());
        assert_eq!(group(path, Site::default(), &desk), None);
    }
}

#[test]
fn a_protected_member_protects_its_group_and_those_above() {
    let desk = Desk::default();
    says(group(SESSION, Site::default(), &desk), "process 800 is in it: it is this program");
    says(group(b"/user.slice/user-1000.slice", Site::default(), &desk), "process 800 is in it");
    let mut desk = Desk::default();
    desk.add(&of((1002, 102), 1000, 0, b"/work.slice/batch.service/below"));
    says(group(BATCH, Site::default(), &desk), "process 1002 is in it: it is root's");
    says(group(b"/work.slice", Site::default(), &desk), "process 1002 is in it");
    assert_eq!(group(ALONE, Site::default(), &desk), None);
}

#[test]
fn what_holds_all_else_is_protected_even_if_it_looks_empty() {
    let desk = Desk { processes: alloc::collections::BTreeMap::default(), ..Desk::default() };
    for top in ["/", "/system.slice", "/user.slice", "/machine.slice"] {
        says(group(top.as_bytes(), Site::default(), &desk), "it holds all else");
    }
}

#[test]
fn root_is_acted_on_in_listed_units_of_the_system_alone() {
    let units = ["backup.service".to_string()];
    let site = Site { root_units: &units, ..Site::default() };
    for (path, is_protected) in [
        (&b"/system.slice/backup.service"[..], false),
        (b"/system.slice/backup.service/job", false),
        (b"/system.slice/nightly.slice/backup.service", false),
        (b"/system.slice/other.service", true),
        (b"/system.slice/other.service/backup.service", true),
        (b"/user.slice/backup.service", true),
        (b"/backup.service", true),
        (b"/system.slice/backup.service.evil", true),
    ] {
        let mut desk = Desk::default();
        desk.add(&of((60, 6), 1, 0, path));
        let found = why(&desk, (60, 6), site);
        assert_eq!(found.is_some(), is_protected, "{}", path.escape_ascii());
    }
}

#[test]
fn a_site_protects_units_and_groups_with_what_is_below_and_above_them() {
    let protect =
        [Scope::Unit("db.service".into()), Scope::Cgroup("/work.slice/batch.service".into())];
    let site = Site { protect: &protect, ..Site::default() };
    let mut desk = Desk::default();
    desk.add(&of((60, 6), 1, 105, b"/system.slice/db.service/worker"));
    desk.add(&of((61, 6), 1, 105, b"/system.slice/db.service.old"));
    desk.add(&of((62, 6), 1, 105, b"/tenants.slice/db.service"));
    says(why(&desk, (62, 6), site), "the site protects unit db.service");
    says(why(&desk, (60, 6), site), "the site protects unit db.service");
    assert_eq!(why(&desk, (61, 6), site), None);
    says(why(&desk, HOG, site), "the site protects control group /work.slice/batch.service");
    assert_eq!(why(&desk, SOLO, site), None);
    desk.processes.clear();
    for (path, is_protected) in [
        (&b"/work.slice"[..], true),
        (BATCH, true),
        (b"/work.slice/batch.service/below", true),
        (b"/work.slice/batch.service2", false),
        (ALONE, false),
        (b"/system.slice/db.service", true),
        (b"/system.slice/db.service/worker", true),
    ] {
        let found = group(path, site, &desk);
        assert_eq!(found.is_some(), is_protected, "{}", path.escape_ascii());
    }
}
