//! The samplers: one file for each source, one entry for each in [`all`].

mod file_nr;
mod loadavg;
mod meminfo;
mod pressure;
mod stat;

use crate::sampler::Sampler;

/// Every sampler, in the order in which they are asked.
pub fn all() -> Vec<Box<dyn Sampler>> {
    vec![
        Box::new(stat::Stat::default()),
        Box::new(loadavg::Loadavg::default()),
        Box::new(meminfo::Meminfo::default()),
        Box::new(pressure::PressureStall::default()),
        Box::new(file_nr::FileNr::default()),
    ]
}
