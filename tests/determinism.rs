//! Same input, same bytes out: fed live from the log, replayed from Parquet, and twice.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "analysis/acted.rs"]
mod acted;
#[path = "analysis/host.rs"]
mod host;

use std::path::{Path, PathBuf};

use ks_recorder::format::log::{Decoder, LogWriter};
use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_replayer::range::Range;
use ks_replayer::replay::{Run, replay};
use ks_vocabulary::input::{
    Body, ENGINE_VERSION, HostFacts, Input, JUDGEMENT, SCHEMA_VERSION, Start,
};
use ks_vocabulary::journal::hex;
use ks_vocabulary::model::{CpuCell, ReadTimes, Sample};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};
use sha2::{Digest as _, Sha256};

/// A host of two CPUs that is overloaded from second 30 to second 120.
fn recording() -> Vec<Input> {
    recording_of(240)
}

/// The same over so many seconds.
fn recording_of(seconds: u64) -> Vec<Input> {
    let start = Start {
        schema: SCHEMA_VERSION,
        engine_version: ENGINE_VERSION.into(),
        judgement: Some(JUDGEMENT),
        host: HostFacts { hostname: "made".into(), user_hz: 100, ..HostFacts::default() },
        boot_id: "b".into(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(1_700_000_000_000_000_000) },
        seed: 1,
        interval_ns: SECOND_NS,
        segment: 0,
        sources: Vec::new(),
        ..Start::default()
    };
    let mut inputs = vec![Input::recorded(0, Timestamp(0), Body::Start(Box::new(start)))];
    for second in 1..=seconds {
        let overloaded = (30..120).contains(&second);
        let mut sample = Sample::default();
        let cpu = sample.cpu.push();
        cpu.set(CpuCell::cpus_online, 2u64);
        cpu.set(CpuCell::user_ticks, second * 190);
        cpu.set(CpuCell::idle_ticks, second * 10);
        cpu.set(CpuCell::procs_running, if overloaded { 9u64 } else { 1 });
        cpu.set(CpuCell::procs_blocked, 0u64);
        sample.cpu.set_read(ReadTimes { begin_ns: 10, end_ns: 500 + second.cast_signed() });
        let mono = Timestamp(second * SECOND_NS + second % 7);
        inputs.push(Input::recorded(second, mono, Body::Sample(Box::new(sample))));
    }
    inputs
}

fn write(path: &Path, inputs: &[Input]) -> String {
    let mut writer = Writer::create(path, true).unwrap();
    let (mut decoder, mut run, mut journal) = (Decoder::default(), Run::default(), Vec::new());
    for input in inputs {
        writer.append(input).unwrap();
        let as_read = decoder.decode(writer.last_payload()).expect("what was written is read");
        run.feed(as_read, &mut journal).unwrap();
    }
    writer.seal().unwrap();
    run.finish("live", &mut journal).unwrap();
    String::from_utf8(journal).unwrap()
}

fn read(paths: &[PathBuf]) -> String {
    let mut journal = Vec::new();
    let mut reader = Reader::open_for_engine(paths).unwrap();
    replay(&mut reader, "replayed", Range::default(), &mut journal, |_, _| ()).unwrap();
    String::from_utf8(journal).unwrap()
}

#[test]
fn live_and_replay_give_the_same_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let live = write(&path, &recording());
    assert!(live.contains("\"change\":\"raised\"") && live.contains("\"change\":\"cleared\""));
    assert_eq!(live.matches("\"output\":\"digest\"").count(), 4);
    assert_eq!(read(std::slice::from_ref(&path)), live);
    assert_eq!(read(&[path]), live, "and a second time");
}

/// A log is decoded input by input, a sealed file by row groups and batches, several of each here.
#[test]
fn other_chunks_give_the_same_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = recording_of(1_500);
    let sealed = write(&path, &inputs);
    assert_eq!(read(&[path]), sealed);
    let log = folder.path().join("y.parquet.log");
    let mut writer = LogWriter::create(&log, false).unwrap();
    for input in &inputs {
        writer.append(input).unwrap();
    }
    drop(writer);
    assert_eq!(read(&[folder.path().join("y.parquet")]), sealed);
}

/// A recording may go on over a reboot: what stood then is over, and is said to be.
#[test]
fn a_reboot_ends_what_stands() {
    let mut inputs = recording_of(100);
    let Body::Start(start) = inputs[0].body.clone() else { panic!("a start") };
    let again = Start { boot_id: "c".into(), segment: 1, ..*start };
    inputs.push(Input::recorded(101, Timestamp(SECOND_NS), Body::Start(Box::new(again))));
    let mut run = Run::default();
    let mut journal = Vec::new();
    for input in &inputs {
        run.feed(input, &mut journal).unwrap();
    }
    let report = run.finish("made", &mut journal).unwrap();
    assert_eq!(report.episodes.len(), 1, "{:?}", report.episodes);
    assert_eq!(report.episodes[0].state, "ended");
    assert!(report.incidents.iter().all(|incident| incident.end.is_some()));
}

