//! Holds what a run found against what was really wrong.
//!
//! *Found*: the same kind on the truth's entity or a declared ancestor, raised from one tick before
//! the crossing until as long after it as is allowed, with its peak in the stated range; one that
//! was raised as a forecast may come from the onset on. More than
//! one on the same truth is *flapping*. *False*: of medium or above, and outside every window in
//! which something was wrong, or begun before. A *culprit* is right when the first in rank is the
//! truth's; an ambiguous one is wrong unless the truth says that it is. What is forbidden counts
//! only where it could have been told. *Excess* is what is raised while something is wrong though
//! its limit is never crossed and nothing expects it (`excess.rs`); high and critical have times of
//! their own (`escalation.rs`).

use std::collections::BTreeMap;

use ks_scenarios::expectation::{Forbid, What, matches};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;

use super::alarm::{self, Alarm};
use super::escalation::{self, Escalation};
use super::excess::Excess;
use super::measure::Measure;
use super::seen::{Blamed, Seen, SeenEpisode};
use super::truth::{Truth, Window};

/// How one case ended.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What is wrong; empty where it passed.
    pub why: Vec<String>,
    /// Each truth with what became of it.
    pub outcomes: Vec<Outcome>,
    /// Incidents with episodes of medium or above that nothing explains.
    pub false_alarms: Vec<Alarm>,
    /// Kinds of low episodes that nothing explains: reported apart.
    pub low_kinds: Vec<Kind>,
    /// Episodes of medium or above while something was wrong that nothing speaks for.
    pub excess: Vec<Excess>,
    /// Kinds of episodes of medium or above while something was wrong.
    pub raised: Vec<Kind>,
    /// Seconds in which nothing was wrong.
    pub calm_s: f64,
    /// How often each rule of the guard was looked at, where an agent was asked.
    pub guards: BTreeMap<&'static str, u64>,
}

/// What became of one truth.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which condition.
    pub kind: Kind,
    /// It is the condition of an expectation before it, with another decision.
    pub repeats: bool,
    /// It was found.
    pub found: bool,
    /// It may be missing.
    pub optional: bool,
    /// Episodes of it beyond the first.
    pub flapping: u64,
    /// Whether the first in rank was right, where the truth names one.
    pub culprit_right: Option<bool>,
    /// From the crossing to the raise, where a crossing is known.
    pub delay_s: Option<f64>,
    /// What became of severities past medium, where it was found.
    pub escalations: Vec<Escalation>,
    /// The severity that it reached, where it was found.
    pub peak: Option<Severity>,
    /// Who was convicted first: a name, or an entity that has none.
    pub convicted: Option<String>,
}

pub(super) fn judge(seen: &Seen, case: &Measure<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    if case.truths.is_empty() && case.forbids.is_empty() && !case.may_be_empty {
        verdict.why.push("it expects nothing and forbids nothing".to_owned());
    }
    if seen.ticks == 0 {
        verdict.why.push("no tick lies in its window".to_owned());
    }
    for (at, truth) in case.truths.iter().enumerate() {
        let is_same = |before: &Truth| before.expect.is_same_condition(&truth.expect);
        if let Some(before) = case.truths[..at].iter().position(is_same) {
            let outcome = Outcome { repeats: true, ..verdict.outcomes[before].clone() };
            verdict.outcomes.push(outcome);
            continue;
        }
        let outcome = look_for(seen, truth, case, &mut verdict.why);
        verdict.outcomes.push(outcome);
    }
    let mut alarms = Vec::new();
    for episode in seen.episodes.iter().filter(|episode| is_unexplained(episode, case)) {
        if episode.severity < Severity::Medium {
            verdict.low_kinds.push(episode.kind);
        } else {
            alarm::add(&mut alarms, episode);
            verdict.why.push(format!("false: {}", described(episode)));
        }
    }
    verdict.false_alarms = alarms.into_iter().map(|(_, alarm)| alarm).collect();
    for forbid in case.forbids {
        hold_forbidden(seen, forbid, &mut verdict.why);
    }
    hold_explained(seen, case, &mut verdict);
    verdict.calm_s = calm_s(seen, case.windows);
    verdict
}

