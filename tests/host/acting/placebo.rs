//! Loads that recover by themselves, acted on in a way that changes nothing and in one that helps,
//! with what untreated ones did for comparison: how often each is called a success.
//!
//! `KS_PLACEBO_REPETITIONS` is how many of each; `make placebo` says 20. The windows are shortened
//! to a fifth, which the journal names.
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::load::{Load, missing};
use super::{ACTOR, act, ks, said, succeeded, unfit, verify};
use crate::control::wait_for;
use crate::live::{journals, replayed, terminate};
use crate::{KS, Own};

/// Triggers at which nothing is done; nineteen are needed.
const UNTREATED: usize = 20;
/// Loads that are there at a time.
const BATCH: usize = 10;
/// Of 20: more false successes, or fewer that are found, and it is no verification.
const FALSE_MOST: usize = 3;
const FOUND_LEAST: usize = 14;
const WHOLE: usize = 20;
/// Seconds for which a load lasts: the window ends 14 s after the trigger, which comes about 2 s
/// after the load, so that half of them recover within it.
const LASTS_S: f64 = 6.0;
const LONGER_S: f64 = 20.0;
/// From a trigger to the end of its window, and somewhat more.
const LOOKED_AT: Duration = Duration::from_secs(20);

/// Which network namespaces there are is asked every 30 s.
const FOUND: Duration = Duration::from_secs(35);

const CONFIG: &str = "[agent]\nmode = \"propose\"\nreasoner = \"rules\"\n\
    severity_min = \"critical\"\nwindows_divided_by = 5\n\
    [agent.budgets]\nactions = 1000\ndisruptive = 1000\nreversible_per_hour = 1000\n\
    disruptive_per_day = 1000\n";

fn repetitions() -> usize {
    std::env::var("KS_PLACEBO_REPETITIONS").map_or(1, |text| text.parse().unwrap())
}

/// Numbers in [0, 1), the same in each run.
struct Drawn(u64);

impl Drawn {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn lasts_s(&mut self) -> f64 {
        LASTS_S + LONGER_S * self.next()
    }
}

/// Waits until all is known of a process that whoever acts on it has to know.
fn wait_until_known(pid: u32, folder: &Path) {
    let dry_run = ["--set", "lasts=60s", "--dry-run"];
    let known = (0..150).any(|_| {
        let told = said(&act(folder, "pause_process", pid, &dry_run));
        let is_known = told.contains("this would be done");
        if !is_known {
            std::thread::sleep(Duration::from_secs(1));
        }
        is_known
    });
    let told = act(folder, "pause_process", pid, &dry_run);
    assert!(known, "within 150 s all is known of process {pid}: {}", said(&told));
}

fn loads(count: usize) -> Vec<Load> {
    (0..count).map(|_| Load::new()).collect()
}

/// Waits until the load is told of.
fn wait_until_raised(load: &Load, folder: &Path) {
    let told = |status: &Value| {
        let mut standing = status["standing"].as_array().unwrap().iter();
        standing.any(|one| one["kind"] == "tcp_exhaustion" && one["entity"] == *load.entity)
    };
    wait_for(folder, "a full queue is told of", told);
}

/// What came of pausing a process when the load is told of.
fn treated(load: &mut Load, pid: u32, lasts_s: f64, folder: &Path) -> String {
    load.fill(lasts_s);
    wait_until_raised(load, folder);
    let (target, by) = (format!("pid:{pid}"), format!("tcp_exhaustion:{}", load.entity));
    let act = ["act", "pause_process", "--target", &target, "--set", "lasts=60s", "--verify", &by];
    let mut command = Command::new(KS);
    command.args(act).args(["--format", "json", "--daemon"]).arg(folder);
    let output = command.output().unwrap();
    let told = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
    let outcome = told["came"]["outcome"].as_str();
    assert!(outcome.is_some(), "{}", said(&output));
    outcome.unwrap_or_default().to_owned()
}

fn is_success(outcome: &str) -> bool {
    matches!(outcome, "resolved" | "improved")
}

/// How often each was called a success: what changes nothing, and what helps. Some loads are there
/// and known.
fn successes(mut known: Vec<Load>, folder: &Path, drawn: &mut Drawn) -> [usize; 2] {
    let mut found = [0, 0];
    let mut left = repetitions();
    while left > 0 {
        if known.is_empty() {
            known = loads(BATCH.min(2 * left));
            std::thread::sleep(FOUND);
        }
        left -= known.len() / 2;
        for (at, mut load) in known.drain(..).enumerate() {
            // In turn: three failures in a row of an action would stop it.
            let helps = at % 2 == 1;
            let [flood, bystander] = load.pids();
            let pid = if helps { flood } else { bystander };
            wait_until_known(pid, folder);
            let outcome = treated(&mut load, pid, drawn.lasts_s(), folder);
            eprintln!("{}: {outcome}", if helps { "helps" } else { "changes nothing" });
            found[usize::from(helps)] += usize::from(is_success(&outcome));
        }
    }
    found
}

/// What each decision of a journal was told by, once its window was over.
fn measured(journal: &str) -> Vec<Value> {
    let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found = BTreeMap::new();
    for line in lines.filter(|line| line["change"] == "verified" && !line["actual"].is_null()) {
        found.entry(line["id"].as_u64()).or_insert_with(|| line["actual"].clone());
    }
    found.into_values().collect()
}

#[test]
fn what_changes_nothing_is_no_success_and_what_helps_is_one() {
    if unfit() {
        return;
    }
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, config) = (folder.path(), scratch.path().join("ks.toml"));
    std::fs::write(&config, CONFIG).unwrap();
    let (mut untreated, first) = (loads(UNTREATED), loads(BATCH.min(2 * repetitions())));
    let mut command = Command::new(KS);
    command.args(["live", "--no-ebpf", ACTOR[0], ACTOR[1], "--config"]).arg(&config);
    let mut daemon = Own(command.arg("-o").arg(folder).spawn().unwrap());
    wait_for(folder, "it samples", |status| status["samples"].as_u64() >= Some(2));
    wait_until_known(first[0].pids()[0], folder);
    let mut drawn = Drawn(7);
    for load in &mut untreated {
        load.fill(drawn.lasts_s());
    }
    for load in &untreated {
        wait_until_raised(load, folder);
    }
    std::thread::sleep(LOOKED_AT);
    drop(untreated);
    let [wrong, right] = successes(first, folder, &mut drawn);
    succeeded(&ks(&["status"], folder));
    terminate(&mut daemon.0);
    verify(folder);
    let of = repetitions();
    eprintln!("{wrong} of {of} that changed nothing, {right} of {of} that helped: successes");
    assert!(wrong <= FALSE_MOST * of / WHOLE, "{wrong} of {of}");
    assert!(right >= (FOUND_LEAST * of).div_ceil(WHOLE), "{right} of {of}");
    let journal = journals(folder);
    let measured = measured(&journal);
    assert_eq!(measured.len(), 2 * of, "{measured:?}");
    for actual in measured {
        eprintln!("{actual}");
        let by_placebo = actual["method"] == "placebo" && actual["m"].as_u64() >= Some(19);
        assert!(by_placebo && actual["shortened"] == 5, "{actual}");
    }
    assert_eq!(replayed(folder, scratch.path()), journal);
}
