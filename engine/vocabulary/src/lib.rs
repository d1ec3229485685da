//! The vocabulary of KernelSight: what is recorded, what the engine is told and what it says.
//!
//! It draws no conclusion. Who records, models or reads a host needs this crate alone, and cannot
//! lean on a verdict by mistake: the compiler knows of none here.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod action;
pub mod decision;
pub mod held;
pub mod histogram;
pub mod input;
pub mod journal;
pub mod kind;
pub mod lasting;
pub mod membership;
pub mod metric;
pub mod model;
pub mod needs;
pub mod output;
pub mod random;
pub mod resource;
pub mod subtype;
pub mod time;
pub mod timer;
pub mod unit;
mod words;
