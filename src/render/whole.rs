//! A report with all that it holds for people: every incident and verdict, worst first.

use ks_replayer::lateness::Lateness;
use ks_replayer::report::{Episode, Recording, Report};
use ks_vocabulary::output::Evidence;

use super::words::{self, Times};
use super::{blamed, coverage, decisions, incident, suffers};
use crate::plain::Page;

pub(super) fn page(report: &Report) -> Page {
    let mut page = Page::default();
    let times = Times::of(&report.recording);
    head(report, &times, &mut page);
    let mut episodes: Vec<&Episode> = report.episodes.iter().collect();
    episodes.sort_by_key(|episode| (std::cmp::Reverse(episode.severity), episode.id));
    incident::blocks(&report.incidents, &times, &mut page);
    for episode in &episodes {
        tell_episode(episode, &times, &mut page);
    }
    if episodes.is_empty() {
        page.line("No signal was raised.");
    }
    decisions::tell(report, &times, &mut page);
    page.gap();
    coverage::tell(report, &times, &mut page);
    for defect in &report.defects {
        page.line(format_args!("  defect in {}: {}", defect.place, defect.problem));
    }
    page.gap();
    page.line(format_args!("journal sha256 {}", report.journal_sha256));
    page
}

/// What was replayed, and how it differs from what was recorded.
pub(super) fn head(report: &Report, times: &Times, page: &mut Page) {
    let recording: &Recording = &report.recording;
    page.line(format_args!(
        "{} ticks of {}, {}",
        recording.ticks,
        if recording.host.is_empty() { "an unnamed host" } else { &recording.host },
        times.span(recording.start.as_deref(), recording.end.as_deref()),
    ));
    let Lateness { late_ticks, missed_ticks } = recording.lateness;
    if late_ticks > 0 || missed_ticks > 0 {
        page.line(format_args!("late ticks: {late_ticks}, missed ticks: {missed_ticks}"));
    }
    page.gap();
    if !report.differs.is_empty() {
        page.line(format_args!("What-if: {}.", report.differs.join("; ")));
        page.gap();
    }
}

fn tell_episode(episode: &Episode, times: &Times, page: &mut Page) {
    let subtype = episode.subtype.map_or(String::new(), |subtype| format!(" ({subtype})"));
    page.line(format_args!(
        "{:8} {}{subtype} on {}, {}",
        episode.severity.word().to_uppercase(),
        episode.kind.word(),
        episode.entity,
        words::state(episode),
    ));
    let until =
        episode.end.as_ref().map_or(String::new(), |end| format!(" until {}", times.at(end)));
    page.line(format_args!("         since {}{until}", times.at(&episode.onset)));
    let decisive = Evidence::decisive(&episode.evidence, episode.subtype);
    let others = episode.evidence.iter().filter(|one| Some(*one) != decisive);
    for one in decisive.into_iter().chain(others) {
        page.line(format_args!("         {}", words::evidence(one)));
    }
    for culprit in &episode.culprits {
        page.line(format_args!("         {}", blamed(culprit)));
    }
    for victim in &episode.victims {
        page.line(format_args!("         {}", suffers(victim)));
    }
}
