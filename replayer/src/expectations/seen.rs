//! What a run found, reduced to what expectations speak of; times are seconds from its beginning.

use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::subtype::Subtype;

use crate::report::{Report, Span};

/// One episode.
#[derive(Debug, Clone)]
pub(super) struct SeenEpisode {
    /// Number of the incident that it belongs to.
    pub(super) incident: Option<u64>,
    pub(super) kind: Kind,
    pub(super) entity: String,
    pub(super) subtype: Option<Subtype>,
    /// The form in which it was raised.
    pub(super) raised_as: Option<Subtype>,
    pub(super) severity: Severity,
    /// Each severity that it rose to, with when it did; the first is that of the raise.
    pub(super) rises: Vec<(Severity, f64)>,
    pub(super) start_s: f64,
    pub(super) end_s: Option<f64>,
    pub(super) is_flapping: bool,
    pub(super) first: Option<Blamed>,
}

/// Who is ranked first.
#[derive(Debug, Clone)]
pub(super) struct Blamed {
    pub(super) entity: String,
    pub(super) comm: Option<String>,
    pub(super) convicted: bool,
}

/// A stretch in which a kind could be told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) kind: String,
    pub(super) from_s: f64,
    pub(super) to_s: f64,
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) ticks: u64,
    pub(super) length_s: f64,
    pub(super) episodes: Vec<SeenEpisode>,
    /// Start of each, with its worst severity.
    pub(super) incidents: Vec<(f64, Option<Severity>)>,
    /// Time, metric and entity of each forecast that a limit is near.
    pub(super) forecasts: Vec<(f64, Metric, String, Kind)>,
    pub(super) told: Vec<Told>,
}

impl Seen {
    pub(super) fn of(report: &Report) -> Self {
        let after = |text: &str| after_s(report, text);
        let length_s = report.recording.end.as_deref().map_or(0.0, after);
        let incident_of = |episode: u64| {
            report.incidents.iter().find(|one| one.episodes.contains(&episode)).map(|one| one.id)
        };
        let episodes = report.episodes.iter().map(|episode| SeenEpisode {
            incident: incident_of(episode.id),
            kind: episode.kind,
            entity: episode.entity.to_string(),
            subtype: episode.subtype,
            raised_as: episode.raised_as,
            severity: episode.severity,
            rises: std::iter::once((episode.raised, after(&episode.start)))
                .chain(episode.escalations.iter().map(|one| (one.severity, after(&one.at))))
                .collect(),
            start_s: after(&episode.start),
            end_s: episode.end.as_deref().map(after),
            is_flapping: episode.state == "flapping",
            first: episode.culprits.first().map(blamed),
        });
        let near =
            report.forecasts.iter().filter(|one| one.action.is_none() && one.eta_s.is_some());
        Self {
            ticks: report.recording.ticks,
            length_s,
            episodes: episodes.collect(),
            incidents: report
                .incidents
                .iter()
                .map(|one| (after(&one.start), one.severity))
                .collect(),
            forecasts: near
                .map(|one| (after(&one.at), one.metric, one.entity.to_string(), one.kind))
                .collect(),
            told: told(report, length_s, after),
        }
    }
}

/// A time of a report in seconds from the beginning of its run.
pub(super) fn after_s(report: &Report, at: &str) -> f64 {
    let begin = report.recording.start.as_deref().and_then(parse);
    match (parse(at), begin) {
        (Some(at), Some(begin)) => at.duration_since(begin).as_secs_f64(),
        _ => 0.0,
    }
}

fn parse(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok()
}

fn blamed(culprit: &Culprit) -> Blamed {
    Blamed {
        entity: culprit.entity.to_string(),
        comm: culprit.comm.clone(),
        convicted: culprit.convicted,
    }
}

fn told(report: &Report, length_s: f64, after: impl Fn(&str) -> f64) -> Vec<Told> {
    let span = |kind: &str, span: &Span| Told {
        kind: kind.to_owned(),
        from_s: after(&span.from),
        to_s: span.to.as_deref().map_or(length_s, &after),
        state: span.state,
        reason: span.reason.clone(),
    };
    let spans = report.coverage_spans.iter();
    spans.flat_map(|(kind, spans)| spans.iter().map(move |one| span(kind, one))).collect()
}
