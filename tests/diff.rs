//! `ks diff` through the whole product.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;
use std::process::{Command, Output};

fn ks(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn check(folder: &Path, arguments: &[&str], code: i32, expected: &str) {
    let output = ks(folder, arguments);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.contains(expected), "{told}");
}

#[test]
fn runs_that_part_are_told_apart_by_their_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, journal) in [("packet_loss", "a.jsonl"), ("slight_loss_below", "b.jsonl")] {
        assert!(ks(folder, &["replay", name, "--journal", journal]).status.success());
    }
    check(folder, &["diff", "a.jsonl", "a.jsonl"], 0, "Nothing was concluded differently");
    check(folder, &["diff", "a.jsonl", "packet_loss"], 0, "Nothing was concluded differently");
    check(folder, &["diff", "a.jsonl", "b.jsonl"], 1, "is at or above its limit 0.01");
    check(folder, &["diff", "a.jsonl", "b.jsonl"], 1, "only in the first: medium network_degra");
    check(folder, &["diff", "b.jsonl", "a.jsonl", "--format", "json"], 1, "\"only_b\": [");
}

#[test]
fn what_is_no_journal_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.jsonl"), "{\"seq\":1}\n{\"seq\"").unwrap();
    check(folder.path(), &["diff", "bad.jsonl", "bad.jsonl"], 4, "bad.jsonl:2: not a line");
    check(folder.path(), &["diff", "none.jsonl", "none.jsonl"], 4, "cannot read `none.jsonl`");
    check(folder.path(), &["diff", "none.jsonl"], 2, "<B>");
}
