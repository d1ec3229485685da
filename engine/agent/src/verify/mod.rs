//! The fourth layer of safety: whether an action did anything, told by what happens when nothing is
//! done, and never by two points; what became of everything else meanwhile; whether it keeps
//! working; and whether what was put back is back.

mod amount;
mod guards;
mod in_force;
mod kept;
mod measured;
mod verdict;

pub(crate) use amount::{amount, change};
pub use guards::{Beside, Guards, is_worse};
pub use in_force::{restored, written};
pub use kept::{Course, Kept};
pub use measured::Measured;
pub(crate) use measured::{AT_ONCE_NS, GAP, REWRITTEN};
pub(crate) use verdict::BY_PLACEBO;
pub use verdict::{Held, verdict};

#[cfg(test)]
pub(crate) mod tests;
