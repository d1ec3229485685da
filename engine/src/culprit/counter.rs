//! The counters by which culprits are ranked: one for each account.

use crate::window::Account;
use ks_vocabulary::input::HostFacts;

/// A counter that convicts, of a process and of a control group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counter {
    pub(super) account: Account,
    /// Name of what is counted, of stocks of their growth.
    pub(super) metric: &'static str,
    /// Name of what a resident holds or consumes.
    pub(super) level_metric: &'static str,
    pub(super) unit: &'static str,
    pub(super) group_unit: &'static str,
}

impl Counter {
    /// Units of a process in one unit of a control group; `None` where that is not known.
    pub(super) fn group_factor(&self, host: &HostFacts) -> Option<f64> {
        if self.unit == self.group_unit {
            return Some(1.0);
        }
        (host.user_hz > 0).then(|| host.user_hz as f64 / 1e6)
    }
}

pub(crate) const CPU: Counter = Counter {
    account: Account::CpuTime,
    metric: "cpu_time",
    level_metric: "cpu_time",
    unit: "ticks",
    group_unit: "us",
};
pub(crate) const IO: Counter = Counter {
    account: Account::IoBytes,
    metric: "io_bytes",
    level_metric: "io_bytes",
    unit: "bytes",
    group_unit: "bytes",
};
pub(crate) const WRITTEN: Counter = Counter {
    account: Account::Written,
    metric: "written_bytes",
    level_metric: "written_bytes",
    unit: "bytes",
    group_unit: "bytes",
};
pub(crate) const MAJFLT: Counter = Counter {
    account: Account::MajorFaults,
    metric: "majflt",
    level_metric: "majflt",
    unit: "faults",
    group_unit: "faults",
};
pub(super) const GROWTH: Counter = Counter {
    account: Account::Memory,
    metric: "memory_growth",
    level_metric: "memory",
    unit: "bytes",
    group_unit: "bytes",
};
pub(super) const SWAP: Counter = Counter {
    account: Account::Swap,
    metric: "swap_growth",
    level_metric: "swap",
    unit: "bytes",
    group_unit: "bytes",
};
pub(crate) const OPEN_FILES: Counter = Counter {
    account: Account::OpenFiles,
    metric: "open_files",
    level_metric: "open_files",
    unit: "1",
    group_unit: "1",
};
