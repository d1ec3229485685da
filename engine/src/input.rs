//! Everything the engine can learn. Each input of a run is one row of its recording.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use crate::analysis::Knowledge;
use crate::model::Sample;
use crate::time::{ClockAnchor, Timestamp};

/// Version of the recording format this build writes.
pub const SCHEMA_VERSION: SchemaVersion = SchemaVersion { major: 1, minor: 3 };

/// Version of this engine: a recording that names it is replayed as recorded.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// One thing learned, at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Position in the run: grows by one with each input.
    pub seq: u64,
    /// When it was learned.
    pub mono: Timestamp,
    /// What was learned.
    pub body: Body,
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
}

impl Body {
    /// The word in the column `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Sample(_) => "sample",
            Self::SourceState(_) => "source_state",
            Self::ClockStep(_) => "clock_step",
            Self::Gap(_) => "gap",
            Self::Tick => "tick",
        }
    }
}

/// Version of the recording format. A reader takes any minor of a major it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// Changes when old readers would misread new files.
    pub major: u32,
    /// Changes when columns are added.
    pub minor: u32,
}

/// The first input of a run, and of each of its segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Format of the recording.
    pub schema: SchemaVersion,
    /// Engine the recording was made for; empty where a foreign writer made it.
    pub engine_version: String,
    /// Where the inputs came from.
    pub host: HostFacts,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// Wall-clock time of this boot's monotonic time.
    pub clock: ClockAnchor,
    /// Seed of the engine's generator.
    pub seed: u64,
    /// Nominal time between samples.
    pub interval_ns: u64,
    /// Number of this segment within its run, from 0.
    pub segment: u32,
    /// State of every source when the segment began.
    pub sources: Vec<SourceState>,
    /// What was learned before the run; none in later segments, where the run goes on with its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Box<Knowledge>>,
}

/// Facts of the host that do not change while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostFacts {
    /// `/proc/sys/kernel/hostname`.
    pub hostname: String,
    /// `/proc/sys/kernel/osrelease`.
    pub kernel: String,
    /// Machine architecture.
    pub machine: String,
    /// Clock ticks in a second, the unit of CPU times; 0 where unknown.
    pub user_hz: u64,
    /// Bytes in a page; 0 where unknown.
    pub page_bytes: u64,
    /// Process id of the recorder; 0 where unknown. Its own demand is left out of `load_mismatch`.
    pub recorder_pid: u64,
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
}
