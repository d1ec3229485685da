//! Error types of the libraries: the binary knows of each which exit code it means.

use crate::lexer;
use crate::tree::{SourceFile, assert_none, checkout};

/// Where the binary lists the types that it knows.
const LIST: &str = "src/exit/told.rs";
const LIBRARIES: [&str; 7] = [
    "ebpf/src/",
    "engine/src/",
    "engine/statistics/src/",
    "engine/vocabulary/src/",
    "recorder/src/",
    "replayer/src/",
    "scenarios/src/",
];
/// What becomes text where it comes about, in an argument or in another error, and ends no command.
const NEVER_LAST: [&str; 4] = ["BadQuantity", "InvalidSketch", "NoColumn", "Refused"];

/// The names of the public error types of a source.
fn errors_in(source: &str) -> Vec<String> {
    let lines: Vec<String> = lexer::lines(source).into_iter().map(|line| line.code).collect();
    let derives =
        |line: &String| line.starts_with("#[derive(") && line.contains("thiserror::Error");
    let at = (0..lines.len()).filter(|at| derives(&lines[*at]));
    let named = at.filter_map(|at| {
        let item = lines[at + 1..].iter().find(|line| !line.starts_with('#'))?;
        let rest = item.strip_prefix("pub enum ").or(item.strip_prefix("pub struct "))?;
        Some(rest.split(|letter| !lexer::is_word(letter)).next()?.to_owned())
    });
    named.collect()
}

/// The name of a library without its prefix: that of the folder in which its `src` lies.
fn library_of(path: &str) -> &str {
    let folder = path.split("/src/").next().unwrap_or_default();
    folder.rsplit('/').next().unwrap_or_default()
}

fn check_errors(files: &[SourceFile]) -> Vec<String> {
    let list = files.iter().find(|file| file.path == LIST);
    let list = list.map(|file| file.text().into_owned()).unwrap_or_default();
    let entries: Vec<&str> =
        list.split("known::<").skip(1).filter_map(|rest| rest.split('>').next()).collect();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.is_below(&LIBRARIES)) {
        let library = library_of(&file.path);
        for name in errors_in(&file.text()) {
            let is_it = |entry: &&str| {
                entry.starts_with(&format!("ks_{library}::"))
                    && entry.ends_with(&format!("::{name}"))
            };
            if !NEVER_LAST.contains(&name.as_str()) && !entries.iter().any(is_it) {
                findings.push(format!("{}: {LIST} has no exit code for `{name}`", file.path));
            }
        }
    }
    findings
}

#[test]
fn every_error_has_its_exit_code() {
    let libraries = checkout().iter().filter(|file| file.is_rust() && file.is_below(&LIBRARIES));
    assert!(libraries.flat_map(|file| errors_in(&file.text())).count() > 10);
    assert_none(&check_errors(checkout()));
}

#[test]
fn an_error_without_an_exit_code_is_found() {
    let source = "#[derive(Debug, thiserror::Error)]\n#[non_exhaustive]\npub enum AError {\n";
    let check_in = |path: &str, list: &str| {
        check_errors(&[SourceFile::new(path, source), SourceFile::new(LIST, list)]).len()
    };
    let check = |list: &str| check_in("recorder/src/a.rs", list);
    assert_eq!(check("known::<ks_recorder::a::AError>,"), 0);
    assert_eq!(check("known::<ks_replayer::a::AError>,"), 1, "of another library");
    assert_eq!(check("known::<ks_recorder::a::BError>,"), 1);
    assert_eq!(check(""), 1);
    let inner = "engine/statistics/src/a.rs";
    assert_eq!(check_in(inner, "known::<ks_statistics::a::AError>,"), 0, "a library in a library");
    assert_eq!(check_in(inner, "known::<ks_engine::a::AError>,"), 1);
}
