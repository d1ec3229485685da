//! Buffers for the reckoning of each entity's past.

use alloc::vec::Vec;

use ks_statistics::change_points;

/// Buffers that are kept from one entity to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) changes: change_points::Scratch,
    pub(super) values: Vec<f64>,
    pub(super) order: Vec<f64>,
    pub(super) points: Vec<(f64, f64)>,
}
