//! The recording format: what is written comes back, from the log and from Parquet, bit by bit.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use ks_recorder::error::Error;
use ks_recorder::format::files::Files;
use ks_recorder::format::log::{Decoder, LogReader, LogWriter};
use ks_recorder::format::parquet_file::ParquetFile;
use ks_recorder::format::recording::Reader;
use ks_recorder::format::recovery::recover;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{AgentConfig, Grant, Mode, Reasoner, Scope};
use ks_vocabulary::input::{
    Acceptance, ActionOutcome, Answer, Body, Config, Decision, Gap, GapReason, HostFacts, Input,
    ModelReply, OperatorDecision, Outcome, RequestId, SCHEMA_VERSION, Start,
};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::model::{CellType, Class, ReadTimes, SCHEMAS, Sample, Shape};
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};
use proptest::prelude::*;

/// A small generator, so that one seed makes a whole recording.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
}

fn start(segment: u32) -> Body {
    Body::Start(Box::new(Start {
        schema: SCHEMA_VERSION,
        engine_version: "test".into(),
        host: HostFacts { hostname: "h".into(), ..HostFacts::default() },
        boot_id: "boot".into(),
        clock: ClockAnchor { mono_ns: Timestamp(5), at_ns: WallTime(1_700_000_000_000_000_000) },
        seed: 7,
        interval_ns: 1_000_000_000,
        segment,
        sources: Vec::new(),
        ..Start::default()
    }))
}

fn random_sample(dice: &mut Dice) -> Sample {
    let mut sample = Sample::default();
    for (table, schema) in sample.tables_mut().into_iter().zip(SCHEMAS) {
        if dice.below(4) == 0 {
            continue;
        }
        let begin_ns = dice.below(1_000_000).cast_signed() - 500_000;
        table.set_read(ReadTimes { begin_ns, end_ns: begin_ns + dice.below(5_000).cast_signed() });
        let rows = match schema.shape {
            Shape::One => 1,
            Shape::Many => dice.below(6),
        };
        let mut key = 0;
        for _ in 0..rows {
            key += 1 + dice.below(3);
            let mut row = table.push_row();
            for (at, column) in schema.cells.iter().enumerate() {
                match (column.class, column.cell_type) {
                    (Class::Key, _) => row.set_cell(at, key),
                    _ if dice.below(5) == 0 => {}
                    (_, CellType::Bool) => row.set_cell(at, dice.below(2)),
                    (_, CellType::F64) => {
                        row.set_cell(at, (dice.below(1000) as f64 / 7.0).to_bits());
                    }
                    (_, CellType::I64 | CellType::U64) => {
                        let bits = dice.below(65);
                        let value = dice.roll().checked_shr(u32::try_from(bits).unwrap());
                        row.set_cell(at, value.unwrap_or(0));
                    }
                }
            }
            for (at, column) in schema.names.iter().enumerate() {
                match column.class {
                    Class::Key => row.set_name(at, format!("name{key:04}").as_bytes()),
                    _ if dice.below(4) == 0 => {}
                    Class::Counter | Class::Gauge | Class::Label => {
                        row.set_name(at, &[0xff, b'a', dice.below(256).to_le_bytes()[0]][..2]);
                    }
                }
            }
        }
    }
    sample.processes_complete = sample.processes.read().is_some() && dice.below(2) == 0;
    sample
}

fn random_recording(seed: u64, inputs: u64) -> Vec<Input> {
    let mut dice = Dice(seed);
    let mut mono = 100;
    let mut made = vec![Input::recorded(0, Timestamp(mono), start(0))];
    for seq in 1..inputs {
        mono += dice.below(2_000_000_000);
        let body = match dice.below(14) {
            0 => Body::Tick,
            12 => Body::Answer(Box::new(random_answer(&mut dice))),
            13 => Body::ConfigChange(Box::new(config(&mut dice))),
            1 => Body::Gap(Gap {
                source: "all".into(),
                count: Some(dice.roll()),
                reason: GapReason::Suspend,
                suspended_ns: dice.roll(),
                span_ns: dice.below(3),
            }),
            _ => Body::Sample(Box::new(random_sample(&mut dice))),
        };
        made.push(Input::recorded(seq, Timestamp(mono), body));
    }
    made
}

