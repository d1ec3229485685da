//! What a daemon tells of its agent: what waits for a person, and what came of the rest.

use ks_actor::approval::Token;
use ks_actor::perform::Order;
use ks_vocabulary::decision::{Decided, Mode, Upshot, Verdict};
use serde::{Deserialize, Serialize};

/// What an agent does that may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActingStatus {
    /// How far it may go.
    pub(crate) mode: Mode,
    /// Nothing is done until somebody takes that back.
    pub(crate) stopped: bool,
    /// Why the actor can be asked no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lost: Option<String>,
    /// What waits for a person.
    pub(crate) proposals: Vec<Proposed>,
    /// The last decisions, the newest last.
    pub(crate) decisions: Vec<Course>,
    /// What a person asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) own: Option<Proposed>,
}

/// Something that was judged, as a person is shown it: what waits for him, or what he asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposed {
    /// Number of the decision.
    pub(crate) decision: u64,
    /// Number of the request that an approval answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<u64>,
    /// The incident.
    pub(crate) incident: u64,
    /// What is supposed to be wrong.
    pub(crate) hypothesis: String,
    /// To what it is done.
    pub(crate) target: String,
    /// The name of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comm: Option<String>,
    /// What the guard says.
    pub(crate) verdict: Verdict,
    /// By which rule.
    pub(crate) rule: String,
    /// Why.
    pub(crate) reason: String,
    /// What will be done, to the word; nothing where it cannot be planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<Order>,
    /// What puts it back.
    pub(crate) undo: Vec<String>,
    /// What it is expected to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    /// Numbers of the signals that it rests on.
    pub(crate) evidence: Vec<u64>,
    /// When an approval comes too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
    /// The seal of all this; nothing while the actor has not given it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Token>,
}

/// How a decision went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    /// Its number.
    pub(crate) decision: u64,
    /// The incident.
    pub(crate) incident: u64,
    /// When that was.
    pub(crate) at: String,
    /// What.
    pub(crate) action: String,
    /// To what.
    pub(crate) target: String,
    /// What the guard said.
    pub(crate) verdict: Verdict,
    /// How far it has come.
    pub(crate) change: Decided,
    /// Nothing more comes of it but whether it keeps working.
    pub(crate) is_settled: bool,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Upshot>,
    /// Why, for people.
    pub(crate) told: String,
}
