//! Runs that were killed at any moment, and journals that are not theirs.

use std::path::Path;

use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{
    Acceptance, Answer, Decision, Input, JUDGEMENT, OperatorDecision, Start,
};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::model::{CpuCell, ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::*;
use crate::range::Range;
use crate::replay::{Run, drive};

/// A run of two segments of two minutes, overloaded in its second minute on.
fn record(folder: &Path, judgement: Option<u32>) -> Vec<RunFile> {
    let files: Vec<RunFile> = [0, 1].map(|segment| file(folder, segment)).into();
    let mut seq = 0;
    for (segment, own) in (0..).zip(&files) {
        let mut writer = Writer::create(&own.recording, false).unwrap();
        let mut append = |second: u64, body| {
            writer.append(&Input::recorded(seq, Timestamp(second * SECOND_NS), body)).unwrap();
            seq += 1;
        };
        let began_ns = Some(Timestamp(0));
        let start = Start { boot_id: "b".into(), began_ns, segment, judgement, ..Start::default() };
        append(u64::from(segment) * 120, Body::Start(Box::new(start)));
        for second in u64::from(segment) * 120 + 1..(u64::from(segment) + 1) * 120 {
            append(second, Body::Sample(Box::new(sample(second))));
        }
        let said = OperatorDecision { uid: Some(0), decision: Decision::Accept(normal()) };
        let said = Body::Answer(Box::new(Answer::OperatorDecision(said)));
        append(u64::from(segment + 1) * 120, said);
        writer.seal().unwrap();
    }
    files
}

fn normal() -> Acceptance {
    Acceptance { kind: Kind::Scheduler, entity: "host".to_owned(), until_ns: None }
}

fn file(folder: &Path, segment: u32) -> RunFile {
    let name = |ending: &str| folder.join(format!("{segment:08}.{ending}"));
    let number = u64::from(segment);
    RunFile { number, recording: name("parquet"), journal: name("jsonl"), segment }
}

fn sample(second: u64) -> Sample {
    let mut sample = Sample::default();
    let cpu = sample.cpu.push();
    cpu.set(CpuCell::cpus_online, 2u64);
    cpu.set(CpuCell::user_ticks, second * 190);
    cpu.set(CpuCell::idle_ticks, second * 10);
    cpu.set(CpuCell::procs_running, if second > 60 { 9u64 } else { 1 });
    cpu.set(CpuCell::procs_blocked, 0u64);
    sample.cpu.set_read(ReadTimes { begin_ns: 0, end_ns: 500 });
    sample
}

/// The journal of the whole run, and how much of it is of the first segment.
fn replayed(files: &[RunFile]) -> (Vec<u8>, usize) {
    let paths: Vec<PathBuf> = files.iter().map(|file| file.recording.clone()).collect();
    let mut reader = Reader::open_for_engine(&paths).unwrap();
    let (mut run, mut all) = (Run::default(), Vec::new());
    drive(&mut run, &mut reader, Range::default(), &mut all, |_, _| {}, |_, _| {}).unwrap();
    run.finish("r", &mut all).unwrap();
    let is_later = |line: &&str| {
        let seq = line.strip_prefix("{\"seq\":").unwrap().split(',').next().unwrap();
        seq.parse::<u64>().unwrap() >= 121
    };
    let text = String::from_utf8(all.clone()).unwrap();
    let first = text.lines().take_while(|line| !is_later(line)).map(|line| line.len() + 1).sum();
    (all, first)
}

fn journals(files: &[RunFile]) -> Vec<u8> {
    let read = |file: &RunFile| std::fs::read(&file.journal).unwrap_or_default();
    files.iter().flat_map(read).collect()
}

/// Neither an engine of another judgement nor a lost beginning makes what operators said forgotten.
#[test]
fn what_operators_call_normal_is_carried_out_of_a_run_that_is_another_one_too() {
    for judgement in [Some(JUDGEMENT), Some(JUDGEMENT + 1)] {
        let folder = tempfile::tempdir().unwrap();
        let files = record(folder.path(), judgement);
        for files in [&files[..], &files[1..]] {
            assert_eq!(finish(files, |_, _| {}).unwrap().carry.accepted, [normal()]);
        }
    }
}

/// However much of the journals was written: cut anywhere, in the midst of a line too.
#[test]
fn the_journals_of_a_killed_run_get_what_its_replay_says() {
    let folder = tempfile::tempdir().unwrap();
    let files = record(folder.path(), Some(JUDGEMENT));
    let (all, first) = replayed(&files);
    assert!(first > 0 && all.len() > first, "both segments say something");
    for written in (0..=all.len()).step_by(97).chain([first, all.len()]) {
        let (one, two) = all[..written].split_at(written.min(first));
        std::fs::write(&files[0].journal, one).unwrap();
        let _ = std::fs::remove_file(&files[1].journal);
        if written > first {
            std::fs::write(&files[1].journal, two).unwrap();
        }
        assert_eq!(is_finished(&files), written == all.len(), "after {written} bytes");
        let resumed = finish(&files, |_, _| {}).unwrap();
        assert_eq!(resumed.left_alone, None);
        assert!(is_finished(&files));
        assert_eq!(journals(&files), all, "after {written} bytes");
        assert_eq!(resumed.lines > 0, written < all.len());
    }
    assert_eq!(std::fs::read(&files[0].journal).unwrap(), &all[..first]);
}

#[test]
fn the_journals_of_another_judgement_or_with_other_lines_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let files = record(folder.path(), Some(JUDGEMENT + 1));
    std::fs::write(&files[0].journal, b"{\"seq\":1").unwrap();
    let resumed = finish(&files, |_, _| {}).unwrap();
    assert!(resumed.left_alone.unwrap().contains("judgement"));
    assert_eq!(journals(&files), b"{\"seq\":1");
    let folder = tempfile::tempdir().unwrap();
    let files = record(folder.path(), Some(JUDGEMENT));
    std::fs::write(&files[0].journal, b"{\"seq\":999999,\"mono_ns\":1}\n").unwrap();
    let resumed = finish(&files, |_, _| {}).unwrap();
    assert!(resumed.left_alone.unwrap().contains("something else"));
    assert_eq!(journals(&files), b"{\"seq\":999999,\"mono_ns\":1}\n");
}
