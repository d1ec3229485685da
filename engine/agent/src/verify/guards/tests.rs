//! Side effects: what moves beside an action, and what only seems to.

use alloc::vec::Vec;

use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::super::tests::{Host, Shown};
use super::*;
use crate::desk::{Desk, Level};

/// Quantities of other conditions on the host.
const OTHERS: [(Kind, Metric); 5] = [
    (Kind::MemoryPressure, Metric::MemorySome5s),
    (Kind::IoCongestion, Metric::IoSome5s),
    (Kind::TcpExhaustion, Metric::TimeWaitShare),
    (Kind::PageFault, Metric::Majflt5s),
    (Kind::Syscall, Metric::Calls5s),
];

const SETTLED: Beside<'static> = Beside {
    windows: Windows::USUAL,
    verified: (Kind::Scheduler, &Entity::Host),
    is_settled: true,
    is_trigger: &|_| false,
    is_meant: &|_| false,
};

fn key((kind, metric): (Kind, Metric)) -> (Kind, Entity, Metric) {
    (kind, Entity::Host, metric)
}

/// A desk with what each shows before an action.
fn desk(shown: &[Shown], untreated: &[Vec<f64>]) -> Desk {
    let mut desk = Desk { now: Timestamp(1_000 * SECOND_NS), ..Desk::default() };
    for ((one, shown), untreated) in OTHERS.into_iter().zip(shown).zip(untreated) {
        let (past, untreated) = (shown.past.clone(), untreated.clone());
        let level = Level { present: Some(shown.before), before: None, past, untreated };
        desk.levels.insert(key(one), level);
    }
    desk
}

/// What is told of them once each has gone on as it shows.
fn looked(shown: &[Shown], untreated: &[Vec<f64>]) -> Option<Told> {
    let mut desk = desk(shown, untreated);
    let mut guards = Guards::begin(&SETTLED, &desk);
    for reading in 0..12u64 {
        desk.now = Timestamp((1_010 + 5 * reading) * SECOND_NS);
        for (one, shown) in OTHERS.into_iter().zip(shown) {
            let at = usize::try_from(reading).unwrap();
            desk.levels.get_mut(&key(one)).unwrap().present = Some(shown.after[at]);
        }
        guards.take(&desk);
    }
    guards.looked(&desk)
}

/// Of `seed`: each quantity with so many untreated triggers, one of them moved after the action.
fn incident(seed: u64, untreated: usize, moved: f64) -> Option<Told> {
    let mut hosts: Vec<Host> = (0..5).map(|at| Host::new(seed * 5 + at)).collect();
    let null: Vec<Vec<f64>> = hosts.iter_mut().map(|host| host.triggers(untreated)).collect();
    let mut shown: Vec<Shown> = hosts.iter_mut().map(Host::moment).collect();
    let first = shown.remove(0).moved(moved);
    shown.insert(0, first);
    looked(&shown, &null)
}

#[test]
fn what_does_nothing_is_hardly_ever_said_to_make_others_worse() {
    let tripped = (0..500).filter_map(|seed| incident(seed, 99, 0.0)).filter(is_worse);
    let tripped = tripped.count();
    assert!(tripped <= 37, "{tripped} of 500");
}

#[test]
fn what_gets_worse_is_found_and_named() {
    let mut found = 0;
    for seed in 0..200 {
        // Four standard deviations of the quantity.
        let beside = incident(seed, 99, 4.0 * 2.294).unwrap();
        assert_eq!((beside.tested, beside.not_testable), (5, 0));
        if is_worse(&beside) {
            let worst = beside.worst.unwrap();
            assert_eq!((worst.kind, worst.metric), OTHERS[0]);
            assert!(worst.after > worst.before && worst.p >= 5.0 / 100.0 - 1e-12);
            found += 1;
        }
    }
    assert!(found >= 150, "{found} of 200");
}

