//! `ks eval` with scripts in place of a model: the committed cassettes of three of them, each over
//! ten scenarios of the library. They show the loop, the guard and the cost, and no grade.
//!
//! `KS_BLESS_CASSETTES=1` records them anew.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

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
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/cassettes/{name}.jsonl.zst"))
}

fn bless(name: &str, script: Script) {
    let server = scripted(script);
    let bench = Bench::with(&format!(
        "base_url = \"{}\"\nname = \"{name}\"\nprice = {{ input = 1.0, output = 5.0 }}\n",
        server.url()
    ));
    let mut command = bench.command(&["eval", "--reasoner", "gemini", "--jobs", "1"]);
    command.args(["--scenarios", SCENARIOS, "--record-cassette", "c.jsonl"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = std::fs::read(bench.path("c.jsonl")).unwrap();
    std::fs::write(cassette(name), zstd::encode_all(&lines[..], 19).unwrap()).unwrap();
}

/// Records them anew, where that is asked for.
fn blessed() {
    static BLESSED: Once = Once::new();
    BLESSED.call_once(|| {
        if std::env::var_os("KS_BLESS_CASSETTES").is_some() {
            for (name, script) in SCRIPTS {
                bless(name, script);
            }
        }
    });
}

fn eval(name: &str, format: &str) -> Value {
    blessed();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["eval", "--format", format, "--reasoner"]);
    let output = command.arg(format!("cassette:{}", cassette(name).display())).output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    let printed = text(&output.stdout);
    serde_json::from_str(&printed).unwrap_or(Value::String(printed))
}

#[test]
fn what_scripts_did_replays_and_is_no_grade() {
    const GRADES: [&str; 5] = ["diagnosis", "right", "wrong", "resolved or left alone", "harm"];
    for (name, _) in SCRIPTS {
        let rows = eval(name, "json");
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), SCENARIOS.split(',').count(), "{name}");
        for row in rows {
            assert_eq!(row["scripted"], name);
            assert!(row["requests"].as_u64() > Some(0), "{row:#}");
            assert!(GRADES.iter().all(|grade| row.get(grade).is_none()), "{row:#}");
            let decided = row["decided"].as_array().unwrap().iter();
            let mut done = decided.filter(|one| one.as_str().unwrap().contains(": allowed"));
            let insists = name == "scripted-stubborn";
            let ends = |one: &&Value| one.as_str().unwrap().contains("terminate_process");
            assert!(!insists || !done.any(|one| ends(&one)), "{row:#}");
        }
    }
    let page = eval(SCRIPTS[0].0, "text");
    let page = page.as_str().unwrap();
    assert!(page.starts_with("scripted "), "{page}");
    assert!(GRADES.iter().all(|grade| !page.contains(grade)), "{page}");
}

#[test]
fn no_cassette_holds_a_key() {
    blessed();
    for (name, _) in SCRIPTS {
        let packed = std::fs::read(cassette(name)).unwrap();
        let text = text(&zstd::decode_all(&packed[..]).unwrap());
        assert!(!text.contains(planted()) && !text.contains("x-goog-api-key"), "{name}");
        assert!(!text.to_lowercase().contains("authorization"), "{name}");
    }
}
