//! Stages 2, 4 and 5: what is normal, where it is heading, and when it ends.

pub mod baseline;
pub mod calibration;
pub mod class;
pub mod effects;
pub mod forecast;
pub mod growers;
pub mod knowledge;
pub mod level;
pub mod prospect;
pub mod resources;
pub mod said;
pub mod shipped;
pub mod simulate;
pub mod slots;
pub mod trend;
pub mod watch;

pub use baseline::{Baseline, Learning};
pub use knowledge::Knowledge;
pub use level::Level;
pub use watch::Watch;
