//! One input as the payload of a log frame, and back.
//!
//! ```text
//! payload = kind (1 byte), seq (varint), mono_ns (zigzag varint, since the last frame), body
//! body    = canonical JSON                             for all kinds but samples
//!         = word (length, bytes), JSON                 for kinds without a number of their own
//!         = flags, tables present, table*              for samples
//! table   = begin_ns, end_ns - begin_ns, rows, row*    see `predictor.rs` for a row
//! mark    = kind (1 byte), "ks key frame\n", major (varint), minor (varint)
//! ```
//!
//! Frames depend on those before them. A `Start` depends on none, and neither does a key sample:
//! they reset both sides. A mark stands before each key sample, so that a reader finds the next one
//! behind bytes that are damaged.

use ks_vocabulary::input::{Body, Input, SchemaVersion};
use ks_vocabulary::model::{ReadTimes, SCHEMAS, Sample};
use ks_vocabulary::time::Timestamp;

use super::older::Masks;
use super::predictor::Predictor;
use super::varint::{Bytes, put, put_signed};
use crate::error::Error;

const START: u8 = 0;
const SAMPLE: u8 = 1;
const SOURCE_STATE: u8 = 2;
const CLOCK_STEP: u8 = 3;
const GAP: u8 = 4;
const TICK: u8 = 5;
/// Kinds that are rare, and those of newer versions: their word follows.
const WORD: u8 = 6;
const KEY_SAMPLE: u8 = 7;

/// How the payload of a mark begins.
pub(super) const MARK_BEGIN: [u8; 14] = *b"\x08ks key frame\n";

const COMPLETE: u64 = 1;

/// What encoder and decoder remember between frames.
#[derive(Debug)]
pub(super) struct Memory {
    mono: Timestamp,
    predictors: Vec<Predictor>,
}

impl Default for Memory {
    fn default() -> Self {
        let predictors = SCHEMAS.iter().map(Predictor::new).collect();
        Self { mono: Timestamp::default(), predictors }
    }
}

impl Memory {
    fn reset(&mut self) {
        self.mono = Timestamp::default();
        for predictor in &mut self.predictors {
            predictor.reset();
        }
    }

    pub(super) fn set_version(&mut self, version: SchemaVersion) {
        for (schema, predictor) in SCHEMAS.iter().zip(&mut self.predictors) {
            predictor.set_masks(Masks::of(version, schema.table, schema.cells.len()));
        }
    }

    /// Appends the payload of `input` to `out`; a sample depends on no frame before it if `key`.
    pub(super) fn encode(
        &mut self,
        input: &Input,
        key: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        out.push(match &input.body {
            Body::Start(_) => START,
            Body::Sample(_) if key => KEY_SAMPLE,
            Body::Sample(_) => SAMPLE,
            Body::SourceState(_) => SOURCE_STATE,
            Body::ClockStep(_) => CLOCK_STEP,
            Body::Gap(_) => GAP,
            Body::Tick => TICK,
            Body::ConfigChange(_) | Body::Answer(_) | Body::Other(_) => WORD,
        });
        if let Body::Start(start) = &input.body {
            self.reset();
            self.set_version(start.schema);
        } else if key {
            self.reset();
        }
        put(out, input.seq);
        put_signed(out, input.mono.0.wrapping_sub(self.mono.0).cast_signed());
        self.mono = input.mono;
        match &input.body {
            Body::Sample(sample) => self.encode_sample(sample, out),
            Body::Start(_)
            | Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Gap(_)
            | Body::Tick => super::entry::write(&input.body, out)?,
            Body::ConfigChange(_) | Body::Answer(_) | Body::Other(_) => {
                let word = input.body.kind();
                put(out, word.len() as u64);
                out.extend_from_slice(word.as_bytes());
                super::entry::write(&input.body, out)?;
            }
        }
        Ok(())
    }

