//! When a limit was really crossed, worked out from raw counters alone.
//!
//! The time of crossing is the end of the first interval whose quantity reaches the lowest limit of
//! its kind and stays there for 80 % of the next five seconds (`signals.md`, "Time of crossing");
//! events cross at once. Severities above have limits of their own: of each is told when it was
//! first reached, before which nobody can say so, and from when on it was held without a break for
//! as long as the severity has to last, after which nobody can deny it. Quantities are those of
//! single intervals, without windows and baselines.
//! Nothing of the engine but its tables is used, so that what is wrong there is not wrong here too.
//! Forecasts have no crossing.

mod devices;
mod disks;
mod groups;
mod host;
mod limits;
mod memory;
mod paging;
mod tracers;

use std::collections::BTreeMap;
use std::ops::Range;

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

/// Time after the crossing in which the limit must be held, and the share of it.
const NEXT_S: f64 = 5.0;
const HELD: f64 = 0.8;
/// How long each severity above low has to last (`signals.md`, section 1, persistence).
pub const LASTS_S: [(Severity, f64); 3] =
    [(Severity::Medium, 5.0), (Severity::High, 10.0), (Severity::Critical, 30.0)];
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
    /// Severities above low whose limits were reached in it.
    pub rises: Vec<Rise>,
}

/// A severity above low whose limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rise {
    /// Which.
    pub severity: Severity,
    /// End of the first interval at or above the limit, or that may be by what is unknown here.
    pub first: Timestamp,
    /// End of the first one from which on it was held for as long as it has to last.
    pub held: Option<Timestamp>,
}

/// What one interval says of one condition on one entity.
#[derive(Debug, Clone, Copy)]
struct Interval {
    end: Timestamp,
    seconds: f64,
    quantity: Quantity,
}

/// See the module.
#[derive(Debug, Clone, Default)]
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

/// Quantities held against their limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Quantity {
    /// The highest severity whose limit is reached.
    level: Option<Severity>,
    /// How bad it is that something happened that must not.
    event: Option<Severity>,
    /// How bad it may be called by what nobody knows here, such as what is usual there.
    possible: Option<Severity>,
}

/// The limit of a severity that has none.
const NONE: f64 = f64::INFINITY;

impl Quantity {
    fn event(severity: Severity) -> Self {
        Self { event: Some(severity), ..Self::default() }
    }

    /// By whether the limit of each severity is reached.
    fn graded(reached: [bool; 4]) -> Self {
        let highest = Severity::ALL.into_iter().rev().find(|severity| reached[severity.index()]);
        Self { level: highest, ..Self::default() }
    }

    /// A value that is not given reaches nothing.
    fn of(value: Option<f64>, limits: [f64; 4]) -> Self {
        Self::graded(limits.map(|limit| value.is_some_and(|value| value >= limit)))
    }

    /// The worse of two that are told of one condition.
    fn or(self, other: Self) -> Self {
        Self {
            level: self.level.max(other.level),
            event: self.event.max(other.event),
            possible: self.possible.max(other.possible),
        }
    }

    /// Nothing above a severity is sure, since nobody here knows what there was before.
    fn sure_to(self, most: Severity) -> Self {
        let level = self.level.map(|level| level.min(most));
        Self { level, possible: self.possible.max(self.level), ..self }
    }

    fn reaches(self, severity: Severity) -> bool {
        self.level.max(self.event) >= Some(severity)
    }

    fn may_reach(self, severity: Severity) -> bool {
        self.reaches(severity) || self.possible >= Some(severity)
    }
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
                    let interval = Interval { end: at, seconds, quantity };
                    series.entry((kind, entity)).or_default().push(interval);
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
    let is_above = |interval: &Interval| interval.quantity.reaches(Severity::Low);
    for (place, interval) in intervals.iter().enumerate().filter(|(_, one)| is_above(one)) {
        if let Some(last) = found.last_mut()
            && interval.end.since_ns(last.end) as f64 / 1e9 <= APART_S
        {
            last.end = interval.end;
            continue;
        }
        if interval.quantity.event.is_some() || stays(&intervals[place + 1..]) {
            let (at, end) = (interval.end, interval.end);
            found.push(Crossing { kind, entity: entity.clone(), at, end, rises: Vec::new() });
        }
    }
    let mut from = Timestamp(0);
    for crossing in &mut found {
        let upto = intervals.iter().take_while(|interval| interval.end <= crossing.end).count();
        let after = intervals.iter().take_while(|interval| interval.end <= from).count();
        crossing.rises = rises(intervals, after..upto);
        from = crossing.end;
    }
    found
}

/// Whether the limit is held for 80 % of the next five seconds.
fn stays(next: &[Interval]) -> bool {
    let (mut all_s, mut held_s) = (0.0, 0.0);
    for interval in next {
        all_s += interval.seconds;
        held_s += if interval.quantity.reaches(Severity::Low) { interval.seconds } else { 0.0 };
        if all_s >= NEXT_S {
            break;
        }
    }
    all_s >= NEXT_S * HELD && held_s >= HELD * all_s
}

/// Severities above low that are reached in some of the intervals.
fn rises(intervals: &[Interval], places: Range<usize>) -> Vec<Rise> {
    let of = |(severity, lasts_s): (Severity, f64)| {
        let first = places.clone().find(|place| intervals[*place].quantity.may_reach(severity))?;
        let reached = |place: &usize| intervals[*place].quantity.reaches(severity);
        let mut later = (first..places.end).filter(reached);
        let held = later.find(|place| {
            intervals[*place].quantity.event >= Some(severity)
                || is_unbroken(&intervals[place + 1..], severity, lasts_s)
        });
        let end = |place: usize| intervals[place].end;
        Some(Rise { severity, first: end(first), held: held.map(end) })
    };
    LASTS_S.into_iter().filter_map(of).collect()
}

/// Whether a severity is reached in each interval of so many seconds.
fn is_unbroken(next: &[Interval], severity: Severity, lasts_s: f64) -> bool {
    let mut held_s = 0.0;
    for interval in next.iter().take_while(|interval| interval.quantity.reaches(severity)) {
        held_s += interval.seconds;
        if held_s >= lasts_s {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
