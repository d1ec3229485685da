//! When a limit was really crossed, worked out from raw counters alone.
//!
//! The time of crossing is the end of the first interval whose quantity reaches the lowest limit of
//! its kind and stays there for 80 % of the next five seconds (`signals.md`, "Time of crossing");
//! events cross at once. Quantities are those of single intervals, without windows and baselines.
//! Nothing of the engine but its tables is used, so that what is wrong there is not wrong here too.
//! Forecasts have no crossing.

mod devices;
mod groups;
mod host;
mod tracers;

use std::collections::BTreeMap;

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

/// Time after the crossing in which the limit must be held, and the share of it.
const NEXT_S: f64 = 5.0;
const HELD: f64 = 0.8;
/// Crossings of one place are told apart when so much time lies between them.
const APART_S: f64 = 60.0;

/// A limit that was crossed.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// Which condition.
    pub kind: Kind,
    /// Where.
    pub entity: Entity,
    /// End of the first interval at or above the limit.
    pub at: Timestamp,
    /// End of the last one.
    pub end: Timestamp,
}

/// What one interval says of one condition on one entity.
#[derive(Debug, Clone, Copy)]
struct Interval {
    end: Timestamp,
    seconds: f64,
    is_above: bool,
    is_event: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Reference {
    before: Option<(Timestamp, Box<Sample>)>,
    series: BTreeMap<(Kind, Entity), Vec<Interval>>,
    configured: groups::Configured,
}

/// Two samples and the time between them.
struct Pair<'a> {
    before: &'a Sample,
    after: &'a Sample,
    seconds: f64,
}

impl Pair<'_> {
    /// Growth a second of a counter; `None` where it is not given or went back.
    fn rate(&self, before: Option<u64>, after: Option<u64>) -> Option<f64> {
        Some(after?.checked_sub(before?)? as f64 / self.seconds)
    }
}

/// Takes what the quantities of an interval say.
type Say<'a> = dyn FnMut(Kind, Entity, Quantity) + 'a;

/// A quantity held against its lowest limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    /// At or above.
    Above,
    /// Below.
    Below,
    /// Something that must not happen happened.
    Event,
}

fn level(is_above: bool) -> Quantity {
    if is_above { Quantity::Above } else { Quantity::Below }
}

impl Reference {
    /// Takes an input; all but samples begin anew.
    pub fn input(&mut self, input: &Input) {
        match &input.body {
            Body::Sample(sample) => self.sample(input.mono, sample),
            Body::Start(_) | Body::Gap(_) => self.before = None,
            Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {}
        }
    }

    fn sample(&mut self, at: Timestamp, sample: &Sample) {
        self.configured.take(sample);
        if let Some((last, before)) = &self.before {
            let seconds = at.since_ns(*last) as f64 / 1e9;
            if seconds > 0.0 {
                let pair = Pair { before, after: sample, seconds };
                let series = &mut self.series;
                let mut say = |kind: Kind, entity: Entity, quantity: Quantity| {
                    series.entry((kind, entity)).or_default().push(Interval {
                        end: at,
                        seconds,
                        is_above: quantity != Quantity::Below,
                        is_event: quantity == Quantity::Event,
                    });
                };
                host::look(&pair, &mut say);
                devices::look(&pair, &self.configured, &mut say);
                groups::look(&pair, &mut say);
                tracers::look(&pair, &mut say);
            }
        }
        self.before = Some((at, Box::new(sample.clone())));
    }

    /// Every crossing, by kind and entity, in the order of time.
    pub fn finish(self) -> Vec<Crossing> {
        let mut crossings = Vec::new();
        for ((kind, entity), intervals) in self.series {
            crossings.extend(crossed(kind, &entity, &intervals));
        }
        crossings
    }
}

fn crossed(kind: Kind, entity: &Entity, intervals: &[Interval]) -> Vec<Crossing> {
    let mut found: Vec<Crossing> = Vec::new();
    for (place, interval) in intervals.iter().enumerate().filter(|(_, one)| one.is_above) {
        if let Some(last) = found.last_mut()
            && interval.end.since_ns(last.end) as f64 / 1e9 <= APART_S
        {
            last.end = interval.end;
            continue;
        }
        if interval.is_event || stays(&intervals[place + 1..]) {
            let (at, end) = (interval.end, interval.end);
            found.push(Crossing { kind, entity: entity.clone(), at, end });
        }
    }
    found
}

/// Whether the limit is held for 80 % of the next five seconds.
fn stays(next: &[Interval]) -> bool {
    let (mut all_s, mut held_s) = (0.0, 0.0);
    for interval in next {
        all_s += interval.seconds;
        held_s += if interval.is_above { interval.seconds } else { 0.0 };
        if all_s >= NEXT_S {
            break;
        }
    }
    all_s >= NEXT_S * HELD && held_s >= HELD * all_s
}

#[cfg(test)]
mod tests;
