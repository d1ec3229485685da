//! How long a file, how wide a line and how big a blob may be.
//!
//! The length of functions is not measured here: clippy does it.

use crate::lexer;
use crate::tree::{SourceFile, assert_none, checkout};

/// Folders of product code. The guide is 300 lines; this check is the hard limit behind it.
const PRODUCT: [&str; 7] =
    ["src/", "engine/", "recorder/", "replayer/", "scenarios/", "ebpf/", "benches/"];
const FILE_LINES_MAX: usize = 500;
const LINE_COLUMNS_MAX: usize = 100;
const BLOB_BYTES_MAX: usize = 256 * 1024;

fn check_file_length(files: &[SourceFile]) -> Vec<String> {
    let product = files.iter().filter(|file| file.is_below(&PRODUCT) && is_counted(file));
    product
        .map(|file| (file, length_without_tests(&file.text())))
        .filter(|(_, length)| *length > FILE_LINES_MAX)
        .map(|(file, length)| {
            format!("{}: {length} lines without tests, at most {FILE_LINES_MAX}", file.path)
        })
        .collect()
}

fn check_line_width(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (number, line) in (1..).zip(file.text().lines()) {
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX && !may_be_wide(&file.path, line) {
                findings.push(format!(
                    "{}:{number}: {columns} columns, at most {LINE_COLUMNS_MAX}",
                    file.path
                ));
            }
        }
    }
    findings
}

fn check_blob_size(files: &[SourceFile]) -> Vec<String> {
    let big = files.iter().filter(|file| file.bytes.len() > BLOB_BYTES_MAX);
    big.map(|file| format!("{}: {} bytes, at most {BLOB_BYTES_MAX}", file.path, file.bytes.len()))
        .collect()
}

/// Whether the lines of a file count: it is code, and not of tests alone.
pub(crate) fn is_counted(file: &SourceFile) -> bool {
    file.is_rust() && file.name() != "tests.rs" && !file.path.contains("/tests/")
}

/// The lines before the first test module that is written out in the file.
pub(crate) fn length_without_tests(text: &str) -> usize {
    let lines = lexer::lines(text);
    let code: Vec<&str> = lines.iter().map(|line| line.code.trim()).collect();
    let opens_tests = |at: &usize| {
        let mut after = code[at + 1..].iter().filter(|code| !code.is_empty());
        code[*at] == "#[cfg(test)]"
            && after
                .find(|code| !code.starts_with('#'))
                .is_some_and(|item| item.contains("mod ") && item.ends_with('{'))
    };
    (0..code.len()).find(opens_tests).unwrap_or_else(|| text.lines().count())
}

/// A column of a table is declared in one line with its explanation, and a link cannot be broken.
fn may_be_wide(path: &str, line: &str) -> bool {
    let declaration = line.trim_start();
    let is_column = path.starts_with("engine/vocabulary/src/model/")
        && (declaration.starts_with("cell ") || declaration.starts_with("name "))
        && declaration.contains('"');
    is_column || line.contains("://")
}

#[test]
fn no_file_is_too_long() {
    assert_none(&check_file_length(checkout()));
}

#[test]
fn no_line_is_too_wide() {
    assert_none(&check_line_width(checkout()));
}

#[test]
fn no_blob_is_too_big() {
    assert_none(&check_blob_size(checkout()));
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let check = |path: &str, before: usize, after: &str| {
        let text = format!("{}{after}", "a();\n".repeat(before));
        check_file_length(&[SourceFile::new(path, &text)]).len()
    };
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "a();\n".repeat(600));
    assert_eq!(check("engine/src/a.rs", 501, ""), 1);
    assert_eq!(check("engine/src/a.rs", 501, &tests), 1);
    assert_eq!(check("engine/src/a.rs", 500, &tests), 0);
    assert_eq!(check("engine/src/a.rs", 0, &tests.replace("mod tests {", "use a;")), 1);
    assert_eq!(check("engine/src/a/tests.rs", 501, ""), 0);
    assert_eq!(check("tests/a.rs", 501, ""), 0);
}

#[test]
fn a_wide_line_is_found_except_where_it_must_be_wide() {
    let check = |path: &str, line: &str| {
        check_line_width(&[SourceFile::new(path, &format!("a\n{line}\n"))])
    };
    let wide = "x".repeat(101);
    assert_eq!(check("src/a.rs", &wide), ["src/a.rs:2: 101 columns, at most 100"]);
    assert_eq!(check("src/a.rs", &"é".repeat(100)), [""; 0]);
    assert_eq!(check("src/a.rs", &format!("// https://{wide}")), [""; 0]);
    let column = format!("    cell a: u64, \"{wide}\";");
    assert_eq!(check("engine/vocabulary/src/model/a.rs", &column), [""; 0]);
    assert_eq!(check("engine/src/a.rs", &column).len(), 1);
    assert_eq!(check("engine/vocabulary/src/model/a.rs", &wide).len(), 1);
}

#[test]
fn a_big_blob_is_found() {
    let check =
        |bytes: usize| check_blob_size(&[SourceFile::new("fixtures/a", &"x".repeat(bytes))]).len();
    assert_eq!(check(BLOB_BYTES_MAX), 0);
    assert_eq!(check(BLOB_BYTES_MAX + 1), 1);
}
