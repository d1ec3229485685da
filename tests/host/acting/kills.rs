//! A daemon, or its actor, that is killed.
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::victim::{Victim, children, kill};
use super::{
    LOWER, TO_TEN, act, act_rested, audited, ks, proposing, said, succeeded, undo, unfit, verify,
};
use crate::control::{status, wait_for};
use crate::live::{journals, replayed, terminate};
use crate::{KS, Own};

#[test]
fn what_a_killed_daemon_did_for_a_time_is_over_at_once() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let mut daemon = proposing(folder);
    let done = succeeded(&act(folder, "pause_process", victim.pid(), &["--set", "lasts=30s"]));
    assert!(victim.is_stopped(), "{done}");
    daemon.0.kill().unwrap();
    daemon.0.wait().unwrap();
    let goes_on = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        !victim.is_stopped()
    });
    assert!(goes_on, "nobody lets it go on within 2 s");
    let mut daemon = proposing(folder);
    let acting = &status(folder)["acting"];
    assert!(acting.is_object() && acting["lost"].is_null(), "{acting}");
    verify(folder);
    let left = audited(folder, "left");
    assert_eq!((left.len(), &left[0]["left"]["done"]["outcome"]), (1, &"applied".into()));
    terminate(&mut daemon.0);
    assert_eq!(replayed(folder, scratch.path()), journals(folder));
}

#[test]
fn without_its_actor_a_daemon_records_and_does_nothing() {
    if unfit() {
        return;
    }
    let (Some(victim), Some(next)) = (Victim::begin(), Victim::begin()) else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let mut daemon = proposing(folder);
    let actor = children(daemon.0.id(), "actor");
    assert_eq!(actor.len(), 1, "{actor:?}");
    kill(actor[0], Signal::KILL);
    wait_for(folder, "it is told", |status| status["acting"]["lost"].is_string());
    let told = succeeded(&ks(&["status"], folder));
    assert!(told.contains("nothing can be done: the actor ended"), "{told}");
    let refused = act(folder, LOWER, victim.pid(), &TO_TEN);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("until `ks live` is started again"), "{}", said(&refused));
    assert_eq!(victim.nice(), 0);
    let samples = status(folder)["samples"].as_u64().unwrap();
    let goes_on = |status: &serde_json::Value| status["samples"].as_u64() > Some(samples + 5);
    wait_for(folder, "it records", goes_on);
    terminate(&mut daemon.0);
    let mut daemon = proposing(folder);
    let done = succeeded(&act_rested(folder, LOWER, next.pid(), &TO_TEN));
    assert_eq!(next.nice(), 10, "{done}");
    let decisions = status(folder)["acting"]["decisions"].clone();
    let decision = decisions.as_array().unwrap().last().unwrap()["decision"].as_u64().unwrap();
    succeeded(&undo(folder, decision));
    assert_eq!(next.nice(), 0);
    terminate(&mut daemon.0);
    verify(folder);
    assert_eq!(replayed(folder, scratch.path()), journals(folder));
}

/// Kills come so far apart, from before an act is asked for to after all of it is on record.
const APART: Duration = Duration::from_millis(1);
const KILLS: u32 = 12;

#[test]
fn killed_around_an_act_nothing_is_half_done_without_a_record() {
    if unfit() {
        return;
    }
    let mut kept = 0;
    for at in 0..KILLS {
        let Some(victim) = Victim::begin() else { return };
        let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = folder.path();
        let mut daemon = proposing(folder);
        let actor = children(daemon.0.id(), "actor");
        let target = format!("pid:{}", victim.pid());
        let mut asking = Command::new(KS);
        asking.args(["act", LOWER, "--target", &target, "--daemon"]).arg(folder).args(TO_TEN);
        let asking = asking.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut asking = Own(asking.unwrap());
        std::thread::sleep(at * APART);
        // The daemon alone, or both.
        if at % 2 == 1 {
            kill(actor[0], Signal::KILL);
        }
        daemon.0.kill().unwrap();
        daemon.0.wait().unwrap();
        asking.0.wait().unwrap();
        let mut next = proposing(folder);
        if victim.nice() != 0 {
            // Somebody said that it stays: that is on record, and can be undone.
            let request = audited(folder, "kept").last().unwrap()["request"].as_u64().unwrap();
            terminate(&mut next.0);
            succeeded(&undo(folder, request));
            kept += 1;
        } else {
            terminate(&mut next.0);
        }
        assert_eq!(victim.nice(), 0, "kill {at}");
        verify(folder);
        assert_eq!(replayed(folder, scratch.path()), journals(folder), "kill {at}");
    }
    eprintln!("{kept} of {KILLS} acts were on record as what stays");
}
