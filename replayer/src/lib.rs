//! Drives the engine from a recording, and reports what it found.

pub mod analysis;
pub mod capture;
pub mod config_file;
pub mod csv_series;
pub mod difference;
mod differences;
pub mod driver;
pub mod expectations;
pub mod forecasts;
pub mod inspection;
pub mod knowledge_file;
pub mod lateness;
pub mod moment;
pub mod names;
pub mod range;
pub mod rates;
pub mod replay;
pub mod report;
pub mod resume;
pub mod scenario;
pub mod selection;
pub mod sequence;
pub mod series;
pub mod series_analysis;
pub mod tabulation;
pub mod timings;
pub mod value;
