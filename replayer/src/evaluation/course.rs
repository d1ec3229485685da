//! What raw counters say of a run: limits that were crossed, connections that were taken, and
//! whether what is needed went on.

use std::collections::BTreeMap;

use ks_scenarios::reference::{Crossing, Reference};
use ks_scenarios::remedies::{Place, held};
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::input::{Body, Input, Stamp};
use ks_vocabulary::kind::text;
use ks_vocabulary::model::{Netns, Process, Sample};
use ks_vocabulary::time::Timestamp;

/// The letter of the state of a process that is stopped by a signal.
const STOPPED: u64 = b'T' as u64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Course {
    begin: Option<Timestamp>,
    reference: Reference,
    needed: Vec<String>,
    /// Names of all processes that were there.
    names: BTreeMap<(u64, u64), String>,
    processes: BTreeMap<(u64, u64), Known>,
    points: Vec<Point>,
    pub(super) crossings: Vec<Crossing>,
}

/// What is known of a process.
#[derive(Debug, Clone)]
struct Known {
    /// Which of the needed it is.
    needed: usize,
    ticks: u64,
    is_stopped: bool,
}

/// One sample.
#[derive(Debug)]
struct Point {
    at_s: f64,
    taken: u64,
    /// Of each that is needed: CPU time in clock ticks, and whether nobody of it goes on.
    needed: Vec<(u64, bool)>,
}

impl Course {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self { needed: scenario.needed.clone(), ..Self::default() }
    }

    /// That of a scenario about which nothing is done.
    pub(super) fn untreated(scenario: &Scenario, seed: u64) -> Self {
        let mut course = Self::new(scenario);
        let (mut simulation, mut stamp) = (scenario.simulation(seed), Stamp::default());
        while let Some((at, body)) = simulation.next() {
            course.input(stamp.put(at, body));
        }
        course.finish();
        course
    }

    /// Takes what was learned.
    pub(super) fn input(&mut self, input: &Input) {
        self.begin.get_or_insert(input.mono);
        self.reference.input(input);
        let Body::Sample(sample) = &input.body else { return };
        self.look_at_processes(sample);
        let taken = sample.netns.first().and_then(Netns::tcp_passive_opens);
        let last = self.points.last().map_or(0, |point| point.taken);
        let of = |at: usize| {
            let own = || self.processes.values().filter(|known| known.needed == at);
            (own().map(|known| known.ticks).sum(), own().all(|known| known.is_stopped))
        };
        let needed = (0..self.needed.len()).map(of).collect();
        let at_s = self.since_begin_s(input.mono);
        self.points.push(Point { at_s, taken: taken.unwrap_or(last), needed });
    }

    fn look_at_processes(&mut self, sample: &Sample) {
        if sample.processes_complete {
            self.processes.clear();
        }
        for gone in sample.processes_gone.iter() {
            self.processes.remove(&(gone.pid().unwrap_or(0), gone.start_ticks().unwrap_or(0)));
        }
        for row in sample.processes.iter() {
            let key = (row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0));
            if let Some(comm) = row.comm() {
                self.names.entry(key).or_insert_with(|| text(comm));
            }
            let Some(needed) = self.needed.iter().position(|name| is_of(row, name)) else {
                continue;
            };
            let ticks = row.utime_ticks().unwrap_or(0) + row.stime_ticks().unwrap_or(0);
            let is_stopped = row.state() == Some(STOPPED);
            self.processes.insert(key, Known { needed, ticks, is_stopped });
        }
    }

    /// The run is over.
    pub(super) fn finish(&mut self) {
        self.crossings = std::mem::take(&mut self.reference).finish();
    }

    /// Name of a process that was there.
    pub(super) fn name(&self, key: (u64, u64)) -> Option<&str> {
        self.names.get(&key).map(String::as_str)
    }

    pub(super) fn since_begin_s(&self, at: Timestamp) -> f64 {
        at.since_ns(self.begin.unwrap_or_default()) as f64 / 1e9
    }

    /// Places whose limit was held as medium from one time to another.
    pub(super) fn held(&self, from_s: f64, to_s: f64) -> impl Iterator<Item = Place> {
        let is_there = move |crossing: &&Crossing| {
            held(crossing).is_some_and(|held| {
                let held_s = self.since_begin_s(held);
                held_s > from_s && held_s <= to_s
            })
        };
        self.crossings.iter().filter(is_there).map(Place::of)
    }

    /// Places whose limit is crossed at some time between.
    pub(super) fn crossed(&self, from_s: f64, to_s: f64) -> impl Iterator<Item = Place> {
        let is_there = move |one: &&Crossing| {
            self.since_begin_s(one.end) > from_s && self.since_begin_s(one.at) <= to_s
        };
        self.crossings.iter().filter(is_there).map(Place::of)
    }

    /// Whether the limit of a place is below from one time to another.
    pub(super) fn is_clear(&self, place: &Place, from_s: f64, to_s: f64) -> bool {
        let mut own = self.crossings.iter().filter(|crossing| Place::of(crossing) == *place);
        own.all(|one| self.since_begin_s(one.end) <= from_s || self.since_begin_s(one.at) > to_s)
    }

    /// Connections that were taken from one time to another.
    pub(super) fn taken(&self, from_s: f64, to_s: f64) -> u64 {
        let at = |time_s| self.point(time_s).map_or(0, |point| point.taken);
        at(to_s).saturating_sub(at(from_s))
    }

    /// CPU time of what is needed from one time to another, in clock ticks, by its name.
    pub(super) fn needed_ticks(&self, from_s: f64, to_s: f64) -> Vec<(&str, u64)> {
        let ticks = |time_s, at: usize| self.point(time_s).map_or(0, |point| point.needed[at].0);
        let names = self.needed.iter().enumerate();
        names
            .map(|(at, name)| (name.as_str(), ticks(to_s, at).saturating_sub(ticks(from_s, at))))
            .collect()
    }

    /// What was needed and did not go on at some time between.
    pub(super) fn stopped(&self, from_s: f64, to_s: f64) -> Vec<&str> {
        let within = |point: &&Point| point.at_s > from_s && point.at_s <= to_s;
        let is_stopped = |at: usize| self.points.iter().filter(within).any(|one| one.needed[at].1);
        let names = self.needed.iter().enumerate();
        names.filter(|(at, _)| is_stopped(*at)).map(|(_, name)| name.as_str()).collect()
    }

    /// The last sample at or before a time.
    fn point(&self, at_s: f64) -> Option<&Point> {
        let after = self.points.partition_point(|point| point.at_s <= at_s);
        self.points.get(after.checked_sub(1)?)
    }
}

/// Whether a process has this name, or is in this control group.
fn is_of(row: &Process, name: &str) -> bool {
    row.comm() == Some(name.as_bytes()) || row.cgroup() == Some(name.as_bytes())
}
