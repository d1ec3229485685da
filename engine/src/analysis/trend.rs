//! Where one series is heading, over one window length.
//!
//! The slope is Theil and Sen's over sixteen medians; whether it means anything is asked of the
//! series' own past: how often did it rise as steeply when nothing was wrong? A test against white
//! noise would be wrong by a factor, since telemetry is autocorrelated (`statistics.md`, 2.3).

use alloc::vec::Vec;

use ks_statistics::least_squares::{self, LeastSquares};
use ks_statistics::own_history::{
    self, DIRECTION, DISJOINT, Direction, FORECAST, History, Look, POINTS_MIN, varies,
};
use ks_statistics::theil_sen::{self, Fit};
use ks_vocabulary::time::{Timestamp, seconds};

use super::slots::{Point, Ring};

/// Past windows kept.
pub const HISTORY: usize = 400;
/// Share of its length that a window has to span: shorter ones vary more, and are not compared with
/// whole ones.
const WHOLE: f64 = 0.8;

/// Share of past windows that may have fallen of a series that always grows, and the wobble from
/// which on its slope is none that holds on (our judgement; the last class begins there).
const FELL_MOST: f64 = 0.05;
const RESTLESS: f64 = 0.4;

/// Why there is no slope, or no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too few readings so far, or after a hole.
    FewPoints,
    /// The series hardly takes different values.
    FewValues,
    /// Too few past windows to compare with.
    FewWindows(usize),
    /// Not steeper than its own past.
    NotUnusual,
    /// The interval of the slope reaches 0.
    SlopeUncertain,
    /// Steep in this window only, not in the one before it.
    NotLasting,
    /// The last reading lies far below the line: what it grew by is gone.
    JustFell,
}

/// What one window shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// End of the window.
    pub at: Timestamp,
    /// The line through it, in units a second.
    pub fit: Fit,
    /// Share of past windows at least as steep upwards, this one included.
    pub p_up: Option<f64>,
    /// The same downwards.
    pub p_down: Option<f64>,
    /// Past windows compared with.
    pub compared: usize,
    /// It has enough different values for its slope to say something.
    pub varies: bool,
}

/// A rise that has gone on since the window before, of which the past does not tell whether it is
/// unusual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady<'a> {
    /// What the last window shows.
    pub seen: &'a Seen,
    /// The least and the greatest slope that it may have, by its bounds and by what it was lately.
    pub slopes: (f64, f64),
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Trend {
    ring: Ring,
    /// Slopes of windows, in units a second.
    history: History,
    stride: Option<u64>,
    last: Option<Result<Seen, Refusal>>,
}

impl Default for Trend {
    fn default() -> Self {
        Self { ring: Ring::default(), history: History::of(HISTORY), stride: None, last: None }
    }
}

/// Room for one evaluation.
#[derive(Debug, Default)]
pub struct Scratch {
    points: Vec<(f64, f64)>,
    slopes: Vec<f64>,
}

impl Trend {
    /// Takes a slot, and looks at the window that ends with it where one is due. `spoilt` says
    /// that a signal stands on the series: its windows tell nothing of a calm past. True where a
    /// window was looked at.
    pub fn push(
        &mut self,
        point: Point,
        window_ns: u64,
        spoilt: bool,
        scratch: &mut Scratch,
    ) -> bool {
        self.ring.push(point);
        let stride = point.at.0 / (window_ns / DISJOINT as u64);
        if self.stride == Some(stride) {
            return false;
        }
        self.stride = Some(stride);
        let seen = self.look(window_ns, scratch);
        self.history.push(seen.as_ref().ok().map(|seen| look(seen, spoilt)));
        self.last = Some(seen);
        true
    }

    fn look(&self, window_ns: u64, scratch: &mut Scratch) -> Result<Seen, Refusal> {
        let points = &mut scratch.points;
        let at = self.ring.window(window_ns, points).ok_or(Refusal::FewPoints)?;
        let span_s = points.first().map_or(0.0, |(first_s, _)| -first_s);
        if points.len() < POINTS_MIN || span_s < WHOLE * seconds(window_ns) {
            return Err(Refusal::FewPoints);
        }
        let fit = theil_sen::fit(points, &mut scratch.slopes).ok_or(Refusal::FewPoints)?;
        let (slope, past) = (fit.line.slope, self.history.slopes());
        let compared = past.len();
        let enough = compared >= DIRECTION.windows;
        Ok(Seen {
            at,
            fit,
            p_up: enough.then(|| own_history::p_value(slope, past)),
            p_down: enough.then(|| own_history::p_value_falling(slope, past)),
            compared,
            varies: varies(points),
        })
    }

    /// Adds the slope of a calm window, in units a second.
    pub fn learn(&mut self, slope: f64) {
        self.history.learn(slope);
    }

