//! The counters by which culprits are ranked: one for each account.

use crate::window::Account;
use ks_vocabulary::input::HostFacts;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::unit::Unit;

/// A counter that convicts, of a process and of a control group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counter {
    pub(super) account: Account,
    /// Name of what is counted, of stocks of their growth.
    pub(super) metric: Metric,
    /// Name of what a resident holds or consumes.
    pub(super) level_metric: Metric,
    pub(super) group_unit: Unit,
}

impl Counter {
    /// Units of a process in one unit of a control group; `None` where that is not known.
    pub(super) fn group_factor(self, host: &HostFacts) -> Option<f64> {
        if self.metric.unit() == self.group_unit {
            return Some(1.0);
        }
        (host.user_hz > 0).then(|| host.user_hz as f64 / 1e6)
    }
}

pub(crate) const CPU: Counter = Counter {
    account: Account::CpuTime,
    metric: Metric::CpuTime,
    level_metric: Metric::CpuTime,
    group_unit: Unit::Microseconds,
};
pub(crate) const IO: Counter = Counter {
    account: Account::IoBytes,
    metric: Metric::IoBytes,
    level_metric: Metric::IoBytes,
    group_unit: Unit::Bytes,
};
pub(crate) const WRITTEN: Counter = Counter {
    account: Account::Written,
    metric: Metric::WrittenBytes,
    level_metric: Metric::WrittenBytes,
    group_unit: Unit::Bytes,
};
pub(crate) const MAJFLT: Counter = Counter {
    account: Account::MajorFaults,
    metric: Metric::Majflt,
    level_metric: Metric::Majflt,
    group_unit: Unit::Faults,
};
pub(super) const GROWTH: Counter = Counter {
    account: Account::Memory,
    metric: Metric::MemoryGrowth,
    level_metric: Metric::Memory,
    group_unit: Unit::Bytes,
};
pub(super) const SWAP: Counter = Counter {
    account: Account::Swap,
    metric: Metric::SwapGrowth,
    level_metric: Metric::Swap,
    group_unit: Unit::Bytes,
};
pub(crate) const OPEN_FILES: Counter = Counter {
    account: Account::OpenFiles,
    metric: Metric::OpenFiles,
    level_metric: Metric::OpenFiles,
    group_unit: Unit::One,
};
/// How full the accept queues are. A socket is an open file, and counted as one.
pub(super) const ACCEPT_QUEUE: Counter = Counter {
    account: Account::OpenFiles,
    metric: Metric::AcceptQueueShare,
    level_metric: Metric::AcceptQueueShare,
    group_unit: Unit::Ratio,
};
/// Connections that wait for accept, where the length of no queue is known.
pub(super) const ACCEPT_QUEUE_WAITING: Counter = of_sockets(Metric::AcceptQueueWaiting);
pub(super) const LOCAL_PORTS: Counter = of_sockets(Metric::LocalPorts);
pub(super) const LOCAL_PORTS_NEW: Counter = of_sockets(Metric::LocalPortsNew);
pub(super) const CLOSE_WAIT: Counter = of_sockets(Metric::CloseWait);

/// Tasks that exist, of which each has a process id.
pub(super) const THREADS: Counter =
    Counter { group_unit: Unit::Tasks, ..of_sockets(Metric::Threads) };

const fn of_sockets(metric: Metric) -> Counter {
    Counter { account: Account::OpenFiles, metric, level_metric: metric, group_unit: Unit::One }
}
