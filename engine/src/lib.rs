//! The pure core of KernelSight: inputs in, verdicts and a journal out.
//!
//! It has no clock, no I/O, no threads and no randomness but a seeded generator; what it knows
//! arrives as [`Input`](ks_vocabulary::input::Input). The compiler holds it to that: there is no
//! `std` here.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod analysis;
pub mod board;
mod classifiers;
mod culprit;
pub mod engine;
pub mod incidents;
pub mod influence;
#[cfg(test)]
mod lab;
pub mod mutation;
pub mod requests;
pub mod window;
