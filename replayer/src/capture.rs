//! Cuts an incident out of recordings, with the verdicts that it had there.
//!
//! The cut begins with what the engine had learned until then, as the knowledge of its `Start`. It
//! begins before the part that was asked for: by as long as windows reach back, and, where an
//! episode stands already, from before that episode's onset, so that it is raised in the cut as it
//! was in the original. Where an agent was at work, the cut goes on with what it had done and
//! learned, and begins before what its decisions rest on; its replies, outcomes and approvals are
//! inputs like others. Then both are replayed and compared.

mod decided;
mod redaction;

use std::io::sink;
use std::path::{Path, PathBuf};

use ks_recorder::error::Error;
use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::decision::Reasoner;
use ks_vocabulary::input::{
    Body, Carry, Class, ENGINE_VERSION, Input, JUDGEMENT, RunId, SCHEMA_VERSION, SourceState,
    Stamp, Start,
};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};

use crate::driver::DriveError;
use crate::moment::Moment;
use crate::range::Range;
use crate::replay::{Run, drive};
use crate::report::{Episode, Report};

pub use redaction::Redaction;

/// How far windows of the verdicts reach back, and the past that culprits are held against: a
/// minute before the onset, and six buckets of ten seconds before that.
const LEAD_NS: i64 = 150_000_000_000;
/// An episode that stood for longer before the part is not carried over.
const LONGEST_LEAD_NS: i64 = 3_600_000_000_000;

/// What is cut.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The moment around which.
    pub around: Moment,
    /// Time before it.
    pub before_ns: u64,
    /// Time after it.
    pub after_ns: u64,
}

/// Why nothing is cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The recording cannot be read, or the cut cannot be replayed.
    #[error(transparent)]
    Replay(#[from] DriveError),
    /// The cut cannot be written.
    #[error(transparent)]
    Recording(#[from] Error),
    /// The moment is not in the recording.
    #[error("the recording reaches from {begin} to {end}: nothing of it lies around the moment")]
    Outside {
        /// Its beginning.
        begin: String,
        /// Its end.
        end: String,
    },
    /// Verdicts or decisions of the cut are others than those of the original.
    #[error("the cut gives other verdicts: {}", .0.join("; "))]
    Differs(Vec<String>),
}

/// What was cut.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Samples in it.
    pub ticks: u64,
    /// Episodes in the part, which are those of the original.
    pub episodes: usize,
    /// Decisions in the part, which are those of the original.
    pub decisions: usize,
    /// How verdicts and decisions differ, where that was accepted.
    pub differs: Vec<String>,
    /// What the replay of the cut gives.
    pub report: Report,
}

/// An episode as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    kind: Kind,
    entity: String,
    severity: &'static str,
    start: String,
    end: Option<String>,
    culprit: Option<String>,
}

/// Cuts `part` out of the recordings at `paths` into `output`. An existing file is replaced only
/// with `force`, which accepts other verdicts too.
pub fn capture(
    paths: &[PathBuf],
    part: Part,
    output: &Path,
    redaction: Option<&Redaction>,
    force: bool,
) -> Result<Captured, CaptureError> {
    let (report, bounds) = look(paths, part)?;
    let lead = bounds.lead(&report);
    write(paths, lead, bounds.to, output, redaction, force)?;
    let cut = replayed(&[output.to_owned()])?;
    let (from, to) = (rfc3339(bounds.from), rfc3339(bounds.to));
    let mut expected = seen(&report, &from, &to);
    let mut decided = decided::seen(&report, &from, &to);
    if let Some(redaction) = redaction {
        for one in &mut expected {
            one.entity = redaction.entity(&one.entity);
            one.culprit = one.culprit.take().map(|culprit| redaction.entity(&culprit));
        }
        for one in &mut decided {
            one.redact(redaction);
        }
    }
    let mut differs = compare(&expected, &seen(&cut, &from, &to));
    differs.extend(decided::compare(&decided, &decided::seen(&cut, &from, &to)));
    if !differs.is_empty() && !force {
        let _ = std::fs::remove_file(output);
        return Err(CaptureError::Differs(differs));
    }
    let (ticks, episodes) = (cut.recording.ticks, expected.len());
    Ok(Captured { ticks, episodes, decisions: decided.len(), differs, report: cut })
}

/// The part in wall-clock time.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    from: WallTime,
    to: WallTime,
}

