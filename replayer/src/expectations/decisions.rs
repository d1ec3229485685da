//! What an agent decides in a case: the case runs once more with one that may act, and only its
//! decisions are looked at, since what it does changes what else is found. A recording of an agent
//! at work has its own, with what came of them.

use std::collections::BTreeMap;

use ks_agent::guard::{RULES, Rule};
use ks_scenarios::expectation::{Expect, Forbid, matches};
use ks_scenarios::units::Duration;

use super::seen::{self, Seen, SeenEpisode};
use crate::report::{Decision, Report};

/// What an agent decided in a run.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// What is wrong with it; empty where it is as expected.
    pub why: Vec<String>,
    /// How often each rule of the guard was looked at.
    pub guards: BTreeMap<&'static str, u64>,
    /// Rules of the guard that refused something.
    pub objected: Vec<&'static str>,
    pub(super) made: Vec<Made>,
}

/// A decision.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) decision: Decision,
    /// When it was made, in seconds from the beginning of the run.
    pub(super) at_s: f64,
    /// The episodes that it rests on.
    pub(super) on: Vec<SeenEpisode>,
}

impl Decided {
    pub(super) fn of(report: &Report, expects: &[Expect], forbids: &[Forbid]) -> Self {
        let seen = Seen::of(report);
        let made = report.decisions.iter().map(|decision| {
            let own = report.episodes.iter().zip(&seen.episodes).filter(|(episode, _)| {
                episode.run == decision.run && decision.evidence.contains(&episode.id)
            });
            let on = own.map(|(_, seen)| seen.clone()).collect();
            Made { decision: decision.clone(), at_s: seen::after_s(report, &decision.at), on }
        });
        let made: Vec<Made> = made.collect();
        Self {
            why: judge(expects, forbids, &made),
            guards: report.guards.clone(),
            objected: report.objected.clone(),
            made,
        }
    }
}

/// Rules of the guard that were never looked at: they guard nothing.
pub fn never_evaluated(guards: &BTreeMap<&'static str, u64>) -> Vec<&'static str> {
    let times = |rule: &Rule| guards.get(rule.name).copied().unwrap_or(0);
    RULES.iter().filter(|rule| times(rule) == 0).map(|rule| rule.name).collect()
}

/// What is wrong with the decisions of a run.
fn judge(expects: &[Expect], forbids: &[Forbid], all: &[Made]) -> Vec<String> {
    let mut why = Vec::new();
    for expect in expects.iter().filter(|expect| expect.is_of_a_decision()) {
        if !all.iter().any(|one| is_expected(expect, &one.decision)) {
            let seen = told(all);
            why.push(format!("decision missed: {}; decided was {seen}", wanted(expect)));
        }
    }
    for forbid in forbids {
        let Some(action) = &forbid.action else { continue };
        let from_s = forbid.from.map_or(0.0, Duration::seconds);
        let to_s = forbid.to.map_or(f64::INFINITY, Duration::seconds);
        let is_hit = |one: &&Made| {
            one.decision.action.is_some_and(|name| matches(action, name))
                && (from_s..to_s).contains(&one.at_s)
        };
        let hits = all.iter().filter(is_hit);
        why.extend(hits.map(|one| format!("forbidden decision: {}", described(one))));
    }
    why
}

pub(super) fn is_expected(expect: &Expect, one: &Decision) -> bool {
    let target = one.target.as_ref().map_or(String::new(), ToString::to_string);
    let is_target = |wanted: &str| {
        matches(wanted, &target) || one.comm.as_deref().is_some_and(|comm| matches(wanted, comm))
    };
    expect.action.is_none_or(|action| one.action == Some(action.name()))
        && expect.target.as_deref().is_none_or(is_target)
        && expect.verdict.is_none_or(|verdict| one.verdict == verdict)
        && expect.outcome.is_none_or(|outcome| one.outcome == Some(outcome))
}

fn wanted(expect: &Expect) -> String {
    let action = expect.action.map_or("any action", |action| action.name());
    let target = expect.target.as_ref().map_or(String::new(), |target| format!(" to {target}"));
    let verdict = expect.verdict.map_or(String::new(), |verdict| format!(", {verdict}"));
    let outcome = expect.outcome.map_or(String::new(), |outcome| format!(", {outcome}"));
    format!("{action}{target}{verdict}{outcome}")
}

pub(super) fn described(made: &Made) -> String {
    let one = &made.decision;
    let target = one.target.as_ref().map_or(String::new(), |target| format!(" to {target}"));
    let outcome = one.outcome.map_or(String::new(), |outcome| format!(", {outcome}"));
    let (action, at_s) = (one.action.unwrap_or("nothing"), made.at_s);
    format!("{action}{target} at {at_s:.0} s, {}{outcome}", one.verdict)
}

fn told(all: &[Made]) -> String {
    if all.is_empty() {
        return "nothing".to_owned();
    }
    all.iter().map(described).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_nobody_looked_at_is_named() {
        let mut all: BTreeMap<_, _> = RULES.iter().map(|rule| (rule.name, 1)).collect();
        assert!(never_evaluated(&all).is_empty());
        all.insert("oscillation", 0);
        all.remove("stopped");
        assert_eq!(never_evaluated(&all), ["stopped", "oscillation"]);
    }
}
