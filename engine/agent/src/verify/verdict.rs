//! What came of an action, by `statistics.md`, section 6.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_statistics::bootstrap::bootstrapped;
use ks_statistics::interrupted::interrupted;
use ks_statistics::order::scale;
use ks_statistics::placebo::{against, interval};
use ks_vocabulary::decision::{Actual, Direction, Predicted, Upshot};

use super::Measured;
use super::measured::MISSING;
use crate::facts::Untreated;

/// So many untreated triggers are needed for a p of 5 %.
const PLACEBOS_LEAST: usize = 19;
pub(super) const P_MOST: f64 = 0.05;
/// A change below this part of what was expected does not matter, and none below this part of what
/// was there (our judgement).
const MATTERS_OF_EXPECTED: f64 = 0.5;
pub(super) const MATTERS_OF_LEVEL: f64 = 0.02;
/// Neighbouring readings that a step's error allows for, and how many errors a step has to be: with
/// so few readings the errors are too small, so more than the usual two (our judgement).
const LAG: usize = 2;
const ERRORS: f64 = 4.0;
/// Readings before the action that a slope needs, and that a mean needs. Of 500 made-up actions
/// without effect the series calls 21 an improvement with eight of them, and 53 with five.
const SERIES_LEAST: usize = 8;
const BOOTSTRAP_LEAST: usize = 3;
/// With so few, little more than a trigger's peak is known of before, and to fall from that is no
/// effect: a step has to clear all of it by so many deviations of what came after.
const CLEARS: f64 = 2.0;
/// Draws of the bootstrap: the least p that they show is a thousandth.
const DRAWS: usize = 999;

/// How a verdict was told.
pub(crate) const BY_PLACEBO: &str = "placebo";
const BY_SERIES: &str = "fallback (series)";
const BY_BOOTSTRAP: &str = "fallback (bootstrap)";

/// A measurement held against untreated triggers.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What came of it.
    pub upshot: Upshot,
    /// The numbers; `None` where there are none.
    pub actual: Option<Actual>,
    /// The effect towards better in robust standard deviations, where it counts for learning.
    pub better_sd: Option<f64>,
    /// Why nothing can be told, where that is more than too much noise.
    pub why: Option<&'static str>,
}

impl Held {
    fn new(upshot: Upshot, actual: Actual) -> Self {
        Self { upshot, actual: Some(actual), better_sd: None, why: None }
    }
}

