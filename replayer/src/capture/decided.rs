//! Decisions of a part, and those of its cut.

use ks_vocabulary::decision::{Upshot, Verdict};

use super::Redaction;
use crate::report::{Decision, Episode, Report};

/// A decision as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    at: String,
    action: Option<&'static str>,
    target: Option<String>,
    verdict: Verdict,
    rule: &'static str,
    /// What had come of it when the part ends.
    outcome: Option<Upshot>,
}

impl Seen {
    pub(super) fn redact(&mut self, redaction: &Redaction) {
        self.target = self.target.take().map(|target| redaction.entity(&target));
    }

    fn told(&self) -> String {
        let target = self.target.as_ref().map_or(String::new(), |target| format!(" to {target}"));
        let outcome = self.outcome.map_or("nothing".to_owned(), |outcome| outcome.to_string());
        format!(
            "{}{target} at {}, {} by {}, of which came {outcome}",
            self.action.unwrap_or("nothing"),
            self.at,
            self.verdict,
            self.rule
        )
    }
}

/// When it went on last.
fn last(decision: &Decision) -> &str {
    decision.course.last().map_or(decision.at.as_str(), |stage| stage.at.as_str())
}

/// Decisions that were made in the part.
pub(super) fn seen(report: &Report, from: &str, to: &str) -> Vec<Seen> {
    let made = |one: &&Decision| one.at.as_str() >= from && one.at.as_str() < to;
    let told = |one: &Decision| Seen {
        at: one.at.clone(),
        action: one.action,
        target: one.target.as_ref().map(ToString::to_string),
        verdict: one.verdict,
        rule: one.rule,
        outcome: one.outcome.filter(|_| last(one) < to),
    };
    report.decisions.iter().filter(made).map(told).collect()
}

/// The episodes that decisions rest on which were made in the part, or went on in it.
pub(super) fn rested_on<'a>(report: &'a Report, from: &str, to: &str) -> Vec<&'a Episode> {
    let in_part = |one: &&Decision| one.at.as_str() < to && last(one) >= from;
    let decisions = report.decisions.iter().filter(in_part);
    let episodes = decisions.flat_map(|one| {
        let incident = report
            .incidents
            .iter()
            .find(|incident| (incident.run, incident.id) == (one.run, one.incident));
        let together = incident.map(|incident| incident.episodes.as_slice()).unwrap_or_default();
        report.episodes.iter().filter(move |episode| {
            episode.run == one.run
                && episode.start <= one.at
                && (one.evidence.contains(&episode.id) || together.contains(&episode.id))
        })
    });
    episodes.collect()
}

pub(super) fn compare(expected: &[Seen], found: &[Seen]) -> Vec<String> {
    let missing = expected.iter().filter(|one| !found.contains(one));
    let added = found.iter().filter(|one| !expected.contains(one));
    let missing = missing.map(|one| format!("decided only in the original: {}", one.told()));
    missing.chain(added.map(|one| format!("decided only in the cut: {}", one.told()))).collect()
}
