//! The whole trace of one incident: every step with what was asked and what was answered. Programs
//! read the same as JSON, with everything that is left out here.

use ks_replayer::report::{Report, Step};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::unit::Unit;
use serde_json::Value;

use super::decisions::{ending, one};
use super::words::{Times, difference, lasting, quantity};
use crate::plain::Page;

/// Lines of one answer.
const LINES: usize = 8;
/// What a step's lines begin with.
const INDENT: &str = "         ";

/// Tells every step of an incident and what became of its decisions.
pub(crate) fn tell(report: &Report, incident: u64, page: &mut Page) {
    let times = Times::of(&report.recording);
    for step in report.steps.iter().filter(|step| step.incident == incident) {
        self::step(step, &times, page);
    }
    for decision in report.decisions.iter().filter(|one| one.incident == incident) {
        page.gap();
        page.line(format_args!("decision {}", decision.id));
        one(decision, &times, page);
        for stage in &decision.course {
            page.line(format_args!("{} {}", times.at(&stage.at), stage.change));
        }
    }
}

fn step(step: &Step, times: &Times, page: &mut Page) {
    let asked = asked(&step.call).map_or(String::new(), |asked| format!(": {asked}"));
    page.line(format_args!("{} {} turn {}{asked}", times.at(&step.at), step.phase, step.turn));
    let lines = answered(&step.answer);
    for line in lines.iter().take(LINES) {
        page.line(format_args!("{INDENT}{line}"));
    }
    if lines.len() > LINES {
        page.line(format_args!("{INDENT}and {} more", lines.len() - LINES));
    }
    if let Some(error) = &step.error {
        page.line(format_args!("{INDENT}refused: {error}"));
    }
    if let Some(how) = step.ending {
        page.line(format_args!("{INDENT}ends: {}", ending(how)));
    }
}

/// What was asked of a tool.
fn asked(call: &Value) -> Option<String> {
    let tool = word(call, "tool")?;
    let arguments = call.get("arguments").and_then(Value::as_object);
    let given = arguments.into_iter().flatten().filter(|(_, value)| is_given(value));
    let each = given.map(|(name, value)| format!("{name} {}", plain(value)));
    let all: Vec<String> = each.collect();
    Some(if all.is_empty() { tool.to_owned() } else { format!("{tool}: {}", all.join(", ")) })
}

fn is_given(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty())
}

