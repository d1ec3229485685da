//! Units of a systemd that is played here, with files of groups that are folders.

use std::cell::RefCell;
use std::fs::File;

use super::*;
use crate::held::Held;
use crate::limit::NONE;
use crate::process_file::ProcessFile;
use crate::systemd::Found;

/// What it was asked for, in order.
#[derive(Debug)]
struct Played {
    held: RefCell<Limit>,
    is_running: bool,
    /// It takes this, whatever it is asked for.
    takes: Option<Limit>,
    /// It answers nothing.
    is_deaf: bool,
    asked: RefCell<Vec<String>>,
}

impl Played {
    fn holding(limit: Limit) -> Self {
        let (held, asked) = (RefCell::new(limit), RefCell::default());
        Self { held, is_running: true, takes: None, is_deaf: false, asked }
    }
}

impl Writes for Played {
    fn open_process_file(&self, held: &Held, _: ProcessFile) -> Result<File, Failure> {
        Err(Failure::Gone { what: format!("process {}", held.pid()) })
    }

    fn write_place(&self, place: &Place, text: &str) -> Result<(), Failure> {
        self.asked.borrow_mut().push(format!("{} {text}", place.told()));
        Ok(())
    }

    fn unit_limit(&self, _: &Unit, _: &Limit) -> Result<Option<Found>, Failure> {
        if self.is_deaf {
            return Err(Failure::refused("the manager", io::ErrorKind::TimedOut));
        }
        Ok(Some(Found { limit: *self.held.borrow(), is_running: self.is_running }))
    }

    fn set_unit(&self, _: &Unit, limit: &Limit) -> Result<Limit, Failure> {
        self.asked.borrow_mut().push(limit.to_string());
        let takes = self.takes.unwrap_or(*limit);
        *self.held.borrow_mut() = takes;
        Ok(takes)
    }
}

/// Of a group that is gone: what is put back is put back all the same.
fn prior() -> Prior {
    let group = ks_vocabulary::kind::Group::at(b"/system.slice/ks-actor-test.service");
    let group = Exact(ks_vocabulary::kind::Entity::Cgroup(group));
    let place = Place::Group { group, file: GroupFile::PidsMax };
    let written = "300".to_owned();
    let before = Some(written::Before { place: place.clone(), text: "max".to_owned() });
    let unit = Unit::try_from("/system.slice/ks-actor-test.service".to_owned()).unwrap();
    let file = written::Prior { place, written, before, taken: None };
    Prior { unit, set: Limit::Tasks(300), before: Limit::Tasks(NONE), file, taken: None }
}

#[test]
fn a_unit_that_started_anew_gets_back_what_it_was_held_at() {
    let played = Played::holding(Limit::Tasks(300));
    assert_eq!(restore(&prior(), &played).unwrap(), Restored::Restored);
    assert_eq!(*played.held.borrow(), Limit::Tasks(NONE));
    assert_eq!(restore(&prior(), &played).unwrap(), Restored::Restored, "twice is once");
    assert_eq!(*played.asked.borrow(), ["TasksMax=infinity"]);
}

#[test]
fn what_others_set_since_is_left_alone() {
    let played = Played::holding(Limit::Tasks(50));
    let left = Restored::Superseded("TasksMax=50".to_owned());
    assert_eq!(restore(&prior(), &played).unwrap(), left);
    assert!(played.asked.borrow().is_empty());
}

#[test]
fn a_note_of_it_is_read_as_it_was_written() {
    let text = serde_json::to_string(&prior()).unwrap();
    assert_eq!(serde_json::from_str::<Prior>(&text).unwrap(), prior(), "{text}");
}