/// Kinds raised while something was wrong, and what of it nothing speaks for.
fn hold_explained(seen: &Seen, case: &Measure<'_>, verdict: &mut Verdict) {
    let explained = seen.episodes.iter().filter(|episode| !is_unexplained(episode, case));
    for episode in explained.filter(|episode| episode.severity >= Severity::Medium) {
        verdict.raised.push(episode.kind);
        let Some(excess) = Excess::of(episode, case) else { continue };
        if !excess.is_declared {
            let described = described(episode);
            verdict.why.push(format!("excess: {described}: no counter crossed a limit of it"));
        }
        verdict.excess.push(excess);
    }
    verdict.raised.sort_unstable();
    verdict.raised.dedup();
}

fn look_for(seen: &Seen, truth: &Truth, case: &Measure<'_>, why: &mut Vec<String>) -> Outcome {
    let (expect, interval_s) = (&truth.expect, case.interval_s);
    let of_it: Vec<&SeenEpisode> =
        seen.episodes.iter().filter(|episode| truth.is_of(episode)).collect();
    let is_found = |episode: &&&SeenEpisode| {
        truth.is_in_time(episode, interval_s) && expect.severity.holds(episode.severity)
    };
    let found = of_it.iter().find(is_found);
    let culprit_right = found.zip(expect.culprit.as_deref()).map(|(episode, culprit)| {
        expect.ambiguous || episode.first.as_ref().is_some_and(|first| is_culprit(first, culprit))
    });
    let name = format!("{} on {}", expect.kind.word(), expect.entity);
    if found.is_none() && !expect.optional {
        why.push(format!("missed: {name}, {}", nearest(&of_it, truth)));
    }
    if culprit_right == Some(false) {
        let first = found.and_then(|episode| episode.first.as_ref());
        let told = first.map_or("nobody".to_owned(), |first| {
            let named = first.comm.as_deref().unwrap_or("");
            let sure = if first.convicted { "" } else { " (ambiguous)" };
            format!("{} {named}{sure}", first.entity)
        });
        let wanted = expect.culprit.as_deref().unwrap_or("");
        why.push(format!("culprit: {name} blames {} and not {wanted}", told.trim_end()));
    }
    let escalations =
        found.map_or_else(Vec::new, |episode| escalation::judge(episode, &of_it, truth, case));
    why.extend(escalation::complaints(&escalations, &name));
    Outcome {
        kind: expect.kind,
        repeats: false,
        found: found.is_some(),
        optional: expect.optional,
        flapping: again(&of_it, truth, interval_s),
        culprit_right,
        delay_s: found
            .filter(|episode| episode.raised_as != Some(Subtype::Predicted))
            .zip(truth.cross_s)
            .map(|(episode, cross_s)| episode.start_s - cross_s),
        escalations,
        peak: found.map(|episode| episode.severity),
        convicted: found.and_then(|episode| convicted(episode)),
    }
}

pub(super) fn convicted(episode: &SeenEpisode) -> Option<String> {
    let first = episode.first.as_ref().filter(|first| first.convicted)?;
    let name = first.comm.as_ref().filter(|_| first.entity.starts_with("process:"));
    Some(name.unwrap_or(&first.entity).clone())
}

/// Episodes of a truth beyond the first of each entity, while it lasts.
fn again(of_it: &[&SeenEpisode], truth: &Truth, interval_s: f64) -> u64 {
    let lies = |episode: &&&SeenEpisode| {
        episode.start_s >= truth.onset_s - interval_s && episode.start_s <= truth.end_s
    };
    let mut entities: Vec<&str> = Vec::new();
    let mut again = 0;
    for episode in of_it.iter().filter(lies) {
        if entities.contains(&episode.entity.as_str()) {
            again += 1;
        } else {
            entities.push(&episode.entity);
        }
        again += u64::from(episode.is_flapping);
    }
    again
}

/// What came closest to what was missed.
fn nearest(of_it: &[&SeenEpisode], truth: &Truth) -> String {
    let range = format!(
        "expected from {:.0} s to {:.0} s",
        truth.cross_s.unwrap_or(truth.onset_s),
        truth.until_s()
    );
    match of_it.first() {
        None => format!("{range}: never raised"),
        Some(episode) => format!("{range}: {}", described(episode)),
    }
}

