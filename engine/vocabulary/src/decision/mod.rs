//! What is said about deciding: phases, tools, plans, verdicts and what came of them.
//!
//! The agent decides, a reasoner advises it, whoever performs an action is asked for effects, and
//! people read all of it: they share these words.

mod answer;
mod config;
mod effect;
mod failure_mode;
mod look;
mod predicted;
mod request;
mod said;
mod strict;
mod tool;

pub use answer::{
    CandidateTold, CandidatesTold, ChangeTold, ForecastTold, JudgedTold, PartyTold, QuantityTold,
    SignalTold, SignalsTold, SimulatedTold, ToolAnswer, TrendsTold,
};
pub use config::{AgentConfig, Budgets, Grant, ModelBudget, Scope, SitePolicy, Windows};
pub use effect::{Effect, GroupFile, Plan, Signal, Sysctl, UndoStep};
pub use failure_mode::FailureMode;
pub use look::{
    Blocked, DiskUse, GroupUse, IoClass, Listed, LookTold, MemoryUse, NicUse, Numbers, Policy,
    ProcessSettings, ProcessState, ProcessUse, Row, Sockets, Space, Stalls, SwapUse, TcpUse, Told,
    Wait,
};
pub use predicted::{Actual, Beside, Direction, Predicted, Worsening};
pub use request::{
    CauseTold, Exchange, Finish, IncidentTold, ModelRequest, ModelUse, Reply, TriedTold,
};
pub use said::{Decided, DecisionSaid, DiagnosisSaid, StepSaid};
pub use strict::{JSON_BYTES_MAX, StrictError, strict, strict_within};
pub use tool::{BadCall, Execution, ToolCall, ToolName, Urgency};

use crate::words::words;

words! {
    /// How far the agent may go.
    Mode {
        /// It explains, and proposes nothing.
        Observe "observe",
        /// It proposes; each action needs an approval.
        Propose "propose",
        /// It acts within the policy.
        Auto "auto",
    }
}

words! {
    /// Who advises the agent.
    Reasoner {
        /// Nobody: nothing is decided.
        Off "off",
        /// A person, by commands of his own: nothing is decided by itself.
        Person "person",
        /// The rules of this engine.
        Rules "rules",
        /// A model that speaks the wire of Gemini.
        Gemini "gemini",
        /// A model that speaks the wire of OpenAI's chat completions: most local ones do.
        Openai "openai",
    }
}

impl Reasoner {
    /// Whether it is a model: it answers by messages, late or never.
    pub fn is_model(self) -> bool {
        matches!(self, Self::Gemini | Self::Openai)
    }
}

words! {
    /// Where the agent is with an incident.
    Phase {
        /// What stands.
        Observe "observe",
        /// What it comes from.
        Explain "explain",
        /// What becomes of it, with and without an action.
        Simulate "simulate",
        /// What to do.
        Decide "decide",
        /// It is done.
        Execute "execute",
        /// Whether it helped.
        Verify "verify",
        /// What was learned.
        Reflect "reflect",
    }
}

words! {
    /// What the guard says of a proposal.
    Verdict {
        /// It may be done.
        Allowed "allowed",
        /// It may be done if an operator says so.
        NeedsApproval "needs_approval",
        /// It may not be done.
        Denied "denied",
    }
}

words! {
    /// What came of a decision.
    Upshot {
        /// The condition went, and by more than it does by itself.
        Resolved "resolved",
        /// It is better by more than it gets by itself, and stands.
        Improved "improved",
        /// It made no difference that matters.
        NoEffect "no_effect",
        /// It is worse.
        Worse "worse",
        /// It cannot be told.
        Inconclusive "inconclusive",
        /// It was not done.
        NotApplied "not_applied",
        /// Someone else changed the value since, and it was left alone.
        Superseded "superseded",
        /// It was put back.
        RolledBack "rolled_back",
        /// Nobody knows whether it was done.
        Indeterminate "indeterminate",
        /// It was left out on purpose, to learn what happens without it.
        Withheld "withheld",
        /// Nothing is done to a recording.
        DryRun "dry_run",
    }
}

impl Upshot {
    /// Whether what was done stays as it is. What nobody could judge does: it was looked at to the
    /// end.
    pub fn stays(self) -> bool {
        match self {
            Self::Resolved | Self::Improved | Self::NoEffect | Self::Worse | Self::Inconclusive => {
                true
            }
            Self::NotApplied
            | Self::Superseded
            | Self::RolledBack
            | Self::Indeterminate
            | Self::Withheld
            | Self::DryRun => false,
        }
    }
}

words! {
    /// How the work on an incident ended.
    Ending {
        /// Something was done.
        Acted "acted",
        /// Something is proposed.
        Proposed "proposed",
        /// Nothing has to be done: a success, with its reason.
        NothingToDo "nothing_to_do",
        /// It cannot be told what to do.
        CannotTell "cannot_tell",
        /// What may be spent on an incident is spent.
        BudgetUsedUp "budget_used_up",
    }
}
