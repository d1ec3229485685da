//! Whether one series rises, falls or does neither, by the standard of its own past.
//!
//! Two windows of 64 points are kept: single rows, and medians of eight rows. Each time a window
//! has moved by an eighth its robust slope is compared with the slopes it had before
//! ([`crate::own_history`]). A series rises when the bounds of its slope are above zero, and
//! the slope is rare among those, or nearly all of them rise: a leak that is as old as the series
//! is no less a leak. Where both windows are tested, each is held to half of the error, so a steady
//! series is called rising in at most 5 of 100 windows. The shorter window that names a direction
//! is the one that is reported.

mod window;

use self::window::Window;
use crate::least_squares::least_squares;
use crate::own_history::{DIRECTION, Direction};
use crate::theil_sen;
use alloc::vec::Vec;

/// Rows in a point of each window.
const SLOT_ROWS: [usize; 2] = [1, 8];

/// The line through the last window, and how much it stands out from earlier ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Where the series goes.
    pub direction: Direction,
    /// The line's value at the last row.
    pub level: f64,
    /// Robust slope, by second.
    pub slope: f64,
    /// Its lower bound at 90 %; `None` where the points bound it not at all.
    pub slope_low: Option<f64>,
    /// Its upper bound at 90 %.
    pub slope_high: Option<f64>,
    /// Slope of ordinary least squares, by second: for people, it decides nothing.
    pub ols_slope: Option<f64>,
    /// The squared correlation; `None` where the values do not vary. It is no confidence.
    pub r2: Option<f64>,
    /// p-value of a slope in this direction among those of past windows, held to the number of
    /// windows tested; `None` with fewer than 99 past windows.
    pub significance: Option<f64>,
    /// The larger p-value of this window and of the last one that shares no row with it; `None`
    /// where either had fewer than 199 past windows.
    pub proof: Option<f64>,
    /// How many past windows the present one is compared with.
    pub past: usize,
    /// Rows in the window.
    pub rows: usize,
    /// From its first point to its last, in seconds.
    pub span_s: f64,
}

/// Follows the direction of one series. Give each row that has a value to [`Tracker::push`].
#[derive(Clone, Debug)]
pub struct Tracker {
    windows: [Window; 2],
    now_s: Option<f64>,
    direction: Direction,
    /// The window that named the direction.
    named: usize,
}

impl Default for Tracker {
    fn default() -> Self {
        Self::new()
    }
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new() -> Self {
        let windows = SLOT_ROWS.map(Window::new);
        Self { windows, now_s: None, direction: Direction::Unproven, named: 0 }
    }

    /// Where the series goes, given the next row: time in seconds since the epoch, and a value,
    /// both finite. A time that goes back counts as the one before.
    pub fn push(&mut self, time_s: f64, value: f64) -> Direction {
        assert!(time_s.is_finite() && value.is_finite(), "rows are finite");
        let now_s = self.now_s.map_or(time_s, |before_s| before_s.max(time_s));
        self.now_s = Some(now_s);
        let mut moved = false;
        for window in &mut self.windows {
            moved |= window.push(now_s, value);
        }
        if moved {
            self.name();
        }
        self.direction
    }

    /// The line through the window that named the direction. `None` where it has no line.
    pub fn trend(&self) -> Option<Trend> {
        let window = &self.windows[self.named];
        let part = window.part()?;
        let mut scratch = Vec::new();
        let fit = theil_sen::fit(&part.points, &mut scratch)?;
        let ols = least_squares(&part.points);
        let verdict = window.tested();
        let p = verdict.map(|verdict| verdict.p(fit.line.slope) * self.tested());
        let last_s = part.points.last().map_or(0.0, |(time_s, _)| *time_s);
        let since_s = self.now_s? - part.begin_s - last_s;
        Some(Trend {
            direction: self.direction,
            level: fit.line.level + fit.line.slope * since_s,
            slope: fit.line.slope,
            slope_low: fit.slope_low,
            slope_high: fit.slope_high,
            ols_slope: ols.map(|ols| ols.slope).filter(|slope| slope.is_finite()),
            r2: ols.and_then(|ols| ols.r2).filter(|r2| r2.is_finite()),
            significance: p.map(|p| p.min(1.0)),
            proof: window.proof(fit.line.slope),
            past: window.past().len(),
            rows: part.points.len() * window.slot_rows,
            span_s: last_s,
        })
    }

    /// How many windows are tested.
    fn tested(&self) -> f64 {
        self.windows.iter().filter(|window| window.tested().is_some()).count() as f64
    }

    fn name(&mut self) {
        let tested = self.tested();
        self.direction = Direction::Unproven;
        self.named = 0;
        for (at, window) in self.windows.iter().enumerate() {
            let Some(verdict) = window.tested() else { continue };
            let named = if verdict.rises * tested <= DIRECTION.p_max {
                Direction::Increasing
            } else if verdict.falls * tested <= DIRECTION.p_max {
                Direction::Decreasing
            } else {
                Direction::Stable
            };
            if named != Direction::Stable || self.direction == Direction::Unproven {
                self.direction = named;
                self.named = at;
            }
            if named != Direction::Stable {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests;
