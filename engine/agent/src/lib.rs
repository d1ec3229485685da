//! The agent: what may be done about an incident.
//!
//! It is as pure as the engine: no clock, no file, no thread, and nothing here performs anything.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod actions;
pub mod facts;
pub mod ledger;
pub mod limits;
pub mod outcomes;
pub mod policy;
pub mod unfit;
