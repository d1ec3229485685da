//! What one series normally is, by the hour where enough is known.
//!
//! Values are learned into a sketch, and their distance from the running median into a second one:
//! the spread read from the first would be 0 for a gauge that varies less than the sketch's own
//! error. Of the same hour of the week, the same hour of any day, and all of the past, the
//! narrowest that holds enough speaks. Rules and numbers are those of `statistics.md`, section 3.

mod level;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::running_median::RunningMedian;
use crate::sketch::Sketch;

pub use self::level::{Level, Span, trigger_level};

/// Values and time that a baseline needs before it gates anything (our judgement).
const ENOUGH_SAMPLES: u64 = 300;
const ENOUGH_NS: u64 = 1_800_000_000_000;
/// Values, and periods they come from, that the baseline of one hour needs (our judgement).
const ENOUGH_OF_HOUR: u64 = 60;
const ENOUGH_PERIODS: u32 = 3;
/// No count of a baseline is as large: nanoseconds of 36 years.
const COUNT_MAX: u64 = 1 << 60;
/// Nor are as many periods: hours of a century.
const PERIODS_MAX: u32 = 1 << 20;
/// Values learned between two looks at the quantiles: a minute's worth.
const LOOK_EVERY: u32 = 12;
/// A normal scale's share of the median absolute deviation.
const MAD_TO_SCALE: f64 = 1.4826;

/// When a value was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By a clock that never steps.
    pub mono_ns: u64,
    /// Hours since 1970, UTC.
    pub hour: i64,
}

/// Values and deviations of some stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    values: Sketch,
    deviations: Sketch,
    samples: u64,
}

impl Spread {
    fn learn(&mut self, value: f64, deviation: f64) {
        self.values.insert(value);
        self.deviations.insert(deviation);
        self.samples += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.values.merge(&other.values);
        self.deviations.merge(&other.deviations);
        self.samples += other.samples;
    }

    fn decay(&mut self, factor: f64) {
        self.values.scale(factor);
        self.deviations.scale(factor);
    }
}

/// One hour of the week or day, over several of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Hour {
    spread: Spread,
    periods: u32,
    /// Number of the last hour since 1970 that was learned from.
    last: i64,
}

/// What is learned while a signal stands on the series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Shadow {
    spread: Spread,
    covered_ns: u64,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    all: Spread,
    hours: BTreeMap<u8, Hour>,
    covered_ns: u64,
    shadow: Option<Box<Shadow>>,
    /// Day since 1970 to which the weights have been decayed.
    day: Option<i64>,
    #[serde(skip)]
    running: RunningMedian,
    #[serde(skip)]
    learned_at_ns: Option<u64>,
    #[serde(skip)]
    level: Option<Level>,
    #[serde(skip)]
    since_look: u32,
    #[serde(skip)]
    looked_hour: Option<i64>,
}

/// How baselines are learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learning {
    /// Largest value that the quantity can have, where it is bounded.
    pub max: Option<f64>,
    /// By hour of the week; else by hour of the day, which takes a seventh of the memory.
    pub weekly: bool,
    /// Share of its weight that a value keeps for each day.
    pub kept_a_day: f64,
    /// Of the values in so much time the first is learned; with 0 all are.
    pub cadence_ns: u64,
    /// A value stands for at most so much time before it.
    pub longest_ns: u64,
    /// Where less weight than this is left of the past, it has faded.
    pub weight_min: f64,
}

impl Baseline {
    /// Takes a finite value, in the order of their times. While a signal `stands` on the series it
    /// goes to a shadow.
    pub fn learn(&mut self, at: Moment, value: f64, stands: bool, learning: &Learning) {
        let Moment { mono_ns, hour } = at;
        let slot = |at_ns: u64| at_ns.checked_div(learning.cadence_ns);
        let covered_ns = match self.learned_at_ns {
            Some(last_ns) if slot(mono_ns).is_some() && slot(mono_ns) == slot(last_ns) => return,
            Some(last_ns) => mono_ns.saturating_sub(last_ns).min(learning.longest_ns),
            None => 0,
        };
        self.learned_at_ns = Some(mono_ns);
        let deviation = self.running.push_deviation(value);
        if stands {
            let shadow = self.shadow.get_or_insert_default();
            shadow.spread.learn(value, deviation);
            shadow.covered_ns += covered_ns;
        } else {
            self.shadow = None;
            self.decay(hour.div_euclid(24), learning.kept_a_day);
            self.all.learn(value, deviation);
            self.covered_ns = self.covered_ns.saturating_add(covered_ns);
            let of_week = u8::try_from(hour_of_week(hour, learning.weekly)).unwrap_or(0);
            let known = self.hours.entry(of_week).or_default();
            if known.periods == 0 || known.last != hour {
                known.periods += 1;
                known.last = hour;
            }
            known.spread.learn(value, deviation);
        }
        self.since_look += 1;
        if self.since_look >= LOOK_EVERY || self.looked_hour != Some(hour) {
            self.look(hour, learning);
        }
    }

