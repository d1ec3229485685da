//! Copies of a modelled host, each with another thing done to it.

use std::collections::BTreeMap;

use ks_vocabulary::action::Action;
use ks_vocabulary::input::{Body, Stamp};
use ks_vocabulary::model::Netns;
use ks_vocabulary::time::Timestamp;

use super::medium::held;
use super::{LONGER_S, Moment, Place, STARVED, TAKEN, Trial, WITHIN_S, choices};
use crate::reference::{Crossing, Reference};
use crate::scenario::Scenario;
use crate::simulation::Simulation;

/// Time before a decision over which what is used is measured, in s.
const USED_S: f64 = 10.0;
/// A run in which nothing is done.
pub(super) struct Untreated {
    begin: Timestamp,
    pub(super) crossings: Vec<Crossing>,
}

impl Untreated {
    pub(super) fn since_begin_s(&self, at: Timestamp) -> f64 {
        at.since_ns(self.begin) as f64 / 1e9
    }
}

/// Runs a scenario with nothing done.
pub(super) fn untreated(scenario: &Scenario, seed: u64) -> Untreated {
    let mut copy = Copy::new(scenario, seed);
    copy.go_on(f64::INFINITY);
    Untreated { begin: copy.begin, crossings: copy.reference.finish() }
}

/// A host that goes on, and what its counters say.
#[derive(Clone)]
struct Copy {
    simulation: Simulation,
    stamp: Stamp,
    reference: Reference,
    begin: Timestamp,
    at_s: f64,
    /// Connections taken so far.
    taken: u64,
    /// Something that is needed was stopped, or is gone.
    stopped: Vec<String>,
    needed: Vec<String>,
}

impl Copy {
    fn new(scenario: &Scenario, seed: u64) -> Self {
        Self {
            simulation: scenario.simulation(seed),
            stamp: Stamp::default(),
            reference: Reference::default(),
            begin: Timestamp(0),
            at_s: 0.0,
            taken: 0,
            stopped: Vec::new(),
            needed: scenario.needed.clone(),
        }
    }

    /// Goes on to the last sample before this time.
    fn go_on(&mut self, until_s: f64) {
        while self.at_s < until_s {
            let Some((at, body)) = self.simulation.next() else { return };
            if self.begin == Timestamp(0) {
                self.begin = at;
            }
            self.at_s = at.since_ns(self.begin) as f64 / 1e9;
            if let Body::Sample(sample) = &*body {
                let row = sample.netns.first();
                self.taken = row.and_then(Netns::tcp_passive_opens).unwrap_or(self.taken);
            }
            self.reference.input(self.stamp.put(at, body));
            for name in &self.needed {
                if !self.stopped.contains(name) && self.simulation.is_stopped(name) {
                    self.stopped.push(name.clone());
                }
            }
        }
    }

    /// CPU time of what is needed, by its name, in s.
    fn cpu_s(&self) -> BTreeMap<String, f64> {
        let time = |name: &String| (name.clone(), self.simulation.used(name).cpu_s);
        self.needed.iter().map(time).collect()
    }
}

/// What came of a copy.
struct Course {
    cleared: usize,
    /// Limits that came to be held as medium after the moment.
    held: Vec<Place>,
    /// Limits that were crossed at some time after it.
    crossed: Vec<Place>,
    stopped: Vec<String>,
    taken: u64,
    cpu_s: BTreeMap<String, f64>,
}

/// The moments with what came of everything that can be done in each.
pub(super) fn tried(scenario: &Scenario, seed: u64, moments: Vec<Moment>) -> Vec<Moment> {
    let mut host = Copy::new(scenario, seed);
    let each = moments.into_iter().map(|mut moment| {
        host.go_on(moment.at_s - USED_S);
        let before = choices::used(scenario, &host.simulation);
        let from_s = host.at_s;
        host.go_on(moment.at_s);
        let over_s = (host.at_s - from_s).max(1.0);
        let all = choices::of(scenario, &host.simulation, &before, over_s);
        host.stopped.clear();
        let waited = course(&host, None, &moment).expect("nothing is refused where one waits");
        let mut trials = vec![trial(None, &waited, &waited)];
        for action in all {
            let Some(course) = course(&host, Some(&action), &moment) else { continue };
            let trial = trial(Some(action), &course, &waited);
            if trial.cleared > waited.cleared || !trial.harm.is_empty() {
                trials.push(trial);
            } else {
                moment.without_effect += 1;
            }
        }
        moment.tried = trials;
        moment
    });
    each.collect()
}

/// What comes of a copy to which something is done; `None` where it cannot be done.
fn course(host: &Copy, action: Option<&Action>, moment: &Moment) -> Option<Course> {
    let mut copy = host.clone();
    let (at_s, taken, cpu_s) = (copy.at_s, copy.taken, copy.cpu_s());
    if let Some(action) = action {
        copy.simulation.act(action).ok()?;
    }
    copy.go_on(moment.until_s);
    let spent = copy.cpu_s();
    let spent = spent.into_iter().map(|(name, after)| {
        let before = cpu_s.get(&name).copied().unwrap_or(0.0);
        (name, after - before)
    });
    let (begin, ends_s) = (copy.begin, copy.at_s);
    let since_s = |at: Timestamp| at.since_ns(begin) as f64 / 1e9;
    let crossings = copy.reference.finish();
    let is_held = |one: &&Crossing| held(one).is_some_and(|held| since_s(held) > at_s);
    let clear_s = WITHIN_S.min((ends_s - at_s - LONGER_S).max(0.0));
    let is_cleared = |place: &&Place| {
        let mut own = crossings.iter().filter(|one| Place::of(one) == **place);
        if moment.foretold {
            return !own.any(|one| is_held(&one));
        }
        own.all(|one| since_s(one.end) <= at_s + clear_s)
    };
    let held = crossings.iter().filter(is_held);
    let crossed = crossings.iter().filter(|one| since_s(one.end) > at_s);
    Some(Course {
        cleared: moment.standing.iter().filter(is_cleared).count(),
        held: held.map(Place::of).collect(),
        crossed: crossed.map(Place::of).collect(),
        stopped: copy.stopped,
        taken: copy.taken - taken,
        cpu_s: spent.collect(),
    })
}

fn trial(action: Option<Action>, course: &Course, waited: &Course) -> Trial {
    let mut harm = Vec::new();
    for place in &course.held {
        if !waited.crossed.contains(place) {
            harm.push(format!("{} on {} is crossed", place.kind.word(), place.entity));
        }
    }
    for name in &course.stopped {
        if !waited.stopped.contains(name) {
            harm.push(format!("{name} is stopped"));
        }
    }
    for (name, cpu_s) in &course.cpu_s {
        let without = waited.cpu_s.get(name).copied().unwrap_or(0.0);
        if !course.stopped.contains(name) && *cpu_s < STARVED * without {
            harm.push(format!("{name} has a fifth less CPU time"));
        }
    }
    if (course.taken as f64) < TAKEN * waited.taken as f64 {
        harm.push("fewer connections are taken".to_owned());
    }
    harm.dedup();
    Trial { action, cleared: course.cleared, harm }
}
