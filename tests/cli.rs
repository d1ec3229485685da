//! What `ks` says and which code it ends with when it is given what it cannot use.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::process::Command;

fn check(arguments: &[&str], code: i32, expected: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_ks")).args(arguments).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(words.contains(expected), "{words}");
    assert!(output.stdout.is_empty(), "errors go to stderr");
}

#[test]
fn unreadable_input_ends_with_4_and_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.parquet");
    std::fs::write(&bad, "hello").unwrap();
    check(&["replay", bad.to_str().unwrap()], 4, "bad.parquet` is not a recording");
    check(&["replay", folder.path().join("none.parquet").to_str().unwrap()], 4, "No such file");
    check(
        &["recover", folder.path().join("none.parquet").to_str().unwrap()],
        4,
        "none.parquet.log",
    );
}

#[test]
fn an_existing_output_ends_with_3_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there.parquet");
    std::fs::write(&there, "precious").unwrap();
    check(&["record", "-o", there.to_str().unwrap()], 3, "hint: choose another name");
    assert_eq!(std::fs::read(&there).unwrap(), b"precious");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn wrong_use_ends_with_2() {
    check(&["record", "-o", "x.parquet", "--interval", "5ms"], 2, "100ms to 60s");
    check(&["replay"], 2, "<PATH>");
}
