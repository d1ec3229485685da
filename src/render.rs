//! What the engine says, for people and programs; notes and errors to stderr.
#![expect(clippy::print_stderr, reason = "this is the place that prints")]

pub(crate) mod analysis;
pub(crate) mod detection;
mod incident;

use std::io;

use ks_engine::analysis::watch::Turn;
use ks_engine::output::{
    Change, CoverageState, Culprit, Evidence, ForecastSaid, IncidentChange, Output, Said, Signal,
};
use ks_recorder::format::damage::Damage;
use ks_replayer::forecasts::Forecast;
use ks_replayer::report::{Episode, Report, rfc3339};
use ks_scenarios::simulation::Simulation;

use crate::cli::Format;
use crate::stdout;

pub(crate) use incident::blocks as incidents;

/// A note for the person at the terminal.
pub(crate) fn note(text: &str) {
    eprintln!("ks: {text}");
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

/// An error with its causes, and what to do.
pub(crate) fn error(error: &anyhow::Error, hint: Option<&str>) {
    eprintln!("error: {error:#}");
    if let Some(hint) = hint {
        eprintln!("hint: {hint}");
    }
}

/// Actions of a scenario that could not be done.
pub(crate) fn refused(simulation: &Simulation) {
    for (planned, why) in simulation.refused() {
        note(&format!("an action {} after the start was refused: {why}", planned.at));
    }
}

/// One thing the engine said, as it is said: for programs its line of the journal.
pub(crate) fn verdict(output: &Output, line: &[u8], format: Format) -> io::Result<()> {
    let text = match format {
        Format::Json => String::from_utf8_lossy(line).into_owned(),
        Format::Text => match &output.body {
            Said::Signal(signal) => signal_text(signal, &rfc3339(output.at_ns)),
            Said::Coverage(coverage) if coverage.state == CoverageState::CannotTell => format!(
                "{} cannot tell {}: {}\n",
                rfc3339(output.at_ns),
                coverage.kind.word(),
                coverage.reason.as_deref().unwrap_or("-")
            ),
            Said::Defect(defect) => {
                format!(
                    "{} defect in {}: {}\n",
                    rfc3339(output.at_ns),
                    defect.place,
                    defect.problem
                )
            }
            Said::Incident(said) if said.change == IncidentChange::Updated => return Ok(()),
            Said::Incident(said) => incident::line(said, &rfc3339(output.at_ns)),
            Said::Forecast(said) => forecast_text(said, &rfc3339(output.at_ns)),
            Said::Coverage(_) | Said::Digest(_) | Said::End(_) => return Ok(()),
        },
    };
    let printed = match format {
        Format::Json => stdout::print(&text),
        Format::Text => stdout::print_plain(&text),
    };
    printed.map_err(io::Error::other)
}

fn signal_text(signal: &Signal, at: &str) -> String {
    let change = match signal.change {
        Change::Raised => "raised",
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
    if let Some(Evidence { metric, value, unit, .. }) = decisive {
        text += &format!(": {metric} {value:.3} {unit}");
    }
    if let Some(culprit) = signal.culprits.first() {
        let (by, who) = (blame(culprit), named(culprit));
        text += &format!(", {by} {who} {:.0} %", culprit.share * 100.0);
    }
    text + "\n"
}

/// How sure it is that a culprit is one. Who takes as much as ever is none.
fn blame(culprit: &Culprit) -> &'static str {
    match (culprit.convicted, culprit.resident) {
        (true, _) => "by",
        (false, true) => "resident",
        (false, false) => "perhaps",
    }
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
    text + "\n"
}

/// A forecast for people.
pub(crate) fn forecast(one: &Forecast) -> String {
    let mut text = format!("{} of {}", one.resource, one.entity);
    if let Some(action) = one.action {
        text += &format!(", with {action}");
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
    text
}

/// A span of time for people: `7-18 min`.
pub(crate) fn span(low_s: f64, high_s: f64) -> String {
    let (unit, seconds) = if high_s >= 7_200.0 { ("h", 3_600.0) } else { ("min", 60.0) };
    format!("{:.1}-{:.1} {unit}", low_s / seconds, high_s / seconds)
}

/// The report for people: worst first.
pub(crate) fn text(report: &Report) -> anyhow::Result<()> {
    let recording = &report.recording;
    let mut text = format!(
        "{} ticks of {}, {} to {}\n\n",
        recording.ticks,
        if recording.host.is_empty() { "an unnamed host" } else { &recording.host },
        recording.start.as_deref().unwrap_or("-"),
        recording.end.as_deref().unwrap_or("-"),
    );
    if !report.differs.is_empty() {
        text += &format!("What-if: {}.\n\n", report.differs.join("; "));
    }
    let mut episodes: Vec<&Episode> = report.episodes.iter().collect();
    episodes.sort_by_key(|episode| (std::cmp::Reverse(episode.severity), episode.id));
    text += &incident::blocks(&report.incidents);
    for episode in &episodes {
        text += &episode_text(episode);
    }
    if episodes.is_empty() {
        text += "No signal was raised.\n";
    }
    text += "\nWhat can be told:\n";
    for (kind, told) in &report.coverage {
        text += &format!("  {kind:24} {told}\n");
    }
    for defect in &report.defects {
        text += &format!("  defect in {}: {}\n", defect.place, defect.problem);
    }
    text += &format!("\njournal sha256 {}\n", report.journal_sha256);
    stdout::print_plain(&text)
}

fn episode_text(episode: &Episode) -> String {
    let subtype = episode.subtype.map_or(String::new(), |subtype| format!(" ({subtype})"));
    let mut text = format!(
        "{:8} {}{subtype} on {}, {}\n         since {}{}\n",
        episode.severity.word().to_uppercase(),
        episode.kind.word(),
        episode.entity,
        episode.state,
        episode.onset,
        episode.end.as_ref().map_or(String::new(), |end| format!(" until {end}")),
    );
    for evidence in &episode.evidence {
        let reached = if evidence.past_limit().is_some() { ", reached" } else { "" };
        let limit =
            evidence.limit.map_or(String::new(), |limit| format!(" (limit {limit}{reached})"));
        text += &format!(
            "         {} {:.3} {}{limit}\n",
            evidence.metric, evidence.value, evidence.unit
        );
    }
    for culprit in &episode.culprits {
        text += &format!(
            "         {} {}: {:.0} % of {}\n",
            blame(culprit),
            named(culprit),
            culprit.share * 100.0,
            culprit.metric
        );
    }
    for victim in &episode.victims {
        text += &format!(
            "         suffers: {}{} {:.0} % {}\n",
            victim.entity,
            victim.comm.as_ref().map_or(String::new(), |comm| format!(" {comm}")),
            victim.share * 100.0,
            victim.metric
        );
    }
    text
}
