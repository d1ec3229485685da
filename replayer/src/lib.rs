//! Drives the engine from a recording, and reports what it found.

pub mod feed;
pub mod moment;
pub mod range;
pub mod replay;
pub mod report;
