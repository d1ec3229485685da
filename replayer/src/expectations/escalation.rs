//! Holds rises of severity past medium against when raw counters reached the limit of it.
//!
//! What is found where raw counters cross a limit may not be called high or critical before the
//! tick ahead of the one in which its entity reached the limit of that; and where that limit was
//! held for as long as the severity has to last, it must be called so by then, with a little on
//! top. Anything else fails the case, unless its file says by a `[[weakened]]` entry of the kind
//! and the severity why it is borne with: it is counted all the same.

use ks_scenarios::expectation::matches;
use ks_scenarios::reference::LASTS_S;
use ks_vocabulary::kind::Severity;

use super::measure::Measure;
use super::seen::SeenEpisode;
use super::truth::{Crossed, Rise, Truth};

/// What is allowed beyond the time for which a severity has to last, in s, and in ticks where they
/// are rare.
const SLACK_S: f64 = 5.0;
const SLACK_TICKS: f64 = 2.0;

/// A severity past medium that was held for as long as it has to last, or that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// Which.
    pub severity: Severity,
    /// What is wrong with it.
    pub why: Option<String>,
    /// Its file says why that is borne with.
    pub is_declared: bool,
}

/// What became of the severities past medium of what was found.
pub(super) fn judge(
    found: &SeenEpisode,
    of_it: &[&SeenEpisode],
    truth: &Truth,
    case: &Measure<'_>,
) -> Vec<Escalation> {
    let own: Vec<_> = of_it.iter().filter(|one| one.entity == found.entity).collect();
    let is_own = |one: &&Crossed| one.kind == found.kind && one.entity == found.entity;
    let crossings: Vec<&Crossed> = case.crossings.iter().filter(is_own).collect();
    // Of what no counter of the reference tells, it tells no severity either.
    if crossings.is_empty() {
        return Vec::new();
    }
    let of = |(severity, lasts_s): (Severity, f64)| {
        let said = own.iter().flat_map(|episode| &episode.rises);
        let said_s = said.filter(|rise| rise.0 >= severity).map(|rise| rise.1);
        let said_s = said_s.min_by(f64::total_cmp);
        let (first_s, held_s) = reached(&crossings, truth, severity);
        let until_s = lasts_s + SLACK_S.max(SLACK_TICKS * case.interval_s) + 0.01;
        let until_s = held_s.map(|held_s| held_s + until_s);
        let from_s = first_s.map(|first_s| first_s - case.interval_s - 0.01);
        let why = match (said_s, from_s, until_s) {
            (None, _, None) => return None,
            (None, _, Some(until_s)) => Some(format!("held, due until {until_s:.0} s: never said")),
            (Some(said_s), None, _) => Some(format!("said at {said_s:.0} s, never reached")),
            (Some(said_s), Some(from_s), _) if said_s < from_s => {
                Some(format!("said at {said_s:.0} s, first reached at {from_s:.0} s"))
            }
            (Some(said_s), _, Some(until_s)) if said_s > until_s => {
                Some(format!("held, due until {until_s:.0} s: said at {said_s:.0} s"))
            }
            _ => None,
        };
        let is_declared = is_declared(found, case, severity);
        Some(Escalation { severity, why, is_declared })
    };
    LASTS_S
        .into_iter()
        .filter(|(severity, _)| *severity > Severity::Medium)
        .filter_map(of)
        .collect()
}

/// When counters first reached a severity since the onset, and first held it while the truth lasts.
fn reached(
    crossings: &[&Crossed],
    truth: &Truth,
    severity: Severity,
) -> (Option<f64>, Option<f64>) {
    let rises = crossings.iter().flat_map(|one| &one.rises);
    let rises: Vec<&Rise> = rises.filter(|rise| rise.severity == severity).collect();
    let lies = |at_s: &f64| *at_s >= truth.onset_s && *at_s <= truth.end_s;
    let first_s = rises.iter().map(|rise| rise.first_s).filter(|at_s| *at_s >= truth.onset_s);
    let held_s = rises.iter().filter_map(|rise| rise.held_s).filter(lies);
    (first_s.min_by(f64::total_cmp), held_s.min_by(f64::total_cmp))
}

/// What is wrong with those of one truth that its file does not bear with.
pub(super) fn complaints(all: &[Escalation], name: &str) -> Vec<String> {
    let undeclared = all.iter().filter(|one| !one.is_declared);
    let told = undeclared.filter_map(|one| Some((one.severity.word(), one.why.as_deref()?)));
    told.map(|(severity, why)| format!("escalation: {name}, {severity}: {why}")).collect()
}

fn is_declared(found: &SeenEpisode, case: &Measure<'_>, severity: Severity) -> bool {
    case.weakened.iter().any(|entry| {
        entry.kind == Some(found.kind)
            && entry.severity == Some(severity)
            && matches(&entry.entity, &found.entity)
    })
}

#[cfg(test)]
mod tests;
