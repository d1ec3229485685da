//! How large a crate may be: it grows only together with its entry, which somebody then reads.
//!
//! The entry follows a crate that shrinks, so that what was won is not lost again unseen.

use std::collections::BTreeMap;

use crate::sizes::{is_counted, length_without_tests};
use crate::tree::{SourceFile, assert_none, checkout};

/// The folder of a crate's sources, and how many lines they may have, without tests.
///
/// A new entry is the size at hand and some three in a hundred, for work on several branches.
const LINES_MAX: [(&str, usize); 11] = [
    ("ebpf/src/", 1_000),
    ("engine/src/", 19_700),
    ("engine/agent/src/", 10_950),
    ("engine/statistics/src/", 5_100),
    ("engine/vocabulary/src/", 8_900),
    ("recorder/src/", 19_550),
    ("replayer/actor/src/", 7_600),
    ("replayer/reasoner/src/", 3_500),
    ("replayer/src/", 11_450),
    ("scenarios/src/", 9_750),
    ("src/", 13_850),
];
/// How far below its entry a crate may be.
const SLACK_PERCENT: usize = 5;

/// The lines of each crate, by the folder of its sources.
fn sizes(files: &[SourceFile]) -> BTreeMap<&str, usize> {
    let mut sizes = BTreeMap::new();
    for file in files.iter().filter(|file| is_counted(file)) {
        if let Some(folder) = sources_of(&file.path) {
            *sizes.entry(folder).or_default() += length_without_tests(&file.text());
        }
    }
    sizes
}

/// The folder of sources that a file lies in.
fn sources_of(path: &str) -> Option<&str> {
    let begin = if path.starts_with("src/") { 0 } else { path.find("/src/")? + 1 };
    Some(&path[..begin + "src/".len()])
}

fn check_sizes(sizes: &BTreeMap<&str, usize>, entries: &[(&str, usize)]) -> Vec<String> {
    let entry = |folder: &str| entries.iter().find(|(of, _)| *of == folder).map(|(_, max)| *max);
    let known = sizes.iter().filter_map(|(folder, lines)| {
        let Some(max) = entry(folder) else { return Some(format!("{folder}: has no entry")) };
        if *lines > max {
            return Some(format!("{folder}: {lines} lines without tests, at most {max}"));
        }
        let min = max * (100 - SLACK_PERCENT) / 100;
        (*lines < min).then(|| format!("{folder}: {lines} lines, so lower its entry of {max}"))
    });
    let gone = entries.iter().filter(|(folder, _)| !sizes.contains_key(folder));
    known.chain(gone.map(|(folder, _)| format!("{folder}: has an entry and no sources"))).collect()
}

#[test]
fn no_crate_grows_or_shrinks_without_its_entry() {
    assert_none(&check_sizes(&sizes(checkout()), &LINES_MAX));
}

#[test]
fn a_crate_that_grew_or_shrank_is_found() {
    let check = |lines| check_sizes(&BTreeMap::from([("a/src/", lines)]), &[("a/src/", 200)]);
    assert_eq!(check(201), ["a/src/: 201 lines without tests, at most 200"]);
    assert_eq!(check(200), [""; 0]);
    assert_eq!(check(190), [""; 0]);
    assert_eq!(check(189), ["a/src/: 189 lines, so lower its entry of 200"]);
    assert_eq!(check_sizes(&BTreeMap::from([("a/src/", 1)]), &[]), ["a/src/: has no entry"]);
    let gone = check_sizes(&BTreeMap::new(), &[("a/src/", 1)]);
    assert_eq!(gone, ["a/src/: has an entry and no sources"]);
}

#[test]
fn lines_of_a_crate_are_those_of_its_sources_without_tests() {
    let files = [
        SourceFile::new("a/src/lib.rs", "a\nb\n#[cfg(test)]\nmod tests {\n}\n"),
        SourceFile::new("a/src/b/tests.rs", "a\n"),
        SourceFile::new("a/src/b.rs", "a\n"),
        SourceFile::new("a/b/src/lib.rs", "a\n"),
        SourceFile::new("a/tests/c.rs", "a\n"),
        SourceFile::new("src/main.rs", "a\n"),
    ];
    assert_eq!(sizes(&files), BTreeMap::from([("a/b/src/", 1), ("a/src/", 3), ("src/", 1)]));
}