fn described(episode: &SeenEpisode) -> String {
    let end = episode.end_s.map_or("the end".to_owned(), |end_s| format!("{end_s:.0} s"));
    let subtype = episode.subtype.map_or(String::new(), |subtype| format!(" ({subtype})"));
    format!(
        "{} {}{subtype} on {} from {:.0} s to {end}",
        episode.severity.word(),
        episode.kind.word(),
        episode.entity,
        episode.start_s
    )
}

/// A culprit is told by its name, which may be that of several processes, or as an entity.
fn is_culprit(first: &Blamed, culprit: &str) -> bool {
    let name = first.entity.strip_prefix("executable:").or(first.comm.as_deref());
    first.convicted && (name == Some(culprit) || matches(culprit, &first.entity))
}

/// An episode that lies in no window in which something was wrong, or that begins before.
fn is_unexplained(episode: &SeenEpisode, case: &Measure<'_>) -> bool {
    let explains = |window: &Window| {
        episode.start_s >= window.onset_s - case.interval_s && episode.start_s <= window.end_s
    };
    !case.windows.iter().any(explains)
}

/// Seconds outside of every window.
fn calm_s(seen: &Seen, windows: &[Window]) -> f64 {
    let mut spans: Vec<(f64, f64)> = windows
        .iter()
        .map(|window| (window.onset_s.max(0.0), window.end_s.min(seen.length_s)))
        .filter(|(begin, end)| end > begin)
        .collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut covered, mut until) = (0.0, 0.0);
    for (begin, end) in spans {
        covered += (end - begin.max(until)).max(0.0);
        until = f64::max(until, end);
    }
    seen.length_s - covered
}

fn hold_forbidden(seen: &Seen, forbid: &Forbid, why: &mut Vec<String>) {
    if forbid.action.is_some() {
        return;
    }
    let from_s = forbid.from.map_or(0.0, ks_scenarios::units::Duration::seconds);
    let to_s = forbid.to.map_or(f64::INFINITY, ks_scenarios::units::Duration::seconds);
    let lies = |at_s: f64| at_s >= from_s && at_s < to_s;
    match forbid.what {
        What::Episode => {
            let hit = |episode: &&SeenEpisode| {
                (forbid.kind == "*" || episode.kind.word() == forbid.kind)
                    && matches(&forbid.entity, &episode.entity)
                    && forbid.subtype.is_none_or(|one| episode.subtype == Some(one))
                    && episode.severity >= forbid.severity
                    && episode.start_s < to_s
                    && episode.end_s.is_none_or(|end_s| end_s >= from_s)
            };
            let hits = seen.episodes.iter().filter(hit);
            why.extend(hits.map(|episode| format!("forbidden: {}", described(episode))));
            untold(seen, forbid, (from_s, to_s), why);
        }
        What::Incident => {
            let hits = seen.incidents.iter().filter(|(at_s, severity)| {
                lies(*at_s) && severity.is_some_and(|severity| severity >= forbid.severity)
            });
            why.extend(hits.map(|(at_s, _)| format!("forbidden: an incident at {at_s:.0} s")));
        }
        What::Forecast => {
            let hit = |one: &&(f64, Metric, String, Kind)| {
                lies(one.0)
                    && matches(&forbid.entity, &one.2)
                    && (forbid.kind == "*" || one.3.word() == forbid.kind)
            };
            let hits = seen.forecasts.iter().filter(hit);
            why.extend(hits.map(|(at_s, metric, entity, _)| {
                format!("forbidden: a forecast of {metric} on {entity} at {at_s:.0} s")
            }));
        }
    }
}

/// What could not be told was not absent. The first seconds, in which windows fill, are excused.
fn untold(seen: &Seen, forbid: &Forbid, (from_s, to_s): (f64, f64), why: &mut Vec<String>) {
    const FILLS_S: f64 = 15.0;
    for told in &seen.told {
        let is_meant = forbid.kind == "*" || told.kind == forbid.kind;
        let overlaps = told.from_s < to_s && told.to_s > from_s.max(FILLS_S);
        if is_meant && overlaps && told.state == "cannot tell" {
            let reason = told.reason.as_deref().unwrap_or("");
            let (kind, at_s) = (&told.kind, told.from_s);
            why.push(format!("{kind} could not be told from {at_s:.0} s on: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests;
