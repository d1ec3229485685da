//! What is told at the start, of what cannot be asked about.

use std::process::{Command, Stdio};

use super::client::folder;

fn check(arguments: &[&str], code: i32, expected: &str) {
    let folder = folder();
    std::fs::write(folder.path().join("bad.parquet"), "hello").unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder.path()).arg("mcp").args(arguments).stdin(Stdio::null());
    let output = command.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(words.contains(expected), "{words}");
    assert!(output.stdout.is_empty(), "only frames go to stdout");
}

#[test]
fn what_cannot_be_asked_about_is_said_before_anything_is_served() {
    check(&[], 2, "<PATH>");
    check(&["none.parquet"], 4, "none.parquet");
    check(&["no_such_scenario"], 4, "ks scenario list");
    check(&["bad.parquet"], 4, "bad.parquet` is not a recording");
    check(&["burst.toml", "bad.parquet"], 4, "bad.parquet");
    check(&["burst.toml", "burst.toml"], 2, "name each recording once");
    check(&["--live", "burst.toml"], 2, "--live takes the directory");
    check(&["--live", "missing"], 4, "missing");
    check(&["empty"], 4, "empty");
    check(&["burst.toml", "--live", "empty"], 2, "cannot be used with");
    check(&["burst.toml", "--config", "none.toml"], 4, "none.toml");
    check(&["burst.toml"], 0, "");
}

#[test]
fn help_tells_how_a_client_is_told_of_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_ks")).args(["mcp", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("mcpServers") && help.contains("--live"), "{help}");
}
