//! When a resource is used up, as an interval, or why that cannot be told.
//!
//! The rules are those of `statistics.md`, section 5: a gate before any forecast, the level from
//! the line and not from the last reading, a conformal interval around a median free of the bias
//! of first passages.

use alloc::string::{String, ToString};

use ks_statistics::own_history::FORECAST;
use ks_vocabulary::output::Basis;
use ks_vocabulary::time::{Timestamp, seconds};

use super::calibration::{Calibration, Source};
use super::class::Class;
use super::slots::{Point, WINDOWS_NS};
use super::trend::{Refusal, Seen, Trend};

/// A forecast. Times are in seconds from `at`.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// End of the window it rests on.
    pub at: Timestamp,
    /// Used share at that time, by the line.
    pub level: f64,
    /// Its growth a second.
    pub slope: f64,
    /// Time to the threshold on the line.
    pub point_s: f64,
    /// Bounds of the 90 % interval, and the median.
    pub low_s: f64,
    /// See `low_s`.
    pub median_s: f64,
    /// See `low_s`.
    pub high_s: f64,
    /// Index of the window length.
    pub window: usize,
    /// Class of its residual.
    pub class: Class,
    /// Residuals that the interval rests on.
    pub count: usize,
    /// `host (n)`, `host NAME (n)` or `synthetic (n)`.
    pub calibration: String,
    /// What it rests on where that is less than the gate asks for: it is for people alone.
    pub basis: Option<Basis>,
}

/// What is asked of the trends of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Used share at which the resource ends.
    pub threshold: f64,
    /// How far a forecast may look.
    pub horizon_ns: u64,
    /// How far off forecasts were.
    pub calibration: &'a Calibration,
    /// The last reading.
    pub last: Point,
}

/// The first window length of which a forecast may rest on less than the gate asks for: of shorter
/// ones there are enough within an hour or so, where they are read often enough to be any.
const LONG: usize = 2;
/// Such an interval is that of the calibration and of the slopes that were possible, whichever is
/// wider, and as much wider again that it holds nine in ten on autocorrelated noise (measured by
/// the tests of `watched.rs`).
const WIDER: f64 = 1.25;
/// A reading so far below the line has fallen: a smaller fall moves the end by less than its
/// interval is wide (our judgement).
const FALL: f64 = 0.05;

/// Why there is no forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoForecast {
    /// The trend does not allow one.
    Trend(Refusal),
    /// The level is at or beyond the threshold.
    AtItsEnd,
    /// The median lies beyond the horizon, in seconds.
    Beyond(f64),
    /// Too few residuals for an interval.
    Uncalibrated(usize),
}

/// The forecast from the longest window that allows one: it knows the slope best. Where none does,
/// the reason is that of the window that came furthest, and of equals the shortest.
///
/// Where the gate is shut for want of a past to compare with, a rise that goes on has a wider
/// interval, with its [basis](Basis).
pub fn forecast(
    trends: &[Trend; WINDOWS_NS.len()],
    asked: &Question<'_>,
) -> Result<Forecast, NoForecast> {
    let mut reason = NoForecast::Trend(Refusal::FewPoints);
    for (window, trend) in trends.iter().enumerate().rev() {
        let seen = trend.gate().map_err(NoForecast::Trend);
        match seen.and_then(|seen| from_line(window, trend, seen, asked)) {
            Ok(found) => return Ok(found),
            Err(why) if why.rank() >= reason.rank() => reason = why,
            Err(_) => {}
        }
    }
    if !matches!(reason, NoForecast::Trend(why) if why != Refusal::JustFell) {
        return Err(reason);
    }
    for (window, trend) in trends.iter().enumerate().skip(LONG).rev() {
        match from_steady(window, trend, asked) {
            Ok(found) => return Ok(found),
            Err(why) if why == NoForecast::Trend(Refusal::JustFell) => reason = why,
            Err(_) => {}
        }
    }
    Err(reason)
}

