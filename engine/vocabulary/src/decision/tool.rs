//! The five tools, and how a call of one is read: strictly, since whoever calls may be wrong,
//! broken, or obey what the name of a process says.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::predicted::Predicted;
use super::{FailureMode, Phase, strict};
use crate::action::{Action, ActionKind, Risk};
use crate::kind::{Kind, Severity};
use crate::words::words;

words! {
    /// A tool.
    ToolName {
        /// What stands, and what stood.
        QuerySignals "query_signals",
        /// Which way the quantities of a condition go.
        SummarizeTrends "summarize_trends",
        /// What becomes of it, with an action or without.
        SimulateScenario "simulate_scenario",
        /// What could be done about a diagnosis.
        ProposeAction "propose_action",
        /// Ask for it to be done.
        ExecuteRemediation "execute_remediation",
    }
}

words! {
    /// How soon something has to be done.
    Urgency {
        /// There is time.
        Low "low",
        /// Harm is done, or near.
        High "high",
    }
}

impl ToolName {
    /// The phase in which it may be called. Others do not have it at all.
    pub fn is_of(self, phase: Phase) -> bool {
        match self {
            Self::QuerySignals | Self::SummarizeTrends => {
                matches!(phase, Phase::Observe | Phase::Explain)
            }
            Self::SimulateScenario => phase == Phase::Simulate,
            Self::ProposeAction => phase == Phase::Decide,
            Self::ExecuteRemediation => phase == Phase::Execute,
        }
    }
}

/// A call of a tool, within its bounds. The targets are handles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "tool", content = "arguments", rename_all = "snake_case")]
pub enum ToolCall {
    /// See [`ToolName::QuerySignals`].
    QuerySignals {
        /// The least severity.
        severity_min: Severity,
        /// How far back, in minutes, 1 to 1440.
        lookback_minutes: u64,
        /// Which kinds; none is all.
        signal_types: Vec<Kind>,
        /// How many at most, 1 to 50.
        limit: u64,
    },
    /// See [`ToolName::SummarizeTrends`].
    SummarizeTrends {
        /// Of which kind.
        signal_type: Kind,
        /// Over how long, in minutes, 5 to 1440.
        analysis_window: u64,
        /// Of one entity, by its handle.
        entity: Option<String>,
    },
    /// See [`ToolName::SimulateScenario`].
    SimulateScenario {
        /// Of which kind.
        signal_type: Kind,
        /// How far ahead, in minutes, 1 to 240.
        duration_minutes: u64,
        /// What is supposed to be done; `None` for nothing.
        action_type: Option<ActionKind>,
        /// To what, by its handle.
        target: Option<String>,
    },
    /// See [`ToolName::ProposeAction`].
    ProposeAction {
        /// The diagnosis.
        failure_mode: FailureMode,
        /// How soon.
        urgency: Urgency,
        /// Who is at fault, by its handle.
        target: Option<String>,
    },
    /// See [`ToolName::ExecuteRemediation`].
    ExecuteRemediation(Execution),
}

/// What is asked to be done, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Execution {
    /// What, with handles for its targets.
    pub action: Action,
    /// Why, in words for people, 20 to 1000 characters. It is shown and never read by us.
    pub justification: String,
    /// How sure whoever asks is, 0 to 1, as it was said.
    pub confidence: f64,
    /// Numbers of the signals that it rests on, 1 to 20.
    pub evidence: Vec<u64>,
    /// What it is expected to do.
    pub predicted_effect: Option<Predicted>,
}

impl Execution {
    fn arguments(&self) -> Value {
        let written = serde_json::to_value(&self.action).unwrap_or_default();
        let fields = written.as_object().and_then(|form| form.values().next()).cloned();
        let mut arguments = json!({
            "action_type": self.action.name(),
            "params": fields.unwrap_or_else(|| json!({})),
            "justification": self.justification,
            "confidence": self.confidence,
            "evidence": self.evidence,
        });
        if let Some(predicted) = &self.predicted_effect {
            let mut effect = serde_json::to_value(predicted).unwrap_or_default();
            if let Some(fields) = effect.as_object_mut()
                && let Some(within_s) = fields.remove("within_s")
            {
                fields.insert("within_seconds".into(), within_s);
            }
            arguments["predicted_effect"] = effect;
        }
        arguments
    }
}

/// Why a call is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCall(String);