#[test]
fn those_of_which_too_little_is_known_are_said_not_to_be_testable() {
    // So many untreated triggers each: k tests ask for 20 k - 1.
    for (untreated, tested) in [(18, 0), (19, 1), (38, 1), (39, 2), (59, 3), (98, 4), (99, 5)] {
        let beside = incident(3, untreated, 0.0).unwrap();
        assert_eq!((beside.tested, beside.not_testable), (tested, 5 - tested), "{untreated}");
    }
}

#[test]
fn those_of_which_most_is_known_come_first() {
    let mut hosts: Vec<Host> = (0..5).map(Host::new).collect();
    let counts = [10, 39, 18, 60, 0];
    let null: Vec<Vec<f64>> =
        hosts.iter_mut().zip(counts).map(|(host, count)| host.triggers(count)).collect();
    let shown: Vec<Shown> = hosts.iter_mut().map(Host::moment).collect();
    let guards = Guards::begin(&SETTLED, &desk(&shown, &null));
    let tested: Vec<Kind> = guards.tested.iter().map(|one| one.kind).collect();
    assert_eq!(tested, [OTHERS[3].0, OTHERS[1].0]);
    assert_eq!(guards.not_testable, 3);
}

#[test]
fn what_the_action_is_verified_by_or_meant_to_move_is_no_guard() {
    let mut hosts: Vec<Host> = (0..5).map(Host::new).collect();
    let null: Vec<Vec<f64>> = hosts.iter_mut().map(|host| host.triggers(99)).collect();
    let shown: Vec<Shown> = hosts.iter_mut().map(Host::moment).collect();
    let desk = desk(&shown, &null);
    let verified = (OTHERS[0].0, &Entity::Host);
    let own = Guards::begin(&Beside { verified, ..SETTLED }, &desk);
    assert_eq!(own.tested.len(), 4);
    let meant = Guards::begin(&Beside { is_meant: &|_| true, ..SETTLED }, &desk);
    assert_eq!(meant, Guards::default());
    assert_eq!(meant.looked(&desk), None);
}

#[test]
fn of_what_is_left_less_is_worse() {
    let one = (Kind::MemoryPressure, Metric::SwapFreeShare);
    for (after, worse) in [(0.2, true), (0.9, false)] {
        let untreated = (0..39).map(|at| f64::from(at) / 390.0 - 0.05).collect();
        let level = Level { present: Some(0.6), before: None, past: [0.6; 12].into(), untreated };
        let mut desk = Desk { now: Timestamp(1_000 * SECOND_NS), ..Desk::default() };
        desk.levels.insert(key(one), level);
        let mut guards = Guards::begin(&SETTLED, &desk);
        desk.levels.get_mut(&key(one)).unwrap().present = Some(after);
        for reading in 0..12 {
            desk.now = Timestamp((1_010 + 5 * reading) * SECOND_NS);
            guards.take(&desk);
        }
        assert_eq!(is_worse(&guards.looked(&desk).unwrap()), worse, "{after}");
        guards.spoil("a gap");
        let beside = guards.looked(&desk).unwrap();
        assert_eq!((beside.tested, beside.not_testable, beside.worst), (0, 1, None));
    }
}

#[test]
fn while_others_are_on_their_way_with_the_trigger_only_those_raised_with_it_are_tested() {
    let mut hosts: Vec<Host> = (0..5).map(Host::new).collect();
    let null: Vec<Vec<f64>> = hosts.iter_mut().map(|host| host.triggers(99)).collect();
    let shown: Vec<Shown> = hosts.iter_mut().map(Host::moment).collect();
    let desk = desk(&shown, &null);
    let early = Beside { is_settled: false, ..SETTLED };
    let guards = Guards::begin(&early, &desk);
    assert_eq!((guards.tested.len(), guards.not_testable), (0, 5));
    let is_trigger = |kind| kind == Kind::PageFault;
    let guards = Guards::begin(&Beside { is_trigger: &is_trigger, ..early }, &desk);
    assert_eq!((guards.tested.len(), guards.not_testable), (1, 4));
    assert_eq!(guards.tested[0].kind, Kind::PageFault);
}
