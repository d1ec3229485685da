//! What nobody objects to is done, or needs an operator.

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{Grant, Mode, Scope, Verdict};
use ks_vocabulary::time::WallTime;

use super::bench::{Bench, action};
use crate::desk::group;

const SERVICE: &[u8] = b"/system.slice/batch.service";
const PAUSE: &str = r#"{"pause_process":{"process":"process:1000:100","lasts":30}}"#;

fn tier(change: impl FnOnce(&mut Bench)) -> (Verdict, &'static str) {
    let mut bench = Bench::default();
    change(&mut bench);
    let judged = bench.judge();
    (judged.verdict, judged.rule)
}

/// The hog in a group, and a pause of it.
fn pause_in(bench: &mut Bench, path: &'static [u8]) {
    bench.desk.hog().group = Some(path);
    bench.desk.groups.insert(path.to_vec(), group(path));
    bench.proposal.action = action(PAUSE);
}

fn grant(bench: &mut Bench, action: ActionKind, on: Scope, left_ns: i64) {
    let expires_ns = WallTime(bench.wall.0 + left_ns);
    bench.config.grants.push(Grant { action, on, expires_ns });
}

fn granted(
    path: &'static [u8],
    of: ActionKind,
    on: Scope,
    left_ns: i64,
) -> (Verdict, &'static str) {
    tier(|bench| {
        pause_in(bench, path);
        grant(bench, of, on, left_ns);
    })
}

#[test]
fn what_can_be_undone_is_tried_until_its_outcomes_say_more() {
    assert_eq!(tier(|_| {}), (Verdict::Allowed, "gate: exploring"));
    assert_eq!(tier(|b| b.known(0, 9)), (Verdict::Allowed, "gate: exploring"));
    assert_eq!(tier(|b| b.known(9, 1)), (Verdict::Allowed, "gate"));
    assert_eq!(tier(|b| b.known(7, 3)), (Verdict::NeedsApproval, "gate"));
    assert_eq!(tier(|b| b.known(0, 10)), (Verdict::NeedsApproval, "gate"));
}

#[test]
fn a_mode_and_a_site_ask_whatever_the_outcomes_say() {
    let proposes = tier(|b| {
        b.known(30, 0);
        b.config.mode = Mode::Propose;
    });
    assert_eq!(proposes, (Verdict::NeedsApproval, "mode"));
    let asks = |kind| {
        tier(|b| {
            b.known(30, 0);
            b.config.policy.approve.push(kind);
        })
    };
    assert_eq!(asks(ActionKind::LowerProcessPriority), (Verdict::NeedsApproval, "site"));
    assert_eq!(asks(ActionKind::PauseProcess), (Verdict::Allowed, "gate"));
}

#[test]
fn what_disrupts_needs_a_grant_or_outcomes_that_open_the_gate() {
    let asks = (Verdict::NeedsApproval, "disruptive");
    let after = |resolved, without_effect| {
        tier(|b| {
            pause_in(b, SERVICE);
            b.known(resolved, without_effect);
        })
    };
    assert_eq!(after(0, 0), asks);
    assert_eq!(after(9, 0), asks, "so few outcomes let nobody try what disrupts");
    assert_eq!(after(10, 0), (Verdict::Allowed, "gate"));
    assert_eq!(after(5, 5), asks);
}

#[test]
fn a_grant_holds_for_its_action_on_its_scope_until_its_end() {
    let (allowed, asks) = ((Verdict::Allowed, "grant"), (Verdict::NeedsApproval, "disruptive"));
    let unit = |name: &str| Scope::Unit(name.into());
    let tree = |path: &str| Scope::Cgroup(path.into());
    let pause = ActionKind::PauseProcess;
    for (path, of, on, left_ns, wanted) in [
        (SERVICE, pause, unit("batch.service"), 1, allowed),
        (SERVICE, pause, unit("batch.service"), 0, asks),
        (SERVICE, pause, unit("batch.service"), -1, asks),
        (SERVICE, pause, unit("batch"), 1, asks),
        (SERVICE, pause, unit(""), 1, asks),
        (b"/work.slice/batch.service", pause, unit(""), 1, asks),
        (SERVICE, pause, unit("other.service"), 1, asks),
        (SERVICE, ActionKind::TerminateProcess, unit("batch.service"), 1, asks),
        (SERVICE, pause, tree("/system.slice/batch.service"), 1, allowed),
        (SERVICE, pause, tree("/system.slice"), 1, allowed),
        (SERVICE, pause, tree("/system.slice/batch"), 1, asks),
        (SERVICE, pause, tree("/system.slice/batch.service/below"), 1, asks),
        (b"/system.slice/batch.service/job", pause, unit("batch.service"), 1, allowed),
        (b"/system.slice/a.slice/batch.service", pause, unit("batch.service"), 1, allowed),
        (b"/system.slice/a.service/batch.service", pause, unit("batch.service"), 1, asks),
        (b"/user.slice/batch.service", pause, unit("batch.service"), 1, asks),
        (b"/batch.service", pause, unit("batch.service"), 1, asks),
    ] {
        let found = granted(path, of, on.clone(), left_ns);
        assert_eq!(found, wanted, "{on:?} {of:?} {left_ns} {}", path.escape_ascii());
    }
}

#[test]
fn a_grant_widens_nothing_that_a_rule_refuses() {
    let denied = tier(|b| {
        pause_in(b, SERVICE);
        grant(b, ActionKind::PauseProcess, Scope::Unit("batch.service".into()), 1);
        b.config.policy.deny.push(ActionKind::PauseProcess);
    });
    assert_eq!(denied, (Verdict::Denied, "site"));
    let asked = tier(|b| {
        pause_in(b, SERVICE);
        grant(b, ActionKind::PauseProcess, Scope::Unit("batch.service".into()), 1);
        b.config.policy.approve.push(ActionKind::PauseProcess);
    });
    assert_eq!(asked, (Verdict::NeedsApproval, "site"));
}
