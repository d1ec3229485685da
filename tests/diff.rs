//! `ks diff` through the whole product.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "product/command.rs"]
mod command;

use command::{check, ks};

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
fn decisions_that_came_went_or_changed_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("site.toml"), "deny = [\"lower_process_priority\"]\n").unwrap();
    for (journal, how) in [
        ("auto.jsonl", &["--mode", "auto"][..]),
        ("propose.jsonl", &["--mode", "propose"]),
        ("denied.jsonl", &["--mode", "auto", "--policy", "site.toml"]),
        ("observe.jsonl", &[]),
    ] {
        let replay = ["replay", "renice_one_session", "--journal", journal];
        assert!(ks(folder, &[&replay, how].concat()).status.success());
    }
    let check = |a: &str, b: &str, code, told| check(folder, &["diff", a, b], code, told);
    check("auto.jsonl", "auto.jsonl", 0, "Nothing was concluded differently");
    let nice = "lower_process_priority to process:313:3630099";
    let allowed = format!("{nice} at 36306.000 s, allowed by gate: exploring, resolved");
    let gone = format!("decided only in the first: {allowed}");
    check("auto.jsonl", "observe.jsonl", 1, &gone);
    check("auto.jsonl", "denied.jsonl", 1, &gone);
    let new = format!("decided only in the second: {allowed}");
    check("observe.jsonl", "auto.jsonl", 1, &new);
    let changed = "verdict: allowed by gate: exploring and needs_approval by mode; \
                   outcome: resolved and not_applied";
    let changed = format!("decided in both: {nice}: {changed}");
    check("auto.jsonl", "propose.jsonl", 1, &changed);
}

#[test]
fn what_is_no_journal_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.jsonl"), "{\"seq\":1}\n{\"seq\"").unwrap();
    check(folder.path(), &["diff", "bad.jsonl", "bad.jsonl"], 4, "bad.jsonl:2: not a line");
    check(folder.path(), &["diff", "none.jsonl", "none.jsonl"], 4, "cannot read `none.jsonl`");
    check(folder.path(), &["diff", "none.jsonl"], 2, "<B>");
}
