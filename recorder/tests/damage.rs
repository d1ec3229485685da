//! Damaged directories: whatever is cut, flipped or removed, the rest is read.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use ks_recorder::format::files::Files;
use ks_recorder::format::log::LogWriter;
use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{Body, Input, Start};
use ks_vocabulary::model::{CpuCell, ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use parquet::file::reader::{FileReader, SerializedFileReader};

const SEGMENTS: u32 = 20;
const ROUNDS: u64 = 200;

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (mixed ^ (mixed >> 33)) % bound
    }

    fn within(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }
}

/// One segment as it was written: its bytes, and which inputs stand in which of them.
struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

/// Inputs that are read or lost together: a frame of a log, a row group of a sealed file.
struct Part {
    begin: usize,
    end: usize,
    seqs: Vec<u64>,
    /// It can be read whatever was before it.
    is_independent: bool,
    is_mark: bool,
}

fn sample(second: u64) -> Body {
    let mut sample = Sample::default();
    let cpu = sample.cpu.push();
    cpu.set(CpuCell::user_ticks, second * 7);
    cpu.set(CpuCell::procs_running, second % 5);
    sample.cpu.set_read(ReadTimes { begin_ns: 0, end_ns: 900 });
    Body::Sample(Box::new(sample))
}

/// The inputs of a segment. One of the sealed ones is long enough for several row groups.
fn inputs(number: u32, seq: &mut u64) -> Vec<Input> {
    let start = Start {
        boot_id: "b".into(),
        began_ns: Some(Timestamp(0)),
        segment: number,
        ..Start::default()
    };
    let samples = if number == 4 { 3_700 } else { 35 };
    let mut inputs = Vec::new();
    for at in 0..=samples {
        let body = if at == 0 { Body::Start(Box::new(start.clone())) } else { sample(*seq) };
        inputs.push(Input::recorded(*seq, Timestamp(*seq * SECOND_NS), body));
        *seq += 1;
    }
    inputs
}

fn write(folder: &Path) -> Vec<Segment> {
    let mut seq = 0;
    let write_one = |number: u32| {
        let path = folder.join(format!("{number:08}.parquet"));
        let inputs = inputs(number, &mut seq);
        if number.is_multiple_of(2) {
            sealed(path, &inputs)
        } else {
            logged(&Files::of(&path).log, &inputs)
        }
    };
    (0..SEGMENTS).map(write_one).collect()
}

fn sealed(path: PathBuf, inputs: &[Input]) -> Segment {
    let mut writer = Writer::create(&path, false).unwrap();
    for input in inputs {
        writer.append(input).unwrap();
    }
    writer.seal().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let keys = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let groups = keys.iter().find(|pair| pair.key == "kernelsight.groups").unwrap();
    let groups: Vec<serde_json::Value> =
        serde_json::from_str(groups.value.as_ref().unwrap()).unwrap();
    let (mut at, mut first, mut parts) = (0, 0, Vec::new());
    for (group, found) in groups.iter().zip(reader.metadata().row_groups()) {
        let end = at + usize::try_from(group["bytes"].as_u64().unwrap()).unwrap();
        let rows = usize::try_from(found.num_rows()).unwrap();
        let seqs = inputs[first..first + rows].iter().map(|input| input.seq).collect();
        parts.push(Part { begin: at, end, seqs, is_independent: true, is_mark: false });
        (at, first) = (end, first + rows);
    }
    Segment { path, bytes, parts }
}

fn logged(path: &Path, inputs: &[Input]) -> Segment {
    let mut writer = LogWriter::create(path, false).unwrap();
    let mut parts = Vec::new();
    let mut at = 16;
    for input in inputs {
        writer.append(input).unwrap();
        let bytes = std::fs::read(path).unwrap();
        let is_start = matches!(input.body, Body::Start(_));
        let mut is_key = false;
        while at < bytes.len() {
            let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let end = at + 8 + usize::try_from(length).unwrap();
            let is_mark = bytes[at + 8..].starts_with(b"\x08ks key frame\n");
            let seqs = if is_mark { Vec::new() } else { vec![input.seq] };
            let is_independent = !is_mark && (is_start || is_key);
            parts.push(Part { begin: at, end, seqs, is_independent, is_mark });
            is_key = is_mark;
            at = end;
        }
    }
    Segment { path: path.to_owned(), bytes: std::fs::read(path).unwrap(), parts }
}

impl Segment {
    fn is_log(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "log")
    }

    fn all(&self) -> BTreeSet<u64> {
        self.parts.iter().flat_map(|part| part.seqs.clone()).collect()
    }

    /// What is to be read after one bit of the byte at `at` was flipped.
    fn after_flip(&self, at: usize) -> BTreeSet<u64> {
        let Some(hit) = self.parts.iter().position(|part| (part.begin..part.end).contains(&at))
        else {
            // The magic of a log is not needed; a sealed file without its footer cannot be read.
            return if self.is_log() { self.all() } else { BTreeSet::new() };
        };
        let mut left = self.all();
        if !self.is_log() {
            // The magic of a sealed file stands in its first row group.
            let lost = &self.parts[hit];
            left.retain(|seq| at >= 4 && !lost.seqs.contains(seq));
            // The footer repeats the `Start`, where something is left to begin.
            if hit == 0 && !left.is_empty() {
                left.insert(lost.seqs[0]);
            }
            return left;
        }
        let knows_its_end = at >= self.parts[hit].begin + 4;
        let next = self.parts[hit + 1..]
            .iter()
            .position(|part| if knows_its_end { part.is_independent } else { part.is_mark });
        let resumed = next.map_or(self.parts.len(), |next| hit + 1 + next);
        for part in &self.parts[hit..resumed] {
            left.retain(|seq| !part.seqs.contains(seq));
        }
        left
    }

    /// What is to be read after everything from `at` on was cut off.
    fn after_cut(&self, at: usize) -> BTreeSet<u64> {
        if !self.is_log() {
            return BTreeSet::new();
        }
        let whole = self.parts.iter().filter(|part| part.end <= at);
        whole.flat_map(|part| part.seqs.clone()).collect()
    }
}

