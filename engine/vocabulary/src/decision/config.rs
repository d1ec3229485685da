//! What an operator configures of the agent. It is part of the configuration in `Start`, so that a
//! replay decides as the run did.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use super::{Mode, Reasoner};
use crate::action::ActionKind;
use crate::kind::Severity;
use crate::time::{SECOND_NS, WallTime};

/// How the agent works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// How far it may go.
    pub mode: Mode,
    /// Who advises it.
    pub reasoner: Reasoner,
    /// The model that is asked, where one advises it; whoever asks it knows where it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Seconds after which a reply of a model comes too late: the rules take over.
    #[serde(skip_serializing_if = "AgentConfig::is_usual_reply")]
    pub reply_s: u64,
    /// The least severity of an incident that it looks at.
    pub severity_min: Severity,
    /// Seconds for which a proposal waits for an operator: up to an hour.
    pub approval_s: u64,
    /// What it may spend on an incident, and on the host.
    pub budgets: Budgets,
    /// Disruptive actions that are allowed beforehand.
    pub grants: Vec<Grant>,
    /// Units whose processes may be acted on although they are root's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub root_units: Vec<String>,
    /// What the site forbids on top.
    pub policy: SitePolicy,
    /// The windows in which an action is looked at.
    #[serde(skip_serializing_if = "Windows::is_usual")]
    pub windows: Windows,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            reasoner: Reasoner::Off,
            model: String::new(),
            reply_s: AgentConfig::REPLY_S,
            severity_min: Severity::Medium,
            approval_s: 120,
            budgets: Budgets::default(),
            grants: Vec::new(),
            root_units: Vec::new(),
            policy: SitePolicy::default(),
            windows: Windows::default(),
        }
    }
}

impl AgentConfig {
    /// The longest that a proposal may wait.
    pub const APPROVAL_S_MAX: u64 = 3_600;
    /// How long a reply of a model is waited for where nothing is said.
    pub const REPLY_S: u64 = 60;
    /// The longest that one may be waited for: the largest models think for minutes
    /// (`gemini-api.md`, section 8).
    pub const REPLY_S_MAX: u64 = 900;

    /// What may be spent: no more than the site allows.
    pub fn effective_budgets(&self) -> Budgets {
        self.policy.budgets.map_or(self.budgets, |site| self.budgets.tightened(site))
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_usual_reply(reply_s: &u64) -> bool {
        *reply_s == Self::REPLY_S
    }

    /// Whether it is that of an engine without an agent.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How long an action is looked at, and what came of triggers without one: both have the same
/// windows, those of `statistics.md`, section 6, or all of them shortened alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Windows {
    /// What each is divided by.
    divided_by: u64,
}

impl Default for Windows {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Windows {
    /// As they are where nothing is said.
    pub const USUAL: Self = Self { divided_by: 1 };
    /// Shortened to a fifth there is still a reading a second.
    pub const DIVIDED_BY_MAX: u64 = 5;

    /// All of them, divided by 1 to [`Self::DIVIDED_BY_MAX`].
    pub fn divided_by(by: u64) -> Option<Self> {
        (1..=Self::DIVIDED_BY_MAX).contains(&by).then_some(Self { divided_by: by })
    }

    /// What each is divided by.
    pub fn divisor(self) -> u64 {
        self.divided_by.clamp(1, Self::DIVIDED_BY_MAX)
    }

    /// Whether they are as usual.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// An action settles for so long before it is looked at.
    pub fn settle_ns(self) -> u64 {
        10 * SECOND_NS / self.divisor()
    }

    /// The window after that.
    pub fn window_ns(self) -> u64 {
        60 * SECOND_NS / self.divisor()
    }

    /// The window after something was put back: the next action waits for it (our judgement).
    pub fn back_ns(self) -> u64 {
        15 * SECOND_NS / self.divisor()
    }

