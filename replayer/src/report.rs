//! What a run found, as one object: the form of `ks replay --format json`.

mod decision;
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
use crate::names::Names;

pub use decision::{Decision, Prediction, Stage, Step};
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
    /// What was decided, and what came of it.
    pub decisions: Vec<Decision>,
    /// How often each rule of the guard was looked at, where an agent decided anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guards: BTreeMap<&'static str, u64>,
    /// What can be told of each kind over the whole run: `ok`, `ok: without X` where a part, or
    /// part of the time, was not judged, `cannot tell: reason` where nothing was, `not applicable:
    /// reason`.
    pub coverage: BTreeMap<&'static str, String>,
    /// The same over time.
    pub coverage_spans: BTreeMap<&'static str, Vec<Span>>,
    /// Bad data met on the way.
    pub defects: Vec<Defect>,
    /// The result.
    pub journal_sha256: String,
    /// What people call what is numbered.
    #[serde(skip)]
    pub names: Names,
    /// The steps that led to the decisions, and those that led to none.
    #[serde(skip)]
    pub steps: Vec<Step>,
    /// Rules of the guard that refused something in the last run.
    #[serde(skip)]
    pub objected: Vec<&'static str>,
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
#[derive(Debug, Clone, Default)]
pub(crate) struct ReportBuilder {
    clock: ClockAnchor,
    lateness: Follower,
    recording: Recording,
    /// By run and number.
    episodes: BTreeMap<(u64, u64), Episode>,
    spans: BTreeMap<&'static str, Vec<Span>>,
    defects: Vec<Defect>,
    forecasts: Vec<Forecast>,
    incidents: BTreeMap<(u64, u64), Incident>,
    names: Names,
    decisions: BTreeMap<(u64, u64), Decision>,
    steps: Vec<Step>,
    guards: BTreeMap<&'static str, u64>,
    seed: u64,
    /// Runs that have ended.
    ended: u64,
    /// The stream is over: what stands at the end of its last run is open.
    over: bool,
    /// Of the recording a part is fed: it begins with its first sample.
    is_part: bool,
}

/// RFC 3339 with nanoseconds.
pub fn rfc3339(at: WallTime) -> String {
    Time::from_nanosecond(i128::from(at.0))
        .map_or_else(|_| at.0.to_string(), |time| format!("{time:.9}"))
}

impl ReportBuilder {
    pub(crate) fn input(&mut self, input: &Input) {
        self.names.hear(input);
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
        if !self.is_part || self.recording.ticks > 0 {
            self.recording.start.get_or_insert_with(|| at.clone());
        }
        self.recording.end = Some(at);
    }

    /// A part of a recording is fed, and what says where inputs come from before it.
    pub(crate) fn of_part(&mut self) {
        self.is_part = true;
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
            Said::Step(said) => {
                self.steps.push(Step::of(said, self.ended + 1, rfc3339(output.at_ns)));
            }
            Said::Decision(said) => {
                let key = (self.ended + 1, said.id);
                let before = self.decisions.get(&key);
                let decision = Decision::of(said, key.0, rfc3339(output.at_ns), before);
                self.decisions.insert(key, decision);
            }
            Said::Digest(_) | Said::Request(_) => {}
            Said::End(end) => {
                self.ended += 1;
                for (rule, times) in &end.guards {
                    *self.guards.entry(rule).or_default() += times;
                }
            }
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
    }

    pub(crate) fn finish(
        mut self,
        path: &str,
        differs: Vec<String>,
        journal_sha256: String,
    ) -> Report {
        path.clone_into(&mut self.recording.path);
        self.recording.lateness = self.lateness.found();
        let kinds = Kind::ALL.iter().map(|kind| kind.word());
        let coverage = kinds.map(|kind| (kind, over_all(self.spans.get(kind))));
        Report {
            mode: if differs.is_empty() { Mode::AsRecorded } else { Mode::WhatIf },
            differs,
            coverage: coverage.collect(),
            recording: self.recording,
            episodes: self.episodes.into_values().collect(),
            forecasts: self.forecasts,
            incidents: self.incidents.into_values().collect(),
            decisions: self.decisions.into_values().collect(),
            steps: self.steps,
            guards: self.guards,
            objected: Vec::new(),
            coverage_spans: self.spans,
            defects: self.defects,
            journal_sha256,
            names: self.names,
        }
    }
}

/// What can be told of a kind, all its spans together.
fn over_all(spans: Option<&Vec<Span>>) -> String {
    let Some(last) = spans.and_then(|spans| spans.last()) else {
        return "cannot tell: too few samples".to_owned();
    };
    let spans = spans.map_or(&[][..], Vec::as_slice);
    let with = |state| spans.iter().rfind(|span| span.state == word(state));
    let told = |span: &Span| match &span.reason {
        Some(reason) => format!("{}: {reason}", span.state),
        None => span.state.to_owned(),
    };
    let Some(ok) = with(CoverageState::Ok) else {
        return with(CoverageState::CannotTell).map_or_else(|| told(last), told);
    };
    let lacks = |span: &&Span| span.state == ok.state && span.reason.is_some();
    let part = spans.iter().rfind(lacks).and_then(|span| span.reason.clone());
    match (with(CoverageState::CannotTell), part) {
        (Some(not), _) => {
            let why = not.reason.as_deref().unwrap_or("its inputs");
            format!("{}: without {why}, for part of the time", ok.state)
        }
        (None, Some(part)) => format!("{}: {part}", ok.state),
        (None, None) => ok.state.to_owned(),
    }
}

fn word(state: CoverageState) -> &'static str {
    match state {
        CoverageState::NotApplicable => "not applicable",
        CoverageState::Ok => "ok",
        CoverageState::CannotTell => "cannot tell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(spans: &[(CoverageState, Option<&str>)]) -> String {
        let span = |(state, reason): &(CoverageState, Option<&str>)| Span {
            from: String::new(),
            to: None,
            state: word(*state),
            reason: reason.map(str::to_owned),
        };
        over_all(Some(&spans.iter().map(span).collect()))
    }

    #[test]
    fn not_judged_is_what_was_judged_at_no_time() {
        use CoverageState::{CannotTell, NotApplicable, Ok};
        assert_eq!(over_all(None), "cannot tell: too few samples");
        assert_eq!(over(&[(Ok, None)]), "ok");
        assert_eq!(over(&[(CannotTell, Some("stat"))]), "cannot tell: stat");
        let part = over(&[(CannotTell, Some("stat: gone")), (Ok, None)]);
        assert_eq!(part, "ok: without stat: gone, for part of the time");
        assert_eq!(over(&[(Ok, Some("without x")), (Ok, None)]), "ok: without x");
        let none = over(&[(CannotTell, Some("x")), (NotApplicable, Some("no swap"))]);
        assert_eq!(none, "cannot tell: x");
    }
}
