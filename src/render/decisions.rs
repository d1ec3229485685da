//! What was decided, what came of it, and why nothing was done where nothing was.

use std::collections::BTreeMap;

use ks_replayer::report::{Decision, Report, Step};
use ks_vocabulary::decision::{Beside, Decided, Ending, Upshot, Verdict};

use super::words::{Times, expected, quantity};
use crate::plain::Page;

/// Incidents without a decision that are told of.
const LEFT_ALONE: usize = 3;

/// The decisions of a report, and the incidents that were left alone; nothing where no agent was.
pub(super) fn tell(report: &Report, times: &Times, page: &mut Page) {
    if report.steps.is_empty() {
        return;
    }
    page.gap();
    let counts = counts(report);
    page.line(format_args!("The agent: {counts}"));
    for decision in &report.decisions {
        one(decision, times, page);
    }
    let left: Vec<&Step> = left_alone(report);
    for step in left.iter().take(LEFT_ALONE) {
        let ending = step.ending.map_or("", ending);
        let why = step.answer.as_str().unwrap_or_default();
        page.line(format_args!(
            "{} incident {}: {ending}: {why}",
            times.at(&step.at),
            step.incident
        ));
    }
    if left.len() > LEFT_ALONE {
        page.line(format_args!("         and {} more", left.len() - LEFT_ALONE));
    }
}

fn counts(report: &Report) -> String {
    let acted = report.decisions.iter().filter(|one| is_done(one)).count();
    let denied = report.decisions.iter().filter(|one| one.verdict == Verdict::Denied).count();
    let proposed = report.decisions.len() - acted - denied;
    let mut told = Vec::new();
    for (count, word) in [(acted, "acted"), (proposed, "proposed"), (denied, "denied")] {
        if count > 0 {
            told.push(format!("{word} {count} time{}", if count == 1 { "" } else { "s" }));
        }
    }
    if told.is_empty() { "did nothing".to_owned() } else { told.join(", ") }
}

fn is_done(decision: &Decision) -> bool {
    decision.verdict == Verdict::Allowed
        && !matches!(decision.outcome, Some(Upshot::NotApplied | Upshot::DryRun))
}

/// The last word on each incident on which nothing was decided, or no more is.
fn left_alone(report: &Report) -> Vec<&Step> {
    let mut last: BTreeMap<(u64, u64), &Step> = BTreeMap::new();
    for step in report.steps.iter().filter(|step| step.ending.is_some()) {
        last.insert((step.run, step.incident), step);
    }
    let is_decided = |step: &&Step| {
        report.decisions.iter().any(|one| (one.run, one.incident) == (step.run, step.incident))
    };
    let is_spent = |step: &&Step| step.ending == Some(Ending::BudgetUsedUp);
    last.into_values().filter(|step| !is_decided(step) || is_spent(step)).collect()
}

pub(super) fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Acted => "acted",
        Ending::Proposed => "proposed",
        Ending::NothingToDo => "nothing to do",
        Ending::CannotTell => "cannot tell what to do",
        Ending::BudgetUsedUp => "its budget is used up",
    }
}

/// One decision: what, to whom, by which rule, with what expectation, and what came of it.
pub(super) fn one(decision: &Decision, times: &Times, page: &mut Page) {
    let who = match (&decision.comm, &decision.target) {
        (Some(comm), Some(target)) => format!(" to {target} {comm}"),
        (None, Some(target)) => format!(" to {target}"),
        (_, None) => String::new(),
    };
    let action = decision.action.unwrap_or("nothing");
    page.line(format_args!(
        "{} incident {}: {}: {action}{who}",
        times.at(&decision.at),
        decision.incident,
        decision.failure_mode
    ));
    let verdict = match decision.verdict {
        Verdict::Allowed => "allowed",
        Verdict::NeedsApproval => "needs an approval",
        Verdict::Denied => "denied",
    };
    page.line(format_args!("         {verdict} by {}: {}", decision.rule, decision.reason));
    if decision.verdict != Verdict::Denied {
        for effect in &decision.plan {
            page.line(format_args!("         plan: {effect}"));
        }
        let undo =
            if decision.undo.is_empty() { "none".to_owned() } else { decision.undo.join(", ") };
        page.line(format_args!("         undo: {undo}"));
    }
    if let Some(predicted) = &decision.predicted {
        page.line(format_args!("         expected: {}", expected(predicted)));
    }
    outcome(decision, times, page);
}

fn outcome(decision: &Decision, times: &Times, page: &mut Page) {
    let Some(outcome) = decision.outcome else {
        if decision.course.iter().any(|stage| stage.change == Decided::Done) {
            page.line("         the run ended before it was verified: what was done stands");
        }
        return;
    };
    let at = decision.course.last().map_or(String::new(), |stage| times.at(&stage.at));
    let lesson = decision.lesson.as_deref().map_or(String::new(), |lesson| format!(": {lesson}"));
    page.line(format_args!("{at} {outcome}{lesson}"));
    let Some(actual) = &decision.actual else { return };
    let unit = actual.metric.unit();
    let (before, after) = (quantity(actual.before, unit), quantity(actual.after, unit));
    let without = actual.effect.map_or(String::new(), |effect| {
        format!("{} expected without it, ", quantity(actual.after - effect, unit))
    });
    let p = actual.p.map_or(String::new(), |p| format!(", p {p:.3}"));
    page.line(format_args!(
        "         measured: {} {after}, {without}{before} before its signal; told by {}, \
         {} untreated ({}){p}",
        actual.metric, actual.method, actual.m, actual.sources
    ));
    if let Some(beside) = &actual.beside {
        page.line(format_args!("         beside it: {}", told_beside(beside)));
    }
}

/// How many other quantities were tested, and the one that looks worst.
fn told_beside(beside: &Beside) -> String {
    let Beside { tested, not_testable, worst } = beside;
    let counts = format!("{tested} other quantities tested, {not_testable} not testable");
    let Some(worst) = worst else { return counts };
    let unit = worst.metric.unit();
    let (before, after) = (quantity(worst.before, unit), quantity(worst.after, unit));
    format!(
        "{counts}; {} of {} from {before} to {after}, p {:.3} adjusted",
        worst.metric, worst.entity, worst.p
    )
}
