//! One scenario with one who decides, graded.

use serde::Serialize;

use super::Player;

/// How what was wrong ended, by raw counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Serialize)]
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
}
