//! The host as we see it: samplers, clock, and the recording format (writer and reader together).

pub mod absence;
pub mod budget;
pub mod clock;
mod cost;
pub mod error;
pub mod executable;
pub mod format;
pub mod host_fs;
pub mod import;
mod priorities;
mod privilege;
pub mod recorder;
pub mod sampler;
pub mod samplers;
pub mod text;
mod tracers;