impl Bounds {
    /// When the cut begins: before the part, and before what stands when it begins.
    fn lead(&self, report: &Report) -> WallTime {
        let from = rfc3339(self.from);
        let stands = |episode: &&Episode| {
            episode.start < from && episode.end.as_ref().is_none_or(|end| *end >= from)
        };
        let onsets = report.episodes.iter().filter(stands);
        let rested_on = decided::rested_on(report, &from, &rfc3339(self.to));
        let onsets = onsets.chain(rested_on);
        let onsets = onsets.filter_map(|episode| episode.onset.parse::<jiff::Timestamp>().ok());
        let earliest = onsets.filter_map(|onset| i64::try_from(onset.as_nanosecond()).ok()).min();
        let least = self.from.0.saturating_sub(LONGEST_LEAD_NS);
        let begin = earliest.unwrap_or(self.from.0).min(self.from.0).max(least);
        WallTime(begin.saturating_sub(LEAD_NS))
    }
}

fn rfc3339(at: WallTime) -> String {
    crate::report::rfc3339(at)
}

/// Replays everything, and finds the part in it.
fn look(paths: &[PathBuf], part: Part) -> Result<(Report, Bounds), CaptureError> {
    let mut reader = Reader::open_for_engine(paths)?;
    let mut run = Run::default();
    let mut clock = ClockAnchor::default();
    let mut span: Option<(WallTime, WallTime)> = None;
    let each = |_: &_, input: &Input| {
        if let Body::Start(start) = &input.body {
            clock = start.clock;
        }
        let at = clock.at(input.mono);
        span = Some(span.map_or((at, at), |(begin, _)| (begin, at)));
    };
    drive(&mut run, &mut reader, Range::default(), &mut sink(), |_, _| {}, each)?;
    let report = run.finish("original", &mut sink())?;
    let (begin, end) = span.unwrap_or_default();
    let around = part.around.resolve(begin);
    if around < begin || around > end {
        return Err(CaptureError::Outside { begin: rfc3339(begin), end: rfc3339(end) });
    }
    let reach = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
    let from = around.0.saturating_sub(reach(part.before_ns)).max(begin.0);
    let to = around.0.saturating_add(reach(part.after_ns)).min(end.0.saturating_add(1));
    Ok((report, Bounds { from: WallTime(from), to: WallTime(to) }))
}

fn replayed(paths: &[PathBuf]) -> Result<Report, CaptureError> {
    let mut reader = Reader::open_for_engine(paths)?;
    let mut run = Run::default();
    drive(&mut run, &mut reader, Range::default(), &mut sink(), |_, _| {}, |_, _| {})?;
    Ok(run.finish("cut", &mut sink())?)
}

/// Writes the inputs from `lead` to `to`, with a `Start` that knows what was learned before.
fn write(
    paths: &[PathBuf],
    lead: WallTime,
    to: WallTime,
    output: &Path,
    redaction: Option<&Redaction>,
    force: bool,
) -> Result<(), CaptureError> {
    let mut reader = Reader::open(paths)?;
    let mut writer = Writer::create(output, force)?;
    let mut range = Range::new(Some(Moment::At(lead)), Some(Moment::At(to)));
    let mut before = Before::default();
    let mut begun = false;
    while let Some(input) = reader.next()? {
        if !begun {
            before.hear(&input.body);
        }
        let passed = range.pass(input).filter(|passed| begun || is_telling(&passed.body));
        match passed {
            Some(passed) => {
                if !begun {
                    begun = true;
                    append(&mut writer, &before.start(passed), redaction)?;
                }
                let segment = before.segment(passed);
                append(&mut writer, segment.as_ref().unwrap_or(passed), redaction)?;
            }
            None if !begun => before.run.feed(input, &mut sink())?,
            None => {}
        }
        if range.is_over() {
            break;
        }
    }
    writer.seal()?;
    Ok(())
}

/// What came before the cut: who recorded, which sources delivered, and what was learned.
#[derive(Default)]
struct Before {
    start: Option<Box<Start>>,
    run: Run,
    cut: Option<CutRun>,
}

/// The run that is cut.
struct CutRun {
    original: RunId,
    /// The segment in which the cut begins.
    segment: u32,
    /// When it begins.
    began: Timestamp,
    /// What it is judged by, where it is fed as it was recorded.
    judgement: Option<u32>,
}

