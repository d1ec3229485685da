//! What can be done to the modelled host: the actions of the catalogue that change something.
//!
//! A process is named by its name, of which the eldest is meant, or as `process:PID:START`; a
//! control group by its path. The model does what a kernel would do: whether an action is wise, or
//! allowed, is not its business.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::{Bytes, Duration};

/// One action with its parameters.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// `setpriority` of each thread.
    LowerProcessPriority {
        /// Which.
        process: String,
        /// Nice level from now on.
        nice: i64,
    },
    /// `sched_setattr` of each thread.
    DemoteSchedulingClass {
        /// Which.
        process: String,
        /// Class from now on.
        class: Class,
    },
    /// `sched_setaffinity` of each thread.
    SetCpuAffinity {
        /// Which.
        process: String,
        /// CPUs that it may use.
        cpus: u32,
    },
    /// `cpu.max` of the control group that holds only this process.
    ThrottleCpu {
        /// Which.
        process: String,
        /// Percent of one CPU.
        percent: u32,
    },
    /// `cpu.max`.
    LimitCgroupCpu {
        /// Which.
        group: String,
        /// Percent of one CPU.
        percent: u32,
    },
    /// `cpu.weight`.
    LowerCpuWeight {
        /// Which.
        group: String,
        /// Weight from now on.
        weight: u64,
    },
    /// `pids.max`.
    LimitCgroupPids {
        /// Which.
        group: String,
        /// Tasks that it may have.
        max: u64,
    },
    /// SIGSTOP, and SIGCONT after a time.
    PauseProcess {
        /// Which.
        process: String,
        /// For how long.
        lasts: Duration,
    },
    /// SIGCONT.
    ResumeProcess {
        /// Which.
        process: String,
    },
    /// `cgroup.freeze`, and the contrary after a time.
    FreezeCgroup {
        /// Which.
        group: String,
        /// For how long.
        lasts: Duration,
    },
    /// `cgroup.freeze` of 0.
    ThawCgroup {
        /// Which.
        group: String,
    },
    /// SIGTERM.
    TerminateProcess {
        /// Which.
        process: String,
    },
    /// `ioprio_set` of each thread.
    LowerIoPriority {
        /// Which.
        process: String,
        /// Level of best effort, 4 to 7; 8 is idle.
        level: u32,
    },
    /// `io.weight`.
    LowerIoWeight {
        /// Which.
        group: String,
        /// Weight from now on.
        weight: u64,
    },
    /// One key of `io.max`.
    ThrottleIo {
        /// Which.
        group: String,
        /// What is limited.
        of: IoLimit,
        /// Bytes, or requests, a second.
        per_s: f64,
    },
    /// `syncfs`.
    FlushBuffers,
    /// `vm.dirty_background_ratio`.
    LowerDirtyBackground {
        /// Percent of available memory.
        percent: u32,
    },
    /// `queue/read_ahead_kb`.
    ReduceReadahead {
        /// Kilobytes.
        kb: u32,
    },
    /// `vm.swappiness`.
    ReduceSwappiness {
        /// From now on.
        value: u32,
    },
    /// `vm.drop_caches`.
    ClearPageCache {
        /// 1 for pages of files, 2 for slab, 3 for both.
        level: u32,
    },
    /// `memory.high`.
    LimitCgroupMemoryHigh {
        /// Which.
        group: String,
        /// From now on.
        bytes: Bytes,
    },
    /// `memory.reclaim`.
    ReclaimCgroupMemory {
        /// Which.
        group: String,
        /// How much.
        bytes: Bytes,
    },
    /// `memory.swap.max`.
    LimitCgroupSwap {
        /// Which.
        group: String,
        /// From now on.
        bytes: Bytes,
    },
    /// `oom_score_adj`.
    RaiseOomScore {
        /// Which.
        process: String,
        /// From now on.
        adj: i64,
    },
    /// `net.ipv4.tcp_max_syn_backlog`.
    IncreaseTcpBacklog {
        /// From now on.
        value: u32,
    },
    /// `net.core.somaxconn`: of those that listen afterwards.
    IncreaseSomaxconn {
        /// From now on.
        value: u32,
    },
    /// `net.ipv4.tcp_fin_timeout`: of orphans, which the model has none of.
    ReduceFinTimeout {
        /// Seconds.
        seconds: u32,
    },
    /// `net.ipv4.ip_local_port_range`.
    WidenPortRange {
        /// The first port.
        low: u32,
        /// The last one.
        high: u32,
    },
    /// `net.ipv4.tcp_tw_reuse` of 1.
    EnableTwReuse,
    /// `net.netfilter.nf_conntrack_max`: the model tracks no connections.
    RaiseConntrackMax {
        /// From now on.
        value: u64,
    },
    /// `net.core.netdev_max_backlog`: the model's queues of received frames are never full.
    RaiseNetdevBacklog {
        /// From now on.
        value: u64,
    },
    /// Link mode by ethtool: the link is down while it is agreed on.
    ForceNetworkSpeed {
        /// Mbit a second.
        mbit: u64,
    },
}

/// Scheduling classes below the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It does not preempt; its share stays.
    Batch,
    /// It gets what nobody else wants.
    Idle,
}

/// Keys of `io.max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IoLimit {
    /// Bytes read.
    Rbps,
    /// Bytes written.
    Wbps,
    /// Reads.
    Riops,
    /// Writes.
    Wiops,
}

/// Why an action did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is nothing of that name.
    #[error("there is no {what} `{name}`")]
    Missing {
        /// A process or a group.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The kernel does not take the value.
    #[error("{what}: {text}")]
    Invalid {
        /// Which parameter.
        what: &'static str,
        /// What is wrong with it.
        text: String,
    },
}

impl Action {
    /// The process or the group that it is done to, with which of both it is.
    pub(crate) fn target(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::LowerProcessPriority { process, .. }
            | Self::DemoteSchedulingClass { process, .. }
            | Self::SetCpuAffinity { process, .. }
            | Self::ThrottleCpu { process, .. }
            | Self::PauseProcess { process, .. }
            | Self::ResumeProcess { process }
            | Self::TerminateProcess { process }
            | Self::LowerIoPriority { process, .. }
            | Self::RaiseOomScore { process, .. } => Some(("process", process)),
            Self::LimitCgroupCpu { group, .. }
            | Self::LowerCpuWeight { group, .. }
            | Self::LimitCgroupPids { group, .. }
            | Self::FreezeCgroup { group, .. }
            | Self::ThawCgroup { group }
            | Self::LowerIoWeight { group, .. }
            | Self::ThrottleIo { group, .. }
            | Self::LimitCgroupMemoryHigh { group, .. }
            | Self::ReclaimCgroupMemory { group, .. }
            | Self::LimitCgroupSwap { group, .. } => Some(("control group", group)),
            Self::FlushBuffers
            | Self::LowerDirtyBackground { .. }
            | Self::ReduceReadahead { .. }
            | Self::ReduceSwappiness { .. }
            | Self::ClearPageCache { .. }
            | Self::IncreaseTcpBacklog { .. }
            | Self::IncreaseSomaxconn { .. }
            | Self::ReduceFinTimeout { .. }
            | Self::WidenPortRange { .. }
            | Self::EnableTwReuse
            | Self::RaiseConntrackMax { .. }
            | Self::RaiseNetdevBacklog { .. }
            | Self::ForceNetworkSpeed { .. } => None,
        }
    }
}