/// A value without the marks of JSON.
fn plain(value: &Value) -> String {
    if let Some(fields) = value.as_object() {
        let each = fields.iter().filter(|(_, value)| is_given(value));
        let each = each.map(|(name, value)| format!("{name} {}", plain(value)));
        return each.collect::<Vec<_>>().join(" ");
    }
    if let Some(all) = value.as_array() {
        return all.iter().map(plain).collect::<Vec<_>>().join(" ");
    }
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An answer of a tool, or what was said in place of a call, in lines.
fn answered(answer: &Value) -> Vec<String> {
    if let Some(said) = answer.as_str() {
        return vec![said.to_owned()];
    }
    let Some((form, told)) = answer.as_object().and_then(|fields| fields.iter().next()) else {
        return Vec::new();
    };
    match form.as_str() {
        "signals" => list(told, "signals", "no signal stands", signal),
        "trends" => trends(told),
        "simulated" => vec![simulated(told)],
        "candidates" => list(told, "candidates", "nothing of the catalogue answers it", candidate),
        "judged" => vec![judged(told)],
        _ => vec![plain(told)],
    }
}

fn list(told: &Value, field: &str, none: &str, line: fn(&Value) -> String) -> Vec<String> {
    let all = elements(told, field).map(line).collect::<Vec<_>>();
    if all.is_empty() { vec![none.to_owned()] } else { all }
}

fn elements<'a>(told: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    told.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn word<'a>(told: &'a Value, field: &str) -> Option<&'a str> {
    told.get(field).and_then(Value::as_str)
}

fn number(told: &Value, field: &str) -> Option<f64> {
    told.get(field).and_then(Value::as_f64)
}

/// A number of an answer in the unit that stands beside it.
fn measured(told: &Value, field: &str) -> String {
    let unit = word(told, "unit").unwrap_or_default();
    let value = number(told, field);
    let known = Unit::ALL.iter().copied().find(|one| one.word() == unit);
    match (value, known) {
        (Some(value), Some(unit)) => quantity(value, unit),
        (Some(value), None) => format!("{value} {unit}"),
        (None, _) => "not known".to_owned(),
    }
}

fn signal(told: &Value) -> String {
    let of = |field| word(told, field).unwrap_or_default();
    let form = word(told, "subtype").map_or(String::new(), |form| format!(" ({form})"));
    let id = told.get("id").and_then(Value::as_u64).unwrap_or_default();
    let mut line =
        format!("signal {id}: {} {}{form} on {}", of("severity"), of("kind"), of("entity"));
    for party in elements(told, "culprits").filter(|party| party["convicted"] == true) {
        let share = number(party, "share").unwrap_or_default() * 100.0;
        let metric = word(party, "metric").unwrap_or_default();
        line += &format!(", {share:.0} % of {metric} by {}", plain(&party["entity"]));
    }
    if told["stands"] == false {
        line += ", over";
    }
    if told["of_incident"] == false {
        line += ", of another incident";
    }
    line
}

fn trends(told: &Value) -> Vec<String> {
    let changes = elements(told, "changes").map(|change| {
        let of = |field| word(change, field).unwrap_or_default();
        let (before, present) = (measured(change, "before"), measured(change, "present"));
        format!("{} of {}: {before} before, {present} at present", of("metric"), of("entity"))
    });
    let forecasts = elements(told, "forecasts").map(|forecast| {
        let of = |field| word(forecast, field).unwrap_or_default();
        format!("{} of {} ends {}", of("resource"), of("entity"), end(forecast))
    });
    let reason = word(told, "cannot_tell").map(|reason| format!("cannot tell: {reason}"));
    changes.chain(forecasts).chain(reason).collect()
}

/// When something ends.
fn end(told: &Value) -> String {
    let at = |field| number(told, field).map(lasting);
    match (at("eta_s"), at("eta_low_s"), at("eta_high_s")) {
        (Some(eta), Some(low), Some(high)) => format!("in {eta} ({low} to {high})"),
        (Some(eta), Some(low), None) => format!("in {eta} ({low} at the earliest)"),
        (Some(eta), ..) => format!("in {eta}"),
        (None, ..) => "at no time that is foreseen".to_owned(),
    }
}

fn simulated(told: &Value) -> String {
    let what = word(told, "action").map_or("nothing is done".to_owned(), |one| format!("{one} is"));
    if let Some(reason) = word(told, "cannot_tell") {
        return format!("what comes where {what} cannot be told: {reason}");
    }
    let chance = number(told, "p_end").map_or(String::new(), |p| {
        format!(", within the time asked for with a probability of {:.0} %", p * 100.0)
    });
    format!("where {what} it ends {}{chance}", end(told))
}

fn candidate(told: &Value) -> String {
    let effect = told.get("expected").and_then(effect).unwrap_or_default();
    format!("{}{effect}: {}", plain(&told["action"]), judged(told))
}

/// What an action is expected to do.
fn effect(told: &Value) -> Option<String> {
    let name = word(told, "metric")?;
    let unit = Metric::of_word(name)?.unit();
    let [low, high] =
        ["low", "high"].map(|field| number(told, field).map(|of| difference(of, unit)));
    Some(format!(" ({name} {} by {} to {})", word(told, "direction")?, low?, high?))
}

fn judged(told: &Value) -> String {
    let of = |field| word(told, field).unwrap_or_default();
    format!("{} by {}: {}", of("verdict"), of("rule"), of("reason"))
}
