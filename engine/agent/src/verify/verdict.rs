//! What came of an action, by `statistics.md`, section 6.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_statistics::interrupted::interrupted;
use ks_statistics::placebo::{against, interval};
use ks_vocabulary::decision::{Actual, Direction, Predicted, Upshot};

use super::Measured;
use crate::facts::Untreated;

/// So many untreated triggers are needed for a p of 5 %.
const PLACEBOS_LEAST: usize = 19;
const P_MOST: f64 = 0.05;
/// A change below this part of what was expected does not matter, and none below this part of what
/// was there (our judgement).
const MATTERS_OF_EXPECTED: f64 = 0.5;
const MATTERS_OF_LEVEL: f64 = 0.02;
/// Neighbouring readings that a step's error allows for, and how many errors a step has to be: with
/// so few readings the errors are too small, so more than the usual two (our judgement).
const LAG: usize = 2;
const ERRORS: f64 = 4.0;

/// A measurement held against untreated triggers.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What came of it.
    pub upshot: Upshot,
    /// The numbers; `None` where there are none.
    pub actual: Option<Actual>,
    /// The effect towards better in robust standard deviations, where it counts for learning.
    pub better_sd: Option<f64>,
}

/// Holds a measurement against `untreated`; `is_cleared` says that the condition is over.
pub fn verdict(
    measured: &Measured,
    predicted: &Predicted,
    untreated: &[Untreated<'_>],
    is_cleared: bool,
) -> Held {
    let none = Held { upshot: Upshot::Inconclusive, actual: None, better_sd: None };
    let (Some(before), Some(after)) = (measured.before, measured.after()) else { return none };
    let null: Vec<f64> = untreated.iter().flat_map(|one| one.differences).copied().collect();
    let sources = told(untreated);
    let actual = Actual {
        metric: measured.metric,
        before,
        after,
        effect: None,
        p: None,
        m: null.len(),
        method: "fallback",
        sources,
        held: None,
    };
    if measured.at_once && null.len() >= PLACEBOS_LEAST {
        by_placebo(actual, predicted, &null, is_cleared)
    } else {
        by_series(actual, predicted, measured)
    }
}

fn told(untreated: &[Untreated<'_>]) -> String {
    let each = untreated.iter().filter(|one| !one.differences.is_empty());
    let each: Vec<String> =
        each.map(|one| format!("{} of {}", one.differences.len(), one.source)).collect();
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
        return Held { upshot: Upshot::Inconclusive, actual: Some(actual), better_sd: None };
    };
    let better = towards_better(predicted, found.effect);
    let (p, p_worse) = match predicted.direction {
        Direction::Down => (found.p_fall, found.p_rise),
        Direction::Up => (found.p_rise, found.p_fall),
    };
    actual.method = "placebo";
    actual.effect = Some(found.effect);
    actual.p = Some(p);
    actual.held = Some((predicted.low..=predicted.high).contains(&better));
    let upshot = if p <= P_MOST && better > 0.0 {
        if is_cleared { Upshot::Resolved } else { Upshot::Improved }
    } else if p_worse <= P_MOST && better < 0.0 {
        Upshot::Worse
    } else if is_small(&actual, predicted, null) {
        Upshot::NoEffect
    } else {
        Upshot::Inconclusive
    };
    let better_sd = found.effect_sd.map(|sd| towards_better(predicted, sd));
    Held { upshot, actual: Some(actual), better_sd }
}

/// Whether the 90 % interval of the effect lies within what does not matter.
fn is_small(actual: &Actual, predicted: &Predicted, null: &[f64]) -> bool {
    let of_expected = MATTERS_OF_EXPECTED * predicted.low.max(0.0);
    let least = of_expected.max(MATTERS_OF_LEVEL * libm::fabs(actual.before));
    let found = interval(null, actual.after - actual.before, P_MOST);
    found.is_some_and(|(low, high)| -least <= low && high <= least)
}

/// Whether a mean is better, or worse, than all that was read in the minute before. A trigger picks
/// a moment at which a quantity is high; that it falls back to where it was is no effect.
fn is_beyond(after: f64, past: &[f64], predicted: &Predicted, better: bool) -> bool {
    let below = (predicted.direction == Direction::Down) == better;
    past.iter().all(|before| if below { after < *before } else { after > *before })
}

/// With too few untreated triggers: whether the level stepped, which never says that a condition is
/// resolved, and counts for nothing in learning.
fn by_series(mut actual: Actual, predicted: &Predicted, measured: &Measured) -> Held {
    let inconclusive =
        |actual| Held { upshot: Upshot::Inconclusive, actual: Some(actual), better_sd: None };
    let all: Vec<f64> = measured.past.iter().chain(measured.readings()).copied().collect();
    let Some(found) = interrupted(&all, measured.past.len(), LAG) else {
        return inconclusive(actual);
    };
    let Some(t) = found.step_t() else { return inconclusive(actual) };
    let better = towards_better(predicted, found.step);
    actual.effect = Some(found.step);
    actual.held = Some((predicted.low..=predicted.high).contains(&better));
    let matters = MATTERS_OF_LEVEL * libm::fabs(actual.before);
    let is_step = libm::fabs(t) >= ERRORS && libm::fabs(better) >= matters;
    let upshot = if is_step && is_beyond(actual.after, &measured.past, predicted, true) {
        Upshot::Improved
    } else if is_step && is_beyond(actual.after, &measured.past, predicted, false) {
        Upshot::Worse
    } else {
        Upshot::Inconclusive
    };
    Held { upshot, actual: Some(actual), better_sd: None }
}
