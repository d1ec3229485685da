//! The fourth layer of safety: whether an action did anything, told by what happens when nothing is
//! done, and never by two points.

mod measured;
mod verdict;

pub use measured::Measured;
pub use verdict::{Held, verdict};

#[cfg(test)]
mod tests;
