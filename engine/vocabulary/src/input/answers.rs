//! Answers to what the engine asked for, and words of an operator.
//!
//! A request has a number, and of its answers one is accepted: others are defects.

use alloc::boxed::Box;
use alloc::string::String;
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::decision::ModelUse;
use crate::kind::Kind;
use crate::lasting::Exact;
use crate::time::WallTime;

/// Number of a request, from 1. It goes on over restarts, through [`super::Carry`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// What is asked for, and thereby who can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// A reasoner's judgement.
    Model,
    /// A change of the host.
    Effect,
    /// An operator's word.
    Approval,
}

impl Asks {
    /// The word used in recordings and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Effect => "effect",
            Self::Approval => "approval",
        }
    }
}

/// What others said to the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A reasoner answered.
    ModelReply(ModelReply),
    /// An action came to something.
    ActionOutcome(ActionOutcome),
    /// An operator spoke.
    OperatorDecision(OperatorDecision),
}

impl Answer {
    /// The word in the column `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ModelReply(_) => "model_reply",
            Self::ActionOutcome(_) => "action_outcome",
            Self::OperatorDecision(_) => "operator_decision",
        }
    }

    /// The request that it answers, where it answers one, and as what.
    pub fn answers(&self) -> Option<(RequestId, Asks)> {
        match self {
            Self::ModelReply(reply) => Some((reply.request, Asks::Model)),
            Self::ActionOutcome(outcome) => Some((outcome.request, Asks::Effect)),
            Self::OperatorDecision(operator) => match &operator.decision {
                Decision::Approve { request } | Decision::Deny { request } => {
                    Some((*request, Asks::Approval))
                }
                Decision::Accept(_) | Decision::Act(_) | Decision::Undo { .. } => None,
            },
        }
    }
}

/// What a reasoner answered, or why it did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReply {
    /// What it answers.
    pub request: RequestId,
    /// The reply as it came; `None` where none did.
    pub text: Option<String>,
    /// Why none did.
    pub problem: Option<String>,
    /// What it took, where a model was asked.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub used: Option<ModelUse>,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionOutcome {
    /// What it answers.
    pub request: RequestId,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where it was not applied.
    pub reason: Option<String>,
}

/// What can become of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done, and what was read back is what was meant.
    Applied,
    /// It was not done, or undone at once.
    NotApplied,
    /// Nobody knows whether it was done.
    Indeterminate,
    /// It was never handed to whoever performs it.
    Withheld,
    /// Someone else changed the value since, and it was left alone.
    Superseded,
}

/// What an operator said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorDecision {
    /// User who said it, as the kernel vouches for; `None` where that is not known.
    pub uid: Option<u32>,
    /// What was said.
    #[serde(flatten)]
    pub decision: Decision,
}

/// What an operator can say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// What a request proposes may be done.
    Approve {
        /// What it answers.
        request: RequestId,
    },
    /// What a request proposes may not be done.
    Deny {
        /// What it answers.
        request: RequestId,
    },
    /// A condition is this host's normal.
    Accept(Acceptance),
    /// Something is to be done that nobody proposed.
    Act(Box<OwnAction>),
    /// What was done is to be put back.
    Undo {
        /// Number of the decision that it was part of.
        of: u64,
    },
}

/// What a person wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAction {
    /// What.
    pub action: Action,
    /// To what: the action names the same.
    pub target: Exact,
    /// The condition by which it is told whether it helps: one that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Condition>,
    /// It is only told what would be done.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub rehearse: bool,
}

/// A condition of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Which.
    pub kind: Kind,
    /// Where, as entities are written.
    pub entity: String,
}

/// A condition that is normal where it stands: of it only physical harm is raised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Acceptance {
    /// Which condition.
    pub kind: Kind,
    /// Where, as entities are written.
    pub entity: String,
    /// Until when; `None` for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ns: Option<WallTime>,
}

impl Acceptance {
    /// Whether it holds at `at`.
    pub fn holds(&self, at: WallTime) -> bool {
        self.until_ns.is_none_or(|until| at < until)
    }
}
