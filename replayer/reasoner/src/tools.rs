//! The tools as they are declared to a model: those of its phase and no others, each closed and
//! with its bounds (`gemini-api.md`, section 4). The engine holds each call against the same.

use ks_vocabulary::action::{Accepts, ActionKind};
use ks_vocabulary::decision::{Exchange, FailureMode, ModelRequest, Phase, ToolAnswer, ToolName};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::metric::Metric;
use serde_json::{Map, Value, json};

use crate::prompts;

/// A tool as it is declared.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// JSON Schema of its arguments.
    pub(crate) schema: Value,
}

const HANDLE: &str = "^[a-z]+#[0-9]{1,9}$";

/// Those of the phase that is asked about.
pub(crate) fn declared(question: &ModelRequest) -> Vec<Declared> {
    let own = ToolName::ALL.iter().filter(|tool| tool.is_of(question.phase));
    let of = |tool: &ToolName| Declared {
        name: tool.word(),
        about: prompts::about(*tool),
        schema: schema(*tool, question),
    };
    own.map(of).collect()
}

/// Whether the model must call a tool: only where it may say by it that nothing is to be done.
pub(crate) fn must_call(phase: Phase) -> bool {
    phase == Phase::Execute
}

fn schema(tool: ToolName, question: &ModelRequest) -> Value {
    match tool {
        ToolName::QuerySignals => closed(
            json!({
                "severity_min": words(&["low", "medium", "high", "critical"]),
                "lookback_minutes": whole(1, 1440),
                "signal_types": {"type": "array", "items": words(&kinds()), "maxItems": 10},
                "limit": whole(1, 50),
            }),
            &["severity_min", "lookback_minutes"],
        ),
        ToolName::SummarizeTrends => closed(
            json!({
                "signal_type": words(&kinds()),
                "analysis_window": whole(5, 1440),
                "entity": handle(),
            }),
            &["signal_type", "analysis_window"],
        ),
        ToolName::SimulateScenario => closed(
            json!({
                "signal_type": words(&kinds()),
                "duration_minutes": whole(1, 240),
                "action_type": words(&with_none(&all_actions())),
                "target": handle(),
            }),
            &["signal_type", "duration_minutes"],
        ),
        ToolName::ProposeAction => {
            let modes: Vec<&str> = FailureMode::ALL.iter().map(|mode| mode.word()).collect();
            closed(
                json!({
                    "failure_mode": words(&modes),
                    "urgency": words(&["low", "high"]),
                    "target": handle(),
                }),
                &["failure_mode", "urgency"],
            )
        }
        ToolName::ExecuteRemediation => remediation(&proposed(question)),
    }
}

/// The actions that were proposed, in their order.
fn proposed(question: &ModelRequest) -> Vec<ActionKind> {
    let mut kinds = Vec::new();
    for Exchange { answer, .. } in &question.history {
        let Ok(ToolAnswer::Candidates(told)) = answer else { continue };
        for candidate in &told.candidates {
            let kind = candidate.action.kind();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    kinds
}

fn remediation(kinds: &[ActionKind]) -> Value {
    let mut names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    names.extend(["none", "cannot_tell"]);
    let forms: Vec<Value> = kinds.iter().map(|kind| params(*kind)).collect();
    let params = match &forms[..] {
        [] => json!({"type": "object", "description": "left out: nothing was proposed"}),
        [only] => only.clone(),
        _ => json!({"anyOf": forms}),
    };
    closed(
        json!({
            "action_type": words(&names),
            "params": params,
            "justification": {"type": "string", "minLength": 20, "maxLength": 1000},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "evidence": {
                "type": "array", "items": {"type": "integer", "minimum": 0},
                "minItems": 1, "maxItems": 20,
                "description": "numbers of the signals that it rests on",
            },
            "predicted_effect": predicted(),
        }),
        &["action_type", "justification", "evidence"],
    )
}

/// Parameters of a form of action.
fn params(kind: ActionKind) -> Value {
    let form = kind.form();
    let fields = form.fields.iter().map(|field| (field.name.to_owned(), accepted(field.accepts)));
    let fields: Map<String, Value> = fields
        .map(|(name, value)| {
            let is_target = ["process", "group", "disk", "nic", "mount"].contains(&name.as_str());
            let value = if is_target { handle() } else { value };
            (name, value)
        })
        .collect();
    let required: Vec<&str> = form.fields.iter().map(|field| field.name).collect();
    let mut schema = closed(Value::Object(fields), &required);
    schema["description"] = Value::from(format!("of {}: {}", form.name, form.effect));
    schema
}

fn accepted(all: &[Accepts]) -> Value {
    match all {
        [only] => one_accepted(only),
        _ => json!({"anyOf": all.iter().map(one_accepted).collect::<Vec<_>>()}),
    }
}

fn one_accepted(accepts: &Accepts) -> Value {
    match accepts {
        Accepts::Whole { low, high } => json!({"type": "integer", "minimum": low, "maximum": high}),
        Accepts::Numbers(numbers) => json!({"type": "integer", "enum": numbers}),
        Accepts::Words(of) => words(of),
        Accepts::Text { pattern, .. } => json!({"type": "string", "pattern": pattern}),
        Accepts::Keyed(keys) => {
            let each = keys.iter().map(|(key, of)| closed(json!({(*key): accepted(of)}), &[*key]));
            json!({"anyOf": each.collect::<Vec<_>>()})
        }
    }
}

fn predicted() -> Value {
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.word()).collect();
    let mut schema = closed(
        json!({
            "metric": words(&metrics),
            "direction": words(&["up", "down"]),
            "low": {"type": "number"},
            "high": {"type": "number"},
            "within_seconds": whole(10, 900),
        }),
        &["metric", "direction", "low", "high", "within_seconds"],
    );
    schema["description"] = "the least and the most by which a quantity should change".into();
    schema
}

#[expect(clippy::needless_pass_by_value, reason = "it is made where it is given")]
fn closed(properties: Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn words(of: &[&str]) -> Value {
    json!({"type": "string", "enum": of})
}

fn whole(low: u64, high: u64) -> Value {
    json!({"type": "integer", "minimum": low, "maximum": high})
}

fn handle() -> Value {
    json!({"type": "string", "pattern": HANDLE})
}

fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.word()).collect()
}

fn all_actions() -> Vec<&'static str> {
    ActionKind::ALL.iter().map(|kind| kind.name()).collect()
}

fn with_none<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.push("none");
    names
}
