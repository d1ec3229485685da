//! What the tools answer. Entities are handles, as they were issued; names of the host are left
//! out, since a reasoner need not know them and might obey them.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

use super::{FailureMode, LookTold, Predicted, Verdict};
use crate::action::{Action, ActionKind, Blast, Risk};
use crate::kind::{Kind, Severity};
use crate::metric::Metric;
use crate::subtype::Subtype;
use crate::unit::Unit;

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolAnswer {
    /// Of `query_signals`.
    Signals(SignalsTold),
    /// Of `summarize_trends`.
    Trends(TrendsTold),
    /// Of `simulate_scenario`.
    Simulated(SimulatedTold),
    /// Of `propose_action`.
    Candidates(CandidatesTold),
    /// Of `execute_remediation` with an action that changes something.
    Judged(JudgedTold),
    /// Of the same with one that only looks.
    Looked(Box<LookTold>),
}

/// Signals, the most severe first, then the newest.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SignalsTold {
    /// Those that were asked for.
    pub signals: Vec<SignalTold>,
    /// How many more there are.
    pub truncated: usize,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalTold {
    /// Its number.
    pub id: u64,
    /// It is part of the incident that is worked on.
    pub of_incident: bool,
    /// Which condition.
    pub kind: Kind,
    /// Which form.
    pub subtype: Option<Subtype>,
    /// Where: `host`, or a handle.
    pub entity: String,
    /// How bad.
    pub severity: Severity,
    /// It stands.
    pub stands: bool,
    /// Seconds since it was raised.
    pub age_s: u64,
    /// It comes and goes.
    pub flapping: bool,
    /// The quantities that decided.
    pub evidence: Vec<QuantityTold>,
    /// Who consumes, most first.
    pub culprits: Vec<PartyTold>,
    /// Who suffers, most first.
    pub victims: Vec<PartyTold>,
}

/// A quantity of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QuantityTold {
    /// Which.
    pub metric: Metric,
    /// Its value.
    pub value: f64,
    /// The limit of the severity, where it has one.
    pub limit: Option<f64>,
    /// The 95th percentile of what is normal, where that is known.
    pub baseline_p95: Option<f64>,
    /// Its unit.
    pub unit: Unit,
}

/// Who has a share in a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartyTold {
    /// Who, as a handle.
    pub entity: String,
    /// The control group of a process, as a handle.
    pub group: Option<String>,
    /// What is counted.
    pub metric: Metric,
    /// Its share, 0 to 1.
    pub share: f64,
    /// It is to blame.
    pub convicted: bool,
    /// It takes much, but as much as ever.
    pub resident: bool,
    /// It serves others: it listens on a socket; nothing where that is not known.
    pub serves: Option<bool>,
}

/// Where the quantities of a condition are heading.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TrendsTold {
    /// Quantities of standing signals, before they were raised and at present.
    pub changes: Vec<ChangeTold>,
    /// Forecasts of resources whose end raises the condition.
    pub forecasts: Vec<ForecastTold>,
    /// Why nothing can be told, where that is so.
    pub cannot_tell: Option<String>,
    /// How many more there are.
    pub truncated: usize,
}

/// How a quantity changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeTold {
    /// Where.
    pub entity: String,
    /// Which.
    pub metric: Metric,
    /// Mean of the ten seconds before the signal.
    pub before: Option<f64>,
    /// At present.
    pub present: f64,
    /// Its unit.
    pub unit: Unit,
}

/// A forecast that stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastTold {
    /// Where.
    pub entity: String,
    /// Which resource.
    pub resource: crate::resource::Resource,
    /// Used share.
    pub level: f64,
    /// Its growth a minute.
    pub slope_per_min: Option<f64>,
    /// Lower end of the 90 % interval of the time to the end, in seconds.
    pub eta_low_s: Option<f64>,
    /// Median.
    pub eta_s: Option<f64>,
    /// Upper end.
    pub eta_high_s: Option<f64>,
}

/// What becomes of a condition.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SimulatedTold {
    /// What was supposed; nothing for waiting.
    pub action: Option<ActionKind>,
    /// Probability that the end comes within the time asked for, if a resource runs out.
    pub p_end: Option<f64>,
    /// 5th percentile of the time to the end, in seconds.
    pub eta_low_s: Option<f64>,
    /// Median.
    pub eta_s: Option<f64>,
    /// What the action is expected to do, against waiting.
    pub expected: Option<Predicted>,
    /// What has to hold for this.
    pub assumption: Option<String>,
    /// Why it cannot be told, where that is so.
    pub cannot_tell: Option<String>,
}

/// What could be done about a diagnosis, the mildest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidatesTold {
    /// The diagnosis.
    pub failure_mode: FailureMode,
    /// What could be done.
    pub candidates: Vec<CandidateTold>,
    /// How many more there are.
    pub truncated: usize,
}

/// One thing that could be done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateTold {
    /// What, with handles for its targets.
    pub action: Action,
    /// What it risks.
    pub risk: Risk,
    /// What it reaches.
    pub blast: Blast,
    /// What the guard would say.
    pub verdict: Verdict,
    /// The rule that decides.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// What it is expected to do.
    pub expected: Option<Predicted>,
    /// The middle of that as a part of what is above the usual.
    pub gain: f64,
    /// Share of such actions that resolved their incident so far, by what is known.
    pub success_rate: f64,
    /// Outcomes that this rests on.
    pub outcomes: f64,
}

/// What the guard said of what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedTold {
    /// Number of the decision.
    pub decision: u64,
    /// Whether it may be done.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: String,
    /// Why.
    pub reason: String,
}
