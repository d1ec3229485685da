//! Quantities, times and spans as a tired person reads them. Programs get them as they are.

use jiff::Timestamp as Time;
use ks_replayer::report::{Episode, Prediction, Recording};
use ks_vocabulary::decision::Direction;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::Evidence;
use ks_vocabulary::unit::Unit;

/// Three digits are told of a number: more say nothing at a glance.
const DIGITS: f64 = 100.0;
const DECIMALS_MOST: u8 = 9;

/// How times of a report are told.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Told to the second.
    is_short: bool,
    /// The day that goes without saying.
    day: Option<String>,
}

impl Times {
    /// To the nanosecond, as programs get them.
    pub(crate) fn exact() -> Self {
        Self::default()
    }

    /// To the second, and without the day where a recording is of one.
    pub(crate) fn of(recording: &Recording) -> Self {
        let day = |time: &Option<String>| Some(halves(time.as_deref()?)?.0);
        let first = day(&recording.start);
        let day = first.filter(|first| day(&recording.end).as_ref() == Some(first));
        Self { is_short: true, day }
    }

    /// A time of the report.
    pub(crate) fn at(&self, time: &str) -> String {
        match halves(time).filter(|_| self.is_short) {
            None => time.to_owned(),
            Some((day, clock)) if self.day.as_ref() == Some(&day) => clock,
            Some((day, clock)) => format!("{day} {clock}"),
        }
    }

    /// Beginning and end of a recording, with the day.
    pub(crate) fn span(&self, start: Option<&str>, end: Option<&str>) -> String {
        let [from, to] = [start, end].map(|time| time.map_or("-".to_owned(), |time| self.at(time)));
        match &self.day {
            Some(day) => format!("{day} {from} to {to} UTC"),
            None => format!("{from} to {to} UTC"),
        }
    }
}

/// The day, and the time of day to the second.
fn halves(time: &str) -> Option<(String, String)> {
    let time: Time = time.parse().ok()?;
    let told = format!("{time:.0}");
    let (day, clock) = told.split_once('T')?;
    Some((day.to_owned(), clock.trim_end_matches('Z').to_owned()))
}

/// What became of a verdict: `cleared`, and of one that stands as less than it was `open, LOW at
/// the end`.
pub(super) fn state(one: &Episode) -> String {
    let eased = one.end.is_none() && one.last < one.severity;
    let last = if eased {
        format!(", {} at the end", one.last.word().to_uppercase())
    } else {
        String::new()
    };
    format!("{}{last}", one.state)
}

/// Seconds from one time of a report to another, where both are times.
pub(super) fn seconds_between(from: &str, to: &str) -> Option<f64> {
    let [from, to] = [from, to].map(|time| time.parse::<Time>().ok());
    Some(to?.duration_since(from?).as_secs_f64())
}

/// A span of time: `40 s`, `28 min`, `3 h`, `2.5 days`.
pub(crate) fn lasting(seconds: f64) -> String {
    let (unit, unit_s) = match seconds {
        below if below < 120.0 => ("s", 1.0),
        below if below < 7_200.0 => ("min", 60.0),
        below if below < 172_800.0 => ("h", 3_600.0),
        _ => ("days", 86_400.0),
    };
    let told = format!("{:.1}", seconds / unit_s);
    let whole = told.strip_suffix(".0").filter(|_| unit_s > 60.0);
    match whole {
        Some(whole) => format!("{whole} {unit}"),
        None if unit_s > 60.0 => format!("{told} {unit}"),
        None => format!("{:.0} {unit}", seconds / unit_s),
    }
}

/// A quantity with its limit: `io_full_10s 23.8 % (limit 20 %, reached)`, and with its true time
/// where that is longer: `majflt_5s 12/s over 120 s (limit 10/s, reached)`.
pub(super) fn evidence(one: &Evidence) -> String {
    let unit = one.unit();
    let reached = if one.past_limit().is_some() { ", reached" } else { "" };
    let limit = one
        .limit
        .map_or(String::new(), |limit| format!(" (limit {}{reached})", quantity(limit, unit)));
    let meaning = error(one.metric).map_or(String::new(), |error| format!(" ({error})"));
    format!("{} {}{}{limit}{meaning}", one.metric, quantity(one.value, unit), one.over())
}

/// Errors by which calls were refused, as a person is told them.
const ERRORS: [(Metric, &str); 4] = [
    (Metric::RefusedEmfile, "EMFILE: a process may open no more files"),
    (Metric::RefusedEnfile, "ENFILE: the host may open no more files"),
    (Metric::RefusedEnomem, "ENOMEM: no memory was left for it"),
    (Metric::RefusedEnospc, "ENOSPC: no space was left for it"),
];

/// What an error by which calls were refused says.
pub(super) fn error(metric: Metric) -> Option<&'static str> {
    ERRORS.iter().find(|(of, _)| *of == metric).map(|(_, told)| *told)
}

/// A value with its unit: `96 %`, `36 ms`, `83`.
pub(super) fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ratio => format!("{} %", number(value * 100.0)),
        Unit::One => number(value),
        Unit::Bytes => {
            scaled(value, [("bytes", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)])
        }
        Unit::Nanoseconds => time(value),
        Unit::Microseconds => time(value * 1e3),
        Unit::Milliseconds => time(value * 1e6),
        Unit::Seconds if value.abs() >= 120.0 => lasting(value),
        Unit::PerSecond => format!("{}/s", number(value)),
        Unit::Faults
        | Unit::Pages
        | Unit::PagesPerSecond
        | Unit::Requests
        | Unit::Seconds
        | Unit::Tasks
        | Unit::TasksPerCpu
        | Unit::Ticks => format!("{} {unit}", number(value)),
    }
}

