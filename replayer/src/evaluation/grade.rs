//! The grade of one run, by what was measured of the world.

use std::collections::BTreeMap;

use ks_scenarios::remedies::{self, LONGER_S, Moment, STARVED, TAKEN, WITHIN_S};
use ks_vocabulary::decision::{Decided, Upshot, Verdict};
use ks_vocabulary::kind::Entity;

use super::course::Course;
use super::diagnosis::{self, Diagnosis};
use super::row::{Ended, ModelRow, Row};
use super::seconds;
use super::{Exam, Player};
use crate::report::{Decision, Report};

/// Something that was really done.
struct Deed<'a> {
    at_s: f64,
    decision: &'a Decision,
}

/// Grades a run.
pub(super) fn row(
    exam: &Exam,
    player: Player,
    report: &Report,
    course: &Course,
    untreated: &Course,
) -> Row {
    let found = Diagnosis::of(&exam.scenario, report, course);
    let deeds = deeds(report);
    let moments = &exam.remedies.moments;
    let first = report.decisions.iter().find(|one| one.verdict != Verdict::Denied);
    let right = exam.remedies.at(first.map_or(0.0, |one| seconds(&one.at, report)));
    let first_deed_s = deeds.first().map(|deed| deed.at_s);
    let could_s = moments.first().map(|moment| moment.at_s);
    Row {
        scenario: exam.scenario.name.clone(),
        player,
        causes_exact: found.is_exact,
        diagnosis_right: found.has_one && found.evidence_valid,
        evidence_valid: found.evidence_valid,
        causes: found.causes,
        diagnosed: found.found,
        right: right.map_or(Vec::new(), |moment| moment.right().map(called).collect()),
        decided: report.decisions.iter().map(|one| told(one, course)).collect(),
        why: endings(report),
        action_right: is_right(first, right, course),
        ended: ended(moments, &deeds, course),
        harm: harm(&deeds, course, untreated),
        steps: report.steps.len(),
        model: ModelRow::of(report),
        after_s: first_deed_s.zip(could_s).map(|(deed_s, could_s)| deed_s - could_s),
    }
}

fn called(action: &ks_vocabulary::action::Action) -> String {
    format!("{} of {}", action.name(), remedies::target(action))
}

fn told(decision: &Decision, course: &Course) -> String {
    let target = decision
        .target
        .as_ref()
        .map_or(String::new(), |target| format!(" of {}", diagnosis::name(target, course)));
    let upshot = decision.outcome.map_or(String::new(), |upshot| format!(", {upshot}"));
    format!("{}{target}: {}{upshot}", decision.action.unwrap_or("nothing"), decision.verdict)
}

/// What was said last of each incident on which the work ended.
fn endings(report: &Report) -> Vec<String> {
    let ended = report.steps.iter().filter(|step| step.ending.is_some());
    let each = ended.filter_map(|step| Some((step.incident, step.answer.as_str()?.to_owned())));
    let last: BTreeMap<u64, String> = each.collect();
    last.into_values().collect()
}

/// What was done; what is tried and not applied changes nothing.
fn deeds(report: &Report) -> Vec<Deed<'_>> {
    let each = report.decisions.iter().filter_map(|decision| {
        let asked = decision.course.iter().find(|stage| stage.change == Decided::Asked)?;
        let nothing = [Upshot::NotApplied, Upshot::DryRun, Upshot::Superseded];
        let is_done = decision.outcome.is_none_or(|upshot| !nothing.contains(&upshot));
        is_done.then(|| Deed { at_s: seconds(&asked.at, report), decision })
    });
    each.collect()
}

fn is_right(first: Option<&Decision>, moment: Option<&Moment>, course: &Course) -> bool {
    let right = || moment.into_iter().flat_map(Moment::right);
    let Some(first) = first else { return right().next().is_none() };
    let target = first.target.as_ref().filter(|target| **target != Entity::Host);
    let target = target.map_or("host".to_owned(), |target| diagnosis::name(target, course));
    right().any(|action| Some(action.name()) == first.action && remedies::target(action) == target)
}

/// How it ended; of several moments the worst.
fn ended(moments: &[Moment], deeds: &[Deed<'_>], course: &Course) -> Ended {
    if moments.is_empty() {
        return if deeds.is_empty() { Ended::LeftAlone } else { Ended::Meddled };
    }
    let worst = moments.iter().map(|moment| of_moment(moment, deeds, course));
    worst.max_by_key(|ended| *ended as u8).unwrap_or(Ended::LeftAlone)
}

fn of_moment(moment: &Moment, deeds: &[Deed<'_>], course: &Course) -> Ended {
    let helps = moment.right().next().is_some();
    let own = deeds.iter().filter(|deed| deed.at_s <= moment.until_s);
    let last_s = own.clone().map(|deed| deed.at_s).reduce(f64::max);
    match (helps, last_s) {
        (false, None) => Ended::LeftAlone,
        (false, Some(_)) => Ended::Meddled,
        (true, None) => Ended::Missed,
        (true, Some(last_s)) if is_resolved(moment, last_s, course) => Ended::Resolved,
        (true, Some(_)) => Ended::Unresolved,
    }
}

/// One of the limits is below in time after the last deed, and stays.
fn is_resolved(moment: &Moment, last_s: f64, course: &Course) -> bool {
    if moment.foretold {
        let held: Vec<_> = course.held(moment.at_s.min(last_s), moment.until_s).collect();
        return moment.standing.iter().any(|place| !held.contains(place));
    }
    let from_s = last_s.max(moment.at_s) + WITHIN_S;
    moment.standing.iter().any(|place| course.is_clear(place, from_s, from_s + LONGER_S))
}

/// What comes to stand in the run, or is stopped in it, within an action's time, and does not stand
/// without.
fn harm(deeds: &[Deed<'_>], course: &Course, untreated: &Course) -> Vec<String> {
    let mut harm = Vec::new();
    for deed in deeds {
        let (from_s, to_s) = (deed.at_s, deed.at_s + WITHIN_S + LONGER_S);
        let by = deed.decision.action.unwrap_or("an action");
        let without: Vec<_> = untreated.crossed(from_s, to_s).collect();
        for place in course.held(from_s, to_s).filter(|place| !without.contains(place)) {
            harm.push(format!("{by}: {} on {} is crossed", place.kind.word(), place.entity));
        }
        let known = untreated.stopped(from_s, to_s);
        for name in course.stopped(from_s, to_s) {
            if !known.contains(&name) {
                harm.push(format!("{by}: {name} is stopped"));
            }
        }
        let ticks = course.needed_ticks(from_s, to_s);
        for ((name, with), (_, without)) in
            ticks.into_iter().zip(untreated.needed_ticks(from_s, to_s))
        {
            if (with as f64) < STARVED * without as f64 {
                harm.push(format!("{by}: {name} has a fifth less CPU time"));
            }
        }
        let (with, without) = (course.taken(from_s, to_s), untreated.taken(from_s, to_s));
        if (with as f64) < TAKEN * without as f64 {
            harm.push(format!("{by}: fewer connections are taken"));
        }
    }
    harm
}
