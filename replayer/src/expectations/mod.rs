//! `ks test`: what runs must find and must not say, held against what they did.
//!
//! A case is one run with its expectations: a scenario from a seed, or a part of a recording. It is
//! run in memory, and what it found is reduced to `Seen`; judging that is pure.

mod alarm;
pub mod bless;
pub mod calm;
pub mod captured;
pub mod case;
mod decisions;
mod escalation;
mod excess;
pub mod grid;
mod judge;
pub mod junit;
pub mod label;
mod measure;
pub mod runner;
mod seen;
pub mod tally;
mod truth;
mod watch;

pub use decisions::{Decided, never_evaluated};
pub use judge::Verdict;