/// How much a quantity changes, with its unit: of a share in points.
pub(super) fn difference(by: f64, unit: Unit) -> String {
    if unit == Unit::Ratio { format!("{} points", number(by * 100.0)) } else { quantity(by, unit) }
}

/// What an action is expected to do.
pub(crate) fn expected(of: &Prediction) -> String {
    let way = if of.direction == Direction::Down { "lower" } else { "higher" };
    let on = of.entity.as_ref().map_or(String::new(), |entity| format!(" of {entity}"));
    let [low, high] = [of.low, of.high].map(|by| difference(by, of.unit));
    format!("{}{on} {low} to {high} {way} within {} s", of.metric, of.within_s)
}

fn time(ns: f64) -> String {
    scaled(ns, [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)])
}

/// In the largest unit of which it has one, else in the smallest.
fn scaled<const UNITS: usize>(value: f64, units: [(&str, f64); UNITS]) -> String {
    let fits = units.iter().rev().find(|(_, one)| value.abs() >= *one);
    let (word, one) = fits.unwrap_or(&units[0]);
    format!("{} {word}", number(value / one))
}

/// A number to three digits, and to the last one before the point.
fn number(value: f64) -> String {
    if value.abs() < f64::MIN_POSITIVE {
        return "0".to_owned();
    }
    let has_digits = |decimals: &u8| value.abs() * 10_f64.powi(i32::from(*decimals)) >= DIGITS;
    let decimals = usize::from((0..DECIMALS_MOST).find(has_digits).unwrap_or(DECIMALS_MOST));
    let told = format!("{value:.decimals$}");
    if told.contains('.') {
        told.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::metric::Metric;

    #[test]
    fn quantities_have_three_digits_and_units_of_people() {
        for (value, unit, expected) in [
            (0.959, Unit::Ratio, "95.9 %"),
            (0.0001, Unit::Ratio, "0.01 %"),
            (1.0, Unit::Ratio, "100 %"),
            (35.863, Unit::Milliseconds, "35.9 ms"),
            (1_500.0, Unit::Milliseconds, "1.5 s"),
            (250.0, Unit::Nanoseconds, "250 ns"),
            (61_440.0, Unit::Bytes, "61.4 kB"),
            (12.0, Unit::Bytes, "12 bytes"),
            (83.0, Unit::One, "83"),
            (0.0, Unit::One, "0"),
            (123_456.7, Unit::PerSecond, "123457/s"),
            (1.0, Unit::TasksPerCpu, "1 tasks/cpu"),
            (600.0, Unit::Seconds, "10 min"),
        ] {
            assert_eq!(quantity(value, unit), expected);
        }
    }

    #[test]
    fn an_error_is_told_with_what_it_means() {
        let told = |metric| {
            evidence(&Evidence {
                metric,
                value: 3.0,
                window_s: None,
                limit: None,
                baseline_p95: None,
            })
        };
        assert_eq!(
            told(Metric::RefusedEnospc),
            "refused_enospc 3/s (ENOSPC: no space was left for it)"
        );
        assert_eq!(told(Metric::RefusedCalls), "refused_calls 3/s");
    }

    #[test]
    fn evidence_tells_a_time_that_its_word_does_not() {
        let (metric, limit) = (Metric::Majflt5s, Some(10.0));
        let one = |window_s| Evidence { metric, value: 12.0, window_s, limit, baseline_p95: None };
        assert_eq!(evidence(&one(None)), "majflt_5s 12/s (limit 10/s, reached)");
        let slow = "majflt_5s 12/s over 120 s (limit 10/s, reached)";
        assert_eq!(evidence(&one(Some(120))), slow);
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (seconds, expected) in [
            (0.4, "0 s"),
            (119.0, "119 s"),
            (1_680.0, "28 min"),
            (10_800.0, "3 h"),
            (97_200.0, "27 h"),
            (216_000.0, "2.5 days"),
        ] {
            assert_eq!(lasting(seconds), expected);
        }
    }

    #[test]
    fn a_day_that_all_is_of_goes_without_saying() {
        let recording = |end: &str| Recording {
            start: Some("2026-11-25T09:48:44.580727982Z".to_owned()),
            end: Some(end.to_owned()),
            ..Recording::default()
        };
        let told = |recording: &Recording| {
            let times = Times::of(recording);
            let span = times.span(recording.start.as_deref(), recording.end.as_deref());
            (span, times.at("2026-11-25T10:00:00.000000001Z"))
        };
        let one = told(&recording("2026-11-25T10:49:44.000000000Z"));
        assert_eq!(one.0, "2026-11-25 09:48:44 to 10:49:44 UTC");
        assert_eq!(one.1, "10:00:00");
        let two = told(&recording("2026-11-26T10:49:44.000000000Z"));
        assert_eq!(two.0, "2026-11-25 09:48:44 to 2026-11-26 10:49:44 UTC");
        assert_eq!(two.1, "2026-11-25 10:00:00");
        assert_eq!(Times::exact().at("2026-11-25T10:00:00.1Z"), "2026-11-25T10:00:00.1Z");
        assert_eq!(Times::of(&Recording::default()).at("99999999999"), "99999999999");
    }
}