impl Before {
    fn hear(&mut self, body: &Body) {
        if let Body::Start(start) = body {
            self.start = Some(start.clone());
        } else if let Body::SourceState(state) = body {
            self.keep(state);
        } else if let (Body::ConfigChange(config), Some(start)) = (body, &mut self.start) {
            start.config = Some((**config).clone());
        }
    }

    fn keep(&mut self, state: &SourceState) {
        let Some(start) = &mut self.start else { return };
        start.sources.retain(|known| known.source != state.source);
        start.sources.push(state.clone());
    }

    /// The beginning of a cut whose first input is `passed`.
    fn start(&mut self, passed: &Input) -> Input {
        let mut start = self.start.take().unwrap_or_default();
        let had_agent =
            start.config.as_ref().is_some_and(|one| one.agent.reasoner != Reasoner::Off);
        // What an agent was answered belongs to the engine that asked: with the same one a cut is
        // fed as it was recorded.
        let judgement = start.judgement.filter(|known| had_agent && *known == JUDGEMENT);
        let (original, segment) = (start.run(), start.segment);
        self.cut = Some(CutRun { original, segment, began: passed.mono, judgement });
        start.schema = SCHEMA_VERSION;
        ENGINE_VERSION.clone_into(&mut start.engine_version);
        start.segment = 0;
        start.judgement = judgement;
        start.began_ns = Some(passed.mono);
        start.knowledge = Some(self.run.engine().knowledge().into());
        // What was asked for before the cut is answered before it, or never.
        let known = self.run.engine().carry();
        let carry = if had_agent {
            Carry { open: Vec::new(), ..known }
        } else {
            Carry { accepted: known.accepted, ..Carry::default() }
        };
        start.carry = Some(carry).filter(|one| !one.is_empty());
        let seq = passed.seq.saturating_sub(1);
        Stamp::from(seq).make(passed.mono, Body::Start(start)).clone()
    }

    /// What begins a later segment of the run that is cut, as one of the cut's run; `None` for
    /// everything else.
    fn segment(&self, passed: &Input) -> Option<Input> {
        let (Body::Start(start), Some(cut)) = (&passed.body, &self.cut) else { return None };
        if !start.goes_on_with(&cut.original) {
            return None;
        }
        let mut start = start.clone();
        start.segment = start.segment.saturating_sub(cut.segment);
        start.judgement = cut.judgement;
        start.began_ns = Some(cut.began);
        Some(Stamp::from(passed.seq).make(passed.mono, Body::Start(start)).clone())
    }
}

/// Whether an input may be the first of a cut: where inputs come from, and what an operator said
/// before, is in its `Start`.
fn is_telling(body: &Body) -> bool {
    body.class() == Class::Telemetry && !matches!(body, Body::SourceState(_))
}

fn append(
    writer: &mut Writer,
    input: &Input,
    redaction: Option<&Redaction>,
) -> Result<(), CaptureError> {
    match redaction {
        Some(redaction) => writer.append(&redaction.input(input))?,
        None => writer.append(input)?,
    }
    Ok(())
}

/// Episodes that overlap the part. One that ends behind it is open in the cut.
fn seen(report: &Report, from: &str, to: &str) -> Vec<Seen> {
    let overlaps = |episode: &&Episode| {
        episode.start.as_str() < to && episode.end.as_deref().is_none_or(|end| end >= from)
    };
    let told = |episode: &Episode| Seen {
        kind: episode.kind,
        entity: episode.entity.to_string(),
        severity: episode.severity.word(),
        start: episode.start.clone(),
        end: episode.end.clone().filter(|end| end.as_str() < to),
        culprit: episode.culprits.first().map(|culprit| culprit.entity.to_string()),
    };
    report.episodes.iter().filter(overlaps).map(told).collect()
}

fn compare(expected: &[Seen], found: &[Seen]) -> Vec<String> {
    let told = |one: &Seen| {
        let culprit = one.culprit.as_deref().unwrap_or("nobody");
        let end = one.end.as_deref().unwrap_or("open");
        format!(
            "{} {} on {} from {} to {end} by {culprit}",
            one.severity,
            one.kind.word(),
            one.entity,
            one.start
        )
    };
    let missing = expected.iter().filter(|one| !found.contains(one));
    let added = found.iter().filter(|one| !expected.contains(one));
    let missing = missing.map(|one| format!("only in the original: {}", told(one)));
    missing.chain(added.map(|one| format!("only in the cut: {}", told(one)))).collect()
}
