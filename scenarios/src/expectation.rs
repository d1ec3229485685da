//! What a run must find, and what it must not: `[[expect]]` and `[[forbid]]`.

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{Upshot, Verdict};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::subtype::Subtype;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Duration;

/// How long after the crossing a verdict may come, where a file does not say.
const WITHIN: Duration = Duration { ns: 30_000_000_000 };

/// A severity, or the least and the most that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Severities {
    /// Just this one.
    One(Severity),
    /// From the first to the second.
    Range([Severity; 2]),
}

impl Severities {
    /// Whether a severity is allowed.
    pub fn holds(self, severity: Severity) -> bool {
        let (low, high) = self.bounds();
        low <= severity && severity <= high
    }

    /// The least and the most.
    pub fn bounds(self) -> (Severity, Severity) {
        match self {
            Self::One(one) => (one, one),
            Self::Range([low, high]) => (low, high),
        }
    }
}

impl Default for Severities {
    fn default() -> Self {
        Self::Range([Severity::Medium, Severity::Critical])
    }
}

/// An episode that a run must find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Which condition.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Where; `*` at the end stands for anything.
    #[serde(default = "host")]
    pub entity: String,
    /// Entities above it that count too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<String>,
    /// Which form of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::subtype")]
    pub subtype: Option<Subtype>,
    /// The peak lies in it.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::severities")]
    pub severity: Severities,
    /// Name of the fault that it is of; the only one where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When the limit is first crossed, from the beginning of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross: Option<Duration>,
    /// Time from the crossing, or from the onset of what has none, until which it must be raised.
    #[serde(default = "within")]
    pub within: Duration,
    /// When the fault begins, where no fault is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<Duration>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Duration>,
    /// Who must be ranked first: a name, or an entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culprit: Option<String>,
    /// Nobody can tell who it was, so anybody may be ranked first.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ambiguous: bool,
    /// It may be found or not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// What an agent that may act decides to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::action_word")]
    pub action: Option<ActionKind>,
    /// To what: an entity, or the name of a process; `*` at the end stands for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What the guard says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::verdict")]
    pub verdict: Option<Verdict>,
    /// What comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::outcome")]
    pub outcome: Option<Upshot>,
}

impl Expect {
    /// Whether it says what is decided.
    pub fn is_of_a_decision(&self) -> bool {
        self.action.is_some()
            || self.target.is_some()
            || self.verdict.is_some()
            || self.outcome.is_some()
    }

    /// Whether it is of the same condition as another, whatever is decided about it.
    pub fn is_same_condition(&self, other: &Self) -> bool {
        let (action, verdict, outcome) = (other.action, other.verdict, other.outcome);
        *other == Self { action, target: other.target.clone(), verdict, outcome, ..self.clone() }
    }
}

/// What a run must not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forbid {
    /// Which condition; `*` is all of them.
    #[serde(default = "any")]
    pub kind: String,
    /// Where; `*` at the end stands for anything.
    #[serde(default = "any")]
    pub entity: String,
    /// Which form of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::subtype")]
    pub subtype: Option<Subtype>,
    /// That severity or above.
    #[serde(default = "medium")]
    #[schemars(schema_with = "crate::schema::severity")]
    pub severity: Severity,
    /// From when on, from the beginning of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Duration>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Duration>,
    /// What is forbidden.
    #[serde(default)]
    pub what: What,
    /// An action that an agent which may act must not decide on in that time, whatever stands; `*`
    /// is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// What can be forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An episode.
    #[default]
    Episode,
    /// An incident.
    Incident,
    /// A forecast that a limit is near.
    Forecast,
}

fn host() -> String {
    "host".to_owned()
}

fn any() -> String {
    "*".to_owned()
}

fn within() -> Duration {
    WITHIN
}

fn medium() -> Severity {
    Severity::Medium
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Whether `name` is what `pattern` stands for: the same, or the same up to a `*` at its end.
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_stands_for_anything() {
        assert!(matches("*", "host") && matches("process:*", "process:1:2"));
        assert!(!matches("process:*", "host") && !matches("host", "hosts"));
    }

    #[test]
    fn severities_are_one_or_a_range() {
        let range: Expect =
            toml::from_str("kind = \"scheduler\"\nseverity = [\"low\", \"high\"]").unwrap();
        assert!(
            range.severity.holds(Severity::Medium) && !range.severity.holds(Severity::Critical)
        );
        let one: Expect = toml::from_str("kind = \"scheduler\"\nseverity = \"high\"").unwrap();
        assert!(one.severity.holds(Severity::High) && !one.severity.holds(Severity::Medium));
        assert_eq!(one.entity, "host");
    }
}
