//! What a call of each tool may say. The agent's reader of calls has the last word: these schemas
//! say no more than it takes.

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{FailureMode, Urgency};
use ks_vocabulary::kind::{Kind, Severity};
use serde_json::{Map, Value, json};

use super::offered::Offered;

/// What the agent's tool makes of it: no more is claimed.
const WINDOW: &str = "How much of the past is of interest. Quantities are told against the ten \
    seconds before their verdict, whatever it is.";

/// The schema of a tool's arguments.
pub(super) fn schema(offered: Offered, paths: &[String]) -> Map<String, Value> {
    let (own, mut required) = own(offered);
    let mut properties = fields(own);
    properties.extend(fields(json!({
        "at": {
            "type": "string",
            "maxLength": 64,
            "description": "Look from this time: 2026-03-04T12:00:00Z, or +90s, +15m, +2h from \
                the beginning of the recording; nothing later is told. Default: the end.",
        },
        "incident": {
            "type": "integer",
            "minimum": 1,
            "description": about_incident(offered),
        },
    })));
    if let [_, _, ..] = paths {
        let about = "Which recording, directory or scenario.";
        properties.extend(fields(json!({"path": words(paths.iter(), about)})));
        required.push("path");
    }
    fields(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}

fn about_incident(offered: Offered) -> &'static str {
    if offered == Offered::Explained {
        "Which incident of the last run that has it. Default: the worst of the last run."
    } else {
        "Which incident it is about. Default: the worst that is open."
    }
}

/// A tool's own arguments, and those that a call needs.
fn own(offered: Offered) -> (Value, Vec<&'static str>) {
    match offered {
        Offered::Signals => (signals(), vec!["severity_min", "lookback_minutes"]),
        Offered::Trends => (trends(), vec!["signal_type", "analysis_window"]),
        Offered::Simulated => (simulated(), vec!["signal_type", "duration_minutes"]),
        Offered::Candidates => (candidates(), vec!["failure_mode", "urgency"]),
        Offered::Explained => (json!({}), Vec::new()),
    }
}

fn signals() -> Value {
    let severities = Severity::ALL.map(Severity::word);
    json!({
        "severity_min": words(severities, "The least severity."),
        "lookback_minutes": minutes(1, 1440, "How far back what is over is told of."),
        "signal_types": {
            "type": "array",
            "items": {"enum": Kind::ALL.map(Kind::word)},
            "maxItems": Kind::COUNT,
            "uniqueItems": true,
            "description": "Which conditions. Default: all.",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 20,
            "description": "How many at most.",
        },
    })
}

fn trends() -> Value {
    json!({
        "signal_type": kind(),
        "analysis_window": minutes(5, 1440, WINDOW),
        "entity": handle("One entity only, by its handle."),
    })
}

fn simulated() -> Value {
    let actions = ActionKind::ALL.map(ActionKind::name).into_iter().chain(["none"]);
    json!({
        "signal_type": kind(),
        "duration_minutes": minutes(1, 240, "How far ahead."),
        "action_type": words(actions, "What is supposed to be done. Default: nothing."),
        "target": handle("To what; only beside an action."),
    })
}

fn candidates() -> Value {
    let modes = FailureMode::ALL.iter().map(|mode| mode.word());
    let urgencies = Urgency::ALL.iter().map(|urgency| urgency.word());
    json!({
        "failure_mode": words(modes, "The diagnosis."),
        "urgency": words(urgencies, "How soon something has to be done."),
        "target": handle("Who is at fault."),
    })
}

fn kind() -> Value {
    words(Kind::ALL.map(Kind::word), "The condition.")
}

fn minutes(least: u64, most: u64, about: &str) -> Value {
    json!({
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "description": format!("{about} In minutes."),
    })
}

fn handle(about: &str) -> Value {
    json!({
        "type": "string",
        "pattern": "^[a-z]{1,8}#[1-9][0-9]{0,8}$",
        "description": format!("{about} A handle that an answer gave, such as proc#1."),
    })
}

fn words<T: AsRef<str>>(all: impl IntoIterator<Item = T>, about: &str) -> Value {
    let all: Vec<String> = all.into_iter().map(|word| word.as_ref().to_owned()).collect();
    json!({"type": "string", "enum": all, "description": about})
}

/// The fields of an object that was written here.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}
