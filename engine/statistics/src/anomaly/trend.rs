//! Whether one series rises, falls or does neither, by the standard of its own past.
//!
//! Two windows of 64 points are kept: single rows, and medians of eight rows. Each time a window
//! has moved by an eighth its robust slope is compared with the slopes it had before
//! ([`crate::own_history`]), where those make 19 windows that share nothing. As long as there are
//! too few rows for that, shorter windows are looked at (`early.rs`). A series rises when the
//! bounds of its slope are above zero, and the slope is rare among those, or nearly all of them
//! rise: a leak that is as old as the series is no less a leak. Where both windows are tested, each
//! is held to half of the error, so a steady series is called rising in at most 5 of 100 windows.
//! The shorter window that names a direction is the one that is reported.

mod early;
mod window;

use self::early::Early;
use self::window::{Verdict, Window};
use crate::least_squares::least_squares;
use crate::order::median;
use crate::own_history::{DIRECTION, DISJOINT, Direction};
use crate::theil_sen::{self, Line};
use alloc::vec::Vec;
use libm::fabs;

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
    /// windows tested; `None` with fewer past windows than make 19 that share nothing.
    pub significance: Option<f64>,
    /// The larger p-value of this window and of the last one that shares no row with it; `None`
    /// where either had fewer than 199 past windows.
    pub proof: Option<f64>,
    /// How many past windows the present one is compared with.
    pub past: usize,
    /// How many of those share nothing; a direction takes 19.
    pub disjoint: usize,
    /// How far the slopes of past windows were from their median, at most: what noise makes of a
    /// slope. `None` without past windows.
    pub chance: Option<f64>,
    /// How far points are from the line, at most.
    pub unrest: f64,
    /// Rows in the window.
    pub rows: usize,
    /// From its first point to its last, in seconds.
    pub span_s: f64,
}

/// Follows the direction of one series. Give each row that has a value to [`Tracker::push`].
#[derive(Clone, Debug)]
pub struct Tracker {
    windows: [Window; 2],
    /// As long as the shorter window has too little past.
    early: Option<Early>,
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
        let early = Some(Early::default());
        Self { windows, early, now_s: None, direction: Direction::Unproven, named: 0 }
    }

    /// Where the series goes, given the next row: time in seconds since the epoch, and a value,
    /// both finite. A time that goes back counts as the one before.
    pub fn push(&mut self, time_s: f64, value: f64) -> Direction {
        assert!(time_s.is_finite() && value.is_finite(), "rows are finite");
        let now_s = self.now_s.map_or(time_s, |before_s| before_s.max(time_s));
        self.now_s = Some(now_s);
        let mut moved = false;
        let is_proven = self.early.as_ref().is_some_and(Early::is_proven);
        for window in &mut self.windows {
            moved |= window.push(now_s, value, is_proven);
        }
        let is_enough = self.windows[0].tested().is_some();
        if let Some(early) = &mut self.early {
            moved |= early.push(now_s, value);
            if early.is_over(is_enough) {
                self.early = None;
            }
        }
        if moved {
            self.name();
        }
        self.direction
    }

    /// The line through the window that named the direction. `None` where it has no line.
    pub fn trend(&self) -> Option<Trend> {
        let Window { slot_rows, .. } = self.windows[self.named];
        let early = self.early.as_ref();
        let part = early.and_then(Early::part).map(|part| (part, 1));
        let (part, slot_rows) =
            part.or_else(|| Some((self.windows[self.named].part()?, slot_rows)))?;
        let fit = theil_sen::fit(&part.points, &mut Vec::new())?;
        let slope = fit.line.slope;
        let ols = least_squares(&part.points);
        let last_s = part.points.last().map_or(0.0, |(time_s, _)| *time_s);
        let since_s = self.now_s? - part.begin_s - last_s;
        let compared = self.compared();
        Some(Trend {
            direction: self.direction,
            level: fit.line.level + slope * since_s,
            slope,
            slope_low: fit.slope_low,
            slope_high: fit.slope_high,
            ols_slope: ols.map(|ols| ols.slope).filter(|slope| slope.is_finite()),
            r2: ols.and_then(|ols| ols.r2).filter(|r2| r2.is_finite()),
            significance: compared.verdict.map(|it| (it.p(slope) * self.tested()).min(1.0)),
            proof: self.windows[self.named].proof(slope),
            past: compared.past.len(),
            disjoint: compared.disjoint,
            chance: by_chance(&compared.past),
            unrest: farthest(&part.points, &fit.line),
            rows: part.points.len() * slot_rows,
            span_s: last_s,
        })
    }

    /// What the window that is reported is compared with.
    fn compared(&self) -> Compared {
        if let Some(early) = &self.early {
            let past = early.past();
            return Compared { verdict: early.verdict(), disjoint: early.disjoint(), past };
        }
        let window = &self.windows[self.named];
        let past = window.past().to_vec();
        Compared { verdict: window.tested(), disjoint: past.len() / DISJOINT, past }
    }

    /// How many windows are tested.
    fn tested(&self) -> f64 {
        if self.early.is_some() {
            return 1.0;
        }
        self.windows.iter().filter(|window| window.tested().is_some()).count() as f64
    }

    fn name(&mut self) {
        self.named = 0;
        if let Some(early) = &self.early {
            let verdict = early.verdict();
            let named = verdict.map(|verdict| verdict.direction(DIRECTION.p_max));
            self.direction = named.unwrap_or(Direction::Unproven);
            return;
        }
        let error = DIRECTION.p_max / self.tested();
        self.direction = Direction::Unproven;
        for (at, window) in self.windows.iter().enumerate() {
            let Some(verdict) = window.tested() else { continue };
            let named = verdict.direction(error);
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

/// The past that a window is held against.
struct Compared {
    verdict: Option<Verdict>,
    past: Vec<f64>,
    disjoint: usize,
}

fn farthest(points: &[(f64, f64)], line: &Line) -> f64 {
    let off = points.iter().map(|(time_s, value)| value - line.intercept - line.slope * time_s);
    off.map(fabs).fold(0.0, f64::max)
}

/// How far past slopes were from their median, at most.
fn by_chance(past: &[f64]) -> Option<f64> {
    let middle = median(&mut past.to_vec())?;
    past.iter().map(|slope| fabs(slope - middle)).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests;
