//! Everything the engine can learn. Each input of a run is one row of its recording.

mod answers;
mod carry;
mod stamp;
mod start;
mod stored;

use alloc::boxed::Box;
use alloc::string::String;
use serde::{Deserialize, Serialize};

pub use answers::{
    Acceptance, ActionOutcome, Answer, Asks, Condition, Decision, ModelReply, OperatorDecision,
    Outcome, OwnAction, RequestId,
};
pub use carry::{
    CarriedAction, CarriedInfluence, CarriedOutcomes, Carry, Config, OpenChange, OpenRequest,
};
pub use stamp::Stamp;
pub use start::{HostFacts, RunId, Start};
pub use stored::StoredKnowledge;

use crate::model::Sample;
use crate::time::Timestamp;

/// Version of the recording format this build writes.
pub const SCHEMA_VERSION: SchemaVersion = SchemaVersion { major: 1, minor: 8 };

/// Version of this engine, for people.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Number of this engine's judgement: it rises with every change after which the same inputs give
/// another journal, and a recording that names it is replayed as recorded. A tidy test holds it
/// against the hashes of the blessed journals.
pub const JUDGEMENT: u32 = 8;

/// One thing learned, at one time. A [`Stamp`] makes it, or the reader of a recording.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// Position in the run: grows by one with each input.
    pub seq: u64,
    /// When it was learned.
    pub mono: Timestamp,
    /// What was learned.
    pub body: Body,
}

impl Input {
    /// One as it stands in a recording.
    pub fn recorded(seq: u64, mono: Timestamp, body: Body) -> Self {
        Self { seq, mono, body }
    }

    /// Where it stands in its run.
    pub fn position(&self) -> Position {
        Position { seq: self.seq, mono: self.mono }
    }
}

/// Where an input stands in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its number.
    pub seq: u64,
    /// When it was learned.
    pub mono: Timestamp,
}

/// What was learned.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A run or a segment begins.
    Start(Box<Start>),
    /// One tick of telemetry.
    Sample(Box<Sample>),
    /// A source came, went, or changed.
    SourceState(SourceState),
    /// The wall clock was set.
    ClockStep(ClockStep),
    /// Data is missing and no rate may be taken across the hole.
    Gap(Gap),
    /// The time that the engine asked for has come.
    Tick,
    /// The configuration is another one from here on.
    ConfigChange(Box<Config>),
    /// Somebody answered, or an operator spoke.
    Answer(Box<Answer>),
    /// What a newer version of the format has, and this engine does not know: it is kept.
    Other(Box<Other>),
}

impl Body {
    /// The word in the column `kind`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Start(_) => "start",
            Self::Sample(_) => "sample",
            Self::SourceState(_) => "source_state",
            Self::ClockStep(_) => "clock_step",
            Self::Gap(_) => "gap",
            Self::Tick => "tick",
            Self::ConfigChange(_) => "config_change",
            Self::Answer(answer) => answer.kind(),
            Self::Other(other) => &other.kind,
        }
    }

    /// What it is to a run.
    pub fn class(&self) -> Class {
        match self {
            Self::Start(_) => Class::Border,
            Self::Sample(_)
            | Self::SourceState(_)
            | Self::ClockStep(_)
            | Self::Gap(_)
            | Self::Other(_) => Class::Telemetry,
            Self::Tick | Self::ConfigChange(_) => Class::Control,
            Self::Answer(_) => Class::Answer,
        }
    }
}

/// What inputs are to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A run or a segment begins.
    Border,
    /// What was seen of the host: it holds whatever engine it is fed to.
    Telemetry,
    /// What the run was told to do: it belongs to the run that was recorded.
    Control,
    /// What was said to that run: no other one asked for it.
    Answer,
}

/// An input of a kind that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The word in the column `kind`.
    pub kind: String,
    /// Its JSON, as it was read.
    pub entry: String,
}

/// Version of the recording format. A reader takes any minor of a major it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// Changes when old readers would misread new files.
    pub major: u32,
    /// Changes when columns are added.
    pub minor: u32,
}

/// Whether a source delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It is read at its cadence.
    On,
    /// It cannot be read.
    Absent,
    /// It is left out to save time.
    Shed,
}

impl Delivery {
    /// The word used in recordings and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Absent => "absent",
            Self::Shed => "shed",
        }
    }
}

/// How the reason of the source `processes` begins where those of others are hidden from the
/// recorder: what is seen is not all there is, and who is to blame may be hidden.
pub const HIDEPID: &str = "hidepid: ";

/// State of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Name of the source: the `/proc` or `/sys` file, or the group it stands for.
    pub source: String,
    /// Whether it delivers.
    pub state: Delivery,
    /// Why not, or what is limited.
    pub reason: Option<String>,
}

/// The wall clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockStep {
    /// How far it moved, positive when forward.
    pub step_ns: i64,
}

/// A hole in the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What is missing: a source's name, or `all`.
    pub source: String,
    /// Number of ticks or events lost, where known.
    pub count: Option<u64>,
    /// Why.
    pub reason: GapReason,
    /// How long the host was suspended.
    pub suspended_ns: u64,
    /// How long the hole is, from the last input before it; 0 where unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub span_ns: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(ns: &u64) -> bool {
    *ns == 0
}

impl Gap {
    /// A hole in everything: no rate may be taken across it.
    pub fn in_all(reason: GapReason) -> Self {
        let source = String::from("all");
        Self { source, count: None, reason, suspended_ns: 0, span_ns: 0 }
    }
}

/// Why data is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The host slept: `CLOCK_BOOTTIME` ran on and `CLOCK_MONOTONIC` did not.
    Suspend,
    /// The recorder could not write.
    WriteFailed,
    /// A foreign writer says that it lost data.
    Lost,
    /// The reader found bytes that are not what was written.
    Damaged,
    /// A segment is not there: it was removed, or could not be read.
    Missing,
}
