//! What an agent decides in a case: the case runs once more with one that may act, and only its
//! decisions are looked at, since what it does changes what else is found.

use ks_scenarios::expectation::{Expect, Forbid, matches};
use ks_vocabulary::decision::{AgentConfig, Mode, Reasoner};
use ks_vocabulary::input::Config;

use crate::report::{Decision, Report};

/// Whether a case says anything of decisions.
pub(super) fn are_expected(expects: &[Expect], forbids: &[Forbid]) -> bool {
    expects.iter().any(Expect::is_of_a_decision) || forbids.iter().any(|one| one.action.is_some())
}

/// The agent of such a run: it acts within the product's policy, and nothing is granted.
pub(super) fn config() -> Config {
    let (mode, reasoner) = (Mode::Auto, Reasoner::Rules);
    let agent = AgentConfig { mode, reasoner, ..AgentConfig::default() };
    Config { agent, ..Config::default() }
}

/// What is wrong with the decisions of a run.
pub(super) fn judge(expects: &[Expect], forbids: &[Forbid], report: &Report) -> Vec<String> {
    let mut why = Vec::new();
    for expect in expects.iter().filter(|expect| expect.is_of_a_decision()) {
        if !report.decisions.iter().any(|one| is_expected(expect, one)) {
            let seen = told(&report.decisions);
            why.push(format!("decision missed: {}; decided was {seen}", wanted(expect)));
        }
    }
    for forbid in forbids {
        let Some(action) = &forbid.action else { continue };
        let is_hit = |one: &&Decision| one.action.is_some_and(|name| matches(action, name));
        let hits = report.decisions.iter().filter(is_hit);
        why.extend(hits.map(|one| format!("forbidden decision: {}", described(one))));
    }
    why
}

fn is_expected(expect: &Expect, one: &Decision) -> bool {
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

fn described(one: &Decision) -> String {
    let target = one.target.as_ref().map_or(String::new(), |target| format!(" to {target}"));
    let outcome = one.outcome.map_or(String::new(), |outcome| format!(", {outcome}"));
    format!("{}{target}, {}{outcome}", one.action.unwrap_or("nothing"), one.verdict)
}

fn told(all: &[Decision]) -> String {
    if all.is_empty() {
        return "nothing".to_owned();
    }
    all.iter().map(described).collect::<Vec<_>>().join("; ")
}
