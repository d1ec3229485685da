//! What the agent says of its work: each step, and each decision as it goes on.

use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

use super::{
    Actual, Ending, FailureMode, ModelUse, Phase, Plan, Predicted, Reasoner, ToolCall, Upshot,
    Verdict,
};
use crate::action::Action;
use crate::kind::Entity;
use crate::words::words;

words! {
    /// How far a decision has come.
    Decided {
        /// The guard has spoken.
        Judged "judged",
        /// It was asked for.
        Asked "asked",
        /// Whoever performs it has answered.
        Done "done",
        /// What came of it is known.
        Verified "verified",
        /// It was put back, or could not be.
        Undone "undone",
        /// What helped was watched further: whether it kept working is known.
        Watched "watched",
    }
}

/// What is held to be wrong, and who is at fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiagnosisSaid {
    /// What is wrong.
    pub failure_mode: FailureMode,
    /// Who is at fault, where anybody is.
    pub culprit: Option<Entity>,
}

/// One step on the way to a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepSaid {
    /// The incident.
    pub incident: u64,
    /// In which phase.
    pub phase: Phase,
    /// Number of the turn on this incident, from 1.
    pub turn: u32,
    /// What was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<ToolCall>,
    /// What the tool answered, as JSON; or what the agent has to say, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why a call was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the model's reply took, where one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelUse>,
    /// What is supposed, where an answer to it is asked for or the work ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisSaid>,
    /// How the work on the incident ended, for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// A decision, as far as it has come. `id` stays the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionSaid {
    /// Number of the decision, from 1.
    pub id: u64,
    /// How far it has come.
    pub change: Decided,
    /// The incident.
    pub incident: u64,
    /// In which phase it is.
    pub phase: Phase,
    /// Who advised.
    pub reasoner: Reasoner,
    /// The diagnosis.
    pub failure_mode: FailureMode,
    /// What is supposed, for people.
    pub hypothesis: String,
    /// Numbers of the signals that it rests on.
    pub evidence: Vec<u64>,
    /// What is to be done; its targets are the entities that stand behind the handles.
    pub action: Option<Action>,
    /// To what.
    pub target: Option<Entity>,
    /// Name of the process.
    pub comm: Option<String>,
    /// What it is expected to do.
    pub predicted: Option<Predicted>,
    /// Where that is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<Entity>,
    /// How sure whoever advised is, as it was said.
    pub confidence_raw: Option<f64>,
    /// The same by what came of such actions before.
    pub confidence: Option<f64>,
    /// What the guard says.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: &'static str,
    /// Why, for people.
    pub reason: String,
    /// Until when an approval can come, by the number of its request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    /// What is done, and what puts it back.
    pub plan: Option<Plan>,
    /// What came of it.
    pub outcome: Option<Upshot>,
    /// What was measured.
    pub actual: Option<Actual>,
    /// What was learned, for people.
    pub lesson: Option<String>,
}
