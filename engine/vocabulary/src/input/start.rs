//! What a run and each of its segments begin with.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use super::stored::StoredKnowledge;
use super::{Carry, Config, SCHEMA_VERSION, SchemaVersion, SourceState};
use crate::time::{ClockAnchor, SECOND_NS, Timestamp};

/// The first input of a run, and of each of its segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Format of the recording.
    pub schema: SchemaVersion,
    /// Engine the recording was made for; empty where a foreign writer made it.
    pub engine_version: String,
    /// Judgement of the engine that was fed with these inputs; `None` where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<u32>,
    /// Where the inputs came from.
    pub host: HostFacts,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// When the run began: with the boot it names the run. `None` before format 1.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ns: Option<Timestamp>,
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
    pub knowledge: Option<StoredKnowledge>,
    /// What an operator configured, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Config>,
    /// What the run before left to do; in later segments what this one would leave by then, for
    /// whoever has none before it. A run that goes on has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<Carry>,
}

/// Which run a segment belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId {
    /// The boot in which it ran.
    pub boot_id: String,
    /// When it began in it; `None` before format 1.4.
    pub began_ns: Option<Timestamp>,
}

impl Start {
    /// Which run it belongs to.
    pub fn run(&self) -> RunId {
        RunId { boot_id: self.boot_id.clone(), began_ns: self.began_ns }
    }

    /// Whether it goes on with `run`: a run begins with its segment 0, and only there.
    pub fn goes_on_with(&self, run: &RunId) -> bool {
        self.segment > 0 && self.boot_id == run.boot_id && self.began_ns == run.began_ns
    }
}

/// That of a recording of which nothing is known, at one sample a second.
impl Default for Start {
    fn default() -> Self {
        Self {
            schema: SCHEMA_VERSION,
            engine_version: String::new(),
            judgement: None,
            host: HostFacts::default(),
            boot_id: String::new(),
            began_ns: None,
            clock: ClockAnchor::default(),
            seed: 0,
            interval_ns: SECOND_NS,
            segment: 0,
            sources: Vec::new(),
            knowledge: None,
            config: None,
            carry: None,
        }
    }
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
    /// It is a modelled host.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub is_model: bool,
}