fn config(dice: &mut Dice) -> Config {
    let mode = Mode::ALL[usize::try_from(dice.below(3)).unwrap()];
    let expires_ns = WallTime(dice.roll().cast_signed());
    let on = if dice.below(2) == 0 {
        Scope::Unit("a.service".into())
    } else {
        Scope::Cgroup("/a".into())
    };
    let grants = vec![Grant { action: ActionKind::TerminateProcess, on, expires_ns }];
    let agent = AgentConfig { mode, reasoner: Reasoner::Rules, grants, ..AgentConfig::default() };
    Config { accept: vec![acceptance(dice)], agent }
}

fn acceptance(dice: &mut Dice) -> Acceptance {
    let kind = Kind::ALL[usize::try_from(dice.below(10)).unwrap()];
    let until_ns = (dice.below(2) == 0).then(|| WallTime(dice.roll().cast_signed()));
    Acceptance { kind, entity: format!("disk:{}", dice.below(9)), until_ns }
}

fn random_answer(dice: &mut Dice) -> Answer {
    let request = RequestId(dice.roll());
    let text = (dice.below(2) == 0).then(|| "\"\u{0}\u{1f525}".to_owned());
    match dice.below(4) {
        0 => Answer::ModelReply(ModelReply { request, text, problem: None, used: None }),
        1 => Answer::ActionOutcome(ActionOutcome {
            request,
            outcome: Outcome::Indeterminate,
            reason: text,
        }),
        2 => Answer::OperatorDecision(OperatorDecision {
            uid: Some(u32::MAX),
            decision: Decision::Deny { request },
        }),
        _ => Answer::OperatorDecision(OperatorDecision {
            uid: None,
            decision: Decision::Accept(acceptance(dice)),
        }),
    }
}

fn write_log(path: &Path, inputs: &[Input]) {
    let mut log = LogWriter::create(path, true).unwrap();
    for input in inputs {
        log.append(input).unwrap();
    }
}

fn read_log(path: &Path) -> Result<Vec<Input>, Error> {
    let mut reader = LogReader::open(path)?;
    let mut inputs = Vec::new();
    while let Some(input) = reader.next()? {
        inputs.push(input.clone());
    }
    Ok(inputs)
}

fn read_parquet(path: &Path) -> Result<Vec<Input>, Error> {
    let mut reader = ParquetFile::open(path)?;
    let mut inputs = Vec::new();
    while let Some(input) = reader.next()? {
        inputs.push(input.clone());
    }
    Ok(inputs)
}

fn read_all(path: &Path) -> Result<Vec<Input>, Error> {
    let mut reader = Reader::open(&[path.to_owned()])?;
    let mut inputs = Vec::new();
    while let Some(input) = reader.next()? {
        inputs.push(input.clone());
    }
    Ok(inputs)
}

fn seal(path: &Path, inputs: &[Input]) {
    let mut writer = Writer::create(path, true).unwrap();
    for input in inputs {
        writer.append(input).unwrap();
    }
    writer.seal().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn log_and_parquet_give_the_same_bits(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let inputs = random_recording(seed, 90);
        write_log(&folder.path().join("x.log"), &inputs);
        prop_assert_eq!(&read_log(&folder.path().join("x.log")).unwrap(), &inputs);
        seal(&path, &inputs);
        prop_assert_eq!(&read_parquet(&path).unwrap(), &inputs);
        prop_assert_eq!(&read_all(&path).unwrap(), &inputs);
    }

    #[test]
    fn the_live_decoder_returns_what_was_appended(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogWriter::create(&folder.path().join("x.log"), false).unwrap();
        let mut decoder = Decoder::default();
        for input in random_recording(seed, 30) {
            log.append(&input).unwrap();
            prop_assert_eq!(decoder.decode(log.last_payload()), Some(&input));
        }
    }

    #[test]
    fn any_payload_is_taken(bytes: Vec<u8>) {
        let _ = Decoder::default().decode(&bytes);
    }

    #[test]
    fn a_log_cut_anywhere_loses_one_frame_at_most(seed: u64, cut in 0usize..=1000) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let inputs = random_recording(seed, 30);
        write_log(&path, &inputs);
        let bytes = std::fs::read(&path).unwrap();
        let mut ends = Vec::new();
        let mut at = 16;
        while at < bytes.len() {
            let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let is_mark = bytes[at + 8..].starts_with(b"\x08ks key frame\n");
            at += 8 + usize::try_from(length).unwrap();
            ends.extend((!is_mark).then_some(at));
        }
        let keep = 16 + cut * (bytes.len() - 16) / 1000;
        std::fs::write(&path, &bytes[..keep]).unwrap();
        let whole = ends.iter().filter(|end| **end <= keep).count();
        prop_assert_eq!(&read_log(&path).unwrap(), &inputs[..whole]);
    }
}

