//! One run of a scenario with actions of ours at a time, and what came of them.

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
pub(crate) const WITHIN_S: f64 = 300.0;
/// Time beyond, in which it must stay below, in s.
const LONGER_S: f64 = 60.0;
const SEED: u64 = 7;

/// What was measured of an action.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// How long after it the quantity was last at its limit, in s; nothing if it never was.
    pub(crate) above_s: Option<f64>,
    /// Connections a second that were taken within five minutes after it.
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
            None => write!(out, "never above again")?,
        }
        write!(out, ", {:5.1}/s taken, {:5.1}/s lost", self.taken, self.lost)
    }
}

/// A scenario of the library.
pub(crate) fn load(name: &str) -> Scenario {
    Scenario::parse(library::find(name).unwrap(), name).unwrap()
}

/// Actions as scenarios write them, separated by semicolons.
fn parse(actions: &str) -> Vec<Action> {
    #[derive(serde::Deserialize)]
    struct File {
        action: Action,
    }
    let all = actions.split(';').map(str::trim).filter(|action| !action.is_empty());
    let file = |action| toml::from_str::<File>(&format!("action = {action}")).unwrap();
    all.map(|action| file(action).action).collect()
}

/// When a place was at its limit, in s after the actions.
pub(crate) struct Run {
    pub(crate) above: Vec<(f64, f64)>,
    /// Connections taken and overflowed when the actions were done, and five minutes later.
    connections: [(u64, u64); 2],
}

/// Does actions so many seconds after the beginning, and goes on for so many.
pub(crate) fn run(
    name: &str,
    (at_s, more_s): (f64, f64),
    actions: &str,
    (kind, entity): (Kind, Option<Entity>),
) -> Run {
    let mut simulation = load(name).simulation(SEED);
    let (mut stamp, mut reference) = (Stamp::default(), Reference::default());
    let mut begin = None;
    let (mut actions, mut connections) = (Some(parse(actions)), [(0, 0); 2]);
    while let Some((at, body)) = simulation.next() {
        let since_s = at.since_ns(*begin.get_or_insert(at)) as f64 / 1e9 - at_s;
        if let Body::Sample(sample) = &*body
            && since_s <= WITHIN_S
        {
            let place = usize::from(since_s > 0.0);
            connections[place] = counted(sample).unwrap_or(connections[place]);
        }
        reference.input(stamp.put(at, body));
        if since_s >= more_s {
            break;
        }
        if since_s >= 0.0 {
            for action in actions.take().unwrap_or_default() {
                simulation.act(&action).unwrap();
            }
        }
    }
    let acted_s = seconds(begin.unwrap_or(Timestamp(0))) + at_s;
    let is_meant = |one: &Crossing| {
        one.kind == kind && entity.as_ref().is_none_or(|entity| one.entity == *entity)
    };
    let all = reference.finish();
    let meant = all.iter().filter(|one| is_meant(one));
    let above = meant.map(|one| (seconds(one.at) - acted_s, seconds(one.end) - acted_s)).collect();
    Run { above, connections }
}

fn seconds(at: Timestamp) -> f64 {
    at.0 as f64 / 1e9
}

fn counted(sample: &Sample) -> Option<(u64, u64)> {
    let row: &Netns = sample.netns.first()?;
    Some((row.tcp_passive_opens()?, row.listen_overflows()?))
}

/// What actions at a time, or none, do to the quantity of a place, and to connections.
pub(crate) fn try_out(
    name: &str,
    at_s: f64,
    actions: &str,
    place: (Kind, Option<Entity>),
) -> Outcome {
    let Run { above, connections: [before, after] } =
        run(name, (at_s, WITHIN_S + LONGER_S), actions, place);
    let ends = above.iter().map(|(_, end_s)| *end_s);
    let rate = |after: u64, before: u64| (after - before) as f64 / WITHIN_S;
    Outcome {
        above_s: ends.filter(|end_s| *end_s > 0.0).reduce(f64::max),
        taken: rate(after.0, before.0),
        lost: rate(after.1, before.1),
    }
}
