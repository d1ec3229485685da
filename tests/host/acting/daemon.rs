//! What a person does through a daemon, and that he stops it all.
use rustix::process::Signal;

use super::victim::{Victim, kill};
use super::{
    LOWER, TO_TEN, act, act_rested, audited, ks, proposing, said, succeeded, undo, unfit, verify,
};
use crate::control::{status, wait_for};
use crate::live::{journals, replayed, terminate};

#[test]
fn what_a_daemon_does_is_seen_is_put_back_and_replays() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let mut daemon = proposing(folder);
    let dry = succeeded(&act(folder, LOWER, victim.pid(), &["--set", "nice=10", "--dry-run"]));
    assert!(dry.contains("does: nice 10 to process:") && dry.contains("undo: nice 0"), "{dry}");
    assert_eq!(victim.nice(), 0, "{dry}");
    let done = succeeded(&act(folder, LOWER, victim.pid(), &TO_TEN));
    assert!(done.contains("inconclusive: it was done"), "{done}");
    assert_eq!(victim.nice(), 10, "{done}");
    let decisions = status(folder)["acting"]["decisions"].clone();
    let last = decisions.as_array().unwrap().last().unwrap();
    assert_eq!(last["outcome"], "inconclusive", "{decisions}");
    let decision = last["decision"].as_u64().unwrap();
    let undone = succeeded(&undo(folder, decision));
    assert!(undone.contains("rolled_back"), "{undone}");
    assert_eq!(victim.nice(), 0, "{undone}");
    terminate(&mut daemon.0);
    verify(folder);
    let counts = ["asked", "came", "undone"].map(|what| audited(folder, what).len());
    assert_eq!(counts, [1, 1, 1]);
    let journal = journals(folder);
    assert!(journal.contains("\"outcome\":\"rolled_back\""), "{journal}");
    assert_eq!(replayed(folder, scratch.path()), journal);
}

#[test]
fn what_is_done_for_a_time_by_a_daemon_ends_by_time() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = proposing(folder.path());
    let done =
        succeeded(&act(folder.path(), "pause_process", victim.pid(), &["--set", "lasts=2s"]));
    assert!(victim.is_stopped(), "{done}");
    let ended = (0..40).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        !victim.is_stopped()
    });
    assert!(ended, "it stands for 4 s already, and was to for 2 s: {done}");
    let late = undo(folder.path(), 1);
    assert_eq!(late.status.code(), Some(1), "{}", said(&late));
    assert!(said(&late).contains("there is nothing of it to undo"), "{}", said(&late));
    terminate(&mut daemon.0);
    verify(folder.path());
}

/// The daemon is not asked: it may hang.
#[test]
fn a_person_stops_all_acting_and_what_was_done_can_be_undone() {
    if unfit() {
        return;
    }
    let (Some(before), Some(after)) = (Victim::begin(), Victim::begin()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut daemon = proposing(folder);
    succeeded(&act(folder, LOWER, before.pid(), &TO_TEN));
    assert_eq!(before.nice(), 10);
    let pid = daemon.0.id();
    kill(pid, Signal::STOP);
    let stopped = ks(&["stop-acting"], folder);
    kill(pid, Signal::CONT);
    succeeded(&stopped);
    wait_for(folder, "it is told", |status| status["acting"]["stopped"] == true);
    assert!(succeeded(&ks(&["status"], folder)).contains("`ks resume-acting`"));
    let refused = act_rested(folder, LOWER, after.pid(), &TO_TEN);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("acting is stopped"), "{}", said(&refused));
    assert_eq!(after.nice(), 0, "{}", said(&refused));
    assert_eq!(audited(folder, "stopped").len(), 1);
    succeeded(&undo(folder, 1));
    assert_eq!(before.nice(), 0);
    succeeded(&ks(&["resume-acting"], folder));
    // The same is not tried again on the same at once.
    let done = succeeded(&act_rested(folder, LOWER, before.members()[1], &TO_TEN));
    assert!(done.contains("inconclusive: it was done"), "{done}");
    terminate(&mut daemon.0);
    verify(folder);
}
