//! What an action is expected to do, and what it did: the same quantity, so that one can be held
//! against the other.

use alloc::string::String;
use serde::{Deserialize, Serialize};

use crate::kind::{Entity, Kind};
use crate::metric::Metric;
use crate::words::words;

words! {
    /// Which way a quantity should go.
    Direction {
        /// It should rise.
        Up "up",
        /// It should fall.
        Down "down",
    }
}

/// What an action is expected to do to a quantity: by how much it changes, against what it does
/// when nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicted {
    /// Which quantity.
    pub metric: Metric,
    /// Which way.
    pub direction: Direction,
    /// Least change in that direction that is expected, in the unit of the quantity; 5 % of
    /// outcomes are below it.
    pub low: f64,
    /// Most change in that direction; 5 % are above it.
    pub high: f64,
    /// Seconds after which it shows.
    pub within_s: u64,
}

impl Predicted {
    /// Whether the numbers make sense: finite, in order, and something by which it can be told.
    pub fn is_sound(&self) -> bool {
        self.low.is_finite() && self.high.is_finite() && self.low <= self.high && self.high > 0.0
    }
}

/// What was measured of an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Actual {
    /// Which quantity.
    pub metric: Metric,
    /// Mean of the ten seconds before the trigger.
    pub before: f64,
    /// Mean of the window after the action.
    pub after: f64,
    /// The difference less what is usual when nothing is done; `None` where that is not known.
    pub effect: Option<f64>,
    /// Probability of a change as large when nothing is done: in the predicted direction, or in the
    /// other where it is called worse.
    pub p: Option<f64>,
    /// Triggers without an action that it was held against.
    pub m: usize,
    /// How it was told: `placebo`, or a `fallback` by the series alone where there are too few of
    /// those.
    pub method: &'static str,
    /// Where the triggers without an action come from, with their numbers.
    pub sources: String,
    /// Whether the predicted interval held it.
    pub held: Option<bool>,
    /// What the windows were divided by, where they were shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortened: Option<u64>,
    /// What became of other quantities meanwhile; `None` where no other is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
}

/// Quantities that an action is not meant to move, each held against its own untreated triggers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// So many were tested for getting worse, all together at 5 % (Holm).
    pub tested: usize,
    /// So many could not be: too few untreated triggers for so many tests, none of a comparable
    /// time, or readings are missing.
    pub not_testable: usize,
    /// The one that looks worst of those tested, where one got worse at all.
    pub worst: Option<Worsening>,
}

/// How a quantity went on beside an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worsening {
    /// Of which condition.
    pub kind: Kind,
    /// Where.
    pub entity: Entity,
    /// Which quantity.
    pub metric: Metric,
    /// Mean of the ten seconds before the action.
    pub before: f64,
    /// Mean of the window after it.
    pub after: f64,
    /// Probability of a worsening as large when nothing is done, adjusted for all that were tested.
    pub p: f64,
}
