//! Where the level of a series changes: the segmentation of least cost, found by PELT (Killick,
//! Fearnhead and Eckley 2012), and how exactly a change is placed.
//!
//! It knows levels only: a steady slope is cut into steps. Indexes are those of the values: a
//! change at 4 means that the value of index 4 is the first of the other level.

use super::order::{mean, scale, sum};
use alloc::vec::Vec;
use libm::{log, sqrt};

/// The fewest values between two changes that [`last_change`] tells apart.
pub const SEGMENT_MIN: usize = 5;

/// Buffers that are kept from one search to the next.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    costs: Costs,
    /// Least cost of the values before each index, with a penalty for each change.
    best: Vec<f64>,
    /// Where the last segment of that least cost begins.
    begins: Vec<usize>,
    candidates: Vec<Candidate>,
    changes: Vec<usize>,
    differences: Vec<f64>,
    order: Vec<f64>,
}

/// A change of level, and the range in which it may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Index of the first value of the later level.
    pub at: usize,
    /// The earliest index that explains the values nearly as well.
    pub earliest: usize,
    /// The latest index that explains the values nearly as well.
    pub latest: usize,
}

impl Change {
    /// Whether this change came before the other one, in series with the same times: only where
    /// their ranges do not meet.
    pub fn is_before(&self, other: &Self) -> bool {
        self.latest < other.earliest
    }
}

/// The change points, in ascending order, that minimise the sum of squared distances from the mean
/// of each segment plus `penalty` for each change, no segment having fewer than `segment_min`
/// values.
pub fn pelt<'a>(
    values: &[f64],
    penalty: f64,
    segment_min: usize,
    scratch: &'a mut Scratch,
) -> &'a [usize] {
    assert!(penalty >= 0.0 && segment_min > 0, "a penalty is not negative, a segment not empty");
    scratch.costs.fill(values);
    scratch.best.clear();
    scratch.best.resize(values.len() + 1, f64::INFINITY);
    // The first segment takes no change, but is counted like the others.
    scratch.best[0] = -penalty;
    scratch.begins.clear();
    scratch.begins.resize(values.len() + 1, 0);
    scratch.candidates.clear();
    for end in segment_min..=values.len() {
        scratch.extend_to(end, penalty, segment_min);
    }
    scratch.changes.clear();
    let mut begin = scratch.begins[values.len()];
    while begin > 0 {
        scratch.changes.push(begin);
        begin = scratch.begins[begin];
    }
    scratch.changes.reverse();
    &scratch.changes
}

/// The last change of level, `None` without one: [`pelt`] with segments of five values at least and
/// the penalty 2 sigma^2 ln n (`statistics.md`, section 4).
///
/// Sigma is the robust deviation of the differences between neighbours over the square root of 2:
/// the difference of two independent values has twice their variance, and a change of level
/// touches but one of the differences, where it would inflate the deviation of the values
/// themselves. Where nearly all differences are equal, their root mean square stands in; it
/// holds the change too, so it finds less rather than more.
///
/// It takes the values for independent. Of 60 values of stationary noise it finds a change in 11 %
/// of the series without autocorrelation, in 91 % at 0.5 and in all at 0.9 (simulated), so it
/// places a change that something else has shown and is no evidence that there was one.
pub fn last_change(values: &[f64], scratch: &mut Scratch) -> Option<Change> {
    let penalty = scratch.online_penalty(values)?;
    let changes = pelt(values, penalty, SEGMENT_MIN, scratch);
    let at = *changes.last()?;
    let begin = changes.iter().nth_back(1).copied().unwrap_or(0);
    Some(scratch.costs.change((begin, at, values.len()), penalty))
}

/// A place where the last segment may begin.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    begin: usize,
    /// From this end on another candidate is never worse.
    beaten_from: usize,
}

impl Scratch {
    /// Finds the least cost of the values before `end`.
    ///
    /// A candidate that is worse than `end` itself, the penalty left out, stays so for every later
    /// end, as parting a segment never costs more. But `end` can only replace it once a segment
    /// fits behind.
    fn extend_to(&mut self, end: usize, penalty: f64, segment_min: usize) {
        let begin = end - segment_min;
        if self.best[begin] < f64::INFINITY {
            self.candidates.push(Candidate { begin, beaten_from: usize::MAX });
        }
        self.candidates.retain(|candidate| end < candidate.beaten_from);
        for candidate in &self.candidates {
            let begin = candidate.begin;
            let cost = self.best[begin] + self.costs.of(begin, end) + penalty;
            if cost < self.best[end] {
                self.best[end] = cost;
                self.begins[end] = begin;
            }
        }
        for candidate in &mut self.candidates {
            let cost = self.best[candidate.begin] + self.costs.of(candidate.begin, end);
            if cost > self.best[end] {
                candidate.beaten_from = candidate.beaten_from.min(end + segment_min);
            }
        }
    }

    /// Twice the variance of the noise times ln n; `None` for too few values to change, or where
    /// all are equal.
    fn online_penalty(&mut self, values: &[f64]) -> Option<f64> {
        if values.len() < 2 * SEGMENT_MIN {
            return None;
        }
        self.differences.clear();
        self.differences.extend(values.windows(2).map(|pair| pair[1] - pair[0]));
        let squares = sum(self.differences.iter().map(|difference| difference * difference));
        let floor = sqrt(squares / self.differences.len() as f64);
        let scale = scale(&self.differences, &mut self.order, floor)?;
        let penalty = scale * scale * log(values.len() as f64);
        (penalty > 0.0).then_some(penalty)
    }
}

/// Sums of the values and of their squares before each index, from which the cost of any segment
/// follows at once.
#[derive(Clone, Debug, Default)]
struct Costs {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Costs {
    /// The mean is taken off first: the squares of large values would swallow small changes.
    fn fill(&mut self, values: &[f64]) {
        let mean = mean(values).unwrap_or(0.0);
        self.sums.clear();
        self.squares.clear();
        let (mut sum, mut square) = (0.0, 0.0);
        self.sums.push(sum);
        self.squares.push(square);
        for value in values {
            sum += value - mean;
            square += (value - mean) * (value - mean);
            self.sums.push(sum);
            self.squares.push(square);
        }
    }

    /// The sum of squared distances from the mean of a segment that is not empty.
    fn of(&self, begin: usize, end: usize) -> f64 {
        let sum = self.sums[end] - self.sums[begin];
        let square = self.squares[end] - self.squares[begin];
        (square - sum * sum / (end - begin) as f64).max(0.0)
    }

    /// The change at `at` between the segments from `begin` and to `end`, with all places to which
    /// it can be moved there for less than the penalty of a change. At 2 sigma^2 ln n that is a
    /// likelihood ratio of n. In 1,600 simulated steps of 1 to 4 sigma in the middle of 60
    /// independent values the range held the true place in 89 to 94 % of those found.
    fn change(&self, (begin, at, end): (usize, usize, usize), penalty: f64) -> Change {
        let cost = |at: usize| self.of(begin, at) + self.of(at, end);
        let least = cost(at);
        let near = |place: &usize| cost(*place) - least < penalty;
        Change {
            at,
            earliest: (begin + 1..=at).find(near).unwrap_or(at),
            latest: (at..end).rev().find(near).unwrap_or(at),
        }
    }
}

#[cfg(test)]
mod tests;
