//! Episodes as a journal tells them, and those of two journals matched.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{list, number, word};

/// Episodes whose raises lie no further apart are the same one.
const APART_NS: u64 = 60_000_000_000;
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// One episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Which condition.
    pub kind: String,
    /// Where.
    pub entity: String,
    /// The highest that it reached.
    pub severity: String,
    /// When it was raised, since boot.
    pub start_ns: u64,
    /// When it was over.
    pub end_ns: Option<u64>,
    /// Who was ranked first at its worst.
    pub culprit: Option<String>,
}

/// An episode of both journals that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// As the first journal tells it.
    pub a: Told,
    /// As the second one does.
    pub b: Told,
    /// In what they differ.
    pub what: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Matched {
    pub(super) only_a: Vec<Told>,
    pub(super) only_b: Vec<Told>,
    pub(super) changed: Vec<Changed>,
}

pub(super) fn of(lines: &[&Value]) -> Vec<Told> {
    let mut episodes: BTreeMap<u64, Told> = BTreeMap::new();
    for line in lines.iter().filter(|line| word(line, "output") == "signal") {
        let severity = word(line, "severity").to_owned();
        let told = episodes.entry(number(line, "id")).or_insert_with(|| Told {
            kind: word(line, "kind").to_owned(),
            entity: word(line, "entity").to_owned(),
            severity: severity.clone(),
            start_ns: number(line, "start_ns"),
            end_ns: None,
            culprit: first(line),
        });
        if matches!(word(line, "change"), "cleared" | "accepted_as_normal") {
            told.end_ns = Some(number(line, "mono_ns"));
        } else if rank(&severity) > rank(&told.severity) {
            told.severity = severity;
            told.culprit = first(line);
        }
    }
    episodes.into_values().collect()
}

fn first(line: &Value) -> Option<String> {
    let culprit = list(line, "culprits").next()?;
    Some(word(culprit, "entity").to_owned())
}

fn rank(severity: &str) -> usize {
    SEVERITIES.iter().position(|one| *one == severity).unwrap_or(0)
}

pub(super) fn compare(a: &[Told], b: &[Told]) -> Matched {
    let mut matched = Matched::default();
    let mut rest: Vec<&Told> = b.iter().collect();
    for one in a {
        let is_same = |other: &&Told| {
            other.kind == one.kind
                && other.entity == one.entity
                && other.start_ns.abs_diff(one.start_ns) <= APART_NS
        };
        let Some(at) = rest.iter().position(is_same) else {
            matched.only_a.push(one.clone());
            continue;
        };
        let other = rest.remove(at);
        let what = differing(one, other);
        if !what.is_empty() {
            matched.changed.push(Changed { a: one.clone(), b: other.clone(), what });
        }
    }
    matched.only_b.extend(rest.into_iter().cloned());
    matched
}

fn differing(one: &Told, other: &Told) -> Vec<String> {
    let mut what = Vec::new();
    if one.severity != other.severity {
        what.push(format!("severity: {} and {}", one.severity, other.severity));
    }
    if one.start_ns != other.start_ns {
        let by_s = (other.start_ns as f64 - one.start_ns as f64) / 1e9;
        what.push(format!("start: {by_s:+.3} s"));
    }
    match (one.end_ns, other.end_ns) {
        (Some(one), Some(other)) if one != other => {
            what.push(format!("end: {:+.3} s", (other as f64 - one as f64) / 1e9));
        }
        (Some(_), None) => what.push("end: over, and open".to_owned()),
        (None, Some(_)) => what.push("end: open, and over".to_owned()),
        _ => {}
    }
    if one.culprit != other.culprit {
        let name = |culprit: &Option<String>| culprit.clone().unwrap_or("nobody".to_owned());
        what.push(format!("culprit: {} and {}", name(&one.culprit), name(&other.culprit)));
    }
    what
}
