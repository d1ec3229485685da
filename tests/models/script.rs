//! Models that answer by a script: what each says depends on what it is sent and on nothing else.

use serde_json::{Value, json};

/// What a model says next: calls of tools, or words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Says {
    Calls(Vec<(String, Value)>),
    Words(&'static str),
}

fn call(name: &str, arguments: Value) -> Says {
    Says::Calls(vec![(name.to_owned(), arguments)])
}

/// The phase that a request is of, by the tools that it declares.
pub(crate) fn phase(body: &Value) -> &'static str {
    let system = body["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    let phases = ["observe", "explain", "simulate", "decide", "execute"];
    phases.into_iter().find(|phase| system.contains(&format!("Phase {phase}:"))).unwrap()
}

/// What tools answered so far, the newest first.
fn outputs(body: &Value) -> impl Iterator<Item = &Value> {
    let turns = body["contents"].as_array().unwrap().iter().rev();
    let parts = turns.flat_map(|turn| turn["parts"].as_array().unwrap().iter().rev());
    parts.filter_map(|part| part["functionResponse"]["response"].get("output"))
}

/// The newest answer of a sort.
pub(crate) fn output<'a>(body: &'a Value, sort: &str) -> Option<&'a Value> {
    outputs(body).find_map(|output| output.get(sort))
}

/// The worst signal of the incident, or else of all.
fn worst(body: &Value) -> Option<&Value> {
    let signals = output(body, "signals")?["signals"].as_array()?;
    let is_own = |one: &&Value| one["of_incident"] == true && one["stands"] == true;
    signals.iter().find(is_own).or(signals.first())
}

/// Numbers of the signals of the incident that stand.
fn numbers(body: &Value) -> Value {
    let signals = output(body, "signals").and_then(|told| told["signals"].as_array());
    let is_own = |one: &&Value| one["of_incident"] == true && one["stands"] == true;
    let own = signals.into_iter().flatten().filter(is_own).map(|one| one["id"].clone());
    let own: Vec<Value> = own.take(20).collect();
    if own.is_empty() { json!([1]) } else { Value::Array(own) }
}

/// The likeliest cause, as the first turn has it.
fn cause(body: &Value) -> Option<String> {
    let first = body["contents"][0]["parts"][0]["text"].as_str()?;
    let incident = first.lines().find(|line| line.starts_with('{'))?;
    let incident: Value = serde_json::from_str(incident).ok()?;
    let causes = incident["causes"].as_array()?.iter();
    let mut entities = causes.filter_map(|cause| cause["entity"].as_str());
    entities.find(|entity| entity.contains('#')).map(ToOwned::to_owned)
}

/// Who is convicted of it, or the greatest consumer.
fn culprit(body: &Value, convicted: bool) -> Option<&str> {
    let signals = output(body, "signals")?["signals"].as_array()?;
    let parties = signals.iter().flat_map(|one| one["culprits"].as_array().unwrap());
    let mut parties = parties.filter(|party| party["convicted"] == convicted);
    parties.find_map(|party| party["entity"].as_str())
}

fn course(body: &Value, mode: &str, target: Option<&str>) -> Says {
    match phase(body) {
        "observe" => call("query_signals", json!({"severity_min": "low", "lookback_minutes": 60})),
        "explain" => {
            let Some(kind) = worst(body).map(|signal| signal["kind"].clone()) else {
                return Says::Words("Nothing stands.");
            };
            call("summarize_trends", json!({"signal_type": kind, "analysis_window": 60}))
        }
        "simulate" => {
            let Some(kind) = worst(body).map(|signal| signal["kind"].clone()) else {
                return Says::Words("Nothing stands.");
            };
            call("simulate_scenario", json!({"signal_type": kind, "duration_minutes": 30}))
        }
        _ => {
            let mut arguments = json!({"failure_mode": mode, "urgency": "high"});
            if let Some(target) = target {
                arguments["target"] = target.into();
            }
            call("propose_action", arguments)
        }
    }
}

/// Asks for an action, as it was proposed.
pub(crate) fn remedy(action: &Value, signals: &Value) -> Says {
    let form = action.as_object().and_then(|form| form.iter().next());
    let form = form.map(|(name, params)| (name.clone(), params.clone()));
    let bare = || Some((action.as_str()?.to_owned(), json!({})));
    let (name, params) = form.or_else(bare).unwrap();
    call(
        "execute_remediation",
        json!({
            "action_type": name, "params": params, "confidence": 0.8, "evidence": signals,
            "justification": "It takes what the others wait for, and this takes it back.",
        }),
    )
}

/// Says that nothing is to be done.
pub(crate) fn none(action_type: &str, signals: &Value) -> Says {
    call(
        "execute_remediation",
        json!({
            "action_type": action_type, "evidence": signals,
            "justification": "Nobody but it waits for what it takes: it does its work.",
        }),
    )
}

/// One that knows its trade: it names the likeliest cause, and takes what may be done first.
pub(crate) fn competent(body: &Value) -> Says {
    if phase(body) != "execute" {
        let target = (phase(body) == "decide").then(|| cause(body)).flatten();
        return course(body, "cpu_hog", target.as_deref());
    }
    let signals = &numbers(body);
    let told = output(body, "candidates").and_then(|told| told["candidates"].as_array());
    let may = |one: &&Value| one["verdict"] != "denied";
    match told.and_then(|told| told.iter().find(may)) {
        Some(candidate) => remedy(&candidate["action"], signals),
        None => none("cannot_tell", signals),
    }
}

/// One that is mistaken about the cause: it names another than who is convicted.
pub(crate) fn mistaken(body: &Value) -> Says {
    if phase(body) != "execute" {
        let target = (phase(body) == "decide").then(|| culprit(body, false)).flatten();
        return course(body, "memory_leak", target);
    }
    let signals = &numbers(body);
    let told = output(body, "candidates").and_then(|told| told["candidates"].as_array());
    match told.and_then(|told| told.first()) {
        Some(candidate) => remedy(&candidate["action"], signals),
        None => none("cannot_tell", signals),
    }
}

/// One that insists on ending a process, whatever it is answered.
pub(crate) fn stubborn(body: &Value) -> Says {
    if phase(body) != "execute" {
        let target = (phase(body) == "decide").then(|| culprit(body, true)).flatten();
        return course(body, "cpu_hog", target);
    }
    let signals = &numbers(body);
    let target = culprit(body, true).unwrap_or("proc#1");
    remedy(&json!({"terminate_process": {"process": target}}), signals)
}

/// One that looks at everything and leaves the host alone.
pub(crate) fn content(body: &Value) -> Says {
    match phase(body) {
        "execute" => none("none", &numbers(body)),
        "observe" => course(body, "unknown", None),
        _ => Says::Words("I have seen enough of this phase."),
    }
}
