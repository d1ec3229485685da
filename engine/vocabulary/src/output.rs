//! Everything the engine says.

mod cause;
mod evidence;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

pub use cause::{Cause, Condition, Ground};
pub use evidence::{Evidence, past_limit};

use crate::decision::{DecisionSaid, StepSaid};
use crate::input::{Asks, OpenChange, RequestId};
use crate::kind::{Entity, Kind, Severity};
use crate::metric::Metric;
use crate::resource::Resource;
use crate::subtype::Subtype;
use crate::time::{Timestamp, WallTime};
use crate::unit::Unit;

/// One thing said, at one time. The order of outputs is part of the result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The input that caused it.
    pub seq: u64,
    /// When.
    pub mono_ns: Timestamp,
    /// When, on the wall clock.
    pub at_ns: WallTime,
    /// What.
    #[serde(flatten)]
    pub body: Said,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum Said {
    /// A verdict was raised, changed or cleared.
    Signal(Signal),
    /// What can be told of a kind changed.
    Coverage(Coverage),
    /// Signals that belong together: an incident was opened, changed or closed.
    Incident(Incident),
    /// A forecast of the end of a resource came, changed or went.
    Forecast(Box<ForecastSaid>),
    /// Bad data, which the engine went on without.
    Defect(Defect),
    /// A hash over what was judged since the last one: two runs that agree in it agree in every
    /// quantity that a verdict could rest on, not just in their verdicts.
    Digest(Digest),
    /// Something is asked for, and is to be answered.
    Request(Request),
    /// The agent did a step on the way to a decision.
    Step(Box<StepSaid>),
    /// A decision was made, or went on.
    Decision(Box<DecisionSaid>),
    /// The last line of a run.
    End(End),
}

/// A verdict. `id` stays the same from raise to clear: it names the episode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signal {
    /// Number of the episode, from 1.
    pub id: u64,
    /// What happened to it.
    pub change: Change,
    /// Which condition.
    pub kind: Kind,
    /// Which form of it.
    pub subtype: Option<Subtype>,
    /// Where.
    pub entity: Entity,
    /// How bad.
    pub severity: Severity,
    /// Raised more than three times in a quarter of an hour.
    pub flapping: bool,
    /// Start of the interval in which the limit was first crossed.
    pub onset_ns: Timestamp,
    /// When it was raised.
    pub start_ns: Timestamp,
    /// The quantities that decided, with the limit of this severity.
    pub evidence: Vec<Evidence>,
    /// Who consumes, most first.
    pub culprits: Vec<Culprit>,
    /// Who suffers, most first.
    pub victims: Vec<Culprit>,
}

/// What happened to an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It began.
    Raised,
    /// Its severity rose, at the time of this output.
    Escalated,
    /// Its severity fell, or its subtype changed.
    Updated,
    /// It is over.
    Cleared,
    /// It is over: after a day the level that held it counts as normal.
    AcceptedAsNormal,
    /// Its run is over while it stood: what became of it nobody knows.
    Ended,
    /// Its inputs are missing: whether it goes on cannot be told.
    Stale,
}

impl Change {
    /// Whether the episode is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Cleared | Self::AcceptedAsNormal | Self::Ended)
    }
}

/// An entity with its share in something: of culprits in what is above the usual (of flows the
/// excess over their own median, of stocks their growth) from a minute before the signal's own
/// change on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Culprit {
    /// Who. Of culprits it may be a set: a control group, a fork tree, an executable.
    pub entity: Entity,
    /// Name of the process, of a fork tree that of its root.
    pub comm: Option<String>,
    /// The counter that convicts.
    pub metric: Metric,
    /// Amount counted in the window; of stocks the growth, of a resident what it holds.
    pub amount: f64,
    /// Unit of the amount; processes and control groups have their own.
    pub unit: Unit,
    /// Share of all that was counted, 0 to 1; of a resident, of all that is consumed or held.
    pub share: f64,
    /// At least 40 % and at least twice the next outside of it: otherwise it is ambiguous who is
    /// to blame, and it is only named.
    pub convicted: bool,
    /// It takes much, but as much as ever: a steady hog, which is never convicted.
    pub resident: bool,
    /// When it began to take more, where that is known to ten seconds or so.
    pub began_ns: Option<Timestamp>,
    /// All of the time in which that may have been lies before the onset of the signal. Where this
    /// is false no order can be claimed.
    pub began_before: bool,
}

