//! Each limit from below and above.

use super::*;
use alloc::string::ToString;

const SECOND: u64 = SECOND_NS;

fn second(at: u64) -> Timestamp {
    // A boot is older than what is remembered.
    Timestamp((1_000_000 + at) * SECOND)
}

fn ask(at: u64, action: ActionKind, target: &str) -> Ask<'_> {
    Ask { now: second(at), incident: 1, action, target }
}

/// Decisions made at these seconds, all of one form and with one outcome.
fn done(at: &[u64], action: ActionKind, target: &str, upshot: Option<Upshot>) -> Limits {
    let mut limits = Limits::default();
    for (number, at) in (1..).zip(at) {
        let target = target.to_string();
        let deed = Deed {
            decision: number,
            incident: 1,
            at: second(*at),
            action,
            target,
            upshot,
            undone: false,
            before_boot_ns: 0,
        };
        limits.begin(deed);
    }
    limits
}

const NICE: ActionKind = ActionKind::LowerProcessPriority;
const TERM: ActionKind = ActionKind::TerminateProcess;
const SWAPPINESS: ActionKind = ActionKind::ReduceSwappiness;

#[test]
fn the_seventh_reversible_action_in_an_hour_and_the_third_disruptive_in_a_day_are_refused() {
    let budgets = Budgets { per_target_per_hour: 99, ..Budgets::default() };
    let times: Vec<u64> = (0..6).map(|at| at * 60).collect();
    let six = done(&times, NICE, "a", Some(Upshot::Resolved));
    assert!(six.on_host(&ask(3_599, NICE, "b"), &budgets).is_err());
    assert!(six.on_host(&ask(3_600, NICE, "b"), &budgets).is_ok(), "the first is an hour old");
    assert!(six.on_host(&ask(400, TERM, "b"), &budgets).is_ok(), "they are counted apart");
    let two = done(&[0, 10], TERM, "a", Some(Upshot::Resolved));
    assert!(two.on_host(&ask(86_399, TERM, "b"), &budgets).is_err());
    assert!(two.on_host(&ask(86_400, TERM, "b"), &budgets).is_ok());
}

#[test]
fn a_target_and_an_incident_have_budgets_of_their_own() {
    let budgets = Budgets::default();
    let two = done(&[0, 700], NICE, "a", Some(Upshot::Resolved));
    assert!(two.on_host(&ask(800, TERM, "a"), &budgets).is_err());
    assert!(two.on_host(&ask(800, TERM, "b"), &budgets).is_ok());
    assert!(two.on_incident(&ask(800, NICE, "b"), &budgets).is_ok());
    let three = done(&[0, 1, 2], NICE, "a", Some(Upshot::Resolved));
    assert!(three.on_incident(&ask(99_999, NICE, "b"), &budgets).is_err());
    let one = done(&[0], TERM, "a", Some(Upshot::Resolved));
    assert!(one.on_incident(&ask(50, TERM, "b"), &budgets).is_err(), "a second disruptive one");
    assert!(one.on_incident(&ask(50, NICE, "b"), &budgets).is_ok());
    let other = Ask { incident: 2, ..ask(50, TERM, "b") };
    assert!(one.on_incident(&other, &budgets).is_ok());
}

#[test]
fn one_action_is_in_flight_and_rests_afterwards() {
    let waiting = done(&[0], NICE, "a", None);
    assert!(waiting.in_flight(second(9_999)).is_err());
    let known = done(&[0], NICE, "a", Some(Upshot::Improved));
    assert!(known.in_flight(second(14)).is_err());
    assert!(known.in_flight(second(15)).is_ok());
    assert!(Limits::default().in_flight(second(0)).is_ok());
}

#[test]
fn the_same_on_the_same_waits_and_longer_after_failures() {
    for (failures, upshot, waits_s) in [
        (1, Upshot::Resolved, 300),
        (1, Upshot::NoEffect, 600),
        (2, Upshot::NoEffect, 1_200),
        (5, Upshot::Worse, 3_600),
    ] {
        let limits = done(&alloc::vec![0; failures], NICE, "a", Some(upshot));
        assert!(limits.cool_down(&ask(waits_s - 1, NICE, "a")).is_err(), "{upshot} {failures}");
        assert!(limits.cool_down(&ask(waits_s, NICE, "a")).is_ok(), "{upshot} {failures}");
        assert!(limits.cool_down(&ask(1, NICE, "b")).is_ok());
        assert!(limits.cool_down(&ask(1, TERM, "a")).is_ok());
    }
}

