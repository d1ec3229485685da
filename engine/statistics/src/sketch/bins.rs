//! Weights of neighbouring bins, from the smallest size to the largest.
//!
//! Most metrics stay within some thirty bins, so they lie side by side in memory and adding to one
//! is an index. The first and the last bin always weigh something: equal contents are equal here
//! however they came about.

use super::{BIN_FIRST, BIN_LAST, InvalidSketch};
use alloc::vec::Vec;
use core::iter::repeat_n;

/// How far the first bin is from the last at most: `BINS_MAX` less one.
const REACH: i32 = 2047;

/// The bins of one sign.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bins {
    /// The bin of the first weight; 0 where there is none.
    first: i32,
    weights: Vec<f64>,
}

impl Bins {
    /// Adds to a bin. Where it is too far below the last one, the first one takes it.
    pub(super) fn add(&mut self, bin: i32, weight: f64) {
        debug_assert!((BIN_FIRST..=BIN_LAST).contains(&bin), "sizes are finite and not zero");
        if weight > 0.0 {
            if bin < self.first || bin >= self.end() {
                self.cover(bin, bin);
            }
            self.add_covered(bin, weight);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.weights.is_empty() {
            return;
        }
        self.cover(other.first, other.end() - 1);
        for (bin, weight) in other.iter() {
            self.add_covered(bin, weight);
        }
    }

    /// Weights that become too small for a number are gone.
    pub(super) fn scale(&mut self, factor: f64) {
        for weight in &mut self.weights {
            *weight *= factor;
        }
        let kept = self.weights.iter().rposition(|weight| *weight > 0.0).map_or(0, |at| at + 1);
        self.weights.truncate(kept);
        let gone = self.weights.iter().take_while(|weight| **weight <= 0.0).count();
        self.weights.drain(..gone);
        self.first = if self.weights.is_empty() { 0 } else { self.first + signed(gone) };
    }

    pub(super) fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Bins that weigh something, in ascending order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, f64)> {
        let all = (self.first..self.end()).zip(self.weights.iter().copied());
        all.filter(|(_, weight)| *weight > 0.0)
    }

    /// What [`Bins::iter`] gave, checked.
    pub(super) fn from_ascending(list: &[(i32, f64)]) -> Result<Self, InvalidSketch> {
        let mut bins = Self::default();
        let (Some((first, _)), Some((last, _))) = (list.first(), list.last()) else {
            return Ok(bins);
        };
        if list.iter().any(|(_, weight)| !weight.is_finite() || *weight <= 0.0) {
            return Err(InvalidSketch::Weight);
        }
        if !list.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(InvalidSketch::Order);
        }
        if *first < BIN_FIRST || *last > BIN_LAST || last - first > REACH {
            return Err(InvalidSketch::Span);
        }
        bins.cover(*first, *last);
        for (bin, weight) in list {
            bins.add_covered(*bin, *weight);
        }
        Ok(bins)
    }

    /// Makes room for the bins from `first` to `last`. Bins too far below the last one are added
    /// up in the lowest that remains, so the order in which values come makes no difference.
    fn cover(&mut self, first: i32, last: i32) {
        if self.weights.is_empty() {
            self.first = first.max(last - REACH);
            self.weights.resize(unsigned(last - self.first) + 1, 0.0);
            return;
        }
        let last = last.max(self.end() - 1);
        let first = first.min(self.first).max(last - REACH);
        if first < self.first {
            self.weights.splice(0..0, repeat_n(0.0, unsigned(self.first - first)));
        } else {
            let gone = unsigned(first - self.first).min(self.weights.len());
            let collapsed = self.weights.drain(..gone).fold(0.0, |sum, weight| sum + weight);
            if self.weights.is_empty() {
                self.weights.push(0.0);
            }
            self.weights[0] += collapsed;
        }
        self.first = first;
        self.weights.resize(unsigned(last - first) + 1, 0.0);
    }

    fn add_covered(&mut self, bin: i32, weight: f64) {
        self.weights[unsigned(bin - self.first)] += weight;
    }

    /// The bin after the last.
    fn end(&self) -> i32 {
        self.first + signed(self.weights.len())
    }
}

/// A distance between bins; none where it is negative.
fn unsigned(distance: i32) -> usize {
    usize::try_from(distance).unwrap_or(0)
}

/// A number of bins, at most 2,048.
fn signed(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
