//! What a run found, as one object: the form of `ks replay --format json`.

mod episode;
mod incident;

use std::collections::BTreeMap;

use jiff::Timestamp as Time;
use ks_engine::analysis::watched::Watched;
use ks_recorder::format::damage::Damage;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::output::{
    self, Change, Coverage, CoverageState, Defect, ForecastSaid, IncidentChange, Output, Said,
    Signal, Turn,
};
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};
use serde::Serialize;

use crate::forecasts::{self, Forecast};
use crate::lateness::{Follower, Lateness};

pub use episode::{Episode, Escalation};
pub use incident::Incident;

/// How the recording was fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every input as recorded.
    AsRecorded,
    /// Another engine version, or samples only: ticks were made at virtual time.
    WhatIf,
}

/// Everything a run found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How the recording was fed.
    pub mode: Mode,
    /// What differs from the run that was recorded; nothing where it is fed as recorded.
    pub differs: Vec<String>,
    /// What was fed.
    pub recording: Recording,
    /// Verdicts from raise to clear.
    pub episodes: Vec<Episode>,
    /// Forecasts of physical limits as they came, and what is known of each at the end.
    pub forecasts: Vec<Forecast>,
    /// Signals that belong together.
    pub incidents: Vec<Incident>,
    /// Decisions of an agent: this engine has none.
    pub decisions: [(); 0],
    /// What can be told of each kind: the worst over the run.
    pub coverage: BTreeMap<&'static str, String>,
    /// The same over time.
    pub coverage_spans: BTreeMap<&'static str, Vec<Span>>,
    /// Bad data met on the way.
    pub defects: Vec<Defect>,
    /// The result.
    pub journal_sha256: String,
}

/// What was fed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Recording {
    /// Path as given.
    pub path: String,
    /// Name of the host.
    pub host: String,
    /// Number of samples.
    pub ticks: u64,
    /// Time of the first input.
    pub start: Option<String>,
    /// Time of the last input.
    pub end: Option<String>,
    /// Holes in the data.
    pub gaps: u64,
    /// Ticks that came late.
    #[serde(flatten)]
    pub lateness: Lateness,
    /// What could not be read, and was left out.
    pub damaged: Vec<Damage>,
}

/// A stretch of time with one coverage.
#[derive(Debug, Clone, Serialize)]
pub struct Span {
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub to: Option<String>,
    /// ok, cannot tell or not applicable.
    pub state: &'static str,
    /// Why.
    pub reason: Option<String>,
}

/// Gathers a report while a run goes on.
#[derive(Debug, Default)]
pub(crate) struct ReportBuilder {
    clock: ClockAnchor,
    lateness: Follower,
    recording: Recording,
    /// By run and number.
    episodes: BTreeMap<(u64, u64), Episode>,
    coverage: BTreeMap<&'static str, Coverage>,
    spans: BTreeMap<&'static str, Vec<Span>>,
    defects: Vec<Defect>,
    forecasts: Vec<Forecast>,
    incidents: BTreeMap<(u64, u64), Incident>,
    seed: u64,
    /// Runs that have ended.
    ended: u64,
    /// The stream is over: what stands at the end of its last run is open.
    over: bool,
}

/// RFC 3339 with nanoseconds.
pub fn rfc3339(at: WallTime) -> String {
    Time::from_nanosecond(i128::from(at.0))
        .map_or_else(|_| at.0.to_string(), |time| format!("{time:.9}"))
}

impl ReportBuilder {
    pub(crate) fn input(&mut self, input: &Input) {
        match &input.body {
            Body::Start(start) => {
                self.clock = start.clock;
                self.seed = start.seed;
                self.recording.host.clone_from(&start.host.hostname);
            }
            Body::Sample(_) => self.recording.ticks += 1,
            Body::Gap(_) => self.recording.gaps += 1,
            Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {}
        }
        self.lateness.input(input);
        let at = self.time(input.mono);
        self.recording.start.get_or_insert_with(|| at.clone());
        self.recording.end = Some(at);
    }

    fn time(&self, mono: Timestamp) -> String {
        rfc3339(self.clock.at(mono))
    }

