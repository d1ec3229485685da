//! What a run begins with besides knowledge: its configuration, and what must survive a restart.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use super::answers::{Acceptance, Asks, RequestId};
use crate::action::ActionKind;
use crate::decision::{AgentConfig, Mode, Reasoner, Upshot};
use crate::lasting::Exact;
use crate::time::WallTime;

/// What an operator configured, in the form in which it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Conditions that are normal on this host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Acceptance>,
    /// How the agent works.
    #[serde(skip_serializing_if = "AgentConfig::is_default")]
    pub agent: AgentConfig,
}

impl Config {
    /// One in which an agent goes as far as `mode` on the advice of the rules, and all else is as
    /// usual.
    pub fn by_rules(mode: Mode) -> Self {
        let agent = AgentConfig { mode, reasoner: Reasoner::Rules, ..AgentConfig::default() };
        Self { agent, ..Self::default() }
    }
}

/// What the run before left to this one. Its times are on the wall clock, since that of a boot
/// begins anew with the next one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Carry {
    /// Number of the request made last.
    pub last_request: u64,
    /// Requests without an answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenRequest>,
    /// What was done to the host and may be felt still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub influences: Vec<CarriedInfluence>,
    /// What operators accepted as normal while runs lasted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Acceptance>,
    /// What the agent did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<CarriedAction>,
    /// What came of it, by form of action.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<CarriedOutcomes>,
    /// Number of the decision made last.
    #[serde(skip_serializing_if = "is_none_made")]
    pub last_decision: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_none_made(last: &u64) -> bool {
    *last == 0
}

impl Carry {
    /// Whether nothing is carried.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A change of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedInfluence {
    /// The request that asked for it.
    pub request: RequestId,
    /// What was changed.
    pub target: Exact,
    /// From when on it may have been.
    pub from_ns: WallTime,
    /// Until when it was at most.
    pub until_ns: WallTime,
}

/// A request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Its number.
    pub request: RequestId,
    /// What it asks for.
    pub asks: Asks,
    /// When its answer comes too late.
    pub until_ns: WallTime,
    /// Which change of the host it asks for, where it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<OpenChange>,
}

/// Which change of the host a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChange {
    /// Number of the decision.
    pub decision: u64,
    /// It is put back, and not done.
    pub undo: bool,
}

/// Something that the agent did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedAction {
    /// Number of the decision.
    pub decision: u64,
    /// The incident, by its number in that run.
    pub incident: u64,
    /// When it was asked for.
    pub at_ns: WallTime,
    /// What.
    pub action: ActionKind,
    /// To what, as entities are written.
    pub target: String,
    /// What came of it, where that is known.
    pub upshot: Option<Upshot>,
    /// It was put back.
    pub undone: bool,
}

/// What is known of a form of action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarriedOutcomes {
    /// Which.
    pub action: ActionKind,
    /// Those that resolved their incident.
    pub successes: f64,
    /// Those of which the outcome is known.
    pub trials: f64,
    /// The posterior of the effect: mean, outcomes that it is worth, shape, scale.
    pub effect: [f64; 4],
}
