//! Synthetic faults: scenario files, and the host model that turns them into recordings.
//!
//! A scenario says what a host is, what runs on it, what goes wrong, and what must be found. The
//! model is mechanistic, deterministic and seeded, and gives the same inputs as a recorder.
#![forbid(unsafe_code)]

pub mod action;
pub mod background;
pub mod demand;
pub mod expectation;
pub mod grain;
pub mod grid;
mod host;
pub mod identities;
pub mod library;
pub mod reference;
pub mod remedies;
pub mod scenario;
pub mod schema;
pub mod settings;
pub mod shape;
pub mod simulation;
mod telemetry;
pub mod units;
