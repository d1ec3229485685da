//! What each candidate action does to the incidents that were made for deciding, by the model.
//!
//! The right one brings the quantity that crossed its limit back below it within five minutes; the
//! wrong ones do not, or do harm. `cargo test -p ks-scenarios --test deciding -- --nocapture`
//! prints what was measured.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod trial;

use ks_vocabulary::kind::{Entity, Kind};

use crate::trial::{Outcome, try_out};

/// What an action does to the quantity that crossed its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It returns below its limit within five minutes.
    Relief,
    /// It does not.
    None,
}

use Effect::{None as Nothing, Relief};

/// Tries each action out at `at_s`, and holds the effect against what is expected.
fn check(name: &str, at_s: f64, kind: Kind, rows: &[(&str, Effect)]) -> Vec<Outcome> {
    println!("\n{name}: {} after an action at {at_s} s", kind.word());
    let mut outcomes = Vec::new();
    for (action, expected) in rows {
        let outcome = try_out(name, at_s, action, (kind, host_or_netns(kind)));
        println!("  {outcome} {action}");
        outcomes.push(outcome);
        let effect = if outcome.is_relieved() { Relief } else { Nothing };
        assert_eq!(effect, *expected, "{name}, {action}: {outcome}");
    }
    outcomes
}

fn host_or_netns(kind: Kind) -> Option<Entity> {
    (kind != Kind::TcpExhaustion).then_some(Entity::Host)
}

#[test]
fn renice_one_session() {
    check(
        "renice_one_session",
        360.0,
        Kind::TcpExhaustion,
        &[
            ("", Nothing),
            (r#"{ lower_process_priority = { process = "report", nice = 19 } }"#, Relief),
            (r#"{ demote_scheduling_class = { process = "report", class = "idle" } }"#, Relief),
            (r#"{ lower_autogroup_priority = { process = "report", nice = 19 } }"#, Nothing),
            (r#"{ demote_scheduling_class = { process = "report", class = "batch" } }"#, Nothing),
            (r#"{ lower_process_priority = { process = "api", nice = 10 } }"#, Nothing),
        ],
    );
}