/// Holds a measurement against `untreated`; `is_cleared` says that the condition is over, and
/// `next` gives numbers in [0, 1) where one has to be drawn.
pub fn verdict(
    measured: &Measured,
    predicted: &Predicted,
    untreated: &[Untreated<'_>],
    is_cleared: bool,
    next: &mut dyn FnMut() -> f64,
) -> Held {
    let spoiled = measured.spoiled();
    let (Some(before), Some(after), None) = (measured.before, measured.after(), spoiled) else {
        let why = Some(spoiled.unwrap_or(MISSING));
        return Held { upshot: Upshot::Inconclusive, actual: None, better_sd: None, why };
    };
    let null: Vec<f64> = untreated.iter().flat_map(|one| one.differences).copied().collect();
    let actual = Actual {
        metric: measured.metric,
        before,
        after,
        effect: None,
        p: None,
        m: null.len(),
        method: BY_SERIES,
        sources: told(untreated),
        held: None,
        shortened: Some(measured.windows.divisor()).filter(|by| *by > 1),
        beside: None,
    };
    if measured.at_once && null.len() >= PLACEBOS_LEAST {
        by_placebo(actual, predicted, &null, is_cleared)
    } else {
        by_series(actual, predicted, measured, next)
    }
}

fn told(untreated: &[Untreated<'_>]) -> String {
    let each = untreated.iter().filter(|one| !one.differences.is_empty());
    let each: Vec<String> =
        each.map(|one| format!("{} triggers of {}", one.differences.len(), one.source)).collect();
    if each.is_empty() { "none".into() } else { each.join(", ") }
}

fn towards_better(predicted: &Predicted, change: f64) -> f64 {
    match predicted.direction {
        Direction::Down => -change,
        Direction::Up => change,
    }
}

fn by_placebo(mut actual: Actual, predicted: &Predicted, null: &[f64], is_cleared: bool) -> Held {
    let difference = actual.after - actual.before;
    let Some(found) = against(null, difference) else {
        return Held::new(Upshot::Inconclusive, actual);
    };
    let better = towards_better(predicted, found.effect);
    let (p, p_worse) = match predicted.direction {
        Direction::Down => (found.p_fall, found.p_rise),
        Direction::Up => (found.p_rise, found.p_fall),
    };
    actual.method = BY_PLACEBO;
    actual.effect = Some(found.effect);
    actual.p = Some(p);
    actual.held = Some((predicted.low..=predicted.high).contains(&better));
    let upshot = if p <= P_MOST && better > 0.0 {
        if is_cleared { Upshot::Resolved } else { Upshot::Improved }
    } else if p_worse <= P_MOST && better < 0.0 {
        // What is told is the tail that it was told by.
        actual.p = Some(p_worse);
        Upshot::Worse
    } else if is_small(&actual, predicted, null) {
        Upshot::NoEffect
    } else {
        Upshot::Inconclusive
    };
    let better_sd = found.effect_sd.map(|sd| towards_better(predicted, sd));
    Held { better_sd, ..Held::new(upshot, actual) }
}

/// Whether the 90 % interval of the effect lies within what does not matter.
fn is_small(actual: &Actual, predicted: &Predicted, null: &[f64]) -> bool {
    let of_expected = MATTERS_OF_EXPECTED * predicted.low.max(0.0);
    let least = of_expected.max(MATTERS_OF_LEVEL * libm::fabs(actual.before));
    let found = interval(null, actual.after - actual.before, P_MOST);
    found.is_some_and(|(low, high)| -least <= low && high <= least)
}

/// With too few untreated triggers: whether the level stepped, which never says that a condition is
/// resolved, and counts for nothing in learning.
fn by_series(
    mut actual: Actual,
    predicted: &Predicted,
    measured: &Measured,
    next: &mut dyn FnMut() -> f64,
) -> Held {
    let (past, after) = (&measured.past[..], measured.readings());
    let all: Vec<f64> = past.iter().chain(after).copied().collect();
    let found = interrupted(&all, past.len(), LAG).filter(|_| past.len() >= SERIES_LEAST);
    let fitted = found.and_then(|found| Some((found.step, found.step_t()?)));
    let (is_step, margin) = if let Some((step, t)) = fitted {
        actual.effect = Some(step);
        (libm::fabs(t) >= ERRORS, 0.0)
    } else {
        actual.method = BY_BOOTSTRAP;
        // Without a line through it, the step is that of the means.
        let drawn =
            bootstrapped(past, after, DRAWS, next).filter(|_| past.len() >= BOOTSTRAP_LEAST);
        let Some(found) = drawn else { return Held::new(Upshot::Inconclusive, actual) };
        let p = found.p_fall.min(found.p_rise);
        (actual.effect, actual.p) = (Some(found.step), Some(p));
        (p <= P_MOST, CLEARS * scale(after, &mut Vec::new(), 0.0).unwrap_or_default())
    };
    let better = towards_better(predicted, actual.effect.unwrap_or_default());
    actual.held = Some((predicted.low..=predicted.high).contains(&better));
    let matters = libm::fabs(better) >= MATTERS_OF_LEVEL * libm::fabs(actual.before);
    let is_beyond = |better: bool| {
        let below = (predicted.direction == Direction::Down) == better;
        let nearer = if below { actual.after + margin } else { actual.after - margin };
        is_step && matters && measured.is_beyond(nearer, below)
    };
    let upshot = if is_beyond(true) {
        Upshot::Improved
    } else if is_beyond(false) {
        Upshot::Worse
    } else {
        Upshot::Inconclusive
    };
    Held::new(upshot, actual)
}
