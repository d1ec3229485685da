//! What comments and documents say: each file begins with its task, tells no history, names no
//! machine of a developer, and a document has one title.

use crate::lexer::{self, is_word};
use crate::tree::{SourceFile, assert_none, checkout};

/// A comment describes the code, not its past. In lower case: any case. In capitals: as it stands.
const BANNED_IN_COMMENTS: [&str; 9] = [
    "is now",
    "now we",
    "now uses",
    "used to be",
    "no longer",
    "previously",
    "TODO",
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Folders in which the files of a developer lie.
const HOMES: [&str; 3] = ["home", "root", "Users"];

fn check_opening_doc(files: &[SourceFile]) -> Vec<String> {
    let silent = files.iter().filter(|file| file.is_rust() && !file.bytes.starts_with(b"//!"));
    silent.map(|file| format!("{}: does not begin with `//!`", file.path)).collect()
}

fn check_comment_wording(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let words = comment_words(&file.text());
        for phrase in BANNED_IN_COMMENTS {
            let parts: Vec<&str> = phrase.split(' ').collect();
            let found = words.windows(parts.len()).filter(|found| says(found, &parts));
            findings.extend(
                found.map(|found| format!("{}:{}: `{phrase}` in a comment", file.path, found[0].0)),
            );
        }
    }
    findings
}

fn check_document_titles(files: &[SourceFile]) -> Vec<String> {
    let documents = files.iter().filter(|file| file.has_extension("md"));
    documents
        .map(|file| (file, titles(&file.text())))
        .filter(|(_, titles)| *titles != 1)
        .map(|(file, titles)| format!("{}: {titles} titles with one `#`, not one", file.path))
        .collect()
}

/// Fixtures are left out: they hold what other hosts say of themselves.
fn check_machine_paths(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.is_below(&["fixtures/"])) {
        for (number, line) in (1..).zip(file.text().lines()) {
            if let Some(path) = machine_path(line) {
                findings.push(format!("{}:{number}: `{path}` is a path of a machine", file.path));
            }
        }
    }
    findings
}

/// The words of all comments with their lines. An empty word stands where a phrase ends: at code,
/// at an empty line, and at any mark but a space.
fn comment_words(source: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    for (number, line) in (1..).zip(lexer::lines(source)) {
        let text = line.comment.trim_start_matches(['/', '!', '*', ' ']);
        if text.is_empty() {
            words.push((number, String::new()));
        }
        for part in text.split_inclusive(|character: char| !is_word(character)) {
            let word = part.trim_end_matches(|character: char| !is_word(character));
            if !word.is_empty() {
                words.push((number, word.to_owned()));
            }
            if part.ends_with(|end: char| !is_word(end) && !end.is_whitespace()) {
                words.push((number, String::new()));
            }
        }
    }
    words
}

fn says(words: &[(usize, String)], parts: &[&str]) -> bool {
    let is_part = |word: &str, part: &str| word == part || word.to_lowercase() == part;
    words.iter().zip(parts).all(|((_, word), part)| is_part(word, part))
}

/// The first-level headings of a Markdown text, outside code fences.
fn titles(text: &str) -> usize {
    let mut fence = None;
    let mut titles = 0;
    for line in text.lines() {
        let marker =
            ["```", "~~~"].into_iter().find(|marker| line.trim_start().starts_with(marker));
        if fence.is_none() {
            fence = marker;
            titles += usize::from(line.starts_with("# "));
        } else if marker == fence {
            fence = None;
        }
    }
    titles
}

/// The beginning of an absolute path into a developer's files.
fn machine_path(line: &str) -> Option<String> {
    let mut homes = HOMES.into_iter().map(|home| format!("/{home}/"));
    homes.find(|home| {
        line.match_indices(home.as_str()).any(|(at, _)| !line[..at].ends_with(continues_path))
    })
}

/// Whether a `/` after this character is in the middle of a path.
fn continues_path(before: char) -> bool {
    is_word(before) || ".-~*})>]".contains(before)
}

#[test]
fn every_source_file_begins_with_its_task() {
    assert_none(&check_opening_doc(checkout()));
}

#[test]
fn no_comment_tells_history() {
    assert_none(&check_comment_wording(checkout()));
}

#[test]
fn every_document_has_one_title() {
    assert_none(&check_document_titles(checkout()));
}

#[test]
fn no_file_names_a_machine() {
    assert_none(&check_machine_paths(checkout()));
}

#[test]
fn a_file_without_its_task_is_found() {
    let check = |text: &str| check_opening_doc(&[SourceFile::new("src/a.rs", text)]).len();
    assert_eq!(check("//! Task.\n"), 0);
    assert_eq!(check("// Task.\n"), 1);
    assert_eq!(check("\n//! Task.\n"), 1);
    assert_eq!(check(""), 1);
}

#[test]
fn history_is_found_in_comments_only() {
    let check = |text: &str| check_comment_wording(&[SourceFile::new("src/a.rs", text)]);
    assert_eq!(check("a\n// This is now done.\n"), ["src/a.rs:2: `is now` in a comment"]);
    assert_eq!(check("//! Previously done.\n").len(), 1);
    assert_eq!(check("/// It is no\n/// longer done.\n").len(), 1);
    assert_eq!(check("/* It used\n * to be done. */\n").len(), 1);
    assert_eq!(check("a(); // TODO: b\n").len(), 1);
    assert_eq!(check(concat!("// FIX", "ME(b) XX", "X\n")).len(), 2);
    for fine in [
        "a(\"no longer\");",
        "// The time is `now`.",
        "// What is. Now it",
        "// Its todo list, xxx.",
        "// It is\n\n// now",
        "// It is\n//\n// now",
        "// It is knowable.",
        "// It is\nnow();",
    ] {
        assert!(check(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_document_with_no_title_or_two_is_found() {
    let check = |text: &str| check_document_titles(&[SourceFile::new("a.md", text)]);
    assert_eq!(check("# A\n## B\n```sh\n# c\n```\n~~~\n```\n# d\n~~~\n"), [""; 0]);
    assert_eq!(check("# A\n```\n```\n# B\n"), ["a.md: 2 titles with one `#`, not one"]);
    assert_eq!(check("## B\n").len(), 1);
}

#[test]
fn the_path_of_a_machine_is_found_and_a_path_below_a_root_is_not() {
    let check = |path: &str, text: &str| check_machine_paths(&[SourceFile::new(path, text)]).len();
    for home in HOMES {
        assert_eq!(check("a.md", &format!("a\nsee `/{home}/me/a`\n")), 1);
        assert_eq!(check("a.md", &format!("/{home}/me/a")), 1);
        assert_eq!(check("a.md", &format!("fixtures/{home}/a, {{pid}}/{home}/a, /{home}")), 0);
        assert_eq!(check("fixtures/a", &format!("/{home}/me/a")), 0);
    }
}