/// What is read of the directory, and how often something was left out.
fn read(folder: &Path) -> (BTreeSet<u64>, usize, usize) {
    let mut reader = Reader::open(&[folder.to_owned()]).unwrap();
    let (mut seqs, mut gaps) = (BTreeSet::new(), 0);
    while let Some(input) = reader.next().unwrap() {
        if matches!(input.body, Body::Gap(_)) {
            gaps += 1;
        } else if matches!(&input.body, Body::Start(start) if start.boot_id.is_empty()) {
            // Made up for a run whose own is lost.
        } else {
            assert!(seqs.insert(input.seq), "{} is given twice", input.seq);
        }
    }
    (seqs, gaps, reader.damages().len())
}

#[test]
fn every_frame_after_the_next_key_and_every_whole_row_group_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let segments = write(folder.path());
    assert_eq!(segments[4].parts.len(), 3, "row groups");
    let all: BTreeSet<u64> = segments.iter().flat_map(Segment::all).collect();
    assert_eq!(read(folder.path()), (all.clone(), 0, 0), "before anything is wrong");
    let mut dice = Dice(16);
    for round in 0..ROUNDS {
        let (mut expected, mut touched) = (all.clone(), BTreeSet::new());
        for _ in 0..=dice.below(3) {
            let which = dice.within(segments.len());
            if !touched.insert(which) {
                continue;
            }
            let segment = &segments[which];
            let at = dice.within(segment.bytes.len());
            let mut bytes = segment.bytes.clone();
            let left = match dice.below(4) {
                0 => {
                    std::fs::remove_file(&segment.path).unwrap();
                    BTreeSet::new()
                }
                1 => {
                    std::fs::write(&segment.path, &bytes[..at]).unwrap();
                    segment.after_cut(at)
                }
                _ => {
                    bytes[at] ^= 1 << dice.below(8);
                    std::fs::write(&segment.path, &bytes).unwrap();
                    segment.after_flip(at)
                }
            };
            let lost: Vec<u64> = segment.all().difference(&left).copied().collect();
            expected.retain(|seq| !lost.contains(seq));
        }
        let (found, _, _) = read(folder.path());
        let missing: Vec<_> = expected.difference(&found).collect();
        let added: Vec<_> = found.difference(&expected).collect();
        assert!(missing.is_empty() && added.is_empty(), "round {round}: -{missing:?} +{added:?}");
        for which in touched {
            std::fs::write(&segments[which].path, &segments[which].bytes).unwrap();
        }
    }
}

#[test]
fn what_is_left_out_is_told_with_its_place_and_stands_as_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let segments = write(folder.path());
    let long = &segments[4];
    let mut bytes = long.bytes.clone();
    bytes[long.parts[1].begin + 50] ^= 1;
    std::fs::write(&long.path, &bytes).unwrap();
    let log = &segments[7];
    let frame = &log.parts[8];
    let mut bytes = log.bytes.clone();
    bytes[frame.begin + 9] ^= 1;
    std::fs::write(&log.path, &bytes).unwrap();
    std::fs::remove_file(&segments[12].path).unwrap();
    let mut reader = Reader::open(&[folder.path().to_owned()]).unwrap();
    let mut gaps = Vec::new();
    while let Some(input) = reader.next().unwrap() {
        if let Body::Gap(gap) = &input.body {
            gaps.push((gap.reason, gap.count.unwrap(), gap.span_ns / SECOND_NS));
        }
    }
    let damages = reader.damages();
    assert_eq!(damages.len(), 3, "{damages:?}");
    assert_eq!((damages[0].row_group, damages[0].lost_inputs), (Some(1), Some(1_800)));
    assert_eq!(damages[1].offset, Some(frame.begin as u64));
    assert_eq!(damages[2].problem, "segment 12 is missing before it");
    assert_eq!(gaps.len(), 3);
    assert_eq!((gaps[0].1, gaps[0].2), (1_800, 1_801));
    assert_eq!(gaps[2].1, 36);
    assert!(damages[0].to_string().ends_with("1800 inputs over 1801 s are left out"));
}

#[test]
fn where_nothing_can_be_read_it_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["00000000.parquet", "00000001.parquet.log"] {
        std::fs::write(folder.path().join(name), b"neither one nor the other").unwrap();
    }
    let mut reader = Reader::open(&[folder.path().to_owned()]).unwrap();
    let error = reader.next().unwrap_err().to_string();
    assert!(error.contains("00000000.parquet"), "{error}");
}

/// A log whose `Start` is damaged, in the midst of a run: what was recovered of it goes on with the
/// run as the log did.
#[test]
fn a_segment_without_its_start_goes_on_with_its_run_before_and_after_recovering() {
    let folder = tempfile::tempdir().unwrap();
    let segments = write(folder.path());
    let log = &segments[7];
    let mut bytes = log.bytes.clone();
    bytes[log.parts[0].begin + 9] ^= 1;
    std::fs::write(&log.path, &bytes).unwrap();
    let (before, _, damages) = read(folder.path());
    assert_eq!(damages, 1);
    ks_recorder::format::recovery::recover(&log.path.with_extension("")).unwrap();
    let (after, _, _) = read(folder.path());
    assert_eq!(after, before, "the same inputs, and none of the segments behind it is lost");
    let lost: Vec<_> = log.all().difference(&after).copied().collect();
    assert_eq!(lost, log.parts[0].seqs);
}
