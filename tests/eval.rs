//! `ks eval`: grades from ground truth, the controls beside them, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn ks(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder).arg("eval").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SCENARIOS: &str = "renice_one_session,group_out_of_memory";

#[test]
fn the_rules_stand_beside_one_who_does_nothing_and_one_who_ends_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let output = ks(folder.path(), &["--scenarios", SCENARIOS, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |scenario: &str, player: &str| -> Value {
        let mut rows = told["rows"].as_array().unwrap().iter();
        let is = |row: &&Value| row["scenario"] == scenario && row["player"] == player;
        rows.find(is).unwrap().clone()
    };
    let renice = row("renice_one_session", "rules");
    assert_eq!(renice["ended"], "resolved");
    assert_eq!((&renice["action_right"], &renice["evidence_valid"]), (&json!(true), &json!(true)));
    assert_eq!(renice["harm"], json!([]));
    let right = renice["right"].as_array().unwrap();
    assert!(right.contains(&json!("lower_process_priority of report")), "{right:?}");
    assert!(!right.iter().any(|one| one.as_str().unwrap().ends_with("of api")), "{right:?}");
    let small = row("group_out_of_memory", "rules");
    assert_eq!((&small["ended"], &small["decided"]), (&json!("left_alone"), &json!([])));

    let idle = row("renice_one_session", "do-nothing");
    assert_eq!((&idle["ended"], &idle["action_right"]), (&json!("missed"), &json!(false)));
    let wild = row("group_out_of_memory", "destroy-everything");
    assert_eq!(wild["ended"], "meddled");
    let harm = wild["harm"].as_array().unwrap();
    assert!(harm.contains(&json!("terminate_process: small is stopped")), "{harm:?}");
}

#[test]
fn a_page_is_written_and_what_is_not_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["--scenarios", "group_out_of_memory", "--report"];
    let output = ks(folder.path(), &[&only[..], &["page.md"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("group_out_of_memory") && told.contains("do-nothing"), "{told}");
    let page = fs::read_to_string(folder.path().join("page.md")).unwrap();
    assert!(page.starts_with("# Decisions") && page.contains("| left alone |"), "{page}");
    assert!(page.contains("ks eval --scenarios group_out_of_memory"), "{page}");
    fs::write(folder.path().join("page.md"), page + "\nThis is known.\n").unwrap();
    let again = ks(folder.path(), &[&only[..], &["page.md"]].concat());
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let page = fs::read_to_string(folder.path().join("page.md")).unwrap();
    assert!(page.ends_with("## Notes\n\n\nThis is known.\n"), "what people wrote stays: {page}");

    fs::write(folder.path().join("notes.md"), "mine").unwrap();
    let refused = ks(folder.path(), &[&only[..], &["notes.md"]].concat());
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    assert_eq!(fs::read_to_string(folder.path().join("notes.md")).unwrap(), "mine");
}

#[test]
fn what_was_not_measured_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], words: &str| {
        let output = ks(folder.path(), arguments);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(words), "{told}");
        assert!(output.stdout.is_empty());
    };
    check(&["--scenarios", "nothing_like_it"], "nothing_like_it");
    check(&["--reasoner", "oracle"], "oracle");
    let own = "summary = \"A host.\"\nduration = \"5m\"\n[background]\nmix = \"idle\"\n";
    fs::write(folder.path().join("own.toml"), own).unwrap();
    check(&["--scenarios", "own.toml"], "was not measured");
}
