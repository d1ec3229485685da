//! The borders of the crates: what each may use, and what keeps the engine and its parts pure.
//!
//! It reads the `Cargo.toml` files line by line and understands no more of TOML than they use.

use crate::lexer;
use crate::tree::{SourceFile, assert_none, checkout};

/// The crates that know no clock, no file and no thread, by their folders.
const PURE: [&str; 4] = ["engine", "engine/agent", "engine/statistics", "engine/vocabulary"];

/// All of them work without std. One that links std would let a clock or a file in unseen.
const PURE_MAY_USE: [&str; 6] = ["libm", "regex", "serde", "serde_json", "sha2", "thiserror"];

/// What makes the compiler refuse a clock, a file, a thread or a hash map in a crate.
const PURE_ATTRIBUTES: [&str; 2] = ["no_std", "forbid(unsafe_code)"];

/// What a crate may know of the others.
struct Border {
    folder: &'static str,
    /// Those of ours that it may name.
    may_name: &'static [&'static str],
    /// Those that its tests may name beside them.
    tests_may_name: &'static [&'static str],
}

/// The direction of dependency. The root package may name all.
///
/// Who records or models a host knows none of what the engine concludes from it.
const BORDERS: [Border; 10] = [
    border("engine/vocabulary", &[], &[]),
    border("engine/statistics", &[], &["ks-vocabulary"]),
    border("engine/agent", &["ks-statistics", "ks-vocabulary"], &[]),
    border("engine", &["ks-agent", "ks-statistics", "ks-vocabulary"], &[]),
    border("ebpf", &[], &[]),
    border("scenarios", &["ks-vocabulary"], &[]),
    border("recorder", &["ks-ebpf", "ks-vocabulary"], &[]),
    border(
        "replayer",
        &["ks-agent", "ks-engine", "ks-recorder", "ks-scenarios", "ks-statistics", "ks-vocabulary"],
        &[],
    ),
    border("replayer/actor", &["ks-vocabulary"], &[]),
    border("replayer/reasoner", &["ks-vocabulary"], &[]),
];

const fn border(
    folder: &'static str,
    may_name: &'static [&'static str],
    tests_may_name: &'static [&'static str],
) -> Border {
    Border { folder, may_name, tests_may_name }
}

impl Border {
    fn allows(&self, section: &str, name: &str) -> bool {
        self.may_name.contains(&name)
            || (!is_linked(section) && self.tests_may_name.contains(&name))
    }
}

/// Dependencies on crates of ours are left to [`BORDERS`].
fn check_purity(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for folder in PURE {
        let manifest = format!("{folder}/Cargo.toml");
        let linked = dependencies(&content(files, &manifest)).into_iter();
        for (_, name) in linked.filter(|(section, name)| is_linked(section) && !is_ours(name)) {
            if !PURE_MAY_USE.contains(&name.as_str()) {
                findings
                    .push(format!("{manifest}: `{name}` is not on the list of what it may use"));
            }
        }
        let root = format!("{folder}/src/lib.rs");
        let code = content(files, &root);
        for attribute in PURE_ATTRIBUTES {
            if lexer::lines_with(&code, attribute).is_empty() {
                findings.push(format!("{root}: does not say `{attribute}`"));
            }
        }
    }
    findings
}

/// What is pure may know pure crates only, or the others' clocks would be within its reach.
fn check_borders_of_the_pure(borders: &[Border]) -> Vec<String> {
    let is_pure = |name: &str| PURE.iter().any(|folder| name_of(folder) == name);
    let of_pure = borders.iter().filter(|border| PURE.contains(&border.folder));
    let names = of_pure.flat_map(|border| border.may_name.iter().map(move |name| (border, *name)));
    names
        .filter(|(_, name)| !is_pure(name))
        .map(|(border, name)| format!("{}: may name `{name}`, which is not pure", border.folder))
        .collect()
}

fn check_crate_direction(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.name() == "Cargo.toml") {
        let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { continue };
        let Some(border) = BORDERS.iter().find(|border| border.folder == folder) else {
            findings.push(format!("{}: has no entry in tests/tidy/manifests.rs", file.path));
            continue;
        };
        for (section, name) in dependencies(&file.text()) {
            if is_ours(&name) && !border.allows(&section, &name) {
                findings.push(format!("{}: must not know `{name}`", file.path));
            }
        }
    }
    findings
}