/// Made-up ticks fall due one by one: what stands is stale when its time has come, not when a
/// sample comes again.
#[test]
fn a_hole_of_ten_minutes_swallows_no_tick() {
    let mut inputs = recording_of(61);
    let Body::Start(start) = &mut inputs[0].body else { panic!("a start") };
    start.judgement = None;
    inputs[61].mono = Timestamp(660 * SECOND_NS);
    let (mut run, mut journal) = (Run::default(), Vec::new());
    for input in &inputs {
        run.feed(input, &mut journal).unwrap();
    }
    let journal = String::from_utf8(journal).unwrap();
    let stale: Vec<u64> = journal
        .lines()
        .filter(|line| line.contains("\"change\":\"stale\""))
        .map(|line| line.split("\"mono_ns\":").nth(1).unwrap().split(',').next().unwrap())
        .map(|mono| mono.parse().unwrap())
        .collect();
    let (last, floor) = (inputs[60].mono.0, 15 * SECOND_NS);
    assert_eq!(stale.len(), 1, "{stale:?}");
    // The reading was taken some nanoseconds after its tick.
    assert!(stale[0].abs_diff(last + floor) < 1_000, "a reading is stale after 15 s: {stale:?}");
}

#[test]
fn one_changed_value_changes_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let journal = write(&path, &recording());
    let mut other = recording();
    if let Body::Sample(sample) = &mut other[200].body {
        sample.cpu.as_mut_slice()[0].set(CpuCell::procs_running, 2u64);
    }
    assert_ne!(write(&path, &other), journal, "a test that cannot fail shows nothing");
}

/// The hash is that of the journal of this synthetic run; debug and release must both give it.
#[test]
fn debug_and_release_give_the_same_hash() {
    let folder = tempfile::tempdir().unwrap();
    let journal = write(&folder.path().join("x.parquet"), &recording());
    insta::assert_snapshot!("journal_of_an_overload", journal);
}

/// Baselines, trends, forecasts, their residuals and incidents.
#[test]
fn with_all_analysis_other_chunks_and_builds_give_the_same_hash() {
    use host::Plot;
    let leak = check_chunks(Plot::Leak, 3_300);
    for word in ["\"output\":\"forecast\"", "\"output\":\"incident\"", "\"predicted\""] {
        assert!(leak.contains(word), "no {word}: the test would show nothing");
    }
    let calm = check_chunks(Plot::Calm, 700);
    let busy = check_chunks(Plot::UsuallyBusy, 700);
    let hashes = [leak, calm, busy].map(|journal| hex(&Sha256::digest(&journal)));
    insta::assert_snapshot!("journals_with_analysis", hashes.join("\n"));
}

/// Reads a run sealed and from its log; the return value is its journal.
fn check_chunks(plot: host::Plot, seconds: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = host::inputs(plot, "made", seconds);
    let sealed = write(&path, &inputs);
    assert_eq!(read(&[path]), sealed);
    let log = folder.path().join("y.parquet.log");
    let mut writer = LogWriter::create(&log, false).unwrap();
    for input in &inputs {
        writer.append(input).unwrap();
    }
    drop(writer);
    assert_eq!(read(&[folder.path().join("y.parquet")]), sealed);
    sealed
}

/// What an agent does on a modelled host, what an operator lets it do, and what is refused since it
/// is stale: in memory, recorded, sealed, unsealed and in another build.
#[test]
fn with_an_agent_other_chunks_and_builds_give_the_same_hash() {
    let folder = tempfile::tempdir().unwrap();
    let mut hashes = Vec::new();
    for (at, (more, mode, words)) in acted::RUNS.into_iter().enumerate() {
        let path = folder.path().join(format!("{at}.parquet"));
        let (live, inputs) = acted::recorded(more, mode, &path);
        for word in words {
            assert!(live.contains(word), "run {at} has no {word}: it would show nothing");
        }
        assert_eq!(acted::in_memory(more, mode), live, "run {at} in memory");
        assert_eq!(read(&[path]), live, "run {at} from Parquet");
        let log = folder.path().join(format!("{at}-log.parquet.log"));
        acted::unsealed(&inputs, &log);
        assert_eq!(read(&[log.with_extension("")]), live, "run {at} from its log");
        hashes.push(hex(&Sha256::digest(&live)));
    }
    insta::assert_snapshot!("journals_with_an_agent", hashes.join("\n"));
}
