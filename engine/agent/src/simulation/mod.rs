//! What becomes of a resource, with an action and without.

pub mod effects;
pub mod prospect;
pub mod simulate;