/// A forecast by the slopes that were possible lately.
fn from_steady(window: usize, trend: &Trend, asked: &Question<'_>) -> Result<Forecast, NoForecast> {
    let steady = trend.steady().map_err(NoForecast::Trend)?;
    let made = from_line(window, trend, steady.seen, asked)?;
    let away = asked.threshold - made.level;
    let (slowest, fastest) = steady.slopes;
    let is_short = steady.seen.compared < FORECAST.windows;
    Ok(Forecast {
        low_s: made.low_s.min(away / fastest) / WIDER,
        high_s: made.high_s.max(away / slowest) * WIDER,
        basis: Some(if is_short { Basis::ShortHistory } else { Basis::SteadyGrowth }),
        ..made
    })
}

fn from_line(
    window: usize,
    trend: &Trend,
    seen: &Seen,
    asked: &Question<'_>,
) -> Result<Forecast, NoForecast> {
    let line = seen.fit.line;
    if has_fallen(line.level, line.slope, seen.at, asked.last) {
        return Err(NoForecast::Trend(Refusal::JustFell));
    }
    if line.level >= asked.threshold {
        return Err(NoForecast::AtItsEnd);
    }
    let point_s = (asked.threshold - line.level) / line.slope;
    let class = Class::of(trend.wobble().unwrap_or(f64::INFINITY));
    let interval = asked.calibration.interval(class).map_err(NoForecast::Uncalibrated)?;
    let median_s = point_s * interval.band.median;
    if median_s > seconds(asked.horizon_ns) {
        return Err(NoForecast::Beyond(median_s));
    }
    Ok(Forecast {
        at: seen.at,
        level: line.level,
        slope: line.slope,
        point_s,
        low_s: point_s * interval.band.low,
        median_s,
        high_s: point_s * interval.band.high,
        window,
        class,
        count: interval.count,
        calibration: match interval.source {
            Source::Host => alloc::format!("host ({})", interval.count),
            Source::Other(name) => alloc::format!("host {name} ({})", interval.count),
            Source::Synthetic => alloc::format!("synthetic ({})", interval.count),
        },
        basis: None,
    })
}

/// Whether a reading lies far below a line.
fn has_fallen(level: f64, slope: f64, at: Timestamp, last: Point) -> bool {
    last.value <= level + slope * seconds(last.at.since_ns(at)) - FALL
}

impl Forecast {
    /// Whether the resource has fallen since, so that the slope before it says nothing.
    pub fn is_fallen(&self, last: Point) -> bool {
        has_fallen(self.level, self.slope, self.at, last)
    }
}

impl NoForecast {
    /// How near to a forecast it came.
    fn rank(self) -> u8 {
        match self {
            Self::Trend(Refusal::FewPoints) => 0,
            Self::Trend(Refusal::FewWindows(_)) => 1,
            Self::Trend(Refusal::FewValues) => 2,
            Self::Trend(Refusal::NotUnusual) => 3,
            Self::Trend(Refusal::SlopeUncertain) => 4,
            Self::Trend(Refusal::NotLasting) => 5,
            Self::Trend(Refusal::JustFell) => 6,
            Self::Uncalibrated(_) => 7,
            Self::Beyond(_) => 8,
            Self::AtItsEnd => 9,
        }
    }

    /// In words.
    pub fn text(self) -> String {
        match self {
            Self::Trend(refusal) => refusal.text(),
            Self::AtItsEnd => "it is at its end".to_string(),
            Self::Beyond(median_s) => {
                alloc::format!("beyond the horizon: {:.0} min in the median", median_s / 60.0)
            }
            Self::Uncalibrated(known) => {
                let needed = ks_statistics::conformal::needed(super::calibration::ALPHA);
                alloc::format!("cannot tell: {known} residuals, {needed} needed")
            }
        }
    }
}

impl Refusal {
    /// In words.
    pub fn text(self) -> String {
        match self {
            Self::FewPoints => "too few readings".to_string(),
            Self::FewValues => "it hardly changes".to_string(),
            Self::FewWindows(known) => {
                let needed = FORECAST.windows;
                alloc::format!("cannot tell: {known} past windows, {needed} needed")
            }
            Self::NotUnusual => "it does not grow faster than it used to".to_string(),
            Self::SlopeUncertain => "whether it grows is uncertain".to_string(),
            Self::NotLasting => "it has not grown for two windows yet".to_string(),
            Self::JustFell => "it has just fallen, and its growth since is not known".to_string(),
        }
    }
}
