//! What each candidate action does to the incidents that were made for deciding, by the model.
//!
//! The right one brings the quantity that crossed its limit back below it within five minutes; the
//! wrong ones do not, or do harm. `cargo test -p ks-scenarios --test deciding -- --nocapture`
//! prints what was measured.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod trial;

use ks_vocabulary::kind::{Entity, Kind};

use crate::trial::try_out;

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
fn check(name: &str, at_s: f64, kind: Kind, rows: &[(&str, Effect)]) {
    println!("\n{name}: {} after an action at {at_s} s", kind.word());
    let untreated = try_out(name, at_s, "", (kind, place_of(kind)));
    let mut wrong = Vec::new();
    for (action, expected) in rows {
        let outcome = try_out(name, at_s, action, (kind, place_of(kind)));
        let effect = match () {
            () if outcome.taken < HARM * untreated.taken => Harm,
            () if outcome.is_relieved() => Relief,
            () => Nothing,
        };
        println!("  {outcome} {effect:?} {action}");
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
        (r#"{ demote_scheduling_class = { process = "report", class = "idle" } }"#, Relief),
        (r#"{ pause_process = { process = "report", lasts = 60 } }"#, Nothing),
        (r#"{ terminate_process = { process = "report" } }"#, Relief),
        (r#"{ lower_autogroup_priority = { process = "report", nice = 19 } }"#, Nothing),
        (r#"{ demote_scheduling_class = { process = "report", class = "batch" } }"#, Nothing),
        (r#"{ lower_process_priority = { process = "api", nice = 10 } }"#, Nothing),
        (r#"{ terminate_process = { process = "api" } }"#, Nothing),
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
        (r#"{ lower_autogroup_priority = { process = "api", nice = 19 } }"#, Nothing),
    ];
    check("renice_two_sessions", 360.0, Kind::TcpExhaustion, &rows);
}

#[test]
fn noisy_neighbour_weight() {
    let rows = [
        ("", Nothing),
        (r#"{ lower_cpu_weight = { group = "/tenants.slice/b.service", weight = 10 } }"#, Relief),
        (r#"{ limit_cgroup_cpu = { group = "/tenants.slice/b.service", percent = 50 } }"#, Relief),
        (r#"{ lower_cpu_weight = { group = "/tenants.slice/a.service", weight = 10 } }"#, Nothing),
        (r#"{ lower_process_priority = { process = "tenant-b", nice = 19 } }"#, Nothing),
        (r#"{ lower_autogroup_priority = { process = "tenant-b", nice = 19 } }"#, Nothing),
        (r#"{ lower_io_weight = { group = "/tenants.slice/b.service", weight = 1 } }"#, Nothing),
    ];
    check("noisy_neighbour_weight", 360.0, Kind::TcpExhaustion, &rows);
}

#[test]
fn leaks() {
    let term = r#"{ terminate_process = { process = "worker" } }"#;
    let rows = [
        ("", Nothing),
        (term, Relief),
        (
            r#"{ limit_cgroup_memory_high = { group = "/system.slice/worker.service", bytes = "1GiB" } }"#,
            Harm,
        ),
        (
            r#"{ reclaim_cgroup_memory = { group = "/system.slice/worker.service", bytes = "1GiB" } }"#,
            Nothing,
        ),
        (r#"{ clear_page_cache = { level = 1 } }"#, Nothing),
        (r#"{ raise_oom_score = { process = "worker", adj = 500 } }"#, Nothing),
        (r#"{ lower_process_priority = { process = "worker", nice = 19 } }"#, Nothing),
    ];
    for name in ["leak_supervised", "leak_unsupervised"] {
        check(name, 1060.0, Kind::MemoryPressure, &rows);
    }
}

#[test]
fn hog_everybody_needs() {
    let rows = [
        ("", Nothing),
        (r#"{ throttle_cpu = { process = "database", percent = 100 } }"#, Nothing),
        (
            r#"{ lower_cpu_weight = { group = "/system.slice/database.service", weight = 10 } }"#,
            Nothing,
        ),
        (r#"{ pause_process = { process = "database", lasts = 60 } }"#, Nothing),
        (r#"{ terminate_process = { process = "database" } }"#, Relief),
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
    let rows = [("", Relief), (r#"{ pause_process = { process = "burst", lasts = 60 } }"#, Relief)];
    check("fault_ends_by_itself", 320.0, Kind::Scheduler, &rows);
}

#[test]
fn action_makes_it_worse() {
    let rows = [
        ("", Nothing),
        (r#"{ throttle_cpu = { process = "database", percent = 100 } }"#, Nothing),
        (
            r#"{ limit_cgroup_memory_high = { group = "/system.slice/database.service", bytes = "1GiB" } }"#,
            Nothing,
        ),
        (
            r#"{ lower_cpu_weight = { group = "/system.slice/report.service", weight = 10 } }"#,
            Relief,
        ),
        (r#"{ throttle_cpu = { process = "report", percent = 50 } }"#, Relief),
        (r#"{ lower_process_priority = { process = "report", nice = 19 } }"#, Nothing),
    ];
    check("action_makes_it_worse", 360.0, Kind::TcpExhaustion, &rows);
}
