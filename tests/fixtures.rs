//! Real recordings of a host, with the JSON and the text of what the engine says of them. A change
//! of a verdict shows as a change of a snapshot.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use ks_recorder::format::log::{LogReader, LogWriter};
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::Input;
use serde_json::Value;

const FOLDER: &str = "fixtures/recordings";

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect();
    found.sort();
    assert!(found.len() >= 35, "{found:?}");
    found
}

fn replayed(path: &Path, format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    // A path from the repository's root, so that the output names no machine.
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let relative = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
    let output = command.args(["replay", "--format", format]).arg(relative).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn verdicts_are_as_they_were() {
    for path in recordings() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for format in ["json", "text"] {
            let output = replayed(&path, format);
            assert_eq!(replayed(&path, format), output, "twice the same");
            insta::assert_snapshot!(format!("{name}_{format}"), output);
        }
    }
}

/// Each has a file of cases beside it, which says what was wrong: all of it is found, by the right
/// names, and nothing else.
#[test]
fn what_was_wrong_is_found() {
    let cases = recordings().into_iter().map(|path| path.with_extension("toml"));
    let output = Command::new(env!("CARGO_BIN_EXE_ks")).arg("test").args(cases).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("35 passed, 0 failed"), "{said}");
}

/// Recorded for 165 s after the fault: what was raised clears, and the incidents close.
#[test]
fn what_is_over_clears_and_its_incident_closes() {
    for fault in ["cpu_overload", "disk_saturation", "syscall_storm"] {
        let name = format!("{FOLDER}/{fault}_cleared.parquet");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let run: Value = serde_json::from_str(&replayed(&path, "json")).unwrap();
        let severe = |found: &Value| {
            let severe = |one: &&Value| one["severity"] == "high" || one["severity"] == "critical";
            let states = found.as_array().unwrap().iter().filter(severe);
            states.map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (episodes, incidents) = (severe(&run["episodes"]), severe(&run["incidents"]));
        assert!(!episodes.is_empty() && episodes.iter().all(|state| state == "cleared"), "{run}");
        assert_eq!(incidents, ["closed"], "{fault}");
    }
}

fn inputs(path: &Path) -> Vec<Input> {
    let mut reader = Reader::open(&[path.to_owned()]).unwrap();
    std::iter::from_fn(|| reader.next().unwrap().cloned()).collect()
}

#[test]
fn the_log_and_the_sealed_file_hold_the_same() {
    for path in recordings() {
        let sealed = inputs(&path);
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.parquet.log");
        let mut writer = LogWriter::create(&log, false).unwrap();
        for input in &sealed {
            writer.append(input).unwrap();
        }
        drop(writer);
        let mut reader = LogReader::open(&log).unwrap();
        for input in &sealed {
            assert_eq!(reader.next().unwrap(), Some(input), "{}", path.display());
        }
        assert!(reader.next().unwrap().is_none());
    }
}
