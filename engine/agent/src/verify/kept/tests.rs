//! What helped, watched for half an hour.

use alloc::vec::Vec;

use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;

use super::super::tests::{Host, decision};
use super::*;
use crate::desk::{Desk, Level};

const PLACE: (Kind, Entity, Metric) = (Kind::Scheduler, Entity::Host, Metric::CpuSome5s);
const BEGIN_S: u64 = 1_000;

/// A quantity that an action brought down by `won` standard deviations, and what is told of it at
/// the end; `level` is by how much of that it is back at a second.
fn watched(seed: u64, won: f64, level: impl Fn(u64) -> Option<f64>) -> (Course, u64) {
    const SD: f64 = 2.294;
    let mut host = Host::new(seed);
    let window = host.moment().after;
    let past = Vec::new();
    let measured = Measured::of(won * SD, past, window, true);
    let mut desk = Desk { now: Timestamp(BEGIN_S * SECOND_NS), ..Desk::default() };
    let mut kept = Kept::begin(decision(), measured, desk.now).expect("it helped");
    for second in 1..=1_900 {
        let value = host.step();
        desk.now = Timestamp((BEGIN_S + second) * SECOND_NS);
        let present = level(second).map(|back| value + back * won * SD);
        desk.levels.insert(PLACE, Level { present, ..Level::default() });
        let course = kept.take(&desk);
        if course != Course::Watched {
            return (course, second);
        }
    }
    unreachable!("half an hour is over")
}

fn is_stopped(course: Course) -> bool {
    matches!(course, Course::Stopped(_))
}

#[test]
fn what_keeps_working_is_hardly_ever_said_to_have_stopped() {
    for won in [3.0, 6.0] {
        let all: Vec<_> = (0..200).map(|seed| watched(seed, won, |_| Some(0.0))).collect();
        let stopped = all.iter().filter(|(course, _)| is_stopped(*course)).count();
        assert!(stopped <= 10, "{stopped} of 200 at {won}");
        let mut worked = all.iter().filter(|(course, _)| !is_stopped(*course));
        assert!(worked.all(|one| *one == (Course::Worked, 1_800)));
    }
}

#[test]
fn what_stops_working_is_found_soon() {
    for begins in [60, 600, 1_400] {
        let back = |second| Some(if second < begins { 0.0 } else { 1.0 });
        let all: Vec<_> = (0..200).map(|seed| watched(seed, 3.0, back)).collect();
        let soon = |(course, second): &&(Course, u64)| {
            is_stopped(*course) && (begins..begins + 300).contains(second)
        };
        let found = all.iter().filter(soon).count();
        assert!(found >= 180, "{found} of 200 that stop after {begins} s");
    }
}

#[test]
fn it_is_watched_for_half_an_hour_and_a_little_back_is_no_end() {
    let little = |second| Some(if second < 300 { 0.0 } else { 0.2 });
    assert_eq!(watched(4, 6.0, little), (Course::Worked, 1_800));
    let late = |second| Some(if second < 1_795 { 0.0 } else { 1.0 });
    assert_eq!(watched(4, 6.0, late).1, 1_800);
}

#[test]
fn what_is_not_read_is_not_said_to_have_worked() {
    let hole = |second| (!(300..=900).contains(&second)).then_some(0.0);
    assert_eq!(watched(4, 6.0, hole), (Course::Unseen, 1_800));
    let short = |second| (!(300..=400).contains(&second)).then_some(0.0);
    assert_eq!(watched(4, 6.0, short), (Course::Worked, 1_800));
    assert_eq!(watched(4, 6.0, |second| (second < 300).then_some(0.0)), (Course::Unseen, 1_800));
}

#[test]
fn what_did_not_help_is_not_watched() {
    let now = Timestamp(BEGIN_S * SECOND_NS);
    let worse = Measured::of(1.0, Vec::new(), [2.0; 12].into(), true);
    assert_eq!(Kept::begin(decision(), worse, now), None);
    let holed = Measured::of(1.0, Vec::new(), [0.5; 3].into(), true);
    assert_eq!(Kept::begin(decision(), holed, now), None);
    let still = Measured::of(1.0, Vec::new(), [0.5; 12].into(), true);
    let kept = Kept::begin(decision(), still, now).unwrap();
    assert_eq!(kept.until(), Timestamp((BEGIN_S + 1_800) * SECOND_NS));
}
