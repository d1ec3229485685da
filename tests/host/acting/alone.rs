//! A person's own action where no daemon acts.
use std::path::Path;

use super::victim::Victim;
use super::{LOWER, act, audited, ks, said, succeeded, undo, unfit, verify};
use crate::live::replay;

/// The decisions of a recording, and its journal.
fn decided(recording: &Path, scratch: &Path) -> (serde_json::Value, String) {
    let journal = scratch.join("replayed.jsonl");
    let report = succeeded(&replay(recording, &journal));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["mode"], "as_recorded");
    (report["decisions"].clone(), std::fs::read_to_string(journal).unwrap())
}

#[test]
fn what_a_person_does_alone_is_seen_is_put_back_and_replays() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, recording) = (folder.path(), scratch.path().join("x.parquet"));
    let pid = victim.pid();
    let dry = succeeded(&act(folder, LOWER, pid, &["--set", "nice=10", "--dry-run"]));
    for words in ["this would be done:", "does: nice 10 to process:", "undo: nice 0 to process:"] {
        assert!(dry.contains(words), "{dry}");
    }
    assert_eq!(victim.nice(), 0, "{dry}");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "nothing is written");
    let more = ["--set", "nice=10", "-o", recording.to_str().unwrap()];
    let done = succeeded(&act(folder, LOWER, pid, &more));
    assert!(done.contains("decision 1: inconclusive: it was done"), "{done}");
    assert_eq!(victim.nice(), 10, "{done}");
    verify(folder);
    assert_eq!(audited(folder, "asked")[0]["by"], "person");
    succeeded(&undo(folder, 1));
    assert_eq!(victim.nice(), 0);
    verify(folder);
    let again = act(folder, LOWER, pid, &["--set", "nice=10", "--dry-run"]);
    let again = said(&again);
    assert!(
        again.contains("denied by in_flight") || again.contains("denied by cool_down"),
        "{again}"
    );
    let (decisions, journal) = decided(&recording, scratch.path());
    assert_eq!(decisions.as_array().unwrap().len(), 1, "{decisions}");
    assert_eq!(decisions[0]["outcome"], "inconclusive", "{decisions}");
    assert!(journal.contains("\"outcome\":\"inconclusive\""), "{journal}");
    assert_eq!(decided(&recording, scratch.path()), (decisions, journal), "and a second time");
}

#[test]
fn what_a_person_does_alone_for_a_time_is_over_when_it_returns() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let recording = scratch.path().join("x.parquet");
    // A number that nothing had is not used up by being named.
    let largest = u64::MAX.to_string();
    assert_eq!(ks(&["undo", &largest], folder.path()).status.code(), Some(1));
    let more = ["--set", "lasts=2s", "-o", recording.to_str().unwrap()];
    let done = succeeded(&act(folder.path(), "pause_process", victim.pid(), &more));
    assert!(done.contains("the time of decision 1 is over"), "{done}");
    assert!(!victim.is_stopped(), "{done}");
    assert_eq!(audited(folder.path(), "undone").last().unwrap()["done"]["outcome"], "applied");
    assert_eq!(audited(folder.path(), "kept").len(), 0, "{done}");
    verify(folder.path());
}
