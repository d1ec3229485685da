//! A modelled host as a world, and as the recording of one.

use ks_recorder::error::Error;
use ks_scenarios::simulation::{Simulation, Step};
use ks_vocabulary::input::{Input, Stamp};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::recorded::Source;
use super::world::{Arrival, Wants, World};

/// Seconds between two reports of progress.
const TOLD_S: u64 = 60;

/// A scenario while it runs. It stops where the machine wants to be woken.
#[expect(missing_debug_implementations, reason = "it lends a closure")]
pub struct Modelled<'a> {
    simulation: &'a mut Simulation,
    progress: &'a mut dyn FnMut(u64, u64),
    begin: Option<Timestamp>,
}

impl<'a> Modelled<'a> {
    /// `progress` is told seconds done and seconds in all.
    pub fn new(simulation: &'a mut Simulation, progress: &'a mut dyn FnMut(u64, u64)) -> Self {
        Self { simulation, progress, begin: None }
    }
}

impl World for Modelled<'_> {
    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        let all_s = self.simulation.duration_s();
        Ok(match self.simulation.wait(wants.until) {
            Step::Due(at) => Arrival::Due(at),
            Step::Over => Arrival::Over,
            Step::Learned(at, body) => {
                let done_s = at.since_ns(*self.begin.get_or_insert(at)) / SECOND_NS;
                if done_s.is_multiple_of(TOLD_S) {
                    (self.progress)(done_s, all_s);
                }
                Arrival::Learned(at, body)
            }
        })
    }
}

/// What a recorder without an engine would have recorded of a scenario.
#[derive(Debug)]
pub struct Stamped<'a> {
    simulation: &'a mut Simulation,
    stamp: Stamp,
    begin: Option<Timestamp>,
    at: Timestamp,
}

impl<'a> Stamped<'a> {
    /// See the type.
    pub fn new(simulation: &'a mut Simulation) -> Self {
        Self { simulation, stamp: Stamp::default(), begin: None, at: Timestamp::default() }
    }
}

impl Source for Stamped<'_> {
    fn advance(&mut self) -> Result<bool, Error> {
        let Some((at, body)) = self.simulation.next() else { return Ok(false) };
        self.begin.get_or_insert(at);
        self.at = at;
        self.stamp.put(at, body);
        Ok(true)
    }

    fn input(&self) -> Option<&Input> {
        self.begin.map(|_| self.stamp.last())
    }

    fn progress(&self) -> (u64, u64) {
        let done_ns = self.begin.map_or(0, |begin| self.at.since_ns(begin));
        (done_ns / SECOND_NS, self.simulation.duration_s())
    }
}
