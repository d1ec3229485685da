//! One window of a trend: its points, its past slopes, and what they say of the present one.

use super::{PAST_NEEDED, PAST_NEEDED_FORECAST, PROOF_P_MAX};
use crate::kendall::merge_equal_times;
use crate::order::median;
use crate::own_history::p_value;
use crate::theil_sen::{self, POINTS_MAX};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Points between two evaluations: an eighth of a window.
const STRIDE: usize = POINTS_MAX / 8;
/// Evaluations after which a window shares no row with an earlier one.
const DISJOINT: usize = POINTS_MAX / STRIDE;
/// Evaluations before a slope counts as past. Two windows: so a trend can be proven in two that
/// share no row before its own slopes are what it is compared with.
const LAG: usize = 2 * DISJOINT;
/// Past windows that are remembered.
const PAST_MAX: usize = 1000;
/// A window of fewer points, or of fewer different values, has no trend (section 4); one whose
/// values are all equal has: none.
const POINTS_MIN: usize = 8;
const VALUES_MIN: usize = 5;
/// Only what comes after a gap longer than this part of the window counts (section 4).
const GAP_PART: f64 = 0.25;

/// What the past says of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    /// p-value of rising.
    pub(super) rises: f64,
    /// p-value of falling.
    pub(super) falls: f64,
    /// Past windows it was compared with.
    pub(super) past: usize,
}

impl Verdict {
    /// p-value of the direction of a slope.
    pub(super) fn p(&self, slope: f64) -> f64 {
        if slope < 0.0 { self.falls } else { self.rises }
    }
}

/// The points of a window that a line is drawn through.
pub(super) struct Part {
    /// Times in seconds from the first point, and values.
    pub(super) points: Vec<(f64, f64)>,
    pub(super) begin_s: f64,
    /// Whether no gap has cut it.
    whole: bool,
}

/// One length of window.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) slot_rows: usize,
    /// Rows of the point that is not complete.
    slot: Vec<(f64, f64)>,
    points: VecDeque<(f64, f64)>,
    /// Points since the last evaluation.
    since: usize,
    /// Slopes of past windows; once full, the oldest makes way.
    pub(super) past: Vec<f64>,
    oldest: usize,
    /// Slopes that are to become past.
    waiting: VecDeque<f64>,
    /// The last evaluations; `None` for one that had no trend to judge.
    verdicts: VecDeque<Option<Verdict>>,
    scratch: Vec<f64>,
}

impl Window {
    pub(super) fn new(slot_rows: usize) -> Self {
        Self {
            slot_rows,
            slot: Vec::new(),
            points: VecDeque::new(),
            since: 0,
            past: Vec::new(),
            oldest: 0,
            waiting: VecDeque::new(),
            verdicts: VecDeque::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes a row, and says whether the window was evaluated.
    pub(super) fn push(&mut self, time_s: f64, value: f64) -> bool {
        self.slot.push((time_s, value));
        if self.slot.len() < self.slot_rows {
            return false;
        }
        let time_s = self.slot.iter().map(|(time_s, _)| time_s).sum::<f64>();
        self.scratch.clear();
        self.scratch.extend(self.slot.iter().map(|(_, value)| *value));
        let value = median(&mut self.scratch).unwrap_or(value);
        self.points.push_back((time_s / self.slot.len() as f64, value));
        self.slot.clear();
        if self.points.len() > POINTS_MAX {
            self.points.pop_front();
        }
        self.since += 1;
        if self.points.len() < POINTS_MAX || self.since < STRIDE {
            return false;
        }
        self.since = 0;
        let judged = self.judge();
        self.verdicts.push_back(judged.map(|(verdict, _)| verdict));
        if self.verdicts.len() > DISJOINT + 1 {
            self.verdicts.pop_front();
        }
        if let Some((_, slope)) = judged {
            self.remember(slope);
        }
        true
    }

    /// The verdict on the present window, and its slope.
    fn judge(&mut self) -> Option<(Verdict, f64)> {
        let part = self.part().filter(|part| part.whole)?;
        let fit = theil_sen::fit(&part.points, &mut self.scratch)?;
        let slope = fit.line.slope;
        let mirrored: Vec<f64> = self.past.iter().map(|known| -known).collect();
        let (mut rises, mut falls) = (1.0, 1.0);
        if fit.slope_low.is_some_and(|low| low > 0.0) {
            rises = one_sided(slope, &self.past, &mirrored);
        } else if fit.slope_high.is_some_and(|high| high < 0.0) {
            falls = one_sided(-slope, &mirrored, &self.past);
        }
        Some((Verdict { rises, falls, past: self.past.len() }, slope))
    }

    /// A slope becomes past after a while. While a trend is proven none does: a leak would else
    /// become usual by lasting.
    fn remember(&mut self, slope: f64) {
        let proven = |slope: f64| self.proof(slope).is_some_and(|p| p <= PROOF_P_MAX);
        if proven(1.0) || proven(-1.0) {
            self.waiting.clear();
            return;
        }
        self.waiting.push_back(slope);
        if self.waiting.len() <= LAG {
            return;
        }
        let Some(slope) = self.waiting.pop_front() else { return };
        if self.past.len() < PAST_MAX {
            self.past.push(slope);
        } else {
            self.past[self.oldest] = slope;
            self.oldest = (self.oldest + 1) % PAST_MAX;
        }
    }

    /// The points after the last long gap, those of one time merged. `None` where they are too few
    /// or too much alike.
    pub(super) fn part(&self) -> Option<Part> {
        let (first, last) = (self.points.front()?, self.points.back()?);
        let gap_s = (last.0 - first.0) * GAP_PART;
        let times = self.points.iter().map(|(time_s, _)| *time_s);
        let pairs = times.clone().zip(times.skip(1));
        let cut = pairs.enumerate().rfind(|(_, (a, b))| b - a > gap_s);
        let from = cut.map_or(0, |(at, _)| at + 1);
        let begin_s = self.points.get(from)?.0;
        let kept = self.points.iter().skip(from);
        let mut points: Vec<(f64, f64)> =
            kept.map(|(time_s, value)| (time_s - begin_s, *value)).collect();
        merge_equal_times(&mut points, &mut Vec::new());
        let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        values.sort_unstable_by(f64::total_cmp);
        let different = values.chunk_by(|a, b| a >= b).count();
        let enough = points.len() >= POINTS_MIN && (different == 1 || different >= VALUES_MIN);
        enough.then_some(Part { points, begin_s, whole: from == 0 })
    }

    /// The present verdict, if its past is long enough for a direction.
    pub(super) fn tested(&self) -> Option<Verdict> {
        let verdict = *self.verdicts.back()?;
        verdict.filter(|verdict| verdict.past >= PAST_NEEDED)
    }

    pub(super) fn proof(&self, slope: f64) -> Option<f64> {
        let earlier = self.verdicts.len().checked_sub(DISJOINT + 1)?;
        let before = (*self.verdicts.get(earlier)?)?;
        let present = (*self.verdicts.back()?)?;
        let enough = before.past.min(present.past) >= PAST_NEEDED_FORECAST;
        enough.then(|| present.p(slope).max(before.p(slope)))
    }
}

/// p-value of rising: by how steep the slope is among past ones, or by how few of those do not
/// rise themselves. Under no trend half of them do not, so the second costs no error.
fn one_sided(slope: f64, past: &[f64], mirrored: &[f64]) -> f64 {
    p_value(slope, past).min(p_value(0.0, mirrored))
}
