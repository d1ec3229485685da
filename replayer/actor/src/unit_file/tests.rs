//! Units of a systemd that is played here, with files of groups that are folders.

use std::cell::RefCell;
use std::fs::File;

use super::*;
use crate::held::Held;
use crate::limit::NONE;
use crate::manager::Found;
use crate::process_file::ProcessFile;

/// What it was asked for, in order.
#[derive(Debug)]
struct Played {
    held: RefCell<Limit>,
    is_running: bool,
    asked: RefCell<Vec<String>>,
}

impl Played {
    fn holding(limit: Limit) -> Self {
        Self { held: RefCell::new(limit), is_running: true, asked: RefCell::default() }
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
        Ok(Some(Found { limit: *self.held.borrow(), is_running: self.is_running }))
    }

    fn set_unit(&self, _: &Unit, limit: &Limit) -> Result<(), Failure> {
        self.asked.borrow_mut().push(limit.to_string());
        *self.held.borrow_mut() = *limit;
        Ok(())
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
    let file = written::Prior { place, written, before };
    Prior { unit, set: Limit::Tasks(300), before: Limit::Tasks(NONE), file }
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
        assert!(capture(&group(path), file, text, played).unwrap().is_none());
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
