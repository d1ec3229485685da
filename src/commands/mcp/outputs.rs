//! What the answer of each tool holds. Fields are added, never renamed, so that no object is
//! closed; a number that is not known is null.

use ks_vocabulary::decision::{FailureMode, Verdict};
use ks_vocabulary::kind::{Kind, Severity};
use serde_json::{Map, Value, json};

use super::inputs::fields;
use super::offered::Offered;

/// The schema of a tool's answer.
pub(super) fn schema(offered: Offered) -> Map<String, Value> {
    fields(match offered {
        Offered::Signals => object(json!({"signals": listed("signals", &signal())})),
        Offered::Trends => object(json!({"trends": trends()})),
        Offered::Simulated => object(json!({"simulated": simulated()})),
        Offered::Candidates => object(json!({"candidates": candidates()})),
        Offered::Explained => explained(),
    })
}

/// An object that has each of these fields.
fn object(properties: Value) -> Value {
    let required: Vec<String> = fields(properties.clone()).into_iter().map(|(key, _)| key).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn array(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

/// A list, and how many more there are.
fn listed(name: &str, items: &Value) -> Value {
    object(json!({name: array(items), "truncated": count()}))
}

fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn number() -> Value {
    json!({"type": ["number", "null"]})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn text_if_any() -> Value {
    json!({"type": ["string", "null"]})
}

fn truth() -> Value {
    json!({"type": "boolean"})
}

fn signal() -> Value {
    let evidence = object(json!({
        "metric": text(),
        "value": number(),
        "limit": number(),
        "baseline_p95": number(),
        "unit": text(),
    }));
    object(json!({
        "id": count(),
        "of_incident": truth(),
        "kind": {"enum": Kind::ALL.map(Kind::word)},
        "subtype": text_if_any(),
        "entity": text(),
        "severity": {"enum": Severity::ALL.map(Severity::word)},
        "stands": truth(),
        "age_s": count(),
        "flapping": truth(),
        "evidence": array(&evidence),
        "culprits": array(&party()),
        "victims": array(&party()),
    }))
}

fn party() -> Value {
    object(json!({
        "entity": text(),
        "group": text_if_any(),
        "metric": text(),
        "share": number(),
        "convicted": truth(),
        "resident": truth(),
        "serves": {"type": ["boolean", "null"]},
    }))
}

fn trends() -> Value {
    let change = object(json!({
        "entity": text(),
        "metric": text(),
        "before": number(),
        "present": number(),
        "unit": text(),
    }));
    let forecast = object(json!({
        "entity": text(),
        "resource": text(),
        "level": number(),
        "slope_per_min": number(),
        "eta_low_s": number(),
        "eta_s": number(),
        "eta_high_s": number(),
    }));
    object(json!({
        "changes": array(&change),
        "forecasts": array(&forecast),
        "cannot_tell": text_if_any(),
        "truncated": count(),
    }))
}

fn simulated() -> Value {
    object(json!({
        "action": text_if_any(),
        "p_end": number(),
        "eta_low_s": number(),
        "eta_s": number(),
        "expected": {"type": ["object", "null"]},
        "assumption": text_if_any(),
        "cannot_tell": text_if_any(),
    }))
}

fn candidates() -> Value {
    let verdicts: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.word()).collect();
    let modes: Vec<&str> = FailureMode::ALL.iter().map(|mode| mode.word()).collect();
    let candidate = object(json!({
        "action": {"type": ["object", "string"]},
        "risk": text(),
        "blast": text(),
        "verdict": {"enum": verdicts},
        "rule": text(),
        "reason": text(),
        "expected": {"type": ["object", "null"]},
        "gain": number(),
        "success_rate": number(),
        "outcomes": number(),
    }));
    object(json!({
        "failure_mode": {"enum": modes},
        "candidates": array(&candidate),
        "truncated": count(),
    }))
}

fn explained() -> Value {
    let cause = object(json!({
        "entity": text(),
        "handle": text(),
        "comm": text_if_any(),
        "kind": {"enum": Kind::ALL.map(Kind::word)},
        "score": number(),
        "evidence": array(&text()),
    }));
    let incident = object(json!({
        "id": count(),
        "run": count(),
        "state": text(),
        "start": text(),
        "end": text_if_any(),
        "severity": text_if_any(),
        "episodes": array(&count()),
        "causes": array(&cause),
    }));
    let step = object(json!({"at": text(), "phase": text(), "turn": count()}));
    let decision = object(json!({
        "id": count(),
        "at": text(),
        "failure_mode": text(),
        "action": text_if_any(),
        "target": text_if_any(),
        "verdict": text(),
        "rule": text(),
        "reason": text(),
        "outcome": text_if_any(),
    }));
    object(json!({
        "incident": incident,
        "steps": array(&step),
        "decisions": array(&decision),
        "truncated": count(),
    }))
}
