//! Identities between sources: what must hold of any host, real or modelled.
//!
//! Sources are read one after the other, counters have a grain, and processes too short-lived to be
//! read take their share with them: each identity states by how much it may be missed, and why. The
//! model is held to them by property tests, real recordings by the same ones.

mod counters;
mod histograms;
mod sums;

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

/// An identity that does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Which.
    pub identity: &'static str,
    /// End of the interval.
    pub at: Timestamp,
    /// What was found, and what it is held against.
    pub detail: String,
}

/// Two samples that follow each other, and the time between them.
struct Pair<'a> {
    before: &'a Sample,
    after: &'a Sample,
    seconds: f64,
    user_hz: f64,
}

/// Says what is wrong; nothing where the identity holds or its inputs are missing.
type Check = fn(&Pair<'_>) -> Option<String>;

/// Every identity.
const ALL: &[(&str, Check)] = &[
    ("counters only grow", counters::only_grow),
    ("processes have no more CPU time than the host", sums::cpu_time),
    ("the CPUs make the host", sums::cpus),
    ("the parts of memory are no more than all of it", sums::memory),
    ("stalls are no longer than the time, and full no longer than some", sums::pressure),
    ("a disk is busy no longer than the time", sums::disk_busy),
    ("time in the queue is rate times wait", sums::disk_queue),
    ("processes fault no more often than the host", sums::faults),
    ("each completed request is in a histogram", histograms::completions),
    ("latencies sum up to their counter", histograms::latencies),
    ("waits for a CPU sum up to their counter", histograms::waits),
];

/// Holds a stream of inputs to every identity.
#[derive(Debug, Default)]
pub struct Identities {
    before: Option<(Timestamp, Box<Sample>)>,
    user_hz: f64,
    checked: u64,
    violations: Vec<Violation>,
}

impl Identities {
    /// Takes an input; a start or a gap begins anew.
    pub fn input(&mut self, input: &Input) {
        match &input.body {
            Body::Sample(sample) => self.sample(input.mono, sample),
            Body::Start(start) => {
                self.user_hz = start.host.user_hz as f64;
                self.before = None;
            }
            Body::Gap(_) => self.before = None,
            Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {}
        }
    }

    fn sample(&mut self, at: Timestamp, after: &Sample) {
        if let Some((last, before)) = &self.before {
            let seconds = at.since_ns(*last) as f64 / 1e9;
            let pair = Pair { before, after, seconds, user_hz: self.user_hz };
            for (identity, check) in ALL {
                if let Some(detail) = check(&pair) {
                    self.violations.push(Violation { identity, at, detail });
                }
            }
            self.checked += 1;
        }
        self.before = Some((at, Box::new(after.clone())));
    }

    /// Intervals that were looked at.
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// What does not hold.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

/// How far a counter grew, where it is given.
fn grown(before: Option<u64>, after: Option<u64>) -> Option<f64> {
    Some(after?.checked_sub(before?)? as f64)
}