    /// Time between two readings.
    pub fn step_ns(self) -> u64 {
        5 * SECOND_NS / self.divisor()
    }
}

/// What may be spent. The defaults are those of `actions-and-threats.md`, section 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
    /// Turns of a reasoner on an incident.
    pub turns: u32,
    /// Calls of tools on an incident.
    pub tool_calls: u32,
    /// Requests to a model on an incident, and the calls of tools that it makes.
    #[serde(skip_serializing_if = "ModelBudget::is_usual")]
    pub model: ModelBudget,
    /// Tokens on an incident.
    pub tokens: u64,
    /// Money on an incident, in millionths of a dollar.
    pub micro_dollars: u64,
    /// Seconds on an incident before it is verified.
    pub seconds: u64,
    /// Actions that change something on an incident.
    pub actions: u32,
    /// Of those the disruptive ones.
    pub disruptive: u32,
    /// Reversible actions an hour on the host.
    pub reversible_per_hour: u32,
    /// Disruptive actions a day on the host.
    pub disruptive_per_day: u32,
    /// Actions an hour on one target.
    pub per_target_per_hour: u32,
    /// Actions that only look, a minute.
    pub info_per_minute: u32,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            turns: 60,
            tool_calls: 60,
            model: ModelBudget::default(),
            tokens: 200_000,
            micro_dollars: 500_000,
            seconds: 600,
            actions: 3,
            disruptive: 1,
            reversible_per_hour: 6,
            disruptive_per_day: 2,
            per_target_per_hour: 2,
            info_per_minute: 60,
        }
    }
}

impl Budgets {
    /// The lower of two in each.
    #[must_use]
    pub fn tightened(self, other: Self) -> Self {
        Self {
            turns: self.turns.min(other.turns),
            tool_calls: self.tool_calls.min(other.tool_calls),
            model: self.model.tightened(other.model),
            tokens: self.tokens.min(other.tokens),
            micro_dollars: self.micro_dollars.min(other.micro_dollars),
            seconds: self.seconds.min(other.seconds),
            actions: self.actions.min(other.actions),
            disruptive: self.disruptive.min(other.disruptive),
            reversible_per_hour: self.reversible_per_hour.min(other.reversible_per_hour),
            disruptive_per_day: self.disruptive_per_day.min(other.disruptive_per_day),
            per_target_per_hour: self.per_target_per_hour.min(other.per_target_per_hour),
            info_per_minute: self.info_per_minute.min(other.info_per_minute),
        }
    }
}

/// What a model may spend on an incident beside tokens and money (`gemini-api.md`, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelBudget {
    /// Requests.
    pub requests: u32,
    /// Calls of tools.
    pub tool_calls: u32,
}

impl Default for ModelBudget {
    fn default() -> Self {
        Self { requests: 8, tool_calls: 12 }
    }
}

impl ModelBudget {
    /// Of models that run at home and err more often: fewer turns end sooner with the rules (our
    /// judgement).
    pub const LOCAL: Self = Self { requests: 6, tool_calls: 8 };

    /// Whether it is as usual.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The lower of two in each.
    #[must_use]
    pub fn tightened(self, other: Self) -> Self {
        Self {
            requests: self.requests.min(other.requests),
            tool_calls: self.tool_calls.min(other.tool_calls),
        }
    }
}

/// A disruptive action that an operator allows beforehand. It stands in for an approval, and widens
/// nothing that the policy denies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Which action.
    pub action: ActionKind,
    /// On what.
    pub on: Scope,
    /// Until when; a grant without an end is none.
    pub expires_ns: WallTime,
}

/// What a grant is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Processes of a systemd unit.
    Unit(String),
    /// A control group and what is below it.
    Cgroup(String),
}

impl Scope {
    /// Whether it can name anything: a unit with its type, or the path of a group below the root as
    /// the kernel writes it. Nothing in it is a pattern.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Unit(unit) => is_unit(unit),
            Self::Cgroup(path) => path.strip_prefix('/').is_some_and(|below| {
                below.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('*'))
            }),
        }
    }
}

/// Whether a text is the name of a unit of systemd that can hold processes: `NAME.TYPE`.
fn is_unit(text: &str) -> bool {
    const TYPES: [&str; 6] = ["service", "scope", "slice", "socket", "mount", "swap"];
    let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '*']);
    text.rsplit_once('.').is_some_and(|(name, of)| is_name(name) && TYPES.contains(&of))
}

/// What a site forbids beyond the product's policy. It can only tighten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SitePolicy {
    /// Its name, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Actions that may not be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<ActionKind>,
    /// Actions that always need an approval.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approve: Vec<ActionKind>,
    /// Units and control groups that are left alone, with what is below them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protect: Vec<Scope>,
    /// Texts that may not be carried out: patterns of all of a canonical text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forbid: Vec<String>,
    /// Lower budgets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budgets: Option<Budgets>,
}
