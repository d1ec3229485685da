//! What an action overwrites, so that it can be put back: plain values, and where each stands.
//!
//! Actions whose undo is exact overwrite one value each. What an action does once, such as ending a
//! process or dropping a cache, is no value and cannot be put back.

use core::fmt;

use ks_vocabulary::action::{CpuSet, IoLevel};

/// The value that an action overwrites, and the one that it writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// As it is without the action.
    pub before: Setting,
    /// As the action leaves it.
    pub written: Setting,
}

/// One value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// Of a process; the pid alone may be another one's by now.
    Process {
        /// Its pid.
        pid: u64,
        /// When it was started, in ticks since boot.
        start_ticks: u64,
        /// The value.
        value: ProcessSetting,
    },
    /// Of a control group; another one may have its path by now.
    Group {
        /// Its path.
        path: String,
        /// Inode of its directory.
        inode: u64,
        /// The value.
        value: GroupSetting,
    },
    /// Of the host, of its disk or of its interface.
    Host(HostSetting),
}

/// A value of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessSetting {
    /// Its nice level.
    Nice(i64),
    /// The nice level of its session (`/proc/PID/autogroup`).
    SessionNice(i64),
    /// Its scheduling class.
    Policy(Policy),
    /// The CPUs that it may use; `None` is all, as a mask of ones is.
    Affinity(Option<CpuSet>),
    /// Whether a signal has stopped it: two stops need one that lets it go on.
    Stopped(bool),
    /// Its I/O priority; `None` is the class none.
    IoLevel(Option<IoLevel>),
    /// `oom_score_adj`.
    OomScore(i64),
}

/// Scheduling classes of those that are not realtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The usual one (`SCHED_OTHER`).
    #[default]
    Other,
    /// It does not preempt (`SCHED_BATCH`).
    Batch,
    /// It gets what nobody else wants (`SCHED_IDLE`).
    Idle,
}

/// A value of a control group; `None` is no limit.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupSetting {
    /// `cpu.max`, in CPUs: the quota over its period.
    Quota(Option<f64>),
    /// `cpu.weight`.
    Weight(u64),
    /// `pids.max`, in tasks.
    PidsMax(Option<u64>),
    /// `cgroup.freeze`.
    Frozen(bool),
    /// The file that the disk's scheduler heeds: `io.bfq.weight` with bfq, else `io.weight`.
    IoWeight(u64),
    /// One key of `io.max`, in bytes or requests a second.
    IoMax(IoKey, Option<u64>),
    /// `memory.high`, in bytes.
    MemoryHigh(Option<u64>),
    /// `memory.swap.max`, in bytes.
    SwapMax(Option<u64>),
}

/// Keys of `io.max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IoKey {
    /// Bytes read a second.
    Rbps,
    /// Bytes written a second.
    Wbps,
    /// Reads a second.
    Riops,
    /// Writes a second.
    Wiops,
}

/// A value of the host, of its disk or of its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostSetting {
    /// `vm.dirty_background_ratio`, in percent.
    DirtyBackground(u64),
    /// `vm.swappiness`, of 200.
    Swappiness(u64),
    /// `queue/read_ahead_kb`, in KiB.
    ReadAhead(u64),
    /// `net.ipv4.tcp_max_syn_backlog`, in connections.
    SynBacklog(u64),
    /// `net.core.somaxconn`, in connections.
    Somaxconn(u64),
    /// `net.ipv4.ip_local_port_range`: the first and the last port.
    Ports(u64, u64),
    /// `net.ipv4.tcp_tw_reuse`.
    ReusesPorts(bool),
    /// Speed of the interface, in Mbit/s.
    LinkSpeed(u64),
}

impl fmt::Display for Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { pid, start_ticks, value } => {
                write!(out, "{value:?} of process:{pid}:{start_ticks}")
            }
            Self::Group { path, value, .. } => write!(out, "{value:?} of cgroup:{path}"),
            Self::Host(value) => write!(out, "{value:?} of the host"),
        }
    }
}
