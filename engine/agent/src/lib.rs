//! The agent: what may be done about an incident.
//!
//! It is as pure as the engine: no clock, no file, no thread, and nothing here performs anything.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(all(feature = "mutants", not(test)))]
extern crate std;

pub mod actions;
#[cfg(feature = "mutants")]
pub mod benched;
mod breaker;
pub mod candidates;
#[cfg(any(test, feature = "mutants"))]
#[cfg_attr(not(test), expect(dead_code, reason = "only cases of rules are looked at there"))]
mod desk;
pub mod diagnosis;
pub mod expected;
pub mod facts;
pub mod guard;
pub mod handles;
pub mod ledger;
pub mod limits;
pub mod mutation;
pub mod outcomes;
pub mod policy;
pub mod protected;
pub mod reasoner;
pub mod sights;
pub mod simulation;
pub mod tools;
pub mod unfit;
pub mod verify;
pub mod work;