#[test]
fn a_killed_recording_is_read_from_its_log_and_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = random_recording(3, 40);
    let mut writer = Writer::create(&path, false).unwrap();
    for input in &inputs {
        writer.append(input).unwrap();
    }
    assert!(matches!(recover(&path), Err(Error::Locked { .. })), "its writer lives");
    drop(writer);
    assert!(!path.exists());
    assert_eq!(read_all(&path).unwrap(), inputs);
    assert!(matches!(Writer::create(&path, false), Err(Error::Exists { .. })));
    let recovered = recover(&path).unwrap();
    assert_eq!((recovered.inputs, recovered.lost_bytes), (40, 0));
    assert_eq!(read_parquet(&path).unwrap(), inputs);
    assert!(!Files::of(&path).log.exists());
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "only the recording is left");
}

#[test]
fn a_log_left_beside_its_sealed_file_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = random_recording(4, 40);
    seal(&path, &inputs[..30]);
    write_log(&Files::of(&path).log, &inputs);
    assert_eq!(read_all(&path).unwrap(), inputs);
}

#[test]
fn a_log_that_is_sealed_between_listing_and_opening_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let log = Files::of(&path).log;
    let inputs = random_recording(11, 40);
    write_log(&log, &inputs);
    let read = |reader: &mut Reader| -> Vec<Input> {
        std::iter::from_fn(|| reader.next().unwrap().cloned()).collect()
    };
    let mut listed = Reader::open(&[folder.path().to_owned()]).unwrap();
    recover(&path).unwrap();
    assert_eq!(read(&mut listed), inputs, "it has another name by then");
    write_log(&log, &inputs);
    let mut listed = Reader::open(&[folder.path().to_owned()]).unwrap();
    std::fs::remove_file(&log).unwrap();
    assert_eq!(read(&mut listed), inputs, "the log went once its file was sealed");
}

#[test]
fn sealing_that_was_cut_short_is_finished_by_recovering() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let log = Files::of(&path).log;
    let inputs = random_recording(12, 40);
    seal(&path, &inputs);
    write_log(&log, &inputs);
    let sealed = std::fs::read(&path).unwrap();
    assert_eq!(recover(&path).unwrap().inputs, 40);
    assert!(!log.exists());
    assert_eq!(std::fs::read(&path).unwrap(), sealed);
    let mut other = random_recording(13, 40);
    if let Body::Start(start) = &mut other[0].body {
        start.boot_id = "later".into();
    }
    write_log(&log, &other);
    let refused = recover(&path);
    assert!(matches!(refused, Err(Error::Twins { .. })), "another recording: {refused:?}");
    assert!(log.exists() && path.exists());
}

/// Until the new recording is sealed the old one is there; while it is written it is no part of it.
#[test]
fn force_replaces_a_recording_when_the_new_one_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let (old, mut new) = (random_recording(14, 20), random_recording(15, 30));
    if let Body::Start(start) = &mut new[0].body {
        start.boot_id = "later".into();
    }
    seal(&path, &old);
    let mut writer = Writer::create(&path, true).unwrap();
    for input in &new {
        writer.append(input).unwrap();
    }
    assert_eq!(read_all(&path).unwrap(), old);
    writer.seal().unwrap();
    assert_eq!(read_all(&path).unwrap(), new);
    let device = folder.path().join("device.parquet");
    std::os::unix::fs::symlink("/dev/null", &device).unwrap();
    let refused = Writer::create(&device, true);
    assert!(matches!(refused, Err(Error::NotRegular { .. })), "{refused:?}");
    assert!(device.is_symlink() && !Files::of(&device).log.exists());
}

