//! The message pair of a reasoner: what it is asked, and what it answers.

use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

use super::{Ending, Phase, ToolAnswer, ToolCall};
use crate::kind::{Kind, Severity};

/// What a reasoner is asked: what to do next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelRequest {
    /// The incident.
    pub incident: IncidentTold,
    /// Where the agent is with it. A tool of another phase is not there.
    pub phase: Phase,
    /// Turns that are left.
    pub turns_left: u32,
    /// What was called, and answered, so far.
    pub history: Vec<Exchange>,
    /// Decisions on this incident that are over, with what came of them.
    pub tried: Vec<TriedTold>,
}

/// The incident that is worked on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentTold {
    /// Its number.
    pub id: u64,
    /// How bad it is.
    pub severity: Severity,
    /// Seconds since it began.
    pub age_s: u64,
    /// Likely first causes, likeliest first.
    pub causes: Vec<CauseTold>,
}

/// A likely first cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseTold {
    /// Who or what: `host`, or a handle.
    pub entity: String,
    /// What it brought about.
    pub kind: Kind,
    /// How likely, against the others.
    pub score: f64,
}

/// One call with its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// In which phase.
    pub phase: Phase,
    /// What was called.
    pub call: ToolCall,
    /// What was answered. An error says what is wrong with the call; an answer may be empty.
    pub answer: Result<ToolAnswer, String>,
}

/// A decision on this incident that is over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriedTold {
    /// The word of the action.
    pub action: String,
    /// To what, as a handle.
    pub target: String,
    /// What came of it.
    pub outcome: super::Upshot,
}

/// What a reasoner answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It calls a tool.
    Call(ToolCall),
    /// It has what it needs of this phase, and goes on to the next.
    Next,
    /// It is done.
    Finish(Finish),
}

/// How a reasoner ends its work, for now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finish {
    /// How.
    pub ending: Ending,
    /// Why, for people, with the numbers of the signals that say so.
    pub reason: String,
}