#[test]
fn no_unit_and_none_that_runs_is_written_like_any_group() {
    let mut played = Played::holding(Limit::Tasks(NONE));
    let group = |path: &[u8]| {
        Exact(ks_vocabulary::kind::Entity::Cgroup(ks_vocabulary::kind::Group::at(path)))
    };
    let none = |path: &[u8], file, text, played: &dyn Writes| {
        let way = capture(&group(path), file, text, played).unwrap();
        assert!(matches!(way, Way::Directly(None)), "{way:?}");
    };
    none(b"/docker/0123", GroupFile::PidsMax, "300", &played);
    none(b"/a.service", GroupFile::MemorySwapMax, "4096", &played);
    none(b"/a.service", GroupFile::CgroupFreeze, "1", &played);
    none(b"/a.service", GroupFile::PidsMax, "300", &crate::writes::Direct);
    let error = capture(&group(b"/a.service"), GroupFile::PidsMax, "300", &played);
    assert!(matches!(error, Err(Failure::Gone { .. })), "its group is not there");
    played.is_running = false;
    none(b"/a.service", GroupFile::PidsMax, "300", &played);
}

#[test]
fn why_systemd_did_not_take_it_is_told() {
    let mut played = Played::holding(Limit::Tasks(NONE));
    played.is_deaf = true;
    let Way::Directly(told) = capture(&prior_group(), GroupFile::PidsMax, "300", &played).unwrap()
    else {
        unreachable!("it is not known what it is held at")
    };
    let why = "systemd did not take it (the manager: timed out): written directly, and a \
               daemon-reload resets it";
    assert_eq!(told.unwrap(), why);
}

/// The group is gone, so that it fails after systemd took it, too.
#[test]
fn what_systemd_took_instead_is_ours_and_put_back() {
    let mut played = Played::holding(Limit::Tasks(NONE));
    let mut prior = prior();
    played.takes = Some(Limit::Tasks(299));
    assert!(apply(&mut prior, &played).is_err());
    assert_eq!(prior.taken, Some(Limit::Tasks(299)));
    let text = serde_json::to_string(&prior).unwrap();
    let prior: Prior = serde_json::from_str(&text).unwrap();
    let told = restore(&prior, &played).unwrap_err().to_string();
    let expected = "`TasksMax=299` was read back where `TasksMax=infinity` was written";
    assert!(told.ends_with(expected), "{told}");
    played.takes = None;
    assert_eq!(restore(&prior, &played).unwrap(), Restored::Restored);
    assert_eq!(*played.held.borrow(), Limit::Tasks(NONE));
}

#[test]
fn a_quota_is_one_by_its_share() {
    let place = |file| Place::Group { group: prior_group(), file };
    let quota = place(GroupFile::CpuMax);
    assert!(means(&quota, "10000 20000\n", "50000 100000"));
    assert!(means(&quota, "max 20000\n", "max 100000"));
    assert!(!means(&quota, "max 20000\n", "50000 100000") && !means(&quota, "", "max 100000"));
    assert!(means(&place(GroupFile::PidsMax), "300\n", "300"));
}

fn prior_group() -> Exact {
    match prior().file.place {
        Place::Group { group, .. } => group,
        Place::Sysctl(_) | Place::ReadAhead(_) => unreachable!("it is of a group"),
    }
}

#[test]
fn a_unit_of_version_1_is_written_directly_which_is_said() {
    let group = |hierarchy: &str, path: &str| {
        let group = ks_vocabulary::kind::Group::at(path.as_bytes());
        let hierarchy = hierarchy.into();
        Exact(ks_vocabulary::kind::Entity::Cgroup(ks_vocabulary::kind::Group {
            hierarchy,
            ..group
        }))
    };
    let told = |hierarchy: &str, path: &str, file| {
        told_of_first(&group(hierarchy, path), file, true)
            .is_some_and(|told| told.contains("resets"))
    };
    assert!(told("cpu", "/system.slice/a.service", GroupFile::CpuShares));
    assert!(!told("cpu", "/docker/a", GroupFile::CpuShares), "no unit's");
    assert!(!told("freezer", "/system.slice/a.service", GroupFile::FreezerState));
    assert!(!told("v2", "/system.slice/a.service", GroupFile::CgroupFreeze));
    let without = group("cpu", "/system.slice/a.service");
    assert_eq!(told_of_first(&without, GroupFile::CpuShares, false), None, "systemd runs nowhere");
}
