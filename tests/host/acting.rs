//! Acting on this very host: what is done is seen in `/proc`, comes back, and stands in a log.
mod alone;
mod audit;
mod daemon;
mod fault;
mod kills;
pub(crate) mod load;
mod placebo;
mod refusals;
mod traced;
mod victim;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::control::wait_for;
use crate::live::live;
use crate::{KS, Own, has, skipped};

/// What most of the tests do: it is seen in `/proc`, and can be put back.
const LOWER: &str = "lower_process_priority";
const TO_TEN: [&str; 2] = ["--set", "nice=10"];

/// Not the user that an actor has without being told: another one may act here meanwhile.
const ACTOR: [&str; 2] = ["--actor-uid", "61950"];
/// Samples after which everything is known of every process: several are asked at each.
const SAMPLES: u64 = 8;
const ASKED: usize = 32;

/// Whether nothing can be done on this host; says why.
fn unfit() -> bool {
    if skipped() {
        return true;
    }
    let why = reason();
    if let Some(why) = &why {
        eprintln!("skipped: {why}");
    }
    why.is_some()
}

fn reason() -> Option<String> {
    if !has("setsid") {
        return Some("setsid is not installed".to_owned());
    }
    let command = Command::new(KS).args(["actions", "--here", "--format", "json"]).output();
    let offers: Value = serde_json::from_slice(&command.unwrap().stdout).unwrap();
    let mut offers = offers.as_array().unwrap().iter();
    let offer = offers.find(|offer| offer["name"] == "lower_process_priority").unwrap();
    (offer["offered"] != true).then(|| offer["reason"].as_str().unwrap().to_owned())
}

/// A command about the directory of a daemon.
fn ks(arguments: &[&str], folder: &Path) -> Output {
    Command::new(KS).args(arguments).arg("-o").arg(folder).output().unwrap()
}

/// All that a command printed.
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The same, of one that did what it was told to.
fn succeeded(output: &Output) -> String {
    let said = said(output);
    assert!(output.status.success(), "{said}");
    said
}

/// A person's own action on a process.
fn act(folder: &Path, action: &str, pid: u32, more: &[&str]) -> Output {
    let target = format!("pid:{pid}");
    let mut command = Command::new(KS);
    command.args(["act", action, "--target", &target]).args(ACTOR).args(more);
    command.arg("--daemon").arg(folder).output().unwrap()
}

/// The same, by a daemon that rests for 15 s after each.
fn act_rested(folder: &Path, action: &str, pid: u32, more: &[&str]) -> Output {
    let mut output = act(folder, action, pid, more);
    for _ in 0..40 {
        if !said(&output).contains("in_flight") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        output = act(folder, action, pid, more);
    }
    output
}

fn undo(folder: &Path, decision: u64) -> Output {
    ks(&["undo", &decision.to_string(), ACTOR[0], ACTOR[1]], folder)
}

fn verify(folder: &Path) {
    succeeded(&ks(&["audit", "verify"], folder));
}

/// Lines of the audit log of one kind.
fn audited(folder: &Path, what: &str) -> Vec<Value> {
    let shown = succeeded(&ks(&["audit", "show", "--format", "json"], folder));
    let lines = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|mut line| line["entry"].take()).filter(|entry| entry["what"] == what).collect()
}

/// A daemon that does what a person wants, and knows every process.
fn proposing(folder: &Path) -> Own {
    let more = ["--no-ebpf", "--mode", "propose", ACTOR[0], ACTOR[1]];
    let child = Own(live(folder, &more));
    let processes = std::fs::read_dir("/proc").unwrap().count();
    let samples = SAMPLES + u64::try_from(processes / ASKED).unwrap();
    wait_for(folder, "it samples", |status| status["samples"].as_u64() >= Some(samples));
    child
}