impl BadCall {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for BadCall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl core::error::Error for BadCall {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuerySignals {
    severity_min: Severity,
    lookback_minutes: u64,
    #[serde(default)]
    signal_types: Vec<Kind>,
    limit: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SummarizeTrends {
    signal_type: Kind,
    analysis_window: u64,
    entity: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SimulateScenario {
    signal_type: Kind,
    duration_minutes: u64,
    action_type: Option<String>,
    target: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposeAction {
    failure_mode: FailureMode,
    urgency: Urgency,
    target: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExecuteRemediation {
    action_type: ActionKind,
    params: Value,
    justification: String,
    confidence: f64,
    evidence: Vec<u64>,
    predicted_effect: Option<Value>,
}

impl ToolCall {
    /// Reads a call: the tool's name, and its arguments as JSON.
    pub fn parse(name: &str, arguments: &str) -> Result<Self, BadCall> {
        let tool = ToolName::ALL.iter().find(|tool| tool.word() == name);
        let tool = tool
            .ok_or_else(|| BadCall::new(format!("there is no tool `{}`", name.escape_debug())))?;
        let value = strict(arguments).map_err(|error| BadCall::new(error.to_string()))?;
        match tool {
            ToolName::QuerySignals => query_signals(value),
            ToolName::SummarizeTrends => summarize_trends(value),
            ToolName::SimulateScenario => simulate_scenario(value),
            ToolName::ProposeAction => propose_action(value),
            ToolName::ExecuteRemediation => execute_remediation(value),
        }
    }

    /// Whether it may be made in a phase. What only looks may be asked for until something is
    /// done; when that is at hand it is judged as any other action is.
    pub fn is_of(&self, phase: Phase) -> bool {
        let looks_in = [Phase::Observe, Phase::Explain, Phase::Simulate, Phase::Decide];
        self.look().is_some() && looks_in.contains(&phase) || self.tool().is_of(phase)
    }

    /// What is asked for, where it only looks.
    pub fn look(&self) -> Option<&Execution> {
        let Self::ExecuteRemediation(asked) = self else { return None };
        (asked.action.kind().form().risk == Risk::Info).then_some(asked)
    }

    /// Its arguments as they are written, by which it is read again.
    pub fn arguments(&self) -> Value {
        match self {
            Self::ExecuteRemediation(asked) => asked.arguments(),
            Self::QuerySignals { .. }
            | Self::SummarizeTrends { .. }
            | Self::SimulateScenario { .. }
            | Self::ProposeAction { .. } => {
                let written = serde_json::to_value(self).unwrap_or_default();
                let mut arguments = written.get("arguments").cloned().unwrap_or_default();
                if let Some(fields) = arguments.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
                arguments
            }
        }
    }

    /// Which tool it calls.
    pub fn tool(&self) -> ToolName {
        match self {
            Self::QuerySignals { .. } => ToolName::QuerySignals,
            Self::SummarizeTrends { .. } => ToolName::SummarizeTrends,
            Self::SimulateScenario { .. } => ToolName::SimulateScenario,
            Self::ProposeAction { .. } => ToolName::ProposeAction,
            Self::ExecuteRemediation(_) => ToolName::ExecuteRemediation,
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, BadCall> {
    serde_json::from_value(value).map_err(|error| BadCall::new(error.to_string()))
}

fn within(name: &str, value: u64, low: u64, high: u64) -> Result<u64, BadCall> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(BadCall::new(format!("`{name}` of {value}: {low} to {high} are taken")))
}

/// A handle, such as `proc#7`.
fn handle(name: &str, text: Option<String>) -> Result<Option<String>, BadCall> {
    let Some(text) = text else { return Ok(None) };
    let (kind, number) = text.split_once('#').unwrap_or_default();
    let is_number = (1..=9).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0');
    let is_kind =
        !kind.is_empty() && kind.len() <= 8 && kind.bytes().all(|b| b.is_ascii_lowercase());
    if is_kind && is_number {
        return Ok(Some(text));
    }
    Err(BadCall::new(format!("`{name}` is no handle such as `proc#7`")))
}

fn query_signals(value: Value) -> Result<ToolCall, BadCall> {
    let read: QuerySignals = read(value)?;
    let unique: BTreeSet<Kind> = read.signal_types.iter().copied().collect();
    if unique.len() != read.signal_types.len() {
        return Err(BadCall::new("`signal_types` names a kind twice"));
    }
    Ok(ToolCall::QuerySignals {
        severity_min: read.severity_min,
        lookback_minutes: within("lookback_minutes", read.lookback_minutes, 1, 1440)?,
        signal_types: read.signal_types,
        limit: within("limit", read.limit.unwrap_or(20), 1, 50)?,
    })
}

fn summarize_trends(value: Value) -> Result<ToolCall, BadCall> {
    let read: SummarizeTrends = read(value)?;
    Ok(ToolCall::SummarizeTrends {
        signal_type: read.signal_type,
        analysis_window: within("analysis_window", read.analysis_window, 5, 1440)?,
        entity: handle("entity", read.entity)?,
    })
}

fn simulate_scenario(value: Value) -> Result<ToolCall, BadCall> {
    let read: SimulateScenario = read(value)?;
    let action_type = match read.action_type.as_deref() {
        None | Some("none") => None,
        Some(word) => {
            let found = ActionKind::ALL.into_iter().find(|kind| kind.name() == word);
            let unknown = || BadCall::new(format!("no action `{}`", word.escape_debug()));
            Some(found.ok_or_else(unknown)?)
        }
    };
    let target = handle("target", read.target)?;
    if target.is_some() && action_type.is_none() {
        return Err(BadCall::new("`target` goes with an `action_type`"));
    }
    Ok(ToolCall::SimulateScenario {
        signal_type: read.signal_type,
        duration_minutes: within("duration_minutes", read.duration_minutes, 1, 240)?,
        action_type,
        target,
    })
}

fn propose_action(value: Value) -> Result<ToolCall, BadCall> {
    let read: ProposeAction = read(value)?;
    Ok(ToolCall::ProposeAction {
        failure_mode: read.failure_mode,
        urgency: read.urgency,
        target: handle("target", read.target)?,
    })
}

fn execute_remediation(value: Value) -> Result<ToolCall, BadCall> {
    let asked: ExecuteRemediation = read(value)?;
    let words = asked.justification.chars().count();
    within("justification", words as u64, 20, 1000)?;
    if !(0.0..=1.0).contains(&asked.confidence) {
        return Err(BadCall::new("`confidence` lies from 0 to 1"));
    }
    within("evidence", asked.evidence.len() as u64, 1, 20)?;
    let predicted_effect = asked.predicted_effect.map(predicted).transpose()?;
    Ok(ToolCall::ExecuteRemediation(Execution {
        action: action(asked.action_type, asked.params)?,
        justification: asked.justification,
        confidence: asked.confidence,
        evidence: asked.evidence,
        predicted_effect,
    }))
}

/// The predicted effect has its unit for whoever writes it; here the metric says it.
fn predicted(mut value: Value) -> Result<Predicted, BadCall> {
    let unit = value.as_object_mut().and_then(|fields| fields.remove("unit"));
    if let Some(fields) = value.as_object_mut()
        && let Some(within_s) = fields.remove("within_seconds")
    {
        fields.insert("within_s".into(), within_s);
    }
    let predicted: Predicted = read(value)?;
    within("within_seconds", predicted.within_s, 10, 900)?;
    if unit.is_some_and(|unit| unit != Value::String(predicted.metric.unit().word().into())) {
        return Err(BadCall::new(format!("`{}` has another unit", predicted.metric)));
    }
    if !predicted.is_sound() {
        return Err(BadCall::new("`predicted_effect` is no interval of a change"));
    }
    Ok(predicted)
}

/// An action of a form with its parameters, whose targets are handles: what is named by a pid, a
/// path or a name was not issued to whoever asks.
fn action(kind: ActionKind, params: Value) -> Result<Action, BadCall> {
    let fields = params.as_object().ok_or_else(|| BadCall::new("`params` is no object"))?;
    for field in ["process", "group", "disk", "nic", "mount"] {
        if let Some(named) = fields.get(field) {
            let text = named.as_str().map(ToString::to_string);
            let text = text.ok_or_else(|| BadCall::new(format!("`{field}` is no handle")))?;
            handle(field, Some(text))?;
        }
    }
    let is_empty = fields.is_empty();
    let written = if is_empty && kind.form().fields.is_empty() {
        Value::String(kind.name().into())
    } else {
        Value::Object([(String::from(kind.name()), params)].into_iter().collect())
    };
    read(written)
}

#[cfg(test)]
mod tests;