    pub(crate) fn output(&mut self, output: &Output) {
        match &output.body {
            Said::Signal(signal) => self.signal(signal, rfc3339(output.at_ns)),
            Said::Coverage(coverage) => self.cover(coverage, rfc3339(output.at_ns)),
            Said::Defect(defect) => self.defects.push(defect.clone()),
            Said::Incident(said) => self.incident(said),
            Said::Forecast(said) => self.forecast(said),
            Said::Digest(_) | Said::Request(_) => {}
            Said::End(_) => self.ended += 1,
        }
    }

    fn signal(&mut self, signal: &Signal, at: String) {
        if self.over && signal.change == Change::Ended {
            return;
        }
        let times = (self.time(signal.onset_ns), self.time(signal.start_ns));
        let run = self.ended + 1;
        let known = self.episodes.entry((run, signal.id));
        known.or_insert_with(|| Episode::new(signal, run, times, &at)).hear(signal, at);
    }

    fn incident(&mut self, said: &output::Incident) {
        let run = self.ended + 1;
        // What became part of another is told there.
        if said.merged_into.is_some() {
            self.incidents.remove(&(run, said.id));
            return;
        }
        if self.over && said.change == IncidentChange::Ended {
            return;
        }
        let clock = self.clock;
        let time = |mono: Timestamp| rfc3339(clock.at(mono));
        self.incidents.entry((run, said.id)).or_default().hear(said, run, time);
    }

    fn forecast(&mut self, said: &ForecastSaid) {
        let at = self.time(said.window_end_ns);
        let seed = self.seed;
        match said.change {
            // What an action may do is simulated where a forecast first comes, and at the end.
            Turn::Made => self.forecasts.extend(forecasts::with_actions(said, &at, seed)),
            Turn::Renewed | Turn::Withdrawn => {
                self.forecasts.extend(forecasts::without_action(said, &at, seed));
            }
        }
    }

    pub(crate) fn damaged(&mut self, damages: &[Damage]) {
        self.recording.damaged = damages.to_vec();
    }

    /// The stream is over: adds what is known of each resource.
    pub(crate) fn end(&mut self, watched: &[Watched]) {
        self.over = true;
        for one in watched {
            let at = self.time(one.at);
            self.forecasts.extend(forecasts::at_end(one, &at, self.seed));
        }
    }

    fn cover(&mut self, coverage: &Coverage, at: String) {
        let kind = coverage.kind.word();
        let spans = self.spans.entry(kind).or_default();
        if let Some(last) = spans.last_mut() {
            last.to = Some(at.clone());
        }
        let state = word(coverage.state);
        spans.push(Span { from: at, to: None, state, reason: coverage.reason.clone() });
        let worst = self.coverage.entry(kind).or_insert_with(|| coverage.clone());
        if coverage.state > worst.state {
            worst.clone_from(coverage);
        }
    }

    pub(crate) fn finish(
        mut self,
        path: &str,
        differs: Vec<String>,
        journal_sha256: String,
    ) -> Report {
        path.clone_into(&mut self.recording.path);
        self.recording.lateness = self.lateness.found();
        let judged = Kind::ALL.iter().map(|kind| kind.word());
        let coverage = judged.map(|kind| {
            let told = self.coverage.get(kind).map_or_else(
                || "cannot tell: too few samples".to_owned(),
                |coverage| match &coverage.reason {
                    Some(reason) => format!("{}: {reason}", word(coverage.state)),
                    None => word(coverage.state).to_owned(),
                },
            );
            (kind, told)
        });
        Report {
            mode: if differs.is_empty() { Mode::AsRecorded } else { Mode::WhatIf },
            differs,
            coverage: coverage.collect(),
            recording: self.recording,
            episodes: self.episodes.into_values().collect(),
            forecasts: self.forecasts,
            incidents: self.incidents.into_values().collect(),
            decisions: [],
            coverage_spans: self.spans,
            defects: self.defects,
            journal_sha256,
        }
    }
}

fn word(state: CoverageState) -> &'static str {
    match state {
        CoverageState::NotApplicable => "not applicable",
        CoverageState::Ok => "ok",
        CoverageState::CannotTell => "cannot tell",
    }
}
