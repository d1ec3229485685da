//! `ks capture` through the whole product.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{Acceptance, Answer, Body, Decision, OperatorDecision, Stamp};
use ks_vocabulary::kind::Kind;

fn ks(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn check(folder: &Path, arguments: &[&str], code: i32, expected: &str) {
    let output = ks(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.contains(expected), "{told}");
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    folder.join(name).display().to_string()
}

/// Every name of a process or a group in a recording, and the host's.
fn names(path: PathBuf) -> BTreeSet<Vec<u8>> {
    let mut reader = Reader::open(&[path]).unwrap();
    let mut names = BTreeSet::new();
    while let Some(input) = reader.next().unwrap() {
        if let Body::Start(start) = &input.body {
            names.insert(start.host.hostname.clone().into_bytes());
        }
        let Body::Sample(sample) = &input.body else { continue };
        names.extend(sample.processes.iter().filter_map(|row| row.comm().map(<[u8]>::to_vec)));
        names.extend(sample.cgroups.iter().filter_map(|row| row.unit().map(<[u8]>::to_vec)));
    }
    names
}

#[test]
fn an_incident_that_is_cut_out_has_its_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, around) in [("cpu_overload_one", "+25s"), ("memory_pressure_one", "+25s")] {
        let from = fixture(&format!("{name}.parquet"));
        let output = format!("{name}.parquet");
        let arguments = ["capture", "--from", &from, "--around", around, "-o", &output];
        check(folder, &arguments, 0, "are those of the original");
        check(folder, &["replay", &output], 0, "");
    }
    let built = ["scenario", "build", "overlapping_faults", "-o", "whole.parquet"];
    check(folder, &built, 0, "holds scenario");
    let cut = ["capture", "--from", "whole.parquet", "--around", "+9m", "--before", "30s"];
    let cut = [cut.as_slice(), &["--after", "2m", "-o", "cut.parquet"]].concat();
    check(folder, &cut, 0, "8 episodes in the part are those of the original");
    let size = |name: &str| folder.join(name).metadata().unwrap().len();
    assert!(size("cut.parquet") < size("whole.parquet"));
}

#[test]
fn a_redacted_cut_has_the_same_verdicts_and_none_of_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let from = fixture("memory_pressure_one.parquet");
    let arguments = ["capture", "--from", &from, "--around", "+12s", "--redact", "-o", "x.parquet"];
    check(folder, &arguments, 0, "are those of the original");
    let (original, redacted) = (names(from.into()), names(folder.join("x.parquet")));
    assert!(original.len() > 5 && redacted.len() > 5);
    let kept: Vec<_> = redacted.intersection(&original).collect();
    let may_stay = |name: &&Vec<u8>| name.ends_with(b".slice") || name.as_slice() == b"kthreadd";
    assert!(kept.iter().all(may_stay), "{kept:?}");
    assert_eq!(original.len(), redacted.len(), "equal names stay equal, and others differ");
}

#[test]
fn what_cannot_be_cut_is_told_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let from = fixture("quiet_one.parquet");
    let at = |around, output| ["capture", "--from", &from, "--around", around, "-o", output];
    check(folder, &at("+5h", "x.parquet"), 2, "the recording reaches from");
    check(folder, &at("yesterday", "x.parquet"), 2, "write a time as");
    std::fs::write(folder.join("there.parquet"), "precious").unwrap();
    check(folder, &at("+9s", "there.parquet"), 3, "hint: choose another name");
    assert_eq!(std::fs::read(folder.join("there.parquet")).unwrap(), b"precious");
    std::fs::write(folder.join("bad.parquet"), "hello").unwrap();
    let bad = ["capture", "--from", "bad.parquet", "--around", "+9s", "-o", "x.parquet"];
    check(folder, &bad, 4, "is not a recording");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2);
}

/// A live run is written in segments: a part that lies in several of them is one run.
#[test]
fn a_part_in_several_segments_has_its_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    check(folder, &["scenario", "build", "runaway_threads", "-o", "built.parquet"], 0, "holds");
    std::fs::create_dir(folder.join("run")).unwrap();
    let mut reader = Reader::open(&[folder.join("built.parquet")]).unwrap();
    let name = |number: u32| folder.join(format!("run/{number:08}.parquet"));
    let mut writer = Writer::create(&name(0), false).unwrap();
    let (mut stamp, mut begin, mut segment) = (Stamp::default(), None, 0);
    while let Some(input) = reader.next().unwrap() {
        if let Body::Start(start) = &input.body {
            begin = Some(start.clone());
        } else if input.mono.0 / 120_000_000_000 > u64::from(segment) {
            segment += 1;
            std::mem::replace(&mut writer, Writer::create(&name(segment), false).unwrap())
                .seal()
                .unwrap();
            let mut start = begin.clone().unwrap();
            start.segment = segment;
            start.knowledge = None;
            writer.append(stamp.make(input.mono, Body::Start(start))).unwrap();
        }
        writer.append(stamp.make(input.mono, input.body.clone())).unwrap();
    }
    writer.seal().unwrap();
    assert!(segment > 3, "{segment}");
    let cut = ["capture", "--from", "run", "--around", "+480s", "--before", "2m", "--after", "3m"];
    check(
        folder,
        &[cut.as_slice(), &["-o", "cut.parquet"]].concat(),
        0,
        "are those of the original",
    );
    let replayed = ks(folder, &["replay", "cut.parquet", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap();
    assert!(!report["episodes"].as_array().unwrap().is_empty());
    let replayed = ks(folder, &["replay", "cut.parquet"]);
    let text = String::from_utf8_lossy(&replayed.stdout).into_owned();
    assert!(!text.contains("what came before is missing") && !text.contains("run 2"), "{text}");
}

/// What an operator called normal before the part stays normal in it.
#[test]
fn a_cut_knows_what_was_called_normal_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    check(folder, &["scenario", "build", "runaway_threads", "-o", "built.parquet"], 0, "holds");
    let mut reader = Reader::open(&[folder.join("built.parquet")]).unwrap();
    let mut writer = Writer::create(&folder.join("whole.parquet"), false).unwrap();
    let (mut stamp, mut count) = (Stamp::default(), 0);
    while let Some(input) = reader.next().unwrap() {
        writer.append(stamp.make(input.mono, input.body.clone())).unwrap();
        count += 1;
        if count == 5 {
            let normal =
                Acceptance { kind: Kind::LoadMismatch, entity: "host".to_owned(), until_ns: None };
            let decision = Decision::Accept(normal);
            let said = Answer::OperatorDecision(OperatorDecision { uid: Some(0), decision });
            writer.append(stamp.make(input.mono, Body::Answer(Box::new(said)))).unwrap();
        }
    }
    writer.seal().unwrap();
    let cut = ["capture", "--from", "whole.parquet", "--around", "+510s", "--before", "1m"];
    let cut = [cut.as_slice(), &["--after", "1m", "-o", "cut.parquet"]].concat();
    check(folder, &cut, 0, "are those of the original");
    let replayed = ks(folder, &["replay", "cut.parquet", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap();
    let kinds = report["episodes"].as_array().unwrap().iter().map(|one| &one["kind"]);
    let kinds: Vec<_> = kinds.collect();
    assert!(kinds.iter().any(|kind| *kind == "scheduler"), "{kinds:?}");
    assert!(kinds.iter().all(|kind| *kind != "load_mismatch"), "{kinds:?}");
}
