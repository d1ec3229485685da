//! The direction of a series that is too short for windows of 64 rows.
//!
//! The rows so far make 22 windows that share none, however few they are. The last is held against
//! those that end at each quarter of a length, but not against the two before it, into which a young
//! trend reaches as well: 19 are left that share nothing. It rises where at most one in twenty is as
//! steep. One length is tested at a time. While a direction is named in two windows that share no
//! row, neither they nor what follows them becomes past.

use super::window::{Part, Verdict};
use crate::own_history::{DIRECTION, DISJOINT_MIN, Direction};
use crate::theil_sen;
use alloc::vec::Vec;

/// Windows that the rows have to make.
const WINDOWS: usize = 1 + SKIPPED + DISJOINT_MIN;
const SKIPPED: usize = 2;
/// A window grows by so many rows. It moves by a quarter of its length between two looks.
const GROWS: usize = 4;
const QUARTERS: usize = 4;
/// The shortest window.
const LENGTH_MIN: usize = 8;
/// The longest one; where there are rows enough, those of the same length have a past.
const LENGTH_MAX: usize = 64;
/// Rows from which on those have one.
const ROWS_ENOUGH: usize = WINDOWS * LENGTH_MAX;
/// Rows of which it takes note at most.
const ROWS_MAX: usize = 2 * ROWS_ENOUGH;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Early {
    rows: Vec<(f64, f64)>,
    length: usize,
    /// Rows since the last look.
    since: usize,
    /// Slopes of the windows that were looked at, the oldest first.
    slopes: Vec<Option<f64>>,
    /// What they were named.
    named: Vec<Direction>,
    verdict: Option<Verdict>,
    /// A direction is proven, and so many windows before it are its past.
    calm: Option<usize>,
    scratch: Vec<f64>,
}

impl Early {
    /// Takes a row; true where a window was looked at.
    pub(super) fn push(&mut self, time_s: f64, value: f64) -> bool {
        self.rows.push((time_s, value));
        let longest = (self.rows.len() / WINDOWS / GROWS * GROWS).min(LENGTH_MAX);
        if longest < LENGTH_MIN {
            return false;
        }
        self.since += 1;
        if longest != self.length && self.calm.is_none() {
            self.lengthen(longest);
        } else if self.since < self.length / QUARTERS {
            return false;
        }
        self.since = 0;
        self.look();
        true
    }

    /// What the past says of the last window; `None` where it has no slope.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Points of the last window.
    pub(super) fn part(&self) -> Option<Part> {
        self.part_to(self.rows.len())
    }

    /// Whether it has done its work, given whether longer windows are tested.
    pub(super) fn is_over(&self, is_tested: bool) -> bool {
        self.rows.len() >= ROWS_MAX || is_tested && self.rows.len() >= ROWS_ENOUGH
    }

    /// Windows of the past, or as many as there were if windows were as short as can be.
    pub(super) fn disjoint(&self) -> usize {
        if self.length > 0 {
            return self.past().len().div_ceil(QUARTERS);
        }
        (self.rows.len() / LENGTH_MIN).saturating_sub(1 + SKIPPED)
    }

    /// Slopes of the windows that the last one is held against.
    pub(super) fn past(&self) -> Vec<f64> {
        let last = self.slopes.len().saturating_sub(1);
        let calm = self.calm.unwrap_or(last);
        let at = ((1 + SKIPPED) * QUARTERS..).map_while(|looks| last.checked_sub(looks));
        at.filter(|at| *at < calm).filter_map(|at| self.slopes[at]).collect()
    }

    /// Looks again at all windows, now of another length, but not at the last.
    fn lengthen(&mut self, length: usize) {
        self.length = length;
        self.slopes.clear();
        self.named.clear();
        let (rows, step) = (self.rows.len(), length / QUARTERS);
        for end in (length + (rows - length) % step..rows).step_by(step) {
            let slope = self.part_to(end).filter(|part| part.whole);
            let slope = slope.and_then(|part| theil_sen::slope(&part.points, &mut self.scratch));
            self.slopes.push(slope);
            self.named.push(Direction::Unproven);
        }
    }

    fn look(&mut self) {
        let part = self.part().filter(|part| part.whole);
        let fit = part.and_then(|part| theil_sen::fit(&part.points, &mut self.scratch));
        self.slopes.push(fit.map(|fit| fit.line.slope));
        let past = self.past();
        self.verdict = fit
            .filter(|_| past.len() > (DISJOINT_MIN - 1) * QUARTERS)
            .map(|fit| Verdict::of(&fit, &past));
        let named = self.verdict.map_or(Direction::Unproven, |it| it.direction(DIRECTION.p_max));
        self.named.push(named);
        self.prove(named);
    }

    /// Follows whether a direction is proven.
    fn prove(&mut self, named: Direction) {
        if !matches!(named, Direction::Increasing | Direction::Decreasing) {
            if let Some(calm) = self.calm.take() {
                self.slopes[calm..].fill(None);
            }
            return;
        }
        let before = self.named.len().checked_sub(1 + QUARTERS);
        if let Some(at) = before.filter(|at| self.named[*at] == named) {
            self.calm.get_or_insert(at);
        }
    }

    /// The window that ends before a row.
    fn part_to(&self, end: usize) -> Option<Part> {
        let length = if self.length > 0 { self.length } else { LENGTH_MAX.min(end) };
        let rows = self.rows.get(end.checked_sub(length)?..end)?;
        Part::of(rows.iter().copied())
    }
}
