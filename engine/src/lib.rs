//! The pure core of KernelSight: inputs in, verdicts and a journal out.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod model;
