//! What the engine says, for people and programs; notes and errors to stderr.

pub(crate) mod analysis;
mod brief;
mod coverage;
mod decisions;
pub(crate) mod detection;
pub(crate) mod evaluation;
mod incident;
pub(crate) mod scripted;
mod trace;
mod whole;
pub(crate) mod words;

use std::fmt::Display;
use std::io::{self, Write};

use clap::ValueEnum;
use ks_recorder::format::damage::Damage;
use ks_replayer::forecasts::Forecast;
use ks_replayer::names::Names;
use ks_replayer::report::{Report, rfc3339};
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::decision::DecisionSaid;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::{
    Change, CoverageState, Culprit, Evidence, ForecastSaid, IncidentChange, Output, Request, Said,
    Signal, Turn,
};

use crate::plain::Page;
use crate::stdout;

pub(crate) use incident::blocks as incidents;

/// Lines that a screen has.
const SCREEN_LINES: usize = 50;

/// A note for the person at the terminal.
pub(crate) fn note(text: &str) {
    tell("ks", text);
}

/// What of a recording was not read.
pub(crate) fn left_out(torn_bytes: u64, damages: &[Damage]) {
    for damage in damages {
        note(&damage.to_string());
    }
    if torn_bytes > 0 {
        note(&format!("the last tick was cut short: {torn_bytes} bytes were left out"));
    }
}

/// Form of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// An error with its causes, and what to do.
pub(crate) fn error(error: &anyhow::Error, hint: Option<&str>) {
    tell("error", format_args!("{error:#}"));
    if let Some(hint) = hint {
        tell("hint", hint);
    }
}

/// Writes one line to stderr. Words for people end nothing: where they cannot be written, because
/// a disk is full or the reader is gone, the work goes on without them.
fn tell(title: &str, words: impl Display) {
    let page = Page::of(format_args!("{title}: {words}"));
    let _ = io::stderr().write_all(page.as_str().as_bytes());
}

/// Actions of a scenario that could not be done.
pub(crate) fn refused(simulation: &Simulation) {
    for (planned, why) in simulation.refused() {
        note(&format!("an action {} after the start was refused: {why}", planned.at));
    }
}

/// All that led to the decisions on an incident.
pub(crate) fn explained(report: &Report, incident: u64, page: &mut Page) {
    trace::tell(report, incident, page);
}

/// One thing the engine said, as it is said: for programs its line of the journal.
pub(crate) fn verdict(
    output: &Output,
    line: &[u8],
    format: Format,
    names: &Names,
) -> io::Result<()> {
    let printed = match format {
        Format::Json => stdout::print(&String::from_utf8_lossy(line)),
        Format::Text => match said(output) {
            Some(words) => stdout::print_page(&Page::of(names.say(&words))),
            None => return Ok(()),
        },
    };
    printed.map_err(io::Error::other)
}

/// What people are told of an output; nothing of most.
fn said(output: &Output) -> Option<String> {
    let at = rfc3339(output.at_ns);
    match &output.body {
        Said::Signal(signal) => Some(signal_text(signal, &at)),
        Said::Coverage(coverage) if coverage.state == CoverageState::CannotTell => {
            let reason = coverage.reason.as_deref().unwrap_or("-");
            Some(format!("{at} cannot tell {}: {reason}", coverage.kind.word()))
        }
        Said::Defect(defect) => {
            Some(format!("{at} defect in {}: {}", defect.place, defect.problem))
        }
        Said::Incident(said) if said.change == IncidentChange::Updated => None,
        Said::Incident(said) => Some(incident::line(said, &at)),
        Said::Forecast(said) => Some(forecast_text(said, &at)),
        Said::Request(request) => Some(request_text(request, &at)),
        Said::Step(step) => step.ending.map(|ending| {
            let why = step.answer.as_deref().unwrap_or_default();
            format!("{at} agent    incident {}: {ending}: {why}", step.incident)
        }),
        Said::Decision(said) => Some(decision_text(said, &at)),
        Said::Coverage(_) | Said::Digest(_) | Said::End(_) => None,
    }
}

fn decision_text(said: &DecisionSaid, at: &str) -> String {
    let action = said.action.as_ref().map_or("nothing", |action| action.name());
    let target = said.target.as_ref().map_or(String::new(), |target| format!(" to {target}"));
    let outcome = said.outcome.map_or(String::new(), |outcome| format!(", {outcome}"));
    format!(
        "{at} decision {} {}: {action}{target}: {} by {}{outcome}",
        said.id, said.change, said.verdict, said.rule
    )
}

fn request_text(request: &Request, at: &str) -> String {
    let again = if request.again { ", again after a restart" } else { "" };
    format!("{at} asks     {} as request {}{again}", request.asks.word(), request.id.0)
}

