//! Modules: how they are called, and that each file is one.
//!
//! rustc compiles no file that no `mod` names, and says nothing of it.

use std::collections::BTreeSet;

use crate::lexer;
use crate::tree::{SourceFile, assert_none, checkout};

/// Names that say nothing of what is inside.
const BANNED_NAMES: [&str; 7] = ["utils", "util", "helpers", "common", "misc", "manager", "types"];

/// Folders of which each entry is a file and a line in `mod.rs`.
const REGISTRIES: [&str; 3] =
    ["recorder/src/samplers/", "engine/src/classifiers/", "src/commands/"];

fn check_module_names(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let path = file.path.trim_end_matches(".rs");
        for banned in BANNED_NAMES {
            let inline = lexer::lines_with(&file.text(), &format!("mod {banned} {{"));
            if path.split('/').any(|part| part == banned) || !inline.is_empty() {
                findings.push(format!("{}: `{banned}` names no concept", file.path));
            }
        }
    }
    findings
}

fn check_dead_files(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let Some((parents, name)) = parents_of(&file.path) else { continue };
        let mut found = files.iter().filter(|other| parents.contains(&other.path));
        if !found.any(|parent| declares(parent, name)) {
            findings.push(format!("{}: no `mod {name};` in {}", file.path, parents.join(" or ")));
        }
    }
    findings
}

fn check_registries(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for folder in REGISTRIES {
        let rust = files.iter().filter(|file| file.is_rust());
        let inside = rust.filter_map(|file| file.path.strip_prefix(folder));
        let entries: BTreeSet<&str> = inside.map(entry_of).collect();
        let registry = files.iter().find(|file| file.path == format!("{folder}mod.rs"));
        for entry in entries.into_iter().filter(|entry| *entry != "mod") {
            if registry.is_none_or(|registry| !declares(registry, entry)) {
                findings.push(format!("{folder}{entry}: not declared in {folder}mod.rs"));
            }
        }
    }
    findings
}

/// The files one of which must name this file as a module, and the module's name. A crate root has
/// none, and neither has a file outside a `src` folder.
fn parents_of(path: &str) -> Option<(Vec<String>, &str)> {
    let at = if path.starts_with("src/") { 0 } else { path.find("/src/")? + 1 };
    let (source, inside) = path.split_at(at + "src/".len());
    if ["lib.rs", "main.rs"].contains(&inside) || inside.starts_with("bin/") {
        return None;
    }
    let stem = inside.strip_suffix(".rs")?;
    let module = stem.strip_suffix("/mod").unwrap_or(stem);
    let Some((folder, name)) = module.rsplit_once('/') else {
        return Some((vec![format!("{source}lib.rs"), format!("{source}main.rs")], module));
    };
    Some((vec![format!("{source}{folder}/mod.rs"), format!("{source}{folder}.rs")], name))
}

fn declares(file: &SourceFile, name: &str) -> bool {
    !lexer::lines_with(&file.text(), &format!("mod {name};")).is_empty()
}

/// The first part of a path within a registry, which is a file or a folder.
fn entry_of(inside: &str) -> &str {
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

#[test]
fn every_module_is_named_after_a_concept() {
    assert_none(&check_module_names(checkout()));
}

#[test]
fn every_source_file_is_compiled() {
    assert_none(&check_dead_files(checkout()));
}

#[test]
fn every_registry_is_complete() {
    assert_none(&check_registries(checkout()));
}

#[test]
fn a_name_without_a_concept_is_found() {
    let check = |path: &str, text: &str| check_module_names(&[SourceFile::new(path, text)]).len();
    assert_eq!(check("src/utils.rs", ""), 1);
    assert_eq!(check("tests/common/mod.rs", ""), 1);
    assert_eq!(check("src/a.rs", "pub mod helpers {\n}\n"), 1);
    assert_eq!(check("src/a.rs", "// mod helpers {\n"), 0);
    assert_eq!(check("src/common_cause.rs", ""), 0);
    assert_eq!(check("docs/types.md", ""), 0);
}

#[test]
fn a_file_that_no_module_names_is_found() {
    let check = |files: &[(&str, &str)]| {
        let file = |(path, text): &(&str, &str)| SourceFile::new(path, text);
        check_dead_files(&files.iter().map(file).collect::<Vec<_>>())
    };
    let declared = [
        ("src/main.rs", "mod cli;\nmod commands;"),
        ("src/cli.rs", ""),
        ("src/bin/a.rs", ""),
        ("src/commands/mod.rs", "pub(crate) mod record;"),
        ("src/commands/record.rs", "#[cfg(test)]\nmod tests;"),
        ("src/commands/record/tests.rs", ""),
        ("tests/a.rs", ""),
    ];
    assert_eq!(check(&declared), [""; 0]);
    let in_comment = [("a/src/lib.rs", "// mod b;"), ("a/src/b.rs", "")];
    assert_eq!(check(&in_comment), ["a/src/b.rs: no `mod b;` in a/src/lib.rs or a/src/main.rs"]);
    let other_crate = [("src/main.rs", "mod b;"), ("a/src/lib.rs", ""), ("a/src/b.rs", "")];
    assert_eq!(check(&other_crate).len(), 1);
    let folder = [("a/src/lib.rs", "mod c;"), ("a/src/b/mod.rs", "mod d;"), ("a/src/b/d.rs", "")];
    assert_eq!(check(&folder), ["a/src/b/mod.rs: no `mod b;` in a/src/lib.rs or a/src/main.rs"]);
}

#[test]
fn an_entry_left_out_of_its_registry_is_found() {
    let check = |registry: &str| {
        check_registries(&[
            SourceFile::new("recorder/src/samplers/mod.rs", registry),
            SourceFile::new("recorder/src/samplers/stat.rs", ""),
            SourceFile::new("recorder/src/samplers/network/mod.rs", ""),
            SourceFile::new("recorder/src/samplers/network/tcp.rs", ""),
        ])
    };
    assert_eq!(check("mod network;\nmod stat;"), [""; 0]);
    let finding = "recorder/src/samplers/stat: not declared in recorder/src/samplers/mod.rs";
    assert_eq!(check("mod network;\n// mod stat;"), [finding]);
    assert_eq!(check("").len(), 2);
    assert_eq!(check_registries(&[SourceFile::new("src/commands/record.rs", "")]).len(), 1);
}
