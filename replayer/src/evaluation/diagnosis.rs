//! Who was held to be at fault, against who was.

use std::collections::BTreeSet;

use ks_scenarios::expectation::{Expect, matches};
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::subtype::Subtype;

use super::course::Course;
use super::seconds;
use crate::report::{Decision, Report};

/// See the module.
pub(super) struct Diagnosis {
    /// Who is at fault.
    pub(super) causes: Vec<String>,
    /// Who was held to be.
    pub(super) found: Vec<String>,
    /// Both are the same.
    pub(super) is_exact: bool,
    /// One of those who were held to be is; where nobody is, nobody was.
    pub(super) has_one: bool,
    /// Every decision rests on signals that had been raised.
    pub(super) evidence_valid: bool,
}

impl Diagnosis {
    pub(super) fn of(scenario: &Scenario, report: &Report, course: &Course) -> Self {
        let causes: BTreeSet<&String> = scenario
            .expect
            .iter()
            .filter(|expect| is_suffered(expect))
            .filter_map(culprit)
            .collect();
        let found = found(report, course);
        let is_held = |cause: &str| found.iter().any(|found| is_same(cause, found));
        let is_cause = |found: &Found| causes.iter().any(|cause| is_same(cause, found));
        let has_one = if causes.is_empty() { found.is_empty() } else { found.iter().any(is_cause) };
        let is_exact = causes.iter().all(|cause| is_held(cause)) && found.iter().all(is_cause);
        let mut names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
        names.dedup();
        Self {
            causes: causes.into_iter().cloned().collect(),
            found: names,
            is_exact,
            has_one,
            evidence_valid: report.decisions.iter().all(|one| is_valid(one, report)),
        }
    }
}

/// It must be found, may be medium, and is not meant to be so.
fn is_suffered(expect: &Expect) -> bool {
    !expect.optional
        && expect.severity.bounds().1 >= Severity::Medium
        && expect.subtype != Some(Subtype::Niced)
}

fn culprit(expect: &Expect) -> Option<&String> {
    expect.culprit.as_ref().filter(|_| !expect.ambiguous)
}

/// Someone who was held to be at fault.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    name: String,
    entity: String,
}

fn found(report: &Report, course: &Course) -> Vec<Found> {
    let supposed = report.steps.iter().filter_map(|step| step.diagnosis.as_ref());
    let culprits = supposed.filter_map(|diagnosis| diagnosis.culprit.as_ref());
    let each =
        culprits.map(|entity| Found { name: name(entity, course), entity: entity.to_string() });
    let all: BTreeSet<Found> = each.collect();
    all.into_iter().collect()
}

/// What people call it: a process by its name, a control group by its path.
pub(super) fn name(entity: &Entity, course: &Course) -> String {
    if let Entity::Process(pid, start) | Entity::ForkTree(pid, start) = entity {
        course.name((*pid, *start)).map_or_else(|| entity.to_string(), str::to_owned)
    } else if let Entity::Cgroup(group) = entity {
        String::from_utf8_lossy(&group.path).into_owned()
    } else {
        entity.to_string()
    }
}

fn is_same(cause: &str, found: &Found) -> bool {
    matches(cause, &found.name) || matches(cause, &found.entity)
}

/// Rows of one reading have times of their own, up to this long after its first.
const READING_S: f64 = 0.5;

fn is_valid(decision: &Decision, report: &Report) -> bool {
    let until_s = seconds(&decision.at, report) + READING_S;
    let is_raised = |id: &u64| {
        let episode = report.episodes.iter().find(|episode| episode.id == *id);
        episode.is_some_and(|episode| seconds(&episode.start, report) <= until_s)
    };
    !decision.evidence.is_empty() && decision.evidence.iter().all(is_raised)
}
