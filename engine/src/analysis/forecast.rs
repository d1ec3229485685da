//! When a resource is used up, as an interval, or why that cannot be told.
//!
//! The rules are those of `statistics.md`, section 5: a gate before any forecast, the level from
//! the line and not from the last reading, a conformal interval around a median free of the bias
//! of first passages.

use alloc::string::{String, ToString};

use ks_vocabulary::time::{Timestamp, seconds};

use super::calibration::{Calibration, Source};
use super::class::Class;
use super::slots::WINDOWS_NS;
use super::trend::{Refusal, Trend};

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
}

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
pub fn forecast(
    trends: &[Trend; WINDOWS_NS.len()],
    threshold: f64,
    horizon_ns: u64,
    calibration: &Calibration,
) -> Result<Forecast, NoForecast> {
    let mut reason = NoForecast::Trend(Refusal::FewPoints);
    for (window, trend) in trends.iter().enumerate().rev() {
        match from_window(window, trend, threshold, horizon_ns, calibration) {
            Ok(found) => return Ok(found),
            Err(why) if why.rank() >= reason.rank() => reason = why,
            Err(_) => {}
        }
    }
    Err(reason)
}

fn from_window(
    window: usize,
    trend: &Trend,
    threshold: f64,
    horizon_ns: u64,
    calibration: &Calibration,
) -> Result<Forecast, NoForecast> {
    let seen = trend.gate().map_err(NoForecast::Trend)?;
    let line = seen.fit.line;
    if line.level >= threshold {
        return Err(NoForecast::AtItsEnd);
    }
    let point_s = (threshold - line.level) / line.slope;
    let class = Class::of(trend.wobble().unwrap_or(f64::INFINITY));
    let interval = calibration.interval(class).map_err(NoForecast::Uncalibrated)?;
    let median_s = point_s * interval.band.median;
    if median_s > seconds(horizon_ns) {
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
    })
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
            Self::Uncalibrated(_) => 6,
            Self::Beyond(_) => 7,
            Self::AtItsEnd => 8,
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
                let needed = ks_statistics::own_history::FORECAST.windows;
                alloc::format!("cannot tell: {known} past windows, {needed} needed")
            }
            Self::NotUnusual => "it does not grow faster than it used to".to_string(),
            Self::SlopeUncertain => "whether it grows is uncertain".to_string(),
            Self::NotLasting => "it has not grown for two windows yet".to_string(),
        }
    }
}
