//! What the window remembers of a control group.
//!
//! Consumption is measured as for processes: from the reading at the start of the previous bucket
//! of ten seconds, so it covers the last ten to twenty.

use crate::input::HostFacts;
use crate::model::Cgroup;
use crate::time::{SECOND_NS, Timestamp};

use super::history::{Counters, Growth};
use super::series::{Missing, Track};
use super::tracks::PressureTrack;

const BUCKET_NS: u64 = 10 * SECOND_NS;

/// A counter of a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Enforcement periods of the CPU quota.
    Periods,
    /// Those in which the group was throttled.
    Throttled,
    /// Faults that waited for I/O.
    MajorFault,
    /// Refaults of reclaimed pages.
    Refault,
    /// Times memory met its limit and was reclaimed for it.
    LimitMet,
    /// Times the limit was met and reclaim failed.
    Oom,
    /// Processes killed.
    OomKill,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Periods => "nr_periods",
            Self::Throttled => "nr_throttled",
            Self::MajorFault => "pgmajfault",
            Self::Refault => "workingset_refault",
            Self::LimitMet => "memory_fail",
            Self::Oom => "oom",
            Self::OomKill => "oom_kill",
        }
    }
}

/// What a group consumed lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupConsumption {
    /// CPU time.
    pub cpu_us: u64,
    /// Bytes read and written.
    pub io_bytes: u64,
    /// Major faults.
    pub majflt: u64,
    /// Growth of charged memory.
    pub memory_bytes: u64,
    /// Growth of swapped memory.
    pub swap_bytes: u64,
}

impl GroupConsumption {
    fn total(row: &Cgroup) -> Self {
        let io = row.io_read_bytes().unwrap_or(0).saturating_add(row.io_write_bytes().unwrap_or(0));
        Self {
            cpu_us: row.cpu_usage_us().unwrap_or(0),
            io_bytes: io,
            majflt: row.pgmajfault().unwrap_or(0),
            memory_bytes: row.memory_bytes().unwrap_or(0),
            swap_bytes: row.swap_bytes().unwrap_or(0),
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            io_bytes: self.io_bytes.saturating_sub(earlier.io_bytes),
            majflt: self.majflt.saturating_sub(earlier.majflt),
            memory_bytes: self.memory_bytes.saturating_sub(earlier.memory_bytes),
            swap_bytes: self.swap_bytes.saturating_sub(earlier.swap_bytes),
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct CgroupTrack {
    /// Stall totals.
    pub pressure: PressureTrack,
    counters: Counters<7>,
    bucket: Option<u64>,
    at_bucket: GroupConsumption,
    at_previous: GroupConsumption,
}

impl CgroupTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: Group, ns: u64) -> Result<Growth, Missing> {
        self.counters.over(what as usize, what.name(), ns)
    }

    /// What the group consumed in the ten to twenty seconds before `row`, its last reading.
    pub fn consumption(&self, row: &Cgroup) -> GroupConsumption {
        GroupConsumption::total(row).since(self.at_previous)
    }
}

impl Track<Cgroup> for CgroupTrack {
    fn feed(&mut self, at: Timestamp, row: &Cgroup, _: &HostFacts) -> bool {
        let totals_us = [
            row.cpu_some_total_us(),
            row.memory_some_total_us(),
            row.memory_full_total_us(),
            row.io_some_total_us(),
            row.io_full_total_us(),
        ];
        let mut went_back = self.pressure.push(at, totals_us);
        let values = [
            row.nr_periods(),
            row.nr_throttled(),
            row.pgmajfault(),
            row.refault(),
            row.memory_fail(),
            row.oom(),
            row.oom_kill(),
        ];
        went_back |= self.counters.push(at, values);
        let bucket = at.0 / BUCKET_NS;
        if self.bucket != Some(bucket) {
            let total = GroupConsumption::total(row);
            self.at_previous = if self.bucket.is_none() { total } else { self.at_bucket };
            self.at_bucket = total;
            self.bucket = Some(bucket);
        }
        went_back
    }
}
