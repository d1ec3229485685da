//! The samplers: one file for each source, one entry for each in [`all`].

mod cgroups;
mod diskstats;
mod file_nr;
mod filesystems;
mod limits;
mod loadavg;
mod meminfo;
mod net;
mod pressure;
pub(crate) mod processes;
mod schedstat;
mod softnet;
mod stat;
mod swaps;
mod vmstat;
mod zoneinfo;

use ks_ebpf::processes::ProcessIterator;

use crate::absence::Absence;
use crate::sampler::Sampler;

/// Every sampler, in the order in which they are asked. Processes are read by `iterator`, or from
/// `/proc` where there is none and the reason is given.
pub fn all(iterator: Result<ProcessIterator, Absence>) -> Vec<Box<dyn Sampler>> {
    vec![
        Box::new(stat::Stat::default()),
        Box::new(loadavg::Loadavg::default()),
        Box::new(meminfo::Meminfo::default()),
        Box::new(vmstat::Vmstat::default()),
        Box::new(pressure::PressureStall::default()),
        Box::new(schedstat::Schedstat::default()),
        Box::new(diskstats::Diskstats::default()),
        Box::new(file_nr::FileNr::default()),
        Box::new(limits::SystemLimits::default()),
        Box::new(zoneinfo::Zoneinfo::default()),
        Box::new(softnet::SoftnetStat::default()),
        Box::new(filesystems::Filesystems::default()),
        Box::new(swaps::Swaps::default()),
        Box::new(net::Net::default()),
        Box::new(cgroups::Cgroups::default()),
        Box::new(processes::Processes::new(iterator)),
    ]
}
