//! The message pair of a reasoner: what it is asked, and what it answers.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use super::{Ending, Phase, ToolAnswer, ToolCall};
use crate::kind::{Kind, Severity};

/// What a reasoner is asked: what to do next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelRequest {
    /// Number of the work that it is part of, from 1: an incident may be worked on again.
    pub work: u64,
    /// The incident.
    pub incident: IncidentTold,
    /// Where the agent is with it. A tool of another phase is not there.
    pub phase: Phase,
    /// Turns that are left.
    pub turns_left: u32,
    /// What was called, and answered, so far.
    pub history: Vec<Exchange>,
    /// Why the last reply was not taken, where it was not: it is not part of the history.
    pub refused: Option<String>,
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
    /// Numbers of the signals that it rests on, where they are asked for: of a model.
    pub evidence: Vec<u64>,
}

impl Finish {
    /// One that rests on what its reason says.
    pub fn new(ending: Ending, reason: String) -> Self {
        Self { ending, reason, evidence: Vec::new() }
    }
}

/// What a reply of a model took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUse {
    /// The model, as it names itself.
    pub model: String,
    /// SHA-256 of the prompts that it was sent, in hexadecimal.
    pub prompts: String,
    /// Requests that were made, attempts that failed among them.
    pub requests: u32,
    /// Tokens of what it was sent.
    pub prompt_tokens: u64,
    /// Those of them that it had kept from before.
    pub cached_tokens: u64,
    /// Tokens of what it said, thoughts among them.
    pub output_tokens: u64,
    /// What that cost, in millionths of a dollar; nothing where the price is not known.
    pub micro_dollars: Option<u64>,
}