/// Signals that belong together. `id` stays the same while it is open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// Number of the incident, from 1.
    pub id: u64,
    /// What happened to it.
    pub change: IncidentChange,
    /// The incident that it became part of.
    pub merged_into: Option<u64>,
    /// The earliest onset of its episodes.
    pub start_ns: Timestamp,
    /// When the last of its episodes was over.
    pub end_ns: Option<Timestamp>,
    /// The highest that any of its episodes reached.
    pub severity: Option<Severity>,
    /// Numbers of its episodes, by onset.
    pub episodes: Vec<u64>,
    /// Likely first causes, likeliest first.
    pub causes: Vec<Cause>,
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentChange {
    /// It began.
    Opened,
    /// It has other episodes, another severity, or other likely causes.
    Updated,
    /// It is over, or part of another.
    Closed,
    /// Its run is over while it was open.
    Ended,
}

/// A forecast of the end of a resource. Times are in seconds from `at_ns` of the forecast, the end
/// of the window that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastSaid {
    /// Whether it came, changed or went.
    pub change: Turn,
    /// End of the window that it rests on.
    pub window_end_ns: Timestamp,
    /// Length of that window; 0 where there is no forecast.
    pub window_s: u64,
    /// Whose resource.
    pub entity: Entity,
    /// Which resource.
    pub resource: Resource,
    /// The kind that its end raises.
    pub kind: Kind,
    /// The used share.
    pub metric: Metric,
    /// Used share at which it is at its end.
    pub threshold: f64,
    /// Used share, by the line through the window.
    pub level: f64,
    /// Its growth a minute.
    pub slope_per_min: Option<f64>,
    /// Lower end of the 90 % interval.
    pub eta_low_s: Option<f64>,
    /// Median.
    pub eta_s: Option<f64>,
    /// Upper end of the 90 % interval.
    pub eta_high_s: Option<f64>,
    /// Residuals that the interval rests on.
    pub n_calibration: usize,
    /// Where they come from.
    pub calibration: Option<String>,
    /// What it rests on, where that is less than a forecast that raises something rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Why there is no forecast.
    pub reason: Option<String>,
}

/// What a forecast rests on whose series has no past that it could stand out from. Its interval is
/// wider; it raises nothing, and no action rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Basis {
    /// There are too few past windows to compare with.
    #[serde(rename = "short history")]
    ShortHistory,
    /// Nearly all past windows rose as well.
    #[serde(rename = "steady growth")]
    SteadyGrowth,
}

impl Basis {
    /// Its words.
    pub fn word(self) -> &'static str {
        match self {
            Self::ShortHistory => "short history",
            Self::SteadyGrowth => "steady growth",
        }
    }
}

/// A forecast came, changed or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// There was none before.
    Made,
    /// It stands, as of now.
    Renewed,
    /// It is taken back.
    Withdrawn,
}

/// What can be told of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Which kind.
    pub kind: Kind,
    /// Whether it can be told.
    pub state: CoverageState,
    /// Why not.
    pub reason: Option<String>,
}

/// Whether a kind can be told, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// The host has nothing that could be in this condition.
    NotApplicable,
    /// It is judged.
    Ok,
    /// Inputs are missing.
    CannotTell,
}

/// Bad data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// Which table or input.
    pub place: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// A hash over what was judged: of each kind and entity at each reading which quantities were
/// noted, each value to the bit, which limits held, and whether a standing signal goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// Samples that it covers: those since the last digest, or since the run began.
    pub samples: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// What is asked for. It is handed on only when this line is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Its number, which the answer names.
    pub id: RequestId,
    /// What is asked for.
    pub asks: Asks,
    /// When the answer comes too late.
    pub until_ns: Timestamp,
    /// It was made before a restart: what is asked for is what became of it.
    pub again: bool,
    /// Of one that was made before a restart: which change of the host it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<OpenChange>,
}

/// The end of a run: after it nothing of the run stands, and the next line is of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct End {
    /// Samples of the run.
    pub samples: u64,
    /// How often each rule of the guard was looked at, where an agent decided anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guards: BTreeMap<&'static str, u64>,
}
