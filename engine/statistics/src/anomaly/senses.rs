//! Statistics that are looked at together: how rare each is, and what of them becomes past.
//!
//! A value becomes past only after a while, at most 512 rows: a slow slide would else become usual
//! as it goes. While an event stands values go into a shadow. It is dropped where the event ends,
//! and becomes past where the event lasts so long that it is the new normal.

use alloc::collections::VecDeque;
use core::array::from_fn;

use super::tail::{Known, Past};

/// Rows after which a value becomes past, and the part of all rows so far that is not past yet.
const PENDING_MAX: usize = 512;
const PENDING_PART: usize = 2;

/// What the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Deviations from something: far up or far down is rare.
    Deviations,
    /// Sizes above zero: the largest and the smallest are rare.
    Sizes,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It is learned, when so many rows have been.
    Usual(usize),
    /// An event stands.
    Unusual,
}

/// `N` statistics.
#[derive(Clone, Debug)]
pub(super) struct Senses<const N: usize> {
    of: Of,
    past: [Past; N],
    shadow: [Past; N],
    /// Of the row at hand.
    values: [Option<f64>; N],
    decades: [f64; N],
    pending: VecDeque<[Option<f64>; N]>,
}

impl<const N: usize> Senses<N> {
    pub(super) fn new(of: Of) -> Self {
        Self {
            of,
            past: from_fn(|_| Past::default()),
            shadow: from_fn(|_| Past::default()),
            values: [None; N],
            decades: [0.0; N],
            pending: VecDeque::new(),
        }
    }

    /// Takes the value of statistic `at` for this row, which counts in steps of `grain`; of its
    /// past values as many as `span` tell of one thing. Gives its rarity, less `loss`.
    pub(super) fn measure(
        &mut self,
        at: usize,
        value: f64,
        span: f64,
        grain: f64,
        loss: f64,
    ) -> f64 {
        let past = &self.past[at];
        let known = Known { independent: past.total() / span, grain };
        let rarity = match self.of {
            Of::Deviations => past.rarity_of_deviation(value, known),
            Of::Sizes => past.rarity_of_size(value, known),
        };
        self.values[at] = Some(value);
        self.decades[at] = (rarity - loss).max(0.0);
        self.decades[at]
    }

    /// The rarity of a statistic at this row.
    pub(super) fn decades(&self, at: usize) -> f64 {
        self.decades[at]
    }

    /// The value of a statistic at this row, where it was measured.
    pub(super) fn value(&self, at: usize) -> Option<f64> {
        self.values[at]
    }

    /// Learns the row at hand.
    pub(super) fn learn(&mut self, lesson: Lesson) {
        let Lesson::Usual(rows) = lesson else {
            return Self::count(self.of, &mut self.shadow, &self.values);
        };
        self.pending.push_back(self.values);
        let kept = PENDING_MAX.min(rows / PENDING_PART);
        while self.pending.len() > kept {
            if let Some(values) = self.pending.pop_front() {
                Self::count(self.of, &mut self.past, &values);
            }
        }
    }

    fn count(of: Of, pasts: &mut [Past; N], values: &[Option<f64>; N]) {
        for (past, value) in pasts.iter_mut().zip(values) {
            match (value, of) {
                (None, _) => {}
                (Some(value), Of::Deviations) => past.count_deviation(*value),
                (Some(value), Of::Sizes) => past.count_size(*value),
            }
        }
    }

    /// What is not past yet led to an event, and never will be.
    pub(super) fn spoil(&mut self) {
        self.pending.clear();
    }

    /// An event ended.
    pub(super) fn drop_shadow(&mut self) {
        self.shadow.iter_mut().for_each(Past::clear);
    }

    /// An event is the new normal.
    pub(super) fn adopt_shadow(&mut self) {
        for (past, shadow) in self.past.iter_mut().zip(&mut self.shadow) {
            past.adopt(shadow);
        }
    }
}
