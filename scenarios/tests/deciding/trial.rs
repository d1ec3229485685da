//! One run of a scenario with an action of ours at a time, and what came of it.

use std::fmt;

use ks_scenarios::library;
use ks_scenarios::reference::{Crossing, Reference};
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::action::Action;
use ks_vocabulary::input::{Body, Stamp};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::model::{Netns, Sample};
use ks_vocabulary::time::Timestamp;

/// Time within which a quantity must be below its limit again, in s.
const WITHIN_S: f64 = 300.0;
/// Time beyond, in which it must stay below, in s.
const LONGER_S: f64 = 60.0;
const SEED: u64 = 7;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// How long after the action the quantity was last at its limit while the trial lasted, in s;
    /// nothing if it was not.
    pub(crate) above_s: Option<f64>,
    /// Connections a second that were taken, within five minutes after the action.
    pub(crate) taken: f64,
    /// Connections a second that overflowed in the same time.
    pub(crate) lost: f64,
}

impl Outcome {
    pub(crate) fn is_relieved(self) -> bool {
        self.above_s.is_none_or(|above_s| above_s <= WITHIN_S)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.above_s {
            Some(above_s) => write!(out, "above for {above_s:4.0} s")?,
            None => write!(out, "never above   ")?,
        }
        write!(out, ", {:5.1}/s taken, {:5.1}/s lost", self.taken, self.lost)
    }
}

/// A scenario of the library.
pub(crate) fn load(name: &str) -> Scenario {
    Scenario::parse(library::find(name).unwrap(), name).unwrap()
}

/// An action as scenarios write it.
pub(crate) fn parse(action: &str) -> Action {
    #[derive(serde::Deserialize)]
    struct File {
        action: Action,
    }
    let file: File = toml::from_str(&format!("action = {action}")).unwrap();
    file.action
}

/// Does an action so many seconds after the beginning, or none if it is empty; a pair of actions is
/// separated by a semicolon.
pub(crate) fn try_out(
    name: &str,
    at_s: f64,
    actions: &str,
    place: (Kind, Option<Entity>),
) -> Outcome {
    let mut simulation = load(name).simulation(SEED);
    let (mut stamp, mut reference) = (Stamp::default(), Reference::default());
    let (mut begin, mut acted) = (None, false);
    let (mut counted, mut first, mut last_counted) = ((0, 0), (0, 0), (0, 0));
    loop {
        let Some((at, body)) = simulation.next() else { break };
        let since_s = at.since_ns(*begin.get_or_insert(at)) as f64 / 1e9;
        if let Body::Sample(sample) = &*body {
            counted = connections(sample).unwrap_or(counted);
        }
        reference.input(stamp.put(at, body));
        if since_s <= at_s + WITHIN_S {
            last_counted = counted;
        }
        if since_s >= at_s + WITHIN_S + LONGER_S {
            break;
        }
        if since_s >= at_s && !std::mem::replace(&mut acted, true) {
            first = counted;
            for action in actions.split(';').filter(|one| !one.trim().is_empty()) {
                simulation.act(&parse(action)).unwrap();
            }
        }
    }
    let acted_s = begin.map_or(0.0, |begin: Timestamp| begin.0 as f64 / 1e9) + at_s;
    let last = |crossing: &Crossing| crossing.end.0 as f64 / 1e9 - acted_s;
    let all = reference.finish();
    let meant = all.iter().filter(|one| {
        one.kind == place.0 && place.1.as_ref().is_none_or(|entity| one.entity == *entity)
    });
    let above_s = meant.map(last).filter(|last_s| *last_s > 0.0).reduce(f64::max);
    let rate = |after: u64, before: u64| after.saturating_sub(before) as f64 / WITHIN_S;
    Outcome { above_s, taken: rate(last_counted.0, first.0), lost: rate(last_counted.1, first.1) }
}

fn connections(sample: &Sample) -> Option<(u64, u64)> {
    let row: &Netns = sample.netns.first()?;
    Some((row.tcp_passive_opens()?, row.listen_overflows()?))
}
