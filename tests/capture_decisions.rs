//! `ks capture` of a recording in which an agent was at work.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "product/command.rs"]
mod command;

use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{
    ActionOutcome, Answer, Body, Decision, OperatorDecision, Outcome, RequestId, Stamp,
};
use serde_json::{Value, json};

use command::{check, ks};

fn replayed(folder: &Path, name: &str) -> Value {
    let output = ks(folder, &["replay", name, "--format", "json"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What of a decision has to be as it was, whatever it is numbered.
fn decided(report: &Value) -> Vec<Value> {
    let all = report["decisions"].as_array().unwrap().iter();
    let fields = ["at", "action", "target", "params", "verdict", "rule", "plan", "outcome"];
    all.map(|one| fields.iter().map(|field| one[field].clone()).collect()).collect()
}

/// Copies a recording, with what `more` puts behind an input, and without what `drops` says.
fn copied(
    folder: &Path,
    (from, to): (&str, &str),
    drops: impl Fn(&Body) -> bool,
    mut more: impl FnMut(u64) -> Vec<Body>,
) {
    let mut reader = Reader::open(&[folder.join(from)]).unwrap();
    let mut writer = Writer::create(&folder.join(to), false).unwrap();
    let mut stamp = Stamp::default();
    while let Some(input) = reader.next().unwrap() {
        if drops(&input.body) {
            continue;
        }
        writer.append(stamp.make(input.mono, input.body.clone())).unwrap();
        for body in more(input.mono.0) {
            writer.append(stamp.make(input.mono, body)).unwrap();
        }
    }
    writer.seal().unwrap();
}

fn part<'a>(from: &'a str, around: &'a str, after: &'a str, output: &'a str) -> Vec<&'a str> {
    let cut = ["capture", "--from", from, "--around", around, "--before", "1m"];
    [cut.as_slice(), &["--after", after, "-o", output]].concat()
}

#[test]
fn a_cut_keeps_outcomes_and_expects_the_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let build = ["scenario", "build", "renice_one_session", "--mode", "auto", "-o", "w.parquet"];
    check(folder, &build, 0, "holds scenario");
    let cut = part("w.parquet", "+6m", "9m", "cut.parquet");
    check(folder, &cut, 0, "and 1 decisions in the part are those of the original");
    let (whole, report) = (replayed(folder, "w.parquet"), replayed(folder, "cut.parquet"));
    assert_eq!(report["mode"], "as_recorded", "{}", report["differs"]);
    assert_eq!(decided(&report), decided(&whole));
    assert_eq!(report["decisions"][0]["outcome"], "resolved");
    check(folder, &["test", "cut.toml"], 0, "1 passed, 0 failed");

    // Without what came of the action nobody knows it, and a file that says otherwise is not met.
    copied(folder, ("cut.parquet", "none.parquet"), is_answer, |_| Vec::new());
    let text = std::fs::read_to_string(folder.join("cut.toml")).unwrap();
    let named = text.replace("\"cut.parquet\"", "\"none.parquet\"");
    std::fs::write(folder.join("none.toml"), named).unwrap();
    check(folder, &["test", "none.toml"], 1, "decision missed: lower_process_priority");
    let wrong = text.replace("outcome = \"resolved\"", "outcome = \"no_effect\"");
    assert_ne!(wrong, text);
    std::fs::write(folder.join("wrong.toml"), wrong).unwrap();
    check(folder, &["test", "wrong.toml"], 1, "decision missed: lower_process_priority");
}

fn is_answer(body: &Body) -> bool {
    matches!(body, Body::Answer(_))
}

/// A part that begins after one action knows of it: budgets, requests and decisions go on.
#[test]
fn a_cut_goes_on_with_what_was_done_before_it_and_keeps_what_an_operator_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("site.toml"), "approve = [\"limit_cgroup_cpu\"]\n").unwrap();
    let build = ["scenario", "build", "noisy_neighbour_weight", "--mode", "auto"];
    let build = [&build[..], &["--policy", "site.toml", "-o", "w.parquet"]].concat();
    check(folder, &build, 0, "holds scenario");
    assert!(ks(folder, &["replay", "w.parquet", "--journal", "w.jsonl"]).status.success());
    let journal = std::fs::read_to_string(folder.join("w.jsonl")).unwrap();
    let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let asked = lines.into_iter().find(|line| line["asks"] == "approval").unwrap();
    let (request, at) = (asked["id"].as_u64().unwrap(), asked["mono_ns"].as_u64().unwrap());
    let mut is_said = false;
    copied(
        folder,
        ("w.parquet", "said.parquet"),
        |_| false,
        |mono_ns| {
            if is_said || mono_ns < at + 5_000_000_000 {
                return Vec::new();
            }
            is_said = true;
            let decision = Decision::Approve { request: RequestId(request) };
            let approval = Answer::OperatorDecision(OperatorDecision { uid: Some(0), decision });
            let (request, outcome) = (RequestId(request + 1), Outcome::Applied);
            let done = Answer::ActionOutcome(ActionOutcome { request, outcome, reason: None });
            [approval, done].map(|answer| Body::Answer(Box::new(answer))).to_vec()
        },
    );
    let whole = replayed(folder, "said.parquet");
    let approved = &whole["decisions"][1];
    assert_eq!(approved["action"], "limit_cgroup_cpu");
    assert_ne!(approved["outcome"], json!("not_applied"), "it was approved of");
    let cut = part("said.parquet", "+510s", "7m", "cut.parquet");
    check(folder, &cut, 0, "decisions in the part are those of the original");
    let (all, own) = (decided(&whole), decided(&replayed(folder, "cut.parquet")));
    assert!(own.iter().any(|one| one[1] == "limit_cgroup_cpu"), "{own:?}");
    assert!(own.iter().all(|one| all.contains(one)), "{own:?} of {all:?}");
    check(folder, &["test", "cut.toml"], 0, "1 passed, 0 failed");
}

#[test]
fn a_redacted_cut_has_the_same_decisions_and_a_file_that_is_no_case_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let build = ["scenario", "build", "renice_one_session", "--mode", "auto", "-o", "w.parquet"];
    check(folder, &build, 0, "holds scenario");
    let mut cut = part("w.parquet", "+6m", "9m", "cut.parquet");
    cut.push("--redact");
    std::fs::write(folder.join("cut.toml"), "precious = 1\n").unwrap();
    check(folder, &cut, 3, "it stays as it is");
    assert!(!folder.join("cut.parquet").exists());
    std::fs::remove_file(folder.join("cut.toml")).unwrap();
    check(folder, &cut, 0, "and 1 decisions in the part are those of the original");
    check(folder, &["test", "cut.toml"], 0, "1 passed, 0 failed");
    let text = std::fs::read_to_string(folder.join("cut.toml")).unwrap();
    assert!(!text.contains("report") && text.contains("lower_process_priority"), "{text}");
}
