//! Decisions as a journal tells them, and those of two journals matched.

use std::collections::BTreeMap;

use ks_vocabulary::decision::Effect;
use serde::Serialize;
use serde_json::Value;

use super::{list, number, word};

/// Decisions that were made no further apart are the same one.
const APART_NS: u64 = 60_000_000_000;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Number within its run.
    pub id: u64,
    /// Which action.
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// When it was made, since boot.
    pub at_ns: u64,
    /// What the guard says of it.
    pub verdict: String,
    /// The rule that decided.
    pub rule: String,
    /// What is done: each effect as it is written.
    pub plan: Vec<String>,
    /// What came of it; nothing while that is not known.
    pub outcome: Option<String>,
}

/// A decision of both journals that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Redecided {
    /// As the first journal tells it.
    pub a: Decision,
    /// As the second one does.
    pub b: Decision,
    /// In what they differ.
    pub what: Vec<String>,
}

/// How the decisions of two journals differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Decisions {
    /// Those of the first journal alone.
    pub only_a: Vec<Decision>,
    /// Those of the second journal alone.
    pub only_b: Vec<Decision>,
    /// Those of both that differ.
    pub changed: Vec<Redecided>,
}

pub(super) fn of(lines: &[&Value]) -> Vec<Decision> {
    // Numbers begin anew with each run.
    let (mut run, mut all) = (0_u64, BTreeMap::<(u64, u64), Decision>::new());
    for line in lines {
        match word(line, "output") {
            "end" => run += 1,
            "decision" => {
                let told = told(line);
                let known = all.entry((run, told.id)).or_insert_with(|| told.clone());
                *known = Decision { at_ns: known.at_ns, ..told };
            }
            _ => {}
        }
    }
    all.into_values().collect()
}

fn told(line: &Value) -> Decision {
    let optional = |field: &str| line.get(field).and_then(Value::as_str).map(str::to_owned);
    let action = line.get("action").and_then(|action| {
        let word = action.as_object().and_then(|fields| fields.keys().next()).map(String::as_str);
        word.or(action.as_str()).map(str::to_owned)
    });
    let plan =
        line.get("plan").map_or_else(Vec::new, |plan| list(plan, "effects").map(effect).collect());
    Decision {
        id: number(line, "id"),
        action: action.unwrap_or_default(),
        target: optional("target"),
        at_ns: number(line, "mono_ns"),
        verdict: word(line, "verdict").to_owned(),
        rule: word(line, "rule").to_owned(),
        plan,
        outcome: optional("outcome"),
    }
}

/// An effect in words; what this program does not know of as it stands.
fn effect(written: &Value) -> String {
    let known = serde_json::from_value::<Effect>(written.clone());
    known.map_or_else(|_| written.to_string(), |effect| effect.to_string())
}

pub(super) fn compare(a: &[Decision], b: &[Decision]) -> Decisions {
    let mut found = Decisions::default();
    let mut rest: Vec<&Decision> = b.iter().collect();
    for one in a {
        let is_same = |other: &&Decision| {
            other.action == one.action
                && other.target == one.target
                && other.at_ns.abs_diff(one.at_ns) <= APART_NS
        };
        let Some(at) = rest.iter().position(is_same) else {
            found.only_a.push(one.clone());
            continue;
        };
        let other = rest.remove(at);
        let what = differing(one, other);
        if !what.is_empty() {
            found.changed.push(Redecided { a: one.clone(), b: other.clone(), what });
        }
    }
    found.only_b.extend(rest.into_iter().cloned());
    found
}

fn differing(one: &Decision, other: &Decision) -> Vec<String> {
    let mut what = Vec::new();
    if (&one.verdict, &one.rule) != (&other.verdict, &other.rule) {
        let told = |one: &Decision| format!("{} by {}", one.verdict, one.rule);
        what.push(format!("verdict: {} and {}", told(one), told(other)));
    }
    if one.plan != other.plan {
        let told = |one: &Decision| match one.plan.as_slice() {
            [] => "none".to_owned(),
            effects => effects.join(", "),
        };
        what.push(format!("plan: {} and {}", told(one), told(other)));
    }
    if one.outcome != other.outcome {
        let told = |one: &Decision| one.outcome.clone().unwrap_or_else(|| "unknown".to_owned());
        what.push(format!("outcome: {} and {}", told(one), told(other)));
    }
    if one.at_ns != other.at_ns {
        let by_s = (other.at_ns as f64 - one.at_ns as f64) / 1e9;
        what.push(format!("made: {by_s:+.3} s"));
    }
    what
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(change: &str, outcome: Option<&str>, verdict: &str) -> Value {
        json!({
            "seq": 1, "mono_ns": 5_000_000_000_u64, "output": "decision", "id": 1, "change": change,
            "action": {"limit_cgroup_cpu": {"group": "/a", "cpus": 2.0}}, "target": "cgroup:/a",
            "verdict": verdict, "rule": "gate", "outcome": outcome,
            "plan": {"effects": ["one"], "undo": []},
        })
    }

    fn decided(lines: &[Value]) -> Vec<Decision> {
        of(&lines.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_decision_is_as_it_was_told_last_and_made_when_it_was_told_first() {
        let mut later = line("verified", Some("resolved"), "allowed");
        later["mono_ns"] = json!(9_000_000_000_u64);
        let all = decided(&[line("judged", None, "allowed"), later]);
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((one.at_ns, one.outcome.as_deref()), (5_000_000_000, Some("resolved")));
        assert_eq!((one.action.as_str(), one.plan.len()), ("limit_cgroup_cpu", 1));
        let end = json!({"seq": 2, "mono_ns": 6, "output": "end"});
        let two = decided(&[line("judged", None, "allowed"), end, line("judged", None, "allowed")]);
        assert_eq!(two.len(), 2, "of another run");
    }

    #[test]
    fn what_came_went_or_changed_is_told() {
        let a = decided(&[line("verified", Some("resolved"), "allowed")]);
        let b = decided(&[line("judged", None, "needs_approval")]);
        let same = compare(&a, &a);
        assert!(same.only_a.is_empty() && same.only_b.is_empty() && same.changed.is_empty());
        let found = compare(&a, &b);
        assert_eq!(
            found.changed[0].what,
            [
                "verdict: allowed by gate and needs_approval by gate",
                "outcome: resolved and unknown"
            ]
        );
        assert_eq!(compare(&a, &[]).only_a.len(), 1);
        assert_eq!(compare(&[], &a).only_b.len(), 1);
    }

    #[test]
    fn a_plan_that_changed_and_another_target_are_told() {
        let a = decided(&[line("judged", None, "allowed")]);
        let mut planned = line("judged", None, "allowed");
        planned["plan"]["effects"] = json!(["two"]);
        let found = compare(&a, &decided(&[planned]));
        assert_eq!(found.changed[0].what, ["plan: \"one\" and \"two\""]);
        let mut elsewhere = line("judged", None, "allowed");
        elsewhere["target"] = json!("cgroup:/b");
        let found = compare(&a, &decided(&[elsewhere]));
        assert_eq!((found.only_a.len(), found.only_b.len(), found.changed.len()), (1, 1, 0));
    }
}
