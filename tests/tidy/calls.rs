//! Words that code must not use: clocks outside their one file, and leftovers of unfinished work.
//!
//! clippy refuses the calls that it can name. This also sees what a macro, another crate's function
//! of the same name or an `#[expect]` hides from it.

use crate::lexer;
use crate::tree::{SourceFile, assert_none, checkout};

const CLOCKS: [&str; 3] = ["clock_gettime", "SystemTime::now", "Instant::now"];
/// An actor is a process of its own.
const CLOCK_FILES: [&str; 3] =
    ["recorder/src/clock.rs", "replayer/actor/src/clock.rs", "replayer/reasoner/src/clock.rs"];
/// Spelled in halves, so that a plain search for them finds no line of this file.
const LEFTOVERS: [&str; 3] =
    [concat!("#[", "ignore"), concat!("to", "do!("), concat!("unimpl", "emented!(")];

fn check_clocks(files: &[SourceFile]) -> Vec<String> {
    let product = files
        .iter()
        .filter(|file| !CLOCK_FILES.contains(&file.path.as_str()) && !is_test_or_bench(file));
    mentions(product, &CLOCKS, "only the `clock.rs` of a crate asks for the time")
}

fn check_leftovers(files: &[SourceFile]) -> Vec<String> {
    mentions(files.iter(), &LEFTOVERS, "work is finished, and tests run or say why not")
}

/// What was learned becomes an input by a stamp. Only readers find it with its number.
fn check_inputs(files: &[SourceFile]) -> Vec<String> {
    let readers = ["recorder/src/format/", "engine/vocabulary/src/input.rs"];
    let product = files.iter().filter(|file| {
        let is_reader = readers.iter().any(|reader| file.path.starts_with(reader));
        !is_reader && !is_test_or_bench(file) && !file.path.ends_with("/tests.rs")
    });
    let mut findings = Vec::new();
    for file in product.filter(|file| file.is_rust()) {
        // Tests stand at the end of their file.
        let text = file.text();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for number in lexer::lines_with(code, "Input::recorded") {
            findings.push(format!("{}:{number}: a `Stamp` makes inputs", file.path));
        }
    }
    findings
}

fn is_test_or_bench(file: &SourceFile) -> bool {
    let mut folders = file.path.split('/').rev().skip(1);
    folders.any(|folder| ["tests", "benches"].contains(&folder))
}

fn mentions<'a>(
    files: impl Iterator<Item = &'a SourceFile>,
    words: &[&str],
    why: &str,
) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.filter(|file| file.is_rust()) {
        for word in words {
            for number in lexer::lines_with(&file.text(), word) {
                findings.push(format!("{}:{number}: `{word}`: {why}", file.path));
            }
        }
    }
    findings
}

#[test]
fn one_file_asks_for_the_time() {
    assert_none(&check_clocks(checkout()));
}

#[test]
fn no_work_is_left_over() {
    assert_none(&check_leftovers(checkout()));
}

#[test]
fn a_clock_elsewhere_is_found() {
    let check = |path: &str, text: &str| check_clocks(&[SourceFile::new(path, text)]).len();
    assert_eq!(check("src/a.rs", "let a = std::time::Instant::now();"), 1);
    assert_eq!(check("replayer/src/a.rs", "SystemTime::now()"), 1);
    assert_eq!(check("replayer/src/a.rs", "use rustix::time::{clock_gettime};"), 1);
    assert_eq!(check("replayer/src/a.rs", "// SystemTime::now()\n\"Instant::now\""), 0);
    for file in CLOCK_FILES {
        assert_eq!(check(file, "clock_gettime(a)"), 0);
    }
    assert_eq!(check("engine/benches/a.rs", "Instant::now()"), 0);
    assert_eq!(check("tests/a/b.rs", "Instant::now()"), 0);
    assert_eq!(check("src/tests.rs", "Instant::now()"), 1);
}

#[test]
fn stamps_make_inputs() {
    assert_none(&check_inputs(checkout()));
    let check = |path: &str, text: &str| check_inputs(&[SourceFile::new(path, text)]).len();
    let makes = "let a = Input::recorded(1, at, Body::Tick);";
    assert_eq!(check("src/a.rs", makes), 1);
    assert_eq!(check("replayer/src/a.rs", &format!("#[cfg(test)]\nmod tests {{ {makes} }}")), 0);
    assert_eq!(check("recorder/src/format/log.rs", makes), 0);
}

#[test]
fn unfinished_work_is_found() {
    let check = |text: &str| check_leftovers(&[SourceFile::new("tests/a.rs", text)]);
    let [skipped, later, never] = LEFTOVERS;
    let why = "work is finished, and tests run or say why not";
    let finding = format!("tests/a.rs:2: `{skipped}`: {why}");
    assert_eq!(check(&format!("#[test]\n{skipped} = \"slow\"]\n")), [finding]);
    assert_eq!(check(&format!("{later})")).len(), 1);
    assert_eq!(check(&format!("{never}\"a\")")).len(), 1);
    assert_eq!(check(&format!("\"{later})\" // {skipped}]")), [""; 0]);
}
