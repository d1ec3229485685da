//! Decisions as regressions: how often the guard's rules are looked at, and `ks test --bless`.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;
use std::process::Command;

use ks_replayer::expectations::never_evaluated;
use serde_json::Value;

fn ks(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&told).into_owned(), output.status.code())
}

/// How often each rule was looked at, by a form of JSON.
fn guards(arguments: &[&str]) -> std::collections::BTreeMap<&'static str, u64> {
    let (told, code) = ks(Path::new("."), &[arguments, &["--format", "json"]].concat());
    assert_eq!(code, Some(0), "{told}");
    let all: Value = serde_json::from_str(&told).unwrap();
    let rules = ks_agent::guard::RULES.iter();
    rules.filter_map(|rule| Some((rule.name, all["guards"].get(rule.name)?.as_u64()?))).collect()
}

#[test]
fn each_rule_of_the_guard_is_looked_at_where_an_agent_decides() {
    let tested = guards(&["test", "noisy_neighbour_weight", "protected_hog"]);
    assert_eq!(never_evaluated(&tested), Vec::<&str>::new());
    let replayed = guards(&["replay", "noisy_neighbour_weight", "--mode", "auto"]);
    assert!(tested["protected"] > replayed["protected"], "it is the sum of cases");
    // Where everything is refused by one rule, those behind it are never looked at.
    let refused = guards(&["test", "protected_hog"]);
    assert!(never_evaluated(&refused).contains(&"text"), "{refused:?}");
    assert!(guards(&["replay", "noisy_neighbour_weight"]).is_empty(), "nobody decided");
}

#[test]
fn what_is_decided_is_written_and_held_and_only_weakened_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // What happens when nothing is done comes with the scenario of this name.
    let name = "renice_one_session.toml";
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library").join(name);
    let library = std::fs::read_to_string(library).unwrap();
    let is_decided = |line: &&str| {
        ["action =", "target =", "verdict =", "outcome ="]
            .iter()
            .any(|field| line.starts_with(field))
    };
    let decided: Vec<&str> = library.lines().filter(is_decided).collect();
    assert_eq!(decided.len(), 4, "{decided:?}");
    let bare: Vec<&str> = library.lines().filter(|line| !is_decided(line)).collect();
    std::fs::write(folder.join(name), bare.join("\n")).unwrap();
    let (told, code) = ks(folder, &["test", name, "--bless"]);
    assert_eq!(code, Some(0), "{told}");
    let blessed = std::fs::read_to_string(folder.join(name)).unwrap();
    let found: Vec<&str> = blessed.lines().filter(is_decided).collect();
    assert_eq!(found, decided);

    let wrong = blessed.replace("outcome = \"resolved\"", "outcome = \"no_effect\"");
    std::fs::write(folder.join(name), wrong).unwrap();
    let (told, code) = ks(folder, &["test", name]);
    assert!(code == Some(1) && told.contains("decision missed: lower_process_priority"), "{told}");
    let (told, code) = ks(folder, &["test", name, "--bless"]);
    assert!(code == Some(1) && told.contains("is left as it is"), "{told}");
    let (told, code) = ks(folder, &["test", name, "--bless", "--weaken", "another model"]);
    assert!(code == Some(0) && told.contains("anything may be decided"), "{told}");
    let weak = std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(!weak.lines().any(|line| is_decided(&line)), "{weak}");
    assert!(weak.contains("reason = \"another model\""), "{weak}");
}
