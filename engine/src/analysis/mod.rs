//! Stages 2, 4 and 5: what is normal, where it is heading, and when it ends.

pub mod calibration;
pub mod class;
pub mod forecast;
pub mod growers;
pub mod knowledge;
pub mod resources;
pub mod said;
pub mod shipped;
pub mod slots;
pub mod trend;
pub mod trends;
pub mod watch;
pub mod watched;

pub use knowledge::Knowledge;
pub use ks_statistics::baseline::{Baseline, Learning, Level, Moment};
pub use watch::Watch;