#[test]
fn what_fails_or_frees_nothing_is_not_the_next_choice() {
    let three = done(&[0, 10, 20], NICE, "a", Some(Upshot::NoEffect));
    assert!(three.failures(&ask(30, NICE, "b")).is_err(), "the form as such");
    assert!(three.failures(&ask(3_700, NICE, "b")).is_ok());
    assert!(three.failures(&ask(30, TERM, "b")).is_ok());
    assert!(three.futile(&ask(4 * 3_600 - 1, NICE, "a")).is_err());
    assert!(three.futile(&ask(4 * 3_600, NICE, "a")).is_ok(), "one more try");
    assert!(three.futile(&ask(30, NICE, "b")).is_ok(), "history is of one target");
    let two = done(&[0, 10], NICE, "a", Some(Upshot::NoEffect));
    assert!(two.failures(&ask(30, NICE, "b")).is_ok() && two.futile(&ask(30, NICE, "a")).is_ok());
    let unclear = done(&[0, 10, 20], NICE, "a", Some(Upshot::Inconclusive));
    assert!(unclear.futile(&ask(30, NICE, "a")).is_err());
    assert!(unclear.failures(&ask(30, NICE, "a")).is_ok(), "nobody knows that it failed");
}

#[test]
fn what_is_done_and_undone_in_turn_is_left_alone() {
    let mut limits = done(&[0, 10], NICE, "a", Some(Upshot::Superseded));
    limits.undone(1);
    assert!(limits.oscillates(&ask(20, NICE, "a")).is_ok());
    limits.undone(2);
    assert!(limits.oscillates(&ask(20, NICE, "a")).is_err());
    assert!(limits.oscillates(&ask(3_700, NICE, "a")).is_ok());
}

#[test]
fn the_whole_host_is_changed_once_at_a_time() {
    let mut limits = done(&[0], SWAPPINESS, "host", Some(Upshot::Improved));
    let next = ask(600, ActionKind::EnableTwReuse, "host");
    assert!(limits.host_wide(&next).is_err());
    assert!(limits.host_wide(&ask(600, NICE, "a")).is_ok());
    limits.undone(1);
    assert!(limits.host_wide(&next).is_ok());
}

#[test]
fn looks_are_counted_apart() {
    let mut limits = Limits::default();
    let budgets = Budgets { info_per_minute: 2, ..Budgets::default() };
    assert!(limits.look(second(0), &budgets) && limits.look(second(1), &budgets));
    assert!(!limits.look(second(59), &budgets));
    assert!(limits.look(second(60), &budgets));
}

#[test]
fn a_restart_and_a_clock_set_back_reset_nothing() {
    let anchor = |mono, at: i64| ClockAnchor { mono_ns: second(mono), at_ns: WallTime(at) };
    let wall = 1_790_000_000_000_000_000;
    let before = done(&[0, 10], TERM, "a", None);
    let carried = before.carry(anchor(0, wall));
    let budgets = Budgets::default();
    // Ten minutes later; and with a clock that begins in 1970.
    for (at, now) in [(wall + 600_000_000_000, 7), (0, 7)] {
        let mut after = Limits::default();
        after.resume(&carried, second(now), anchor(now, at));
        assert_eq!(after.deeds().count(), 2);
        assert!(after.on_host(&ask(now, TERM, "b"), &budgets).is_err());
        assert!(after.in_flight(second(now + 20)).is_ok(), "nobody waits for it any more");
    }
}

#[test]
fn what_was_done_before_a_boot_is_as_old_as_it_is() {
    const HOUR_S: i64 = 3_600;
    let carried = |ago_s: i64| {
        let before = done(&[0], TERM, "a", Some(Upshot::Resolved));
        let anchor = ClockAnchor { mono_ns: second(0), at_ns: WallTime(-ago_s * 1_000_000_000) };
        before.carry(anchor)
    };
    // A minute after the boot.
    let now = Timestamp(60 * SECOND_NS);
    let clock = ClockAnchor { mono_ns: now, at_ns: WallTime(0) };
    let resumed = |ago_s| {
        let mut after = Limits::default();
        after.resume(&carried(ago_s), now, clock);
        after
    };
    let ask = Ask { now, ..ask(0, TERM, "a") };
    let budgets = Budgets { disruptive_per_day: 1, ..Budgets::default() };
    let of_today = resumed(2 * HOUR_S);
    assert!(of_today.cool_down(&ask).is_ok() && of_today.on_host(&ask, &budgets).is_err());
    assert_eq!(of_today.carry(clock)[0].at_ns, WallTime(-2 * HOUR_S * 1_000_000_000));
    assert!(resumed(25 * HOUR_S).on_host(&ask, &budgets).is_ok());
}
