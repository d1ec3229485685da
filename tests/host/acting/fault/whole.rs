//! The whole course, with what untreated faults did for comparison.
use std::path::PathBuf;

use super::learned::{explored, first, kept, null};
use super::*;
use crate::acting::{ks, said, succeeded, undo};

/// How much of it is done: what stands of the last time may be taken, when one looks for a fault in
/// what follows.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum From {
    Nothing,
    /// What untreated faults did is known.
    Untreated,
    /// The first of the treated ones was seen as well.
    Resolved,
    /// All but the last.
    Another,
}

fn from() -> Option<From> {
    let from = match std::env::var("KS_END_TO_END").unwrap_or_default().as_str() {
        "whole" => From::Nothing,
        "again" => From::Untreated,
        "rest" => From::Resolved,
        "last" => From::Another,
        _ => {
            eprintln!("skipped: it takes half an hour (run `make end-to-end`)");
            return None;
        }
    };
    (!unfit()).then_some(from)
}

#[test]
fn by_what_untreated_ones_did_it_is_resolved_and_what_cannot_help_is_not_done() {
    let Some(from) = from() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let normal = if from > From::Nothing { kept() } else { null(scratch.path()) };
    let known = ["--baseline", normal.to_str().unwrap()];
    if from < From::Resolved {
        let folder = scratch.path().join("resolved");
        resolved(&folder, &known);
        std::fs::copy(folder.join("00000000.parquet"), first()).unwrap();
    }
    if from < From::Another {
        explored(&scratch.path().join("explored"));
        proposed(&scratch.path().join("explored"), &known);
        another_session(&scratch.path().join("another"), &known);
    }
    protected(scratch.path(), &known);
}

/// Within the exploring budget it is done, resolved, kept, and undone when a person asks for that.
fn resolved(folder: &Path, known: &[&str]) {
    eprintln!("in one session, within the exploring budget:");
    let daemon = Daemon::begin(folder.to_owned(), "auto", BY_RULES, known);
    let _fault = Fault::begin("hog_one_session", (KNOWN_S, 300));
    let settled = daemon.settled(300);
    assert_eq!(settled["outcome"], "resolved", "{settled:#}");
    assert_eq!(nice(), Some(10), "it is kept");
    succeeded(&undo(folder, 1));
    assert_eq!(nice(), Some(0), "it is undone");
    let journal = daemon.end();
    let verified = journal.iter().rfind(|line| line["id"] == 1 && line["outcome"] == "resolved");
    let decision = verified.expect("it is resolved");
    assert!(decision["action"]["lower_process_priority"].is_object(), "{decision:#}");
    assert_eq!(decision["rule"], "gate: exploring");
    let actual = &decision["actual"];
    assert_eq!((&actual["method"], &actual["shortened"]), (&"placebo".into(), &5.into()));
    assert!(actual["m"].as_u64() >= Some(19) && actual["metric"] == "accept_queue_share");
}

/// With that used up, and too few successes, it is proposed and waits: nothing is done until a
/// person approves of it.
fn proposed(folder: &Path, known: &[&str]) {
    eprintln!("in one session, with the exploring budget used up:");
    let daemon = Daemon::begin(folder.to_owned(), "auto", BY_RULES, known);
    let _fault = Fault::begin("hog_one_session", (KNOWN_S, 300));
    let status = daemon
        .wait("it is proposed", 200, |status| !status["acting"]["proposals"][0]["token"].is_null());
    let proposal = &status["acting"]["proposals"][0];
    eprintln!("  proposed: {} on {}", proposal["order"], proposal["target"]);
    assert_eq!(proposal["rule"], "gate", "{proposal:#}");
    assert_eq!(nice(), Some(0), "nothing is done");
    let id = proposal["decision"].to_string();
    let other = said(&ks(&["approve", "999", "--yes"], folder));
    assert!(other.contains("decision 999 does not wait for an approval"), "{other}");
    succeeded(&ks(&["approve", &id, "--yes"], folder));
    daemon.wait("it is done", 10, |_| nice() == Some(10));
    let again = ks(&["approve", &id, "--yes"], folder);
    assert!(!again.status.success() && said(&again).contains("does not wait"), "once");
    let _ = daemon.end();
}

/// A nice level counts within a session alone: that of the other session is lowered.
fn another_session(folder: &Path, known: &[&str]) {
    eprintln!("in two sessions:");
    let daemon = Daemon::begin(folder.to_owned(), "auto", BY_RULES, known);
    let _fault = Fault::begin("hog_two_sessions", (KNOWN_S, 300));
    let settled = daemon.settled(300);
    let journal = daemon.end();
    let decision = first_decision(&journal);
    let weighs = ["lower_autogroup_priority", "lower_cpu_weight"];
    let is_one = weighs.iter().any(|action| decision["action"][action].is_object());
    assert!(is_one && decision["comm"] == "ks-hog", "{decision:#}");
    assert!(["resolved", "improved"].contains(&settled["outcome"].as_str().unwrap()), "{settled}");
}

/// Nothing is done to what the site protects, and it is said why.
fn protected(scratch: &Path, known: &[&str]) {
    eprintln!("protected:");
    let Some(group) = Group::make("ks-protected") else {
        eprintln!("skipped: no control groups of version 2 are mounted");
        return;
    };
    let site = scratch.join("site.toml");
    std::fs::write(&site, "protect = [{ cgroup = \"/ks-protected\" }]\n").unwrap();
    let options = [known, &["--policy", site.to_str().unwrap()]].concat();
    let daemon = Daemon::begin(scratch.join("protected"), "auto", BY_RULES, &options);
    let fault = Fault::begin("hog_one_session", (KNOWN_S, 60));
    group.take("ks-hog");
    std::thread::sleep(Duration::from_secs(KNOWN_S + 45));
    assert_eq!(nice(), Some(0), "it is there, and nothing is done to it");
    drop(fault);
    let journal = daemon.end();
    assert!(journal.iter().all(|line| line["change"] != "asked"), "nothing is done at all");
    let told = journal.iter().any(|line| line.to_string().contains("who is at fault is protected"));
    let steps: Vec<_> = journal.iter().filter(|line| line["output"] == "step").collect();
    assert!(told, "it is said why: {steps:#?}");
}

/// A control group of version 2, which ends with this.
struct Group(PathBuf);

impl Group {
    fn make(name: &str) -> Option<Self> {
        let roots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(Path::new);
        let root = roots.into_iter().find(|root| root.join("cgroup.procs").is_file())?;
        std::fs::create_dir_all(root.join(name)).ok()?;
        Some(Self(root.join(name)))
    }

    /// Takes the process of a name, as soon as it is there.
    fn take(&self, name: &str) {
        let pid = |path: &Path| path.file_name()?.to_str()?.parse().ok();
        let taken = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            let found = number_of(name, pid).map(|pid: i64| pid.to_string());
            found.is_some_and(|pid| std::fs::write(self.0.join("cgroup.procs"), pid).is_ok())
        });
        assert!(taken, "{name} is there within 10 s");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whoever was in it is waited for, and leaves it a moment later.
        let is_gone = (0..50).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            std::fs::remove_dir(&self.0).is_ok()
        });
        assert!(is_gone || std::thread::panicking(), "the group stays");
    }
}