fn signal_text(signal: &Signal, at: &str) -> String {
    let change = match signal.change {
        Change::Raised => "raised",
        Change::Escalated => "worse",
        Change::Updated => "updated",
        Change::Cleared => "cleared",
        Change::AcceptedAsNormal => "accepted as normal",
        Change::Ended => "stands at the end",
        Change::Stale => "stale",
    };
    let subtype = signal.subtype.map_or(String::new(), |subtype| format!(" ({subtype})"));
    let mut text = format!(
        "{at} {change:7} {:8} {}{subtype} on {}",
        signal.severity.word().to_uppercase(),
        signal.kind.word(),
        signal.entity
    );
    let decisive =
        Evidence::decisive(&signal.evidence, signal.subtype).filter(|_| !signal.change.is_over());
    if let Some(evidence) = decisive {
        let (Evidence { metric, value, .. }, unit) = (evidence, evidence.unit());
        text += &format!(": {metric} {value:.3} {unit}{}", evidence.over());
    }
    if let Some(culprit) = signal.culprits.first() {
        let (by, who) = (blame(culprit), named(culprit));
        text += &format!(", {by} {who} {:.0} %", culprit.share * 100.0);
    }
    text
}

/// How sure it is that a culprit is one. Who takes as much as ever is none.
fn blame(culprit: &Culprit) -> &'static str {
    match (culprit.convicted, culprit.resident) {
        (true, _) => "by",
        (false, true) => "resident",
        (false, false) => "perhaps",
    }
}

/// Who consumes, and how much of what.
fn blamed(culprit: &Culprit) -> String {
    let (by, who, share) = (blame(culprit), named(culprit), culprit.share * 100.0);
    format!("{by} {who}: {share:.0} % of {}", culprit.metric)
}

/// Who suffers, and by what; a filesystem is full of something.
fn suffers(victim: &Culprit) -> String {
    let (who, share) = (named(victim), victim.share * 100.0);
    if matches!(victim.entity, Entity::Filesystem(_)) {
        return format!("{who} is full: {share:.0} % {}", victim.metric);
    }
    format!("suffers: {who} {share:.0} % {}", victim.metric)
}

/// The entity with its name. Sets but the tree of a process have none of their own.
fn named(culprit: &Culprit) -> String {
    let comm = culprit.comm.as_ref().map_or(String::new(), |comm| format!(" {comm}"));
    format!("{}{comm}", culprit.entity)
}

fn forecast_text(said: &ForecastSaid, at: &str) -> String {
    let change = match said.change {
        Turn::Made => "expects",
        Turn::Renewed => "still expects",
        Turn::Withdrawn => "takes back",
    };
    let mut text = format!("{at} {change} the end of {} of {}", said.resource.word(), said.entity);
    if let (Some(low), Some(high)) = (said.eta_low_s, said.eta_high_s) {
        text += &format!(" in {} (90 %)", span(low, high));
    }
    if let Some(reason) = &said.reason {
        text += &format!(": {reason}");
    }
    if let Some(calibration) = &said.calibration {
        text += &format!(", calibration: {calibration}");
    }
    if let Some(basis) = said.basis {
        text += &format!(", {}", basis.word());
    }
    text
}

/// A forecast for people.
pub(crate) fn forecast(one: &Forecast) -> String {
    let mut text = format!("{} of {}", one.resource, one.entity);
    if let Some(action) = one.action {
        text += &format!(", with {}", action.name());
    }
    text += &format!(": {:.1} % used", one.level * 100.0);
    match (one.eta_low_s, one.eta_high_s, &one.reason) {
        (Some(low), Some(high), _) => {
            text += &format!(", ends in {} (90 %)", span(low, high));
        }
        (_, _, Some(reason)) => text += &format!(", no forecast: {reason}"),
        (Some(low), None, None) => {
            text += &format!(", ends in {:.1} min at the earliest, if at all (90 %)", low / 60.0);
        }
        (None, ..) => text += ", does not end (90 %)",
    }
    if let Some(calibration) = &one.calibration {
        text += &format!(", calibration: {calibration}");
    }
    if let Some(basis) = one.basis {
        text += &format!(", {}", basis.word());
    }
    text
}

/// A span of time for people: `7-18 min`.
pub(crate) fn span(low_s: f64, high_s: f64) -> String {
    let (unit, seconds) = if high_s >= 7_200.0 { ("h", 3_600.0) } else { ("min", 60.0) };
    format!("{:.1}-{:.1} {unit}", low_s / seconds, high_s / seconds)
}

/// The report for people: what fits a screen as it is, else its news; all of it where that is
/// asked for.
pub(crate) fn text(report: &Report, is_verbose: bool) -> anyhow::Result<()> {
    let mut named = Page::default();
    named.text(&report.names.say(page(report, is_verbose).as_str()));
    stdout::print_page(&named)
}

fn page(report: &Report, is_verbose: bool) -> Page {
    let whole = whole::page(report);
    if is_verbose || whole.line_count() <= SCREEN_LINES { whole } else { brief::page(report) }
}

#[cfg(test)]
mod tests;
