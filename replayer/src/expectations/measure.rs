//! What a run is held against.

use ks_scenarios::expectation::{Expect, Forbid};
use ks_scenarios::scenario::Weakened;

use super::truth::{Crossed, Truth, Window};

/// See the module.
pub(super) struct Measure<'a> {
    pub(super) truths: &'a [Truth],
    /// What the case expects, whether it counts as a truth in this run or not.
    pub(super) expects: &'a [Expect],
    /// Limits that raw counters crossed.
    pub(super) crossings: &'a [Crossed],
    pub(super) weakened: &'a [Weakened],
    pub(super) windows: &'a [Window],
    pub(super) forbids: &'a [Forbid],
    pub(super) interval_s: f64,
    /// It may be that nothing is expected and nothing forbidden.
    pub(super) may_be_empty: bool,
}