#[test]
fn a_host_may_be_called_like_a_key_of_the_footer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut inputs = random_recording(6, 20);
    let Body::Start(start) = &mut inputs[0].body else { unreachable!("a recording begins so") };
    start.host.hostname = "kernelsight.footer".into();
    seal(&path, &inputs);
    assert_eq!(read_all(&path).unwrap(), inputs);
}

#[test]
fn segments_of_a_directory_are_one_stream() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = random_recording(5, 60);
    let mut second = inputs[30..].to_vec();
    second[0].body = start(1);
    seal(&folder.path().join("segment-000000.parquet"), &inputs[..30]);
    write_log(&folder.path().join("segment-000001.parquet.log"), &second);
    let mut expected = inputs;
    expected[30].body = start(1);
    assert_eq!(read_all(folder.path()).unwrap(), expected);
}

#[test]
fn every_flipped_bit_is_found_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = random_recording(6, 60);
    seal(&path, &inputs);
    let good = std::fs::read(&path).unwrap();
    let mut dice = Dice(99);
    for _ in 0..150 {
        let mut bad = good.clone();
        let at = usize::try_from(dice.below(good.len() as u64)).unwrap();
        bad[at] ^= 1 << dice.below(8);
        std::fs::write(&path, &bad).unwrap();
        if let Ok(read) = std::panic::catch_unwind(|| read_all(&path)).expect("no panic") {
            assert!(read == inputs || at > good.len() / 2, "byte {at} changed values unseen");
        }
    }
}

#[test]
fn a_damaged_log_is_read_and_recovered_but_for_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let inputs = random_recording(7, 40);
    let log = Files::of(&path).log;
    write_log(&log, &inputs);
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&log, &bytes).unwrap();
    let read = read_all(&path).unwrap();
    let is_gap =
        |input: &&Input| matches!(&input.body, Body::Gap(gap) if gap.reason == GapReason::Damaged);
    let lost = read.iter().find(is_gap).expect("what is lost is a gap");
    assert!(read.iter().filter(|input| input.seq < lost.seq).count() > 5);
    assert!(read.iter().filter(|input| input.seq > lost.seq).count() > 2, "and more follows");
    let recovered = recover(&path).unwrap();
    assert_eq!((recovered.inputs, recovered.damages.len()), (read.len() as u64, 1));
    assert_eq!(read_parquet(&path).unwrap(), read);
    assert!(log.with_extension("log.damaged").exists());
}

#[test]
fn what_is_no_recording_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, content: &[u8], expected: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = read_all(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    };
    check("empty.parquet", b"", "it is empty");
    check("text.parquet", b"hello world", "neither as Parquet");
    check("cut.parquet", b"PAR1abc", "cut short");
    check("x.parquet.log", b"not a log at all, sorry", "does not begin as a KernelSight log");
    let error = read_all(&folder.path().join("missing.parquet")).unwrap_err().to_string();
    assert!(error.contains("cannot open"), "{error}");
}

#[test]
fn a_newer_major_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut inputs = random_recording(8, 3);
    if let Body::Start(start) = &mut inputs[0].body {
        start.schema.major += 1;
    }
    seal(&path, &inputs);
    assert!(matches!(read_all(&path), Err(Error::Newer { .. })));
}

#[test]
fn a_sequence_that_goes_back_is_refused_with_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut inputs = random_recording(9, 10);
    inputs[5].seq = 2;
    seal(&path, &inputs);
    let error = read_all(&path).unwrap_err().to_string();
    assert!(error.contains("row 5") && error.contains("`seq` goes back"), "{error}");
    let mut inputs = random_recording(9, 10);
    inputs[6].mono = Timestamp(1);
    seal(&path, &inputs);
    let error = read_all(&path).unwrap_err().to_string();
    assert!(error.contains("row 6") && error.contains("`mono_ns` goes back"), "{error}");
}
