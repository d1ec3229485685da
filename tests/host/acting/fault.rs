//! A real fault, from its first sign to what came of the action on it: `ks provoke` makes it, and
//! the agent acts in `auto`, by rules. The windows are shortened to a fifth.
//!
//! `KS_END_TO_END=whole` (`make end-to-end`, half an hour) learns first what untreated ones of the
//! same fault did, and tells by that; `again` goes by what it learned the last time. Without, the
//! fallback is what there is.
mod learned;
mod whole;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::victim::kill;
use super::{ACTOR, unfit, verify};
use crate::control::{status, wait_for};
use crate::live::{journals, replayed, terminate};
use crate::{KS, Own};

/// An agent by rules.
const BY_RULES: &str = "[agent]\nreasoner = \"rules\"\nwindows_divided_by = 5\n";
/// The same, that looks at what is critical alone: by then it has stood for half a minute.
const LATE: &str = "severity_min = \"critical\"\n";
/// Where a hog is known by what was normal before it, in s.
const KNOWN_S: u64 = 75;

/// A daemon in `auto` that samples at the usual pace.
struct Daemon {
    child: Own,
    folder: PathBuf,
}

impl Daemon {
    fn begin(folder: PathBuf, mode: &str, config: &str, more: &[&str]) -> Self {
        let file = folder.with_extension("toml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(KS);
        command.args(["live", "--mode", mode, ACTOR[0], ACTOR[1], "--config"]).arg(file);
        command.args(more).arg("-o").arg(&folder).stdout(Stdio::null());
        let child = Own(command.spawn().unwrap());
        wait_for(&folder, "it samples", |status| status["samples"].as_u64() >= Some(2));
        Self { child, folder }
    }

    /// Waits until it says so, and looks once a second.
    fn wait(&self, what: &str, within_s: u64, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let held = (0..within_s).any(|_| {
            std::thread::sleep(Duration::from_secs(1));
            last = status(&self.folder);
            holds(&last)
        });
        assert!(held, "{what} within {within_s} s: {last:#}");
        last
    }

    /// Waits until the first decision is settled, and gives it.
    fn settled(&self, within_s: u64) -> Value {
        let first = |status: &Value| status["acting"]["decisions"][0].clone();
        let status = self.wait("a decision is settled", within_s, |status| {
            first(status)["is_settled"] == true && !first(status)["outcome"].is_null()
        });
        first(&status)
    }

    /// Ends it, prints how long each phase took, and gives the journal, which is its replay's.
    fn end(mut self) -> Vec<Value> {
        terminate(&mut self.child.0);
        verify(&self.folder);
        let (journal, scratch) = (journals(&self.folder), tempfile::tempdir().unwrap());
        assert_eq!(replayed(&self.folder, scratch.path()), journal);
        let lines = journal.lines().map(|line| serde_json::from_str(line).unwrap());
        let lines: Vec<Value> = lines.collect();
        print_phases(&lines);
        lines
    }
}

/// When the first signal was raised, and when each thing of the first decision was said after it.
fn print_phases(journal: &[Value]) {
    let is_raised = |line: &&Value| line["output"] == "signal" && line["change"] == "raised";
    let Some(raised) = journal.iter().find(is_raised) else { return };
    let onset = |line: &Value| line["mono_ns"].as_u64().unwrap() as f64 / 1e9;
    for line in journal.iter().filter(|line| line["output"] == "decision" && line["id"] == 1) {
        let after_s = onset(line) - onset(raised);
        eprintln!("{after_s:7.2} s after the first signal: {} {}", line["change"], line["outcome"]);
    }
}

/// What a journal says of the first decision last.
fn first_decision(journal: &[Value]) -> &Value {
    let is_it = |line: &&Value| line["output"] == "decision" && line["id"] == 1;
    journal.iter().rfind(is_it).expect("there is a decision")
}

/// A fault, after so many seconds without it; the host is as before when this ends.
struct Fault {
    child: Own,
    _folder: tempfile::TempDir,
}

impl Fault {
    fn begin(name: &str, (baseline_s, lasts_s): (u64, u64)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (baseline, lasts) = (format!("{baseline_s}s"), format!("{lasts_s}s"));
        let mut command = Command::new(KS);
        command.args(["provoke", name, "--force", "--cool-down", "1s", "--baseline", &baseline]);
        command.args(["--lasts", &lasts, "-o"]);
        command.arg(folder.path().join("x.parquet")).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: Own(command.spawn().unwrap()), _folder: folder }
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        kill(self.child.0.id(), Signal::INT);
        let _ = self.child.0.wait();
    }
}

/// The process of a name: where it is, and a number of it.
fn number_of(name: &str, read: impl Fn(&Path) -> Option<i64>) -> Option<i64> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut own = entries.map(|entry| entry.path()).filter(|path| {
        std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
    });
    read(&own.next()?)
}

/// The nice level of the hog.
fn nice() -> Option<i64> {
    number_of("ks-hog", |path| {
        let stat = std::fs::read_to_string(path.join("stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(16)?.parse().ok()
    })
}

/// Without what untreated ones did, nobody says that it is resolved: better, by the fallback.
#[test]
fn a_hog_is_found_and_held_back_and_without_a_null_the_fallback_tells() {
    if unfit() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let config = format!("{BY_RULES}{LATE}");
    let daemon = Daemon::begin(scratch.path().join("d"), "auto", &config, &[]);
    let fault = Fault::begin("hog_one_session", (KNOWN_S, 120));
    let settled = daemon.settled(200);
    assert_eq!(settled["outcome"], "improved", "{settled:#}");
    assert_eq!(nice(), Some(10), "it is kept");
    drop(fault);
    let journal = daemon.end();
    let decision = first_decision(&journal);
    assert!(decision["action"]["lower_process_priority"].is_object(), "{decision:#}");
    assert_eq!(
        (&decision["comm"], &decision["rule"]),
        (&"ks-hog".into(), &"gate: exploring".into())
    );
    let method = decision["actual"]["method"].as_str().unwrap();
    assert!(method.starts_with("fallback"), "{decision:#}");
}
