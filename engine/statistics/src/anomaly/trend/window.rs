//! One window of a trend: its points, its past slopes, and what they say of the present one.

use crate::kendall::merge_equal_times;
use crate::order::median;
use crate::own_history::{
    DIRECTION, DISJOINT, Direction, FORECAST, HOLE_PARTS, History, Look, POINTS_MIN, p_value,
    varies,
};
use crate::theil_sen::{self, Fit, POINTS_MAX};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Points between two looks.
const STRIDE: usize = POINTS_MAX / DISJOINT;
/// Past windows that are remembered.
const PAST_MAX: usize = 1000;

/// What the past says of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    /// p-value of rising.
    pub(super) rises: f64,
    /// p-value of falling.
    pub(super) falls: f64,
    /// Share of past windows at least as steep in the direction of this one: a trend that is as old
    /// as its past does not stand out from it.
    pub(super) steeper: f64,
    /// Past windows it was compared with.
    pub(super) past: usize,
}

impl Verdict {
    /// What past slopes say of a line: by how steep it is among them, or by how few of those do not
    /// go its way.
    pub(super) fn of(fit: &Fit, past: &[f64]) -> Self {
        let mirrored: Vec<f64> = past.iter().map(|known| -known).collect();
        let slope = fit.line.slope;
        let is_rise = fit.slope_low.is_some_and(|low| low > 0.0);
        let is_fall = fit.slope_high.is_some_and(|high| high < 0.0);
        let (past_of, other) = if is_fall { (&mirrored[..], past) } else { (past, &mirrored[..]) };
        let steeper = p_value(if is_fall { -slope } else { slope }, past_of);
        // Under no trend half of the past goes the other way, so to ask for that costs no error.
        let p = steeper.min(p_value(0.0, other));
        Self {
            rises: if is_rise { p } else { 1.0 },
            falls: if is_fall { p } else { 1.0 },
            steeper,
            past: past.len(),
        }
    }

    /// The direction that is named at an error of so much.
    pub(super) fn direction(&self, error: f64) -> Direction {
        if self.rises <= error {
            Direction::Increasing
        } else if self.falls <= error {
            Direction::Decreasing
        } else {
            Direction::Stable
        }
    }

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
    pub(super) whole: bool,
}

impl Part {
    /// The points after the last long gap, those of one time merged. `None` where they are too few
    /// or too much alike.
    pub(super) fn of(all: impl ExactSizeIterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let times = || all.clone().map(|(time_s, _)| time_s);
        let (first_s, last_s) = (times().next()?, times().last()?);
        let gap_s = (last_s - first_s) / f64::from(HOLE_PARTS);
        let pairs = times().zip(times().skip(1)).enumerate();
        let cut = pairs.filter(|(_, (a, b))| b - a > gap_s).last();
        let from = cut.map_or(0, |(at, _)| at + 1);
        let begin_s = times().nth(from)?;
        let kept = all.skip(from);
        let mut points: Vec<(f64, f64)> =
            kept.map(|(time_s, value)| (time_s - begin_s, value)).collect();
        merge_equal_times(&mut points, &mut Vec::new());
        let is_constant = points.windows(2).all(|pair| (pair[0].1 - pair[1].1).abs() <= 0.0);
        let enough = points.len() >= POINTS_MIN && (is_constant || varies(&points));
        enough.then_some(Self { points, begin_s, whole: from == 0 })
    }
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
    history: History,
    /// The last look; `None` where it had no trend to judge.
    verdict: Option<Verdict>,
    scratch: Vec<f64>,
}

impl Window {
    pub(super) fn new(slot_rows: usize) -> Self {
        Self {
            slot_rows,
            slot: Vec::new(),
            points: VecDeque::new(),
            since: 0,
            history: History::of(PAST_MAX),
            verdict: None,
            scratch: Vec::new(),
        }
    }

    /// Takes a row, and says whether the window was evaluated. While a direction is proven by
    /// others nothing becomes past.
    pub(super) fn push(&mut self, time_s: f64, value: f64, is_spoilt: bool) -> bool {
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
        self.verdict = judged.map(|(verdict, _)| verdict);
        self.history.push(judged.map(|(verdict, slope)| {
            let of_forecast = |p: f64| (verdict.past >= FORECAST.windows).then_some(p);
            let (rises, falls) = (of_forecast(verdict.rises), of_forecast(verdict.falls));
            Look { slope, rises, falls, is_spoilt }
        }));
        true
    }

    /// The verdict on the present window, and its slope.
    fn judge(&mut self) -> Option<(Verdict, f64)> {
        let part = self.part().filter(|part| part.whole)?;
        let fit = theil_sen::fit(&part.points, &mut self.scratch)?;
        Some((Verdict::of(&fit, self.history.slopes()), fit.line.slope))
    }

    /// Slopes of past windows.
    pub(super) fn past(&self) -> &[f64] {
        self.history.slopes()
    }

    /// Its points.
    pub(super) fn part(&self) -> Option<Part> {
        Part::of(self.points.iter().copied())
    }

    /// The present verdict, if its past is long enough for a direction.
    pub(super) fn tested(&self) -> Option<Verdict> {
        self.verdict.filter(|verdict| verdict.past >= DIRECTION.windows)
    }

    /// The larger p-value in the direction of `slope` of this window and of the last one that
    /// shares no row with it.
    pub(super) fn proof(&self, slope: f64) -> Option<f64> {
        self.history.proof(slope)
    }
}