/// The name of the crate in a folder.
fn name_of(folder: &str) -> String {
    format!("ks-{}", folder.rsplit('/').next().unwrap_or(folder))
}

fn is_ours(name: &str) -> bool {
    name.starts_with("ks-")
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
fn the_engine_and_what_it_is_made_of_are_pure() {
    assert_none(&check_purity(checkout()));
    assert_none(&check_borders_of_the_pure(&BORDERS));
}

#[test]
fn no_crate_knows_one_above_it() {
    let ours = checkout().iter().filter(|file| file.name() == "Cargo.toml").count();
    assert_eq!(ours, BORDERS.len() + 1, "every crate below the root has its border");
    assert_none(&check_crate_direction(checkout()));
}

#[test]
fn an_impure_crate_is_found() {
    const ROOT: &str = "#![cfg_attr(not(test), no_std)]\n#![forbid(unsafe_code)]\n";
    for impure in PURE {
        let check = |manifest: &str, root: &str| {
            let files = PURE.iter().flat_map(|folder| {
                let (manifest, root) =
                    if *folder == impure { (manifest, root) } else { ("", ROOT) };
                let manifest = SourceFile::new(&format!("{folder}/Cargo.toml"), manifest);
                [manifest, SourceFile::new(&format!("{folder}/src/lib.rs"), root)]
            });
            check_purity(&files.collect::<Vec<_>>())
        };
        let finding = format!("{impure}/Cargo.toml: `arrow` is not on the list of what it may use");
        assert_eq!(check("[dependencies]\nlibm.workspace = true\n", ROOT), [""; 0]);
        assert_eq!(check("[dependencies]\narrow.workspace = true # fast\n", ROOT), [&*finding]);
        assert_eq!(check("[dependencies]\narrow = { version = \"58\" }\n", ROOT), [&*finding]);
        assert_eq!(check("[dependencies.arrow]\nversion = \"58\"\n", ROOT), [&*finding]);
        let on_unix = "[target.'cfg(unix)'.dependencies]\narrow = \"58\"\n";
        assert_eq!(check(on_unix, ROOT), [&*finding]);
        assert_eq!(check("[dev-dependencies]\nproptest = \"1\"\n", ROOT), [""; 0]);
        assert_eq!(check("", "// no_std, forbid(unsafe_code)\n").len(), 2);
    }
}

#[test]
fn a_border_that_lets_a_pure_crate_know_an_impure_one_is_found() {
    let check = |folder, name| check_borders_of_the_pure(&[border(folder, name, &[])]);
    let finding = "engine: may name `ks-recorder`, which is not pure";
    assert_eq!(check("engine", &["ks-vocabulary", "ks-recorder"]), [finding]);
    assert_eq!(check("replayer", &["ks-recorder"]), [""; 0]);
}

#[test]
fn a_crate_that_knows_one_above_it_is_found() {
    let check = |folder: &str, section: &str, name: &str| {
        let manifest =
            format!("[package]\nname = \"ks-x\"\n[{section}]\n{name}.workspace = true\n");
        check_crate_direction(&[SourceFile::new(&format!("{folder}Cargo.toml"), &manifest)])
    };
    let finding = "recorder/Cargo.toml: must not know `ks-replayer`";
    assert_eq!(check("recorder/", "dev-dependencies", "ks-replayer"), [finding]);
    assert_eq!(check("", "dev-dependencies", "ks-replayer"), [""; 0]);
    for folder in ["recorder/", "scenarios/", "engine/", "engine/statistics/", "engine/vocabulary/"]
    {
        for section in ["dependencies", "dev-dependencies"] {
            let knows_the_engine = check(folder, section, "ks-engine");
            assert_eq!(knows_the_engine.len(), 1, "{folder} {section}");
        }
    }
    assert_eq!(check("recorder/", "dependencies", "ks-vocabulary"), [""; 0]);
    assert_eq!(check("replayer/", "dependencies", "ks-engine"), [""; 0]);
    assert_eq!(check("engine/statistics/", "dependencies", "ks-vocabulary").len(), 1);
    assert_eq!(check("engine/statistics/", "dev-dependencies", "ks-vocabulary"), [""; 0]);
    let unknown = "a/Cargo.toml: has no entry in tests/tidy/manifests.rs";
    assert_eq!(check("a/", "dependencies", "libm"), [unknown]);
}
