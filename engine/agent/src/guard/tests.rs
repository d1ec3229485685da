//! The guard, rule by rule, and what hostile proposals come to.

mod approve;
pub(crate) mod bench;
mod fuzz;
mod generated;
mod hostile;
mod model_output;
#[cfg(feature = "mutants")]
mod mutants;
mod rules;
mod tier;
mod undone;
