//! Classes of forecasts that are held against each other: those whose slope was as steady.

use serde::{Deserialize, Serialize};

/// Wobbles at which a class ends.
const WOBBLES: [f64; CLASSES - 1] = [0.01, 0.02, 0.035, 0.05, 0.07, 0.1, 0.14, 0.2, 0.4];
/// Number of classes.
pub const CLASSES: usize = 10;

/// Forecasts that are held against each other: 0 are those with the steadiest slope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Class(pub u8);

impl Class {
    /// The class of a forecast by the [wobble](super::trend::Trend::wobble) of its slope.
    pub fn of(wobble: f64) -> Self {
        let passed = WOBBLES.iter().filter(|limit| wobble >= **limit).count();
        Self(u8::try_from(passed).unwrap_or(u8::MAX))
    }
}
