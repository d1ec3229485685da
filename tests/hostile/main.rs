//! The catalogue of attacks (`actions-and-threats.md`, section 14), as far as a case needs a whole
//! run: approvals, what is put back, restarts, names that tell a reasoner what to do, recordings.
//! Texts, targets, numbers, groups and answers of models are in the tests of `ks-agent`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

mod lab;
mod names;
mod operators;
mod recordings;
mod restarts;
mod undone;
