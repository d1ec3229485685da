//! The direction of a series that is too short for windows of 64 rows.
//!
//! The rows so far make 22 windows that share none, however few they are. The last is held against
//! those that end at each quarter of a length, but not against the two before it, into which a
//! young trend reaches as well: 19 are left that share nothing. It rises where at most one in
//! twenty is as steep. One length is tested at a time. While a direction is named in two windows
//! that share no row, neither they nor what follows them becomes past.

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
const ROWS_MAX: usize = 4 * ROWS_ENOUGH;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Early {
    rows: Vec<(f64, f64)>,
    length: usize,
    /// Rows since the last look.
    since: usize,
    /// The windows that were looked at, the oldest first.
    looks: Vec<Look>,
    verdict: Option<Verdict>,
    /// A direction is proven, and only what ended before this row is past.
    calm: Option<usize>,
    scratch: Vec<f64>,
}

/// One window.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// The row before which it ends.
    end: usize,
    slope: Option<f64>,
    /// Its direction, where its slope stands out from those of its past.
    stands_out: Option<Direction>,
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
        let calm = self.calm.unwrap_or(self.rows.len());
        if longest != self.length && calm / longest >= DISJOINT_MIN {
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

    /// Whether a direction is proven, so that nothing becomes past.
    pub(super) fn is_proven(&self) -> bool {
        self.calm.is_some()
    }

    /// Slopes of the windows that the last one is held against.
    pub(super) fn past(&self) -> Vec<f64> {
        let calm = self.calm.unwrap_or(self.rows.len());
        let count = self.looks.len().saturating_sub((1 + SKIPPED) * QUARTERS);
        let past = self.looks[..count].iter().filter(|look| look.end <= calm);
        past.filter_map(|look| look.slope).collect()
    }

    /// Looks again at all windows, now of another length, but not at the last.
    fn lengthen(&mut self, length: usize) {
        self.length = length;
        self.looks.clear();
        let (rows, step) = (self.rows.len(), length / QUARTERS);
        for end in (length + (rows - length) % step..rows).step_by(step) {
            let part = self.part_to(end).filter(|part| part.whole);
            let slope = part.and_then(|part| theil_sen::slope(&part.points, &mut self.scratch));
            self.looks.push(Look { end, slope, stands_out: None });
        }
    }

    fn look(&mut self) {
        let part = self.part().filter(|part| part.whole);
        let fit = part.and_then(|part| theil_sen::fit(&part.points, &mut self.scratch));
        let slope = fit.map(|fit| fit.line.slope);
        self.looks.push(Look { end: self.rows.len(), slope, stands_out: None });
        let past = self.past();
        let is_enough = past.len() > (DISJOINT_MIN - 1) * QUARTERS;
        self.verdict = fit.filter(|_| is_enough).map(|fit| Verdict::of(&fit, &past));
        let direction = self.verdict.map(|verdict| verdict.direction(DIRECTION.p_max));
        let steeper = self.verdict.map_or(1.0, |verdict| verdict.steeper);
        let stands_out = direction.filter(|_| steeper <= DIRECTION.p_max);
        self.prove(direction, stands_out);
    }

    /// Follows whether a direction is proven: it is by two windows that share no row and stand
    /// out, until it is named no more.
    fn prove(&mut self, direction: Option<Direction>, stands_out: Option<Direction>) {
        if let Some(last) = self.looks.last_mut() {
            last.stands_out = stands_out;
        }
        if !matches!(direction, Some(Direction::Increasing | Direction::Decreasing)) {
            if let Some(calm) = self.calm.take() {
                let unusual = self.looks.iter_mut().filter(|look| look.end > calm);
                unusual.for_each(|look| look.slope = None);
            }
            return;
        }
        let before = self.looks.len().checked_sub(1 + QUARTERS).map(|at| self.looks[at]);
        let twice = before.filter(|before| stands_out.is_some() && before.stands_out == stands_out);
        if let Some(before) = twice {
            self.calm.get_or_insert(before.end - self.length);
        }
    }

    /// The window that ends before a row.
    fn part_to(&self, end: usize) -> Option<Part> {
        let length = if self.length > 0 { self.length } else { LENGTH_MAX.min(end) };
        let rows = self.rows.get(end.checked_sub(length)?..end)?;
        Part::of(rows.iter().copied())
    }
}
