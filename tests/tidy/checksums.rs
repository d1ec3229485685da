//! The fixtures are the ones that were committed on purpose: each has its SHA-256 in a list.
//!
//! The list is what `make checksums` writes, in the format of `sha256sum`. The README files that
//! explain the fixtures are not in it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::tree::{SourceFile, assert_none, checkout};

const LIST: &str = "fixtures/SHA256SUMS";

fn check_fixture_checksums(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut listed = listed(files, &mut findings);
    for file in files.iter().filter(|file| file.path != LIST && file.name() != "README.md") {
        let Some(path) = file.path.strip_prefix("fixtures/") else { continue };
        let sum = format!("{:x}", Sha256::digest(&file.bytes));
        let entry = listed.remove(path);
        if entry.is_none() {
            findings.push(format!("{}: not in {LIST}: run `make checksums`", file.path));
        } else if entry.is_some_and(|listed| listed != sum) {
            findings.push(format!("{}: not the content of {LIST}", file.path));
        }
    }
    findings.extend(listed.keys().map(|path| format!("{LIST}: `{path}` does not exist")));
    findings
}

/// The sum of each path in the list. Lines that say none become findings.
fn listed(files: &[SourceFile], findings: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut sums = BTreeMap::new();
    let list = files.iter().find(|file| file.path == LIST);
    let text = list.map(SourceFile::text).unwrap_or_default();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((path, sum)) = parse_entry(line) else {
            findings.push(format!("{LIST}:{number}: not a line of `sha256sum`"));
            continue;
        };
        if sums.insert(path, sum).is_some() {
            findings.push(format!("{LIST}:{number}: listed twice"));
        }
    }
    sums
}

/// Path and sum of a line. `sha256sum` doubles the backslashes of a name (units of systemd have
/// some) and then begins the line with one.
fn parse_entry(line: &str) -> Option<(String, String)> {
    let unescaped = line.strip_prefix('\\');
    let (sum, name) = unescaped.unwrap_or(line).split_at_checked(64)?;
    let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *"))?;
    let is_sum = sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let path = if unescaped.is_some() { name.replace("\\\\", "\\") } else { name.to_owned() };
    is_sum.then(|| (path, sum.to_owned()))
}

#[test]
fn every_fixture_is_the_listed_one() {
    assert_none(&check_fixture_checksums(checkout()));
}

#[test]
fn a_changed_a_missing_and_an_unlisted_fixture_are_found() {
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let check = |list: &str, path: &str, text: &str| {
        check_fixture_checksums(&[
            SourceFile::new("fixtures/README.md", "# Fixtures\n"),
            SourceFile::new(LIST, list),
            SourceFile::new(path, text),
        ])
    };
    let list = format!("{ABC}  proc/stat\n");
    assert_eq!(check(&list, "fixtures/proc/stat", "abc"), [""; 0]);
    let changed = check(&list, "fixtures/proc/stat", "abd");
    assert_eq!(changed, ["fixtures/proc/stat: not the content of fixtures/SHA256SUMS"]);
    let unlisted = check("", "fixtures/proc/stat", "abc");
    assert_eq!(unlisted, ["fixtures/proc/stat: not in fixtures/SHA256SUMS: run `make checksums`"]);
    let missing = check(&list, "src/stat", "abc");
    assert_eq!(missing, ["fixtures/SHA256SUMS: `proc/stat` does not exist"]);
    let twice = check(&list.repeat(2), "fixtures/proc/stat", "abc");
    assert_eq!(twice, ["fixtures/SHA256SUMS:2: listed twice"]);
    let escaped = format!("\\{ABC}  a\\\\x2db\n");
    assert_eq!(check(&escaped, "fixtures/a\\x2db", "abc"), [""; 0]);
    let upper = format!("{}  proc/stat", ABC.to_uppercase());
    for garbage in ["abc  proc/stat", &upper, &format!("{ABC} proc/stat")] {
        assert_eq!(
            check(garbage, "src/a", "")[0],
            "fixtures/SHA256SUMS:1: not a line of `sha256sum`"
        );
    }
}

#[test]
fn no_fixtures_need_no_list() {
    assert_eq!(check_fixture_checksums(&[SourceFile::new("fixtures/README.md", "")]), [""; 0]);
}
