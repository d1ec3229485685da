//! One scenario with one who decides, graded.

use serde::{Deserialize, Serialize};

use super::Player;
use crate::report::{Report, Step};

/// How what was wrong ended, by raw counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Limits that an action could take back are below.
    Resolved,
    /// Nothing was done, and that was right.
    LeftAlone,
    /// Nothing was done, though something would have helped.
    Missed,
    /// Something was done, and the limits stand.
    Unresolved,
    /// Something was done where it was right to leave the host alone.
    Meddled,
}

impl Ended {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::LeftAlone => "left alone",
            Self::Missed => "missed",
            Self::Unresolved => "unresolved",
            Self::Meddled => "meddled",
        }
    }

    /// Resolved, or rightly left alone.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Resolved | Self::LeftAlone)
    }
}

/// See the module.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "answers to questions of their own")]
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// Who decided.
    pub player: Player,
    /// Who is at fault.
    pub causes: Vec<String>,
    /// Who was held to be.
    pub diagnosed: Vec<String>,
    /// Both are the same.
    pub causes_exact: bool,
    /// One of those who were held to be at fault is, every decision rests on signals that had been
    /// raised, and where nobody is at fault nobody was held to be.
    pub diagnosis_right: bool,
    /// Numbers of signals that decisions rest on were valid.
    pub evidence_valid: bool,
    /// What would be right; nothing where it is to leave the host alone.
    pub right: Vec<String>,
    /// What was decided, with what the guard said and what was said to have come of it.
    pub decided: Vec<String>,
    /// Why nothing, or nothing else, was decided, as it was said last of each incident.
    pub why: Vec<String>,
    /// The first of it that was not denied is right; or nothing was, where that is.
    pub action_right: bool,
    /// How it ended.
    pub ended: Ended,
    /// What harm was done that would not have been without it.
    pub harm: Vec<String>,
    /// Turns of whoever decides.
    pub steps: usize,
    /// Seconds from when somebody could decide to the first action; below 0 where it came sooner.
    pub after_s: Option<f64>,
    /// What a model did and took on the way, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRow>,
}

/// What a model did and took in a scenario: nothing of it is a grade.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModelRow {
    /// As it names itself.
    pub name: String,
    /// Requests, attempts that failed among them.
    pub requests: u32,
    /// Calls of tools that were answered.
    pub calls: usize,
    /// Calls, and what was no call, that were refused.
    pub refused: usize,
    /// Incidents of which the rules took over.
    pub taken_over: usize,
    /// Tokens of what it was sent.
    pub prompt_tokens: u64,
    /// Tokens of what it said.
    pub output_tokens: u64,
    /// What that cost, in millionths of a dollar; nothing where a price is not known.
    pub micro_dollars: Option<u64>,
}

impl ModelRow {
    /// That of a run; nothing where no model was asked.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let steps = &report.steps;
        let used: Vec<_> = steps.iter().filter_map(|step| step.model.as_ref()).collect();
        let last = used.last()?;
        let ends = |step: &&Step| {
            step.answer.as_str().is_some_and(|answer| answer.ends_with("the rules take over"))
        };
        // What comes after that is the rules' own.
        let is_models = |step: &&Step| {
            !steps
                .iter()
                .filter(ends)
                .any(|end| end.incident == step.incident && end.turn <= step.turn)
        };
        let own = || steps.iter().filter(is_models);
        Some(Self {
            name: last.model.clone(),
            requests: used.iter().map(|one| one.requests).sum(),
            calls: own().filter(|step| !step.call.is_null() && step.error.is_none()).count(),
            refused: own().filter(|step| step.error.is_some()).count(),
            taken_over: steps.iter().filter(ends).count(),
            prompt_tokens: used.iter().map(|one| one.prompt_tokens).sum(),
            output_tokens: used.iter().map(|one| one.output_tokens).sum(),
            micro_dollars: used.iter().map(|one| one.micro_dollars).sum(),
        })
    }
}
