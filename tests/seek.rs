//! `--from` leaves out what lies before it, and what is read is the same as without.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "analysis/host.rs"]
mod host;

use std::path::{Path, PathBuf};
use std::process::Command;

use ks_engine::analysis::Knowledge;
use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_replayer::range::Range;
use ks_vocabulary::input::{Body, Input, Start};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

const SEGMENTS: u32 = 6;
const SEGMENT_S: u64 = 600;

/// A run of an hour in segments, whose first `Start` has knowledge.
fn record(folder: &Path) {
    let inputs = host::inputs(host::Plot::Calm, "made", u64::from(SEGMENTS) * SEGMENT_S);
    let Body::Start(first) = &inputs[0].body else { unreachable!("a run begins so") };
    let first = Start { began_ns: Some(Timestamp(0)), ..(**first).clone() };
    let mut seq = 0;
    for segment in 0..SEGMENTS {
        let path = folder.join(format!("{segment:08}.parquet"));
        let mut writer = Writer::create(&path, false).unwrap();
        let known = (segment == 0).then(|| Knowledge::empty("made").into());
        let start = Start { segment, knowledge: known, ..first.clone() };
        let begin = u64::from(segment) * SEGMENT_S;
        let mut append = |mono, body| {
            writer.append(&Input::recorded(seq, mono, body)).unwrap();
            seq += 1;
        };
        append(Timestamp(begin * SECOND_NS), Body::Start(Box::new(start)));
        let samples = inputs.iter().skip(usize::try_from(begin).unwrap() + 1);
        for input in samples.take(usize::try_from(SEGMENT_S).unwrap()) {
            append(input.mono, input.body.clone());
        }
        writer.seal().unwrap();
    }
}

/// What is passed of a part, with or without leaving out what lies before it, and how many inputs
/// were read for it.
fn passed(paths: &[PathBuf], from: &str, seeks: bool) -> (Vec<Input>, usize) {
    let mut reader = Reader::open(paths).unwrap();
    let mut range = Range::new(Some(from.parse().unwrap()), None);
    if seeks {
        range.seek(&mut reader);
    }
    let (mut all, mut read) = (Vec::new(), 0);
    while let Some(input) = reader.next().unwrap() {
        read += 1;
        all.extend(range.pass(input).cloned());
    }
    assert_eq!(reader.differs(), [""; 0], "nothing is missing");
    (all, read)
}

fn samples(inputs: &[Input]) -> Vec<&Input> {
    inputs.iter().filter(|input| matches!(input.body, Body::Sample(_))).collect()
}

#[test]
fn a_part_of_a_directory_reads_the_files_that_it_lies_in() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let paths = [folder.path().to_owned()];
    for from in ["+0s", "+59m", "+1830s", "+10m", "+70m"] {
        let (slow, all) = passed(&paths, from, false);
        let (fast, read) = passed(&paths, from, true);
        assert_eq!(samples(&fast), samples(&slow), "{from}");
        let starts: Vec<&Input> =
            fast.iter().filter(|input| matches!(input.body, Body::Start(_))).collect();
        let Body::Start(first) = &starts[0].body else { unreachable!() };
        assert!(first.knowledge.is_some(), "{from}: what was learned before the run comes along");
        if from == "+59m" {
            assert!(read < all / 4, "{read} of {all} inputs");
        }
    }
}

#[test]
fn a_part_of_one_file_skips_the_samples_of_row_groups_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = host::inputs(host::Plot::Calm, "made", 5_400);
    let mut writer = Writer::create(&path, false).unwrap();
    for input in &inputs {
        writer.append(input).unwrap();
    }
    writer.seal().unwrap();
    let paths = [path];
    for from in ["+85m", "+45m", "+1s"] {
        let (slow, all) = passed(&paths, from, false);
        let (fast, read) = passed(&paths, from, true);
        assert_eq!(samples(&fast), samples(&slow), "{from}");
        if from == "+85m" {
            assert!(read < all / 2, "{read} of {all} inputs");
        }
    }
}

/// The lines of `ks dump` from a moment on.
fn dumped(path: &Path, from: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["dump", "--format", "csv", "--from", from]).arg(path);
    let outcome = command.output().unwrap();
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    String::from_utf8(outcome.stdout).unwrap()
}

#[test]
fn a_dump_of_a_part_is_the_end_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let whole = dumped(folder.path(), "+0s");
    for from in ["+59m", "+1830s", "+10m"] {
        let part = dumped(folder.path(), from);
        let first = part.lines().nth(1).unwrap();
        assert!(part.lines().count() > 100, "{from}");
        let end = whole.find(&format!("\n{first}")).unwrap();
        let (header, rows) = part.split_once('\n').unwrap();
        assert!(whole.starts_with(header));
        assert!(whole[end + 1..] == *rows, "{from}: what is skipped is missed");
    }
}

/// A file that lies wholly before is damaged, and nobody sees it: it is not read.
#[test]
fn a_dump_of_a_part_reads_no_file_before_it() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let before = dumped(folder.path(), "+59m");
    let victim = folder.path().join("00000002.parquet");
    let mut bytes = std::fs::read(&victim).unwrap();
    // Of its pages, which stand in front of the footer.
    bytes[64] ^= 0xff;
    std::fs::write(&victim, bytes).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["dump", "--format", "csv"]).arg(folder.path());
    let whole = command.output().unwrap();
    assert!(!whole.stderr.is_empty(), "of the whole it is told");
    command.args(["--from", "+59m"]);
    let outcome = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "", "it is not even looked at");
    assert_eq!(String::from_utf8(outcome.stdout).unwrap(), before);
}

/// What no sample lies in would read like a quiet time.
#[test]
fn a_replay_of_a_time_without_samples_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let replay = |range: [&str; 4]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
        command.arg("replay").args(range).arg(folder.path());
        command.output().unwrap()
    };
    for range in [["--from", "+2h", "--to", "+3h"], ["--from", "+5m", "--to", "+2m"]] {
        let outcome = replay(range);
        assert_eq!(outcome.status.code(), Some(2), "{range:?}");
        let told = String::from_utf8_lossy(&outcome.stderr).into_owned();
        assert!(told.contains("no sample lies between --from and --to"), "{told}");
    }
    let outcome = replay(["--from", "+30m", "--to", "+31m"]);
    assert!(outcome.status.success());
    let told = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let all = String::from_utf8(replay(["--from", "+0s", "--to", "+2h"]).stdout).unwrap();
    let begin = |told: &str| told.lines().next().unwrap().split(", ").nth(1).unwrap().to_owned();
    assert_ne!(begin(&told), begin(&all), "a part begins where it does");
}
