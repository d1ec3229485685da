//! Drives the engine from a recording, and reports what it found.

pub mod feed;
pub mod inspection;
pub mod lateness;
pub mod moment;
pub mod range;
pub mod rates;
pub mod replay;
pub mod report;
pub mod selection;
pub mod tabulation;
pub mod value;
