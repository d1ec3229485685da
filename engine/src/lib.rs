//! The pure core of KernelSight: inputs in, verdicts and a journal out.
//!
//! It has no clock, no I/O, no threads and no randomness but a seeded generator; what it knows
//! arrives as [`input::Input`]. The compiler holds it to that: there is no `std` here.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod action;
pub mod analysis;
pub mod anomaly;
pub mod board;
pub mod classifiers;
mod culprit;
pub mod engine;
pub mod histogram;
pub mod incidents;
pub mod input;
pub mod journal;
pub mod kind;
#[cfg(test)]
mod lab;
pub mod membership;
pub mod model;
pub mod mutation;
pub mod needs;
pub mod output;
pub mod random;
pub mod requests;
pub mod resource;
pub mod statistics;
pub mod time;
pub mod timer;
pub mod window;
