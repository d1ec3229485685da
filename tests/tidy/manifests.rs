//! The borders of the crates: what each may use, and what keeps the engine pure.
//!
//! It reads the `Cargo.toml` files line by line and understands no more of TOML than they use.

use crate::lexer;
use crate::tree::{SourceFile, assert_none, checkout};

/// All of them work without std. One that links std would let a clock or a file in unseen.
const ENGINE_MAY_USE: [&str; 6] = ["libm", "regex", "serde", "serde_json", "sha2", "thiserror"];

/// What makes the compiler refuse a clock, a file, a thread or a hash map in the engine.
const ENGINE_ATTRIBUTES: [&str; 2] = ["no_std", "forbid(unsafe_code)"];

/// The direction of dependency: a crate, and those of ours that it may name. The root package may
/// name all.
const MAY_NAME: [(&str, &[&str]); 5] = [
    ("engine", &[]),
    ("ebpf", &[]),
    ("scenarios", &["ks-engine"]),
    ("recorder", &["ks-engine", "ks-ebpf"]),
    ("replayer", &["ks-engine", "ks-recorder", "ks-scenarios"]),
];

fn check_engine_purity(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    let manifest = content(files, "engine/Cargo.toml");
    let linked = dependencies(&manifest).into_iter().filter(|(section, _)| is_linked(section));
    for (_, name) in linked.filter(|(_, name)| !ENGINE_MAY_USE.contains(&name.as_str())) {
        findings.push(format!("engine/Cargo.toml: `{name}` is not on the list of what it may use"));
    }
    let root = content(files, "engine/src/lib.rs");
    for attribute in ENGINE_ATTRIBUTES {
        if lexer::lines_with(&root, attribute).is_empty() {
            findings.push(format!("engine/src/lib.rs: does not say `{attribute}`"));
        }
    }
    findings
}

fn check_crate_direction(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for (folder, allowed) in MAY_NAME {
        let path = format!("{folder}/Cargo.toml");
        for (_, name) in dependencies(&content(files, &path)) {
            if name.starts_with("ks-") && !allowed.contains(&name.as_str()) {
                findings.push(format!("{path}: must not know `{name}`"));
            }
        }
    }
    findings
}

/// The text of a file, empty where there is none.
fn content(files: &[SourceFile], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path);
    file.map_or_else(String::new, |file| file.text().into_owned())
}

/// Each dependency with the title of its section, of all kinds: for tests and builds too.
fn dependencies(manifest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut section = String::new();
    for line in manifest.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            title.clone_into(&mut section);
            if let Some((kind, name)) = title.rsplit_once('.').filter(|(kind, _)| lists(kind)) {
                found.push((kind.to_owned(), unquoted(name)));
            }
        } else if let Some((key, _)) = line.split_once('=').filter(|_| lists(&section)) {
            let name = key.split('.').next().unwrap_or(key);
            found.push((section.clone(), unquoted(name)));
        }
    }
    found
}

fn lists(section: &str) -> bool {
    section.ends_with("dependencies")
}

/// Whether the dependencies of a section become part of the crate, on whatever platform.
fn is_linked(section: &str) -> bool {
    section == "dependencies" || section.ends_with(".dependencies")
}

fn unquoted(name: &str) -> String {
    name.trim().trim_matches('"').to_owned()
}

#[test]
fn the_engine_is_pure() {
    assert_none(&check_engine_purity(checkout()));
}

#[test]
fn no_crate_knows_one_above_it() {
    assert_none(&check_crate_direction(checkout()));
}

#[test]
fn an_impure_engine_is_found() {
    const PURE: &str = "#![cfg_attr(not(test), no_std)]\n#![forbid(unsafe_code)]\n";
    let check = |manifest: &str, root: &str| {
        check_engine_purity(&[
            SourceFile::new("engine/Cargo.toml", manifest),
            SourceFile::new("engine/src/lib.rs", root),
        ])
    };
    let finding = "engine/Cargo.toml: `arrow` is not on the list of what it may use";
    assert_eq!(check("[dependencies]\nlibm.workspace = true\n", PURE), [""; 0]);
    assert_eq!(check("[dependencies]\narrow.workspace = true # fast\n", PURE), [finding]);
    assert_eq!(check("[dependencies]\narrow = { version = \"58\" }\n", PURE), [finding]);
    assert_eq!(check("[dependencies.arrow]\nversion = \"58\"\n", PURE), [finding]);
    assert_eq!(check("[target.'cfg(unix)'.dependencies]\narrow = \"58\"\n", PURE), [finding]);
    assert_eq!(check("[dev-dependencies]\nproptest = \"1\"\n", PURE), [""; 0]);
    assert_eq!(check("", "// no_std, forbid(unsafe_code)\n").len(), 2);
}

#[test]
fn a_crate_that_knows_one_above_it_is_found() {
    let check =
        |path: &str, manifest: &str| check_crate_direction(&[SourceFile::new(path, manifest)]);
    let replayer = "[dev-dependencies]\nks-replayer.workspace = true\n";
    let finding = "recorder/Cargo.toml: must not know `ks-replayer`";
    assert_eq!(check("recorder/Cargo.toml", replayer), [finding]);
    assert_eq!(check("Cargo.toml", replayer), [""; 0]);
    let engine = "[package]\nname = \"ks-x\"\n[dependencies]\nks-engine.workspace = true\n";
    assert_eq!(check("recorder/Cargo.toml", engine), [""; 0]);
    assert_eq!(check("engine/Cargo.toml", engine).len(), 1);
}
