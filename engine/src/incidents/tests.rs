//! Tests of incidents: what belongs together, and what was likely first.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::kind::{Entity, Kind, Severity};
use crate::output::{Change, Culprit};

fn culprit(pid: u64, share: f64) -> Culprit {
    Culprit {
        entity: Entity::Process(pid, 1),
        comm: Some("made".into()),
        metric: "memory_growth",
        amount: 1.0,
        unit: "bytes",
        share,
        convicted: true,
        resident: false,
        began_ns: None,
        began_before: false,
    }
}

/// What a signal is about: number, kind, form and entity.
type About = (u64, Kind, Option<&'static str>, Entity);

struct Lab(Incidents);

impl Lab {
    fn raise(&mut self, second: u64, about: About, culprits: Vec<Culprit>) {
        self.say(second, about, culprits, Change::Raised);
    }

    fn say(&mut self, second: u64, about: About, culprits: Vec<Culprit>, change: Change) {
        let at = Timestamp(second * SECOND_NS);
        let (id, kind, subtype, entity) = about;
        let signal = Signal {
            id,
            change,
            kind,
            subtype,
            entity,
            severity: Severity::High,
            flapping: false,
            onset_ns: at,
            start_ns: at,
            evidence: Vec::new(),
            culprits,
            victims: Vec::new(),
        };
        self.0.take(&signal, at);
    }

    fn last(&mut self) -> Incident {
        self.0.take_said().pop().expect("something was said")
    }
}

fn lab() -> Lab {
    Lab(Incidents::default())
}

#[test]
fn a_leak_that_pages_eight_times_is_one_incident_with_the_leaker_as_its_cause() {
    let mut lab = lab();
    let disk = || Entity::Disk(b"sda".to_vec());
    lab.raise(100, (1, Kind::MemoryPressure, None, Entity::Host), vec![culprit(7, 0.9)]);
    lab.raise(130, (2, Kind::SwapThrashing, None, Entity::Host), vec![culprit(7, 0.8)]);
    lab.raise(140, (3, Kind::PageFault, None, Entity::Host), vec![culprit(8, 0.6)]);
    lab.raise(150, (4, Kind::IoCongestion, None, Entity::Host), vec![culprit(8, 0.7)]);
    lab.raise(150, (5, Kind::BlockDeviceSaturation, None, disk()), vec![]);
    lab.raise(160, (6, Kind::LoadMismatch, Some("blocked"), Entity::Host), vec![]);
    lab.raise(170, (7, Kind::Syscall, Some("slow"), Entity::Host), vec![]);
    let group = Entity::Cgroup(b"v2".to_vec(), b"/a".to_vec());
    lab.raise(180, (8, Kind::MemoryPressure, None, group), vec![]);
    let said = lab.last();
    assert_eq!(said.id, 1);
    assert_eq!(said.episodes, [1, 2, 3, 4, 5, 6, 7, 8]);
    let first = &said.causes[0];
    assert_eq!(first.entity, Entity::Process(7, 1));
    assert_eq!(first.kind, Kind::MemoryPressure);
    assert!(first.score > 2.0 * said.causes[1].score, "{:?}", said.causes);
    assert!(said.causes.iter().map(|cause| cause.score).sum::<f64>() <= 1.0 + 1e-9);
}

#[test]
fn two_causes_at_once_are_two_incidents() {
    let mut lab = lab();
    lab.raise(100, (1, Kind::MemoryPressure, None, Entity::Host), vec![culprit(7, 0.9)]);
    lab.raise(101, (2, Kind::NetworkDegradation, None, Entity::Nic(b"eth0".to_vec())), vec![]);
    lab.raise(110, (3, Kind::LoadMismatch, Some("cpu_bound"), Entity::Host), vec![culprit(9, 0.9)]);
    lab.raise(112, (4, Kind::Scheduler, None, Entity::Host), vec![culprit(9, 0.9)]);
    lab.raise(120, (5, Kind::SwapThrashing, None, Entity::Host), vec![culprit(7, 0.9)]);
    let said = lab.0.take_said();
    let last = |id: u64| said.iter().rev().find(|one| one.id == id).expect("it was opened");
    assert_eq!(last(1).episodes, [1, 5]);
    assert_eq!(last(2).episodes, [2]);
    assert_eq!(last(3).episodes, [3, 4]);
    assert_eq!(last(3).causes[0].entity, Entity::Process(9, 1));
}

#[test]
fn what_came_long_before_is_not_explained_by_what_came_after() {
    let mut lab = lab();
    let disk = Entity::Disk(b"sda".to_vec());
    lab.raise(100, (1, Kind::BlockDeviceSaturation, None, disk), vec![culprit(3, 0.9)]);
    lab.raise(400, (2, Kind::SwapThrashing, None, Entity::Host), vec![culprit(7, 0.9)]);
    let said = lab.last();
    assert_eq!((said.id, said.episodes.as_slice()), (2, [2].as_slice()));
}

#[test]
fn a_later_link_merges_and_a_quiet_minute_closes() {
    let mut lab = lab();
    lab.raise(100, (1, Kind::SwapThrashing, None, Entity::Host), vec![culprit(7, 0.9)]);
    lab.raise(105, (2, Kind::Scheduler, None, Entity::Host), vec![culprit(9, 0.9)]);
    assert_eq!(lab.last().id, 2);
    let both = vec![culprit(7, 0.5), culprit(9, 0.5)];
    lab.say(110, (2, Kind::Scheduler, None, Entity::Host), both, Change::Updated);
    let said = lab.0.take_said();
    assert_eq!((said[0].id, said[0].merged_into), (2, Some(1)));
    assert_eq!((said[1].id, said[1].episodes.as_slice()), (1, [1, 2].as_slice()));
    for (id, kind) in [(1, Kind::SwapThrashing), (2, Kind::Scheduler)] {
        lab.say(200, (id, kind, None, Entity::Host), vec![], Change::Cleared);
    }
    lab.0.age(Timestamp(259 * SECOND_NS));
    assert!(lab.0.take_said().iter().all(|one| one.change == IncidentChange::Updated));
    lab.0.age(Timestamp(260 * SECOND_NS));
    let closed = lab.last();
    assert_eq!(closed.change, IncidentChange::Closed);
    assert_eq!(closed.end_ns, Some(Timestamp(200 * SECOND_NS)));
    lab.raise(300, (9, Kind::SwapThrashing, None, Entity::Host), vec![]);
    assert_eq!(lab.last().id, 3, "numbers are not used again");
}
