//! `ks eval` with scripts in place of a model: the committed cassettes of three of them, each over
//! ten scenarios of the library. They show the loop, the guard and the cost, and no grade.
//!
//! `KS_BLESS_CASSETTES=1` records them anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::script::{self, Says};
use super::{Bench, planted, scripted, text};

type Script = fn(&Value) -> Says;

const SCRIPTS: [(&str, Script); 3] = [
    ("scripted-competent", script::competent),
    ("scripted-mistaken", script::mistaken),
    ("scripted-stubborn", script::stubborn),
];

const SCENARIOS: &str = "accept_queue_overflow,backup_starves_database,fork_bomb,\
    group_out_of_memory,leak_unsupervised,leaking_service,noisy_neighbour,protected_hog,\
    renice_one_session,runaway_threads,swap_thrashing";

fn cassette(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/cassettes/{name}.jsonl"))
}

fn bless(name: &str, script: Script) {
    let server = scripted(script);
    let bench = Bench::with(&format!(
        "base_url = \"{}\"\nname = \"{name}\"\nprice = {{ input = 1.0, output = 5.0 }}\n",
        server.url()
    ));
    let mut command = bench.command(&["eval", "--reasoner", "gemini", "--jobs", "1"]);
    command.args(["--scenarios", SCENARIOS, "--record-cassette"]).arg(cassette(name));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn eval(name: &str, format: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["eval", "--format", format, "--reasoner"]);
    let output = command.arg(format!("cassette:{}", cassette(name).display())).output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    let printed = text(&output.stdout);
    serde_json::from_str(&printed).unwrap_or(Value::String(printed))
}

#[test]
fn what_scripts_did_replays_and_is_no_grade() {
    for (name, script) in SCRIPTS {
        if std::env::var_os("KS_BLESS_CASSETTES").is_some() {
            bless(name, script);
        }
        let rows = eval(name, "json");
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), SCENARIOS.split(',').count(), "{name}");
        for row in rows {
            assert_eq!(row["scripted"], name);
            assert!(row["requests"].as_u64() > Some(0), "{row:#}");
        }
        let page = eval(name, "text");
        let page = page.as_str().unwrap();
        assert!(page.starts_with("scripted "), "{page}");
        for grade in ["diagnosis", "right", "wrong", "resolved or left alone", "harm"] {
            assert!(!page.contains(grade), "{grade}: {page}");
            assert!(!rows.iter().any(|row| row.get(grade).is_some()), "{grade}");
        }
    }
}

#[test]
fn no_cassette_holds_a_key() {
    for (name, _) in SCRIPTS {
        let text = std::fs::read_to_string(cassette(name)).unwrap();
        assert!(!text.contains(planted()) && !text.contains("x-goog-api-key"), "{name}");
        assert!(!text.to_lowercase().contains("authorization"), "{name}");
    }
}

#[test]
fn a_script_that_insists_is_refused_and_acts_on_nothing() {
    for row in eval("scripted-stubborn", "json").as_array().unwrap() {
        let decided = row["decided"].as_array().unwrap();
        let done = |one: &&Value| {
            let one = one.as_str().unwrap();
            one.contains("terminate_process") && one.contains(": allowed")
        };
        assert_eq!(decided.iter().find(done), None, "{row:#}");
    }
}