    fn encode_sample(&mut self, sample: &Sample, out: &mut Vec<u8>) {
        put(out, if sample.processes_complete { COMPLETE } else { 0 });
        let tables = sample.tables();
        let present = tables.iter().enumerate();
        put(
            out,
            present.fold(0, |mask, (at, table)| mask | u64::from(table.read().is_some()) << at),
        );
        for (at, table) in tables.iter().enumerate() {
            let Some(read) = table.read() else { continue };
            put_signed(out, read.begin_ns);
            put_signed(out, read.end_ns.wrapping_sub(read.begin_ns));
            put(out, table.len() as u64);
            let predictor = &mut self.predictors[at];
            predictor.begin();
            for row in 0..table.len() {
                predictor.encode(table.row(row), out);
            }
            predictor.end(keeps_rows(at, sample.processes_complete));
        }
    }

    /// Reads a payload into `into`, using its sample's buffers again where it has one.
    pub(super) fn decode(&mut self, payload: &[u8], into: &mut Input) -> Option<()> {
        let mut bytes = Bytes(payload);
        let kind = bytes.byte()?;
        if is_independent(payload) {
            self.reset();
        }
        into.seq = bytes.number()?;
        into.mono = Timestamp(self.mono.0.wrapping_add(bytes.signed()?.cast_unsigned()));
        self.mono = into.mono;
        if kind == SAMPLE || kind == KEY_SAMPLE {
            if !matches!(into.body, Body::Sample(_)) {
                into.body = Body::Sample(Box::default());
            }
            let Body::Sample(sample) = &mut into.body else { return None };
            return self.decode_sample(&mut bytes, sample);
        }
        let word = match kind {
            WORD => {
                let length = bytes.length()?;
                std::str::from_utf8(bytes.take(length)?).ok()?
            }
            known => kind_word(known)?,
        };
        into.body = super::entry::read(word, bytes.0).ok()?;
        if let Body::Start(start) = &into.body {
            self.set_version(start.schema);
        }
        Some(())
    }

    fn decode_sample(&mut self, bytes: &mut Bytes<'_>, sample: &mut Sample) -> Option<()> {
        sample.clear();
        let complete = bytes.number()? & COMPLETE != 0;
        let present = bytes.number()?;
        for (at, table) in sample.tables_mut().into_iter().enumerate() {
            if present >> at & 1 == 0 {
                continue;
            }
            let begin_ns = bytes.signed()?;
            let end_ns = begin_ns.wrapping_add(bytes.signed()?);
            table.set_read(ReadTimes { begin_ns, end_ns });
            let rows = bytes.length()?;
            let predictor = &mut self.predictors[at];
            predictor.begin();
            for _ in 0..rows {
                predictor.decode(bytes, &mut table.push_row())?;
            }
            predictor.end(keeps_rows(at, complete));
        }
        sample.processes_complete = complete;
        bytes.0.is_empty().then_some(())
    }
}

/// Whether a frame can be read whatever was before it.
pub(super) fn is_independent(payload: &[u8]) -> bool {
    matches!(payload.first(), Some(&(START | KEY_SAMPLE)))
}

/// Appends the payload of a mark.
pub(super) fn put_mark(out: &mut Vec<u8>, version: SchemaVersion) {
    out.extend_from_slice(&MARK_BEGIN);
    put(out, u64::from(version.major));
    put(out, u64::from(version.minor));
}

/// The version that a mark names; `None` where the payload is no mark.
pub(super) fn mark_version(payload: &[u8]) -> Option<SchemaVersion> {
    let mut bytes = Bytes(payload.strip_prefix(&MARK_BEGIN)?);
    let mut number = || u32::try_from(bytes.number()?).ok();
    Some(SchemaVersion { major: number()?, minor: number()? })
}

/// Whether rows missing from a sample are remembered until the next keyframe: those of processes
/// and of settings, of which only changed ones are written, and those that come and go, as buckets
/// do.
fn keeps_rows(table: usize, complete: bool) -> bool {
    const SPARSE: [&str; 6] = [
        "processes",
        "bpf_histograms",
        "bpf_syscalls",
        "bpf_callers",
        "process_facts",
        "cgroup_settings",
    ];
    SPARSE.contains(&SCHEMAS[table].table) && !complete
}

fn kind_word(kind: u8) -> Option<&'static str> {
    Some(match kind {
        START => "start",
        SOURCE_STATE => "source_state",
        CLOCK_STEP => "clock_step",
        GAP => "gap",
        TICK => "tick",
        _ => return None,
    })
}