    /// The slope that a forecast may rest on: unusual in two windows that share nothing, and not
    /// by chance 0.
    pub fn gate(&self) -> Result<&Seen, Refusal> {
        let seen = self.last.as_ref().ok_or(Refusal::FewPoints)?.as_ref().map_err(|why| *why)?;
        if !seen.varies {
            return Err(Refusal::FewValues);
        }
        if seen.compared < FORECAST.windows {
            return Err(Refusal::FewWindows(seen.compared));
        }
        if seen.p_up.is_none_or(|p| p > FORECAST.p_max) {
            return Err(Refusal::NotUnusual);
        }
        if seen.fit.slope_low.is_none_or(|low| low <= 0.0) {
            return Err(Refusal::SlopeUncertain);
        }
        if self.history.proof(1.0).is_none_or(|p| p > FORECAST.p_max) {
            return Err(Refusal::NotLasting);
        }
        Ok(seen)
    }

    /// The slope that a forecast may rest on where the gate is shut for want of a past to compare
    /// with, or because all of it rose: by its bounds it is none by chance, and each window since
    /// the one that ended where it begins rose about as much.
    pub fn steady(&self) -> Result<Steady<'_>, Refusal> {
        let seen = self.last.as_ref().ok_or(Refusal::FewPoints)?.as_ref().map_err(|why| *why)?;
        if !seen.varies {
            return Err(Refusal::FewValues);
        }
        let past = self.history.slopes();
        let fell = past.iter().filter(|slope| **slope <= 0.0).count();
        if seen.compared >= FORECAST.windows && fell as f64 > FELL_MOST * past.len() as f64 {
            return Err(Refusal::NotUnusual);
        }
        let (Some(low), Some(high)) = (seen.fit.slope_low, seen.fit.slope_high) else {
            return Err(Refusal::SlopeUncertain);
        };
        let lately = self.history.pending().take(DISJOINT + 1);
        let mut slopes = (low, high);
        let mut count = 0;
        for look in lately.flatten() {
            count += 1;
            slopes = (slopes.0.min(look.slope), slopes.1.max(look.slope));
        }
        let is_certain = slopes.0 > 0.0 && self.wobble().is_some_and(|wobble| wobble < RESTLESS);
        match (count > DISJOINT, is_certain) {
            (false, _) => Err(Refusal::NotLasting),
            (true, false) => Err(Refusal::SlopeUncertain),
            (true, true) => Ok(Steady { seen, slopes }),
        }
    }

    /// How much the slope changed lately: the root mean square of its relative difference to the
    /// last, over the windows that end in the last one or where it begins. 0 is a steady line.
    pub fn wobble(&self) -> Option<f64> {
        let last = self.history.pending().next()??.slope;
        let others = self.history.pending().skip(1).take(DISJOINT).flatten();
        let squares = others.map(|past| (past.slope / last - 1.0) * (past.slope / last - 1.0));
        let (sum, count) = squares.fold((0.0, 0u32), |(sum, count), one| (sum + one, count + 1));
        let wobble = libm::sqrt(sum / f64::from(count));
        (count > 0 && wobble.is_finite()).then_some(wobble)
    }

    /// The least-squares line through the last window, for people: no verdict rests on it.
    pub fn least_squares(&self, window_ns: u64) -> Option<LeastSquares> {
        let mut points = Vec::new();
        self.ring.window(window_ns, &mut points)?;
        least_squares::least_squares(&points)
    }

    /// What the last window showed.
    pub fn seen(&self) -> Option<Result<&Seen, Refusal>> {
        self.last.as_ref().map(|last| last.as_ref().map_err(|why| *why))
    }

    /// The slopes of calm past windows, in units a second.
    pub fn history(&self) -> &[f64] {
        self.history.slopes()
    }

    /// Forgets the readings, as after a gap; the past slopes stay.
    pub fn restart(&mut self) {
        self.ring.clear();
        self.history.restart();
        self.stride = None;
        self.last = None;
    }
}

/// Only a rise that may be forecast keeps its slopes out of the past: what falls does not end.
fn look(seen: &Seen, is_spoilt: bool) -> Look {
    let is_certain = seen.varies
        && seen.compared >= FORECAST.windows
        && seen.fit.slope_low.is_some_and(|low| low > 0.0);
    let rises = seen.p_up.filter(|_| is_certain);
    Look { slope: seen.fit.line.slope, rises, falls: None, is_spoilt }
}

impl Seen {
    /// The direction, where the past is long enough to name one.
    pub fn direction(&self) -> Direction {
        match (self.p_up, self.p_down) {
            (Some(up), _) if up <= DIRECTION.p_max && self.fit.line.slope > 0.0 => {
                Direction::Increasing
            }
            (_, Some(down)) if down <= DIRECTION.p_max && self.fit.line.slope < 0.0 => {
                Direction::Decreasing
            }
            (None, _) | (_, None) => Direction::Unproven,
            (Some(_), Some(_)) => Direction::Stable,
        }
    }
}

#[cfg(test)]
mod tests;
