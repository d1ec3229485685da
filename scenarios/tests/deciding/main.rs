//! What each candidate action does to the incidents that were made for deciding, by the model.
//!
//! The right one brings the quantity that crossed its limit back below it within five minutes; the
//! wrong ones do not, or do harm. `cargo test -p ks-scenarios --test deciding -- --nocapture`
//! prints what was measured.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod trial;

use ks_vocabulary::kind::{Entity, Kind};

use crate::trial::{WITHIN_S, load, run, try_out};

/// What an action does to the quantity that crossed its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It returns below its limit within five minutes.
    Relief,
    /// It does not.
    Nothing,
    /// Fewer connections are taken than without the action, whatever becomes of the quantity.
    Harm,
}

use Effect::{Harm, Nothing, Relief};

/// Share of the connections that are taken without an action below which one does harm.
const HARM: f64 = 0.95;

/// Tries each action out at `at_s`, and holds the effect against what is expected; the first is
/// none at all.
#[expect(clippy::print_stdout, reason = "what was measured is told to who asks for it")]
fn check(name: &str, at_s: f64, kind: Kind, rows: &[(&str, Effect)]) {
    println!("\n{name}: {} after an action at {at_s} s", kind.word());
    let untreated = try_out(name, at_s, "", (kind, place_of(kind)));
    let above = run(name, (at_s, 0.0), "", (kind, place_of(kind))).above;
    assert!(above.iter().any(|(_, to_s)| *to_s > -5.0), "{name}: nothing to decide on: {above:?}");
    let mut wrong = Vec::new();
    for (action, expected) in rows {
        let outcome = try_out(name, at_s, action, (kind, place_of(kind)));
        let effect = match () {
            () if outcome.taken < HARM * untreated.taken => Harm,
            () if outcome.is_relieved() => Relief,
            () => Nothing,
        };
        println!("  {effect:?}: {outcome} {action}");
        if effect != *expected {
            wrong.push(format!("{action}: {outcome}: {effect:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
}

/// Network namespaces and disks of the model are one each.
fn place_of(kind: Kind) -> Option<Entity> {
    let is_of_one = [Kind::TcpExhaustion, Kind::BlockDeviceSaturation].contains(&kind);
    (!is_of_one).then_some(Entity::Host)
}

#[test]
fn renice_one_session() {
    let rows = [
        ("", Nothing),
        (r#"{ lower_process_priority = { process = "report", nice = 19 } }"#, Relief),
        (r#"{ lower_process_priority = { process = "report", nice = 10 } }"#, Relief),
        (r#"{ demote_scheduling_class = { process = "report", class = "idle" } }"#, Relief),
        (r#"{ demote_scheduling_class = { process = "report", class = "batch" } }"#, Nothing),
        (r#"{ lower_autogroup_priority = { process = "report", nice = 19 } }"#, Nothing),
        (r#"{ pause_process = { process = "report", lasts = 60 } }"#, Nothing),
        (r#"{ terminate_process = { process = "report" } }"#, Relief),
        (r#"{ lower_process_priority = { process = "api", nice = 10 } }"#, Harm),
        (r#"{ terminate_process = { process = "api" } }"#, Harm),
    ];
    check("renice_one_session", 360.0, Kind::TcpExhaustion, &rows);
}

#[test]
fn renice_two_sessions() {
    let rows = [
        ("", Nothing),
        (r#"{ lower_process_priority = { process = "report", nice = 19 } }"#, Nothing),
        (r#"{ demote_scheduling_class = { process = "report", class = "idle" } }"#, Nothing),
        (r#"{ lower_autogroup_priority = { process = "report", nice = 19 } }"#, Relief),
        (r#"{ terminate_process = { process = "report" } }"#, Relief),
        (r#"{ lower_autogroup_priority = { process = "api", nice = 19 } }"#, Harm),
    ];
    check("renice_two_sessions", 360.0, Kind::TcpExhaustion, &rows);
}

#[test]
fn noisy_neighbour_weight() {
    let rows = [
        ("", Nothing),
        (r#"{ lower_cpu_weight = { group = "/tenants.slice/b.service", weight = 10 } }"#, Relief),
        (r#"{ limit_cgroup_cpu = { group = "/tenants.slice/b.service", percent = 50 } }"#, Relief),
        (r#"{ lower_process_priority = { process = "tenant-b", nice = 19 } }"#, Nothing),
        (r#"{ lower_autogroup_priority = { process = "tenant-b", nice = 19 } }"#, Nothing),
        (r#"{ lower_io_weight = { group = "/tenants.slice/b.service", weight = 1 } }"#, Nothing),
        (r#"{ lower_cpu_weight = { group = "/tenants.slice/a.service", weight = 10 } }"#, Harm),
    ];
    check("noisy_neighbour_weight", 360.0, Kind::TcpExhaustion, &rows);
}

const HIGH: &str =
    r#"{ limit_cgroup_memory_high = { group = "/system.slice/worker.service", bytes = "1GiB" }}"#;
const RECLAIM: &str =
    r#"{ reclaim_cgroup_memory = { group = "/system.slice/worker.service", bytes = "1GiB" } }"#;
/// What a leak is answered with, but for the end of who leaks.
const OF_LEAKS: [(&str, Effect); 6] = [
    ("", Nothing),
    (HIGH, Harm),
    (RECLAIM, Nothing),
    ("{ clear_page_cache = { level = 1 } }", Nothing),
    (r#"{ raise_oom_score = { process = "worker", adj = 500 } }"#, Nothing),
    (r#"{ lower_process_priority = { process = "worker", nice = 19 } }"#, Nothing),
];
const TERM: &str = r#"{ terminate_process = { process = "worker" } }"#;
/// When memory is short, in s.
const SHORT_S: f64 = 840.0;

#[test]
fn leak_supervised() {
    check("leak_supervised", SHORT_S, Kind::MemoryPressure, &OF_LEAKS);
    check("leak_supervised", SHORT_S, Kind::MemoryPressure, &[(TERM, Relief)]);
    let place = (Kind::MemoryPressure, Some(Entity::Host));
    let again = run("leak_supervised", (SHORT_S, f64::INFINITY), TERM, place).above;
    assert!(again.iter().any(|(from_s, _)| *from_s > WITHIN_S), "it leaks anew: {again:?}");
}

#[test]
fn leak_unsupervised() {
    check("leak_unsupervised", SHORT_S, Kind::MemoryPressure, &OF_LEAKS);
    // The memory is there, and who held it is gone.
    check("leak_unsupervised", SHORT_S, Kind::MemoryPressure, &[(TERM, Harm)]);
    let place = (Kind::MemoryPressure, Some(Entity::Host));
    let again = run("leak_unsupervised", (SHORT_S, f64::INFINITY), TERM, place).above;
    assert!(again.iter().all(|(_, to_s)| *to_s < WITHIN_S), "nobody leaks: {again:?}");
}

#[test]
fn hog_everybody_needs() {
    let weight =
        r#"{ lower_cpu_weight = { group = "/system.slice/database.service", weight = 10 } }"#;
    let rows = [
        ("", Nothing),
        (weight, Nothing),
        (r#"{ lower_process_priority = { process = "database", nice = 19 } }"#, Nothing),
        (r#"{ throttle_cpu = { process = "database", percent = 100 } }"#, Harm),
        (r#"{ pause_process = { process = "database", lasts = 60 } }"#, Harm),
        (r#"{ terminate_process = { process = "database" } }"#, Harm),
    ];
    check("hog_everybody_needs", 360.0, Kind::Scheduler, &rows);
}

#[test]
fn two_faults_at_once() {
    let weight = r#"{ lower_cpu_weight = { group = "/work.slice/encoder.service", weight = 10 } }"#;
    let io = r#"{ lower_io_priority = { process = "indexer", level = "idle" } }"#;
    let both = format!("{weight};{io}");
    let cpu = [("", Nothing), (weight, Relief), (io, Nothing), (both.as_str(), Relief)];
    check("two_faults_at_once", 420.0, Kind::TcpExhaustion, &cpu);
    let disk = [("", Nothing), (weight, Nothing), (io, Relief), (both.as_str(), Relief)];
    check("two_faults_at_once", 420.0, Kind::BlockDeviceSaturation, &disk);
}

#[test]
fn fault_ends_by_itself() {
    let rows = [
        ("", Relief),
        (r#"{ lower_process_priority = { process = "burst", nice = 19 } }"#, Relief),
        (r#"{ pause_process = { process = "burst", lasts = 60 } }"#, Harm),
        (r#"{ terminate_process = { process = "burst" } }"#, Harm),
    ];
    check("fault_ends_by_itself", 320.0, Kind::Scheduler, &rows);
}

#[test]
fn action_makes_it_worse() {
    let group = r#"group = "/system.slice/database.service""#;
    let high = format!("{{ limit_cgroup_memory_high = {{ {group}, bytes = \"1GiB\" }} }}");
    let rows = [
        ("", Nothing),
        (
            r#"{ lower_cpu_weight = { group = "/system.slice/report.service", weight = 10 } }"#,
            Relief,
        ),
        (r#"{ throttle_cpu = { process = "report", percent = 50 } }"#, Relief),
        (r#"{ terminate_process = { process = "report" } }"#, Relief),
        (r#"{ lower_process_priority = { process = "report", nice = 19 } }"#, Nothing),
        (r#"{ throttle_cpu = { process = "database", percent = 100 } }"#, Harm),
        (&high, Harm),
        (r#"{ pause_process = { process = "database", lasts = 60 } }"#, Harm),
    ];
    check("action_makes_it_worse", 360.0, Kind::TcpExhaustion, &rows);
}

#[test]
fn what_must_go_on_is_marked_as_needed() {
    for name in [
        "renice_one_session",
        "renice_two_sessions",
        "noisy_neighbour_weight",
        "leak_unsupervised",
        "hog_everybody_needs",
        "two_faults_at_once",
        "fault_ends_by_itself",
        "action_makes_it_worse",
    ] {
        assert!(!load(name).needed.is_empty(), "{name}");
    }
    assert!(load("leak_supervised").needed.is_empty(), "it may be ended: it is started again");
}