    fn decay(&mut self, day: i64, kept_a_day: f64) {
        let passed = self.day.map_or(0, |last| day.saturating_sub(last));
        self.day = Some(day);
        if passed <= 0 {
            return;
        }
        let factor = libm::pow(kept_a_day, passed as f64);
        self.all.decay(factor);
        for hour in self.hours.values_mut() {
            hour.spread.decay(factor);
        }
    }

    /// Reads the quantiles anew, from the narrowest part of the past that holds enough.
    fn look(&mut self, hour: i64, learning: &Learning) {
        self.since_look = 0;
        self.looked_hour = Some(hour);
        if self.all.values.count() < learning.weight_min
            || self.all.samples < ENOUGH_SAMPLES
            || self.covered_ns < ENOUGH_NS
        {
            self.level = None;
            return;
        }
        let enough =
            |samples: u64, periods: u32| samples >= ENOUGH_OF_HOUR && periods >= ENOUGH_PERIODS;
        let of_week = u8::try_from(hour_of_week(hour, learning.weekly)).unwrap_or(0);
        let narrow = self.hours.get(&of_week);
        if let Some(known) = narrow.filter(|known| enough(known.spread.samples, known.periods)) {
            let span = if learning.weekly { Span::HourOfWeek } else { Span::HourOfDay };
            self.level = level_of(&known.spread, span, learning.max);
            return;
        }
        let same = self.hours.iter().filter(|(key, _)| *key % 24 == of_week % 24);
        let (mut merged, mut periods) = (Spread::default(), 0);
        if learning.weekly {
            for (_, known) in same {
                merged.merge(&known.spread);
                periods += known.periods;
            }
        }
        self.level = if enough(merged.samples, periods) {
            level_of(&merged, Span::HourOfDay, learning.max)
        } else {
            level_of(&self.all, Span::All, learning.max)
        };
    }

    /// The baseline as last looked at; `None` while too little is known.
    pub fn level(&self) -> Option<Level> {
        self.level
    }

    /// Looks at the quantiles for an hour since 1970, as after loading.
    pub fn refresh(&mut self, hour: i64, learning: &Learning) {
        self.look(hour, learning);
    }

    /// The baseline of an hour since 1970, looked at anew where the last look was at another.
    pub fn level_at(&mut self, hour: i64, learning: &Learning) -> Option<Level> {
        if self.looked_hour != Some(hour) {
            self.look(hour, learning);
        }
        self.level
    }

    /// Quantiles of all of the past, whether or not there is enough to gate anything.
    pub fn overall(&self, max: Option<f64>) -> Option<Level> {
        level_of(&self.all, Span::All, max)
    }

    /// Whether its counts are those that a baseline can have: far from where sums would overflow.
    pub fn is_sound(&self) -> bool {
        let spread = |spread: &Spread| spread.samples < COUNT_MAX;
        let shadow = |shadow: &Shadow| spread(&shadow.spread) && shadow.covered_ns < COUNT_MAX;
        spread(&self.all)
            && self.covered_ns < COUNT_MAX
            && self.day.is_none_or(|day| day.unsigned_abs() < COUNT_MAX)
            && self.shadow.as_deref().is_none_or(shadow)
            && self
                .hours
                .iter()
                .all(|(key, hour)| *key < 168 && spread(&hour.spread) && hour.periods < PERIODS_MAX)
    }

    /// Values learned.
    pub fn samples(&self) -> u64 {
        self.all.samples
    }

    /// Time they stand for.
    pub fn covered_ns(&self) -> u64 {
        self.covered_ns
    }

    /// Whether what was learned while a signal stands, if anything, would gate as the normal.
    pub fn can_accept(&self) -> bool {
        self.shadow.as_deref().is_none_or(|shadow| {
            shadow.spread.samples >= ENOUGH_SAMPLES && shadow.covered_ns >= ENOUGH_NS
        })
    }

    /// Takes what was learned while the signal stood as the normal.
    pub fn accept(&mut self) {
        if let Some(shadow) = self.shadow.take() {
            self.all = shadow.spread;
            self.covered_ns = shadow.covered_ns;
            self.hours.clear();
            self.looked_hour = None;
        }
    }

    /// Adds what another learned of the same series at another time.
    pub fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.covered_ns += other.covered_ns;
        self.day = self.day.max(other.day);
        for (key, hour) in &other.hours {
            let own = self.hours.entry(*key).or_default();
            own.spread.merge(&hour.spread);
            own.periods += hour.periods;
            own.last = own.last.max(hour.last);
        }
    }

    /// Forgets where the series was, as after a gap; what was learned stays.
    pub fn restart(&mut self) {
        self.running = RunningMedian::default();
        self.learned_at_ns = None;
    }
}

fn level_of(spread: &Spread, span: Span, max: Option<f64>) -> Option<Level> {
    let [p50, p75, p95] = spread.values.quantiles(&[0.5, 0.75, 0.95])?;
    let volatility = MAD_TO_SCALE * spread.deviations.quantile(0.5)?;
    let trigger = trigger_level(p95, max);
    Some(Level { p50, p75, p95, volatility, trigger, span, samples: spread.samples })
}

fn hour_of_week(hour: i64, weekly: bool) -> i64 {
    hour.rem_euclid(if weekly { 168 } else { 24 })
}

#[cfg(test)]
mod tests;
