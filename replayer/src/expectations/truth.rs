//! What was really wrong, and when: the expectations of a case with their times resolved.

use ks_scenarios::expectation::{Expect, matches};
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::subtype::Subtype;

use super::seen::SeenEpisode;

/// Time after the end of a fault in which its verdicts may still stand: a minute to clear, and the
/// longest persistence.
pub(super) const AFTER_S: f64 = 60.0 + 30.0;

/// An expectation with its times, in seconds from the beginning of the run.
#[derive(Debug, Clone)]
pub(super) struct Truth {
    pub(super) expect: Expect,
    pub(super) onset_s: f64,
    pub(super) end_s: f64,
    /// When the limit was first crossed; of a forecast, and where nobody says it, the onset.
    pub(super) cross_s: Option<f64>,
}

/// A window in which something was wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) onset_s: f64,
    pub(super) end_s: f64,
}

/// A limit that the counters of a run crossed.
#[derive(Debug, Clone)]
pub(super) struct Crossed {
    pub(super) kind: Kind,
    pub(super) entity: String,
    /// Seconds from the beginning of the run.
    pub(super) at_s: f64,
    pub(super) end_s: f64,
    /// Severities above low whose limits they reached.
    pub(super) rises: Vec<Rise>,
}

/// A severity above low whose limit was reached, in seconds from the beginning of the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rise {
    pub(super) severity: Severity,
    pub(super) first_s: f64,
    /// From when on it was held for as long as it has to last.
    pub(super) held_s: Option<f64>,
}

impl Truth {
    /// Where nobody says when the limit is crossed, the counters do: the first crossing on its
    /// entity at or after the onset. A forecast crosses nothing.
    pub(super) fn find_crossing(&mut self, crossings: &[Crossed]) {
        if self.cross_s.is_some() || self.expect.subtype == Some(Subtype::Predicted) {
            return;
        }
        let of_it = crossings.iter().filter(|crossed| {
            self.is_crossed_by(crossed)
                && crossed.at_s >= self.onset_s
                && crossed.at_s <= self.end_s
        });
        self.cross_s = of_it.map(|crossed| crossed.at_s).min_by(f64::total_cmp);
    }

    /// Whether a crossing is of its condition, on its entity.
    pub(super) fn is_crossed_by(&self, crossed: &Crossed) -> bool {
        crossed.kind == self.expect.kind && matches(&self.expect.entity, &crossed.entity)
    }

    /// Whether an episode is on what was wrong.
    pub(super) fn is_of(&self, episode: &SeenEpisode) -> bool {
        is_of(&self.expect, episode)
    }

    /// Whether an episode was raised when it may be: from one tick before the crossing on, or, as a
    /// forecast of it, from the onset on.
    pub(super) fn is_in_time(&self, episode: &SeenEpisode, interval_s: f64) -> bool {
        let is_forecast = episode.raised_as == Some(Subtype::Predicted);
        let from_s = if is_forecast { self.onset_s } else { self.cross_s.unwrap_or(self.onset_s) };
        let slack_s = interval_s + 0.01;
        episode.start_s >= from_s - slack_s && episode.start_s <= self.until_s() + 0.01
    }

    /// When it is wrong, and may still be told.
    fn window(&self) -> Window {
        Window { onset_s: self.onset_s, end_s: self.end_s + AFTER_S }
    }

    /// Until when it must have been raised.
    pub(super) fn until_s(&self) -> f64 {
        self.cross_s.unwrap_or(self.onset_s) + self.expect.within.seconds()
    }
}

/// Whether an episode is of what is expected, whenever it was raised.
pub(super) fn is_of(expect: &Expect, episode: &SeenEpisode) -> bool {
    let mut places = std::iter::once(&expect.entity).chain(&expect.ancestors);
    episode.kind == expect.kind
        && places.any(|place| matches(place, &episode.entity))
        && expect.subtype.is_none_or(|subtype| {
            episode.subtype == Some(subtype) || episode.raised_as == Some(subtype)
        })
}

/// The truths of a scenario.
pub(super) fn of_scenario(scenario: &Scenario) -> Vec<Truth> {
    let length_s = scenario.duration.seconds();
    scenario
        .expect
        .iter()
        .map(|expect| {
            let fault = scenario.fault(expect.fault.as_deref());
            let onset_s =
                expect.onset.or(fault.map(|fault| fault.at)).unwrap_or_default().seconds();
            let lasts = fault.and_then(|fault| fault.duration);
            let end = expect.end.map(ks_scenarios::units::Duration::seconds);
            let end_s = end.or(lasts.map(|lasts| onset_s + lasts.seconds())).unwrap_or(length_s);
            let cross_s = expect.cross.map(ks_scenarios::units::Duration::seconds);
            Truth { expect: expect.clone(), onset_s, end_s, cross_s }
        })
        .collect()
}

/// The truths of a part of a recording.
pub(super) fn of_recording(expects: &[Expect], length_s: f64) -> Vec<Truth> {
    expects
        .iter()
        .map(|expect| Truth {
            expect: expect.clone(),
            onset_s: expect.onset.or(expect.cross).unwrap_or_default().seconds(),
            end_s: expect.end.map_or(length_s, ks_scenarios::units::Duration::seconds),
            cross_s: expect.cross.map(ks_scenarios::units::Duration::seconds),
        })
        .collect()
}

/// The windows of a scenario's faults, and of what is expected without one.
pub(super) fn windows(scenario: &Scenario) -> Vec<Window> {
    let length_s = scenario.duration.seconds();
    let window = |fault: &ks_scenarios::scenario::Fault| {
        let onset_s = fault.at.seconds();
        let end_s = fault.duration.map_or(length_s, |lasts| onset_s + lasts.seconds());
        Window { onset_s, end_s: end_s + fault.aftermath.seconds() + AFTER_S }
    };
    let mut windows: Vec<Window> = scenario.faults.iter().map(window).collect();
    let alone = of_scenario(scenario);
    windows.extend(alone.iter().filter(|truth| truth.expect.onset.is_some()).map(Truth::window));
    windows
}

/// The windows of truths.
pub(super) fn windows_of(truths: &[Truth]) -> Vec<Window> {
    truths.iter().map(Truth::window).collect()
}
