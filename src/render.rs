//! Everything `ks` prints: data to stdout, notes and errors to stderr.
#![expect(clippy::print_stderr, reason = "this is the place that prints")]

use std::io::{self, Write};

use ks_replayer::report::{Episode, Report};

/// A note for the person at the terminal.
pub(crate) fn note(text: &str) {
    eprintln!("ks: {text}");
}

/// An error with its causes, and what to do.
pub(crate) fn error(error: &anyhow::Error, hint: Option<&str>) {
    eprintln!("error: {error:#}");
    if let Some(hint) = hint {
        eprintln!("hint: {hint}");
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// The report for programs.
pub(crate) fn json(report: &Report) -> anyhow::Result<()> {
    print(&(serde_json::to_string_pretty(report)? + "\n"))
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
    let mut episodes: Vec<&Episode> = report.episodes.iter().collect();
    episodes.sort_by_key(|episode| (std::cmp::Reverse(episode.severity), episode.id));
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
    print(&text)
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
        let limit = evidence.limit.map_or(String::new(), |limit| format!(" (limit {limit})"));
        text += &format!(
            "         {} {:.3} {}{limit}\n",
            evidence.metric, evidence.value, evidence.unit
        );
    }
    for culprit in &episode.culprits {
        text += &format!(
            "         {} {} {}: {:.0} % of {}\n",
            if culprit.convicted { "by" } else { "perhaps" },
            culprit.entity,
            culprit.comm.as_deref().unwrap_or("?"),
            culprit.share * 100.0,
            culprit.metric
        );
    }
    text
}
