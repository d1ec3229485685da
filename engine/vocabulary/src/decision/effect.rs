//! What is really done to a host: a closed set of writes and signals. None is a command.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::action::CpuSet;
use crate::lasting::Exact;
use crate::words::words;

words! {
    /// A file of a control group that is written, of version 2 and of hierarchies of version 1.
    GroupFile {
        /// `blkio.throttle.read_bps_device`, of version 1.
        BlkioReadBps "blkio.throttle.read_bps_device",
        /// `blkio.throttle.read_iops_device`, of version 1.
        BlkioReadIops "blkio.throttle.read_iops_device",
        /// `blkio.throttle.write_bps_device`, of version 1.
        BlkioWriteBps "blkio.throttle.write_bps_device",
        /// `blkio.throttle.write_iops_device`, of version 1.
        BlkioWriteIops "blkio.throttle.write_iops_device",
        /// `cgroup.freeze`.
        CgroupFreeze "cgroup.freeze",
        /// `cpu.cfs_quota_us`, of version 1.
        CpuCfsQuota "cpu.cfs_quota_us",
        /// `cpu.max`.
        CpuMax "cpu.max",
        /// `cpu.shares`, of version 1.
        CpuShares "cpu.shares",
        /// `cpu.weight`.
        CpuWeight "cpu.weight",
        /// `freezer.state`, of version 1.
        FreezerState "freezer.state",
        /// `io.bfq.weight`.
        IoBfqWeight "io.bfq.weight",
        /// `io.max`.
        IoMax "io.max",
        /// `io.weight`.
        IoWeight "io.weight",
        /// `memory.high`.
        MemoryHigh "memory.high",
        /// `memory.reclaim`.
        MemoryReclaim "memory.reclaim",
        /// `memory.swap.max`.
        MemorySwapMax "memory.swap.max",
        /// `pids.max`, of both versions.
        PidsMax "pids.max",
    }
}

words! {
    /// A kernel parameter that is written.
    Sysctl {
        /// `net.core.netdev_max_backlog`.
        NetdevMaxBacklog "net.core.netdev_max_backlog",
        /// `net.core.somaxconn`.
        Somaxconn "net.core.somaxconn",
        /// `net.ipv4.ip_local_port_range`.
        IpLocalPortRange "net.ipv4.ip_local_port_range",
        /// `net.ipv4.tcp_fin_timeout`.
        TcpFinTimeout "net.ipv4.tcp_fin_timeout",
        /// `net.ipv4.tcp_max_syn_backlog`.
        TcpMaxSynBacklog "net.ipv4.tcp_max_syn_backlog",
        /// `net.ipv4.tcp_tw_reuse`.
        TcpTwReuse "net.ipv4.tcp_tw_reuse",
        /// `net.netfilter.nf_conntrack_max`.
        NfConntrackMax "net.netfilter.nf_conntrack_max",
        /// `vm.dirty_background_bytes`: written only to put it back.
        DirtyBackgroundBytes "vm.dirty_background_bytes",
        /// `vm.dirty_background_ratio`.
        DirtyBackgroundRatio "vm.dirty_background_ratio",
        /// `vm.drop_caches`.
        DropCaches "vm.drop_caches",
        /// `vm.swappiness`.
        Swappiness "vm.swappiness",
    }
}

words! {
    /// A signal that is sent. There is no other.
    Signal {
        /// SIGSTOP.
        Stop "STOP",
        /// SIGCONT.
        Continue "CONT",
        /// SIGTERM.
        Terminate "TERM",
    }
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// `setpriority` of each thread.
    Nice {
        /// Whose.
        process: Exact,
        /// The nice level.
        nice: i64,
    },
    /// `/proc/PID/autogroup`.
    Autogroup {
        /// A member of the session.
        process: Exact,
        /// The nice level of the session.
        nice: i64,
    },
    /// `sched_setscheduler` of each thread.
    Policy {
        /// Whose.
        process: Exact,
        /// The policy: 0 is other, 3 batch, 5 idle.
        policy: u64,
        /// The flag that children do not inherit it, which is lost unless it is passed again.
        reset_on_fork: bool,
    },
    /// `sched_setaffinity` of each thread.
    Affinity {
        /// Whose.
        process: Exact,
        /// The CPUs; `None` is all ones, which alone undoes exactly where the task had no mask.
        cpus: Option<CpuSet>,
    },
    /// `ioprio_set` of each thread.
    IoPriority {
        /// Whose.
        process: Exact,
        /// Class and level as the call takes them; 0 is none.
        value: u64,
    },
    /// `pidfd_send_signal`.
    Signal {
        /// To whom.
        process: Exact,
        /// Which.
        signal: Signal,
    },
    /// `/proc/PID/oom_score_adj`.
    OomScore {
        /// Whose.
        process: Exact,
        /// The adjustment.
        adj: i64,
    },
    /// A file of a control group.
    GroupFile {
        /// Which group.
        group: Exact,
        /// Which file.
        file: GroupFile,
        /// What is written.
        text: String,
    },
    /// A kernel parameter.
    Sysctl {
        /// Which.
        key: Sysctl,
        /// What is written.
        text: String,
    },
    /// `queue/read_ahead_kb`.
    ReadAhead {
        /// Whose.
        disk: Exact,
        /// kB.
        kb: u64,
    },
    /// `syncfs`.
    SyncFilesystem {
        /// Which.
        mount: Exact,
    },
    /// Link modes that are advertised.
    LinkMode {
        /// Whose.
        nic: Exact,
        /// The one speed in Mbit/s; `None` for all modes.
        mbit: Option<u64>,
    },
}

impl fmt::Display for Effect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nice { process, nice } => write!(out, "nice {nice} to {}", process.0),
            Self::Autogroup { process, nice } => {
                write!(out, "nice {nice} to the session of {}", process.0)
            }
            Self::Policy { process, policy, .. } => {
                write!(out, "policy {policy} to {}", process.0)
            }
            Self::Affinity { process, cpus: Some(cpus) } => {
                write!(out, "CPUs {cpus} to {}", process.0)
            }
            Self::Affinity { process, cpus: None } => write!(out, "all CPUs to {}", process.0),
            Self::IoPriority { process, value } => {
                write!(out, "I/O priority {value} to {}", process.0)
            }
            Self::Signal { process, signal } => write!(out, "SIG{signal} to {}", process.0),
            Self::OomScore { process, adj } => write!(out, "oom_score_adj {adj} to {}", process.0),
            Self::GroupFile { group, file, text } => {
                write!(out, "`{text}` to {file} of {}", group.0)
            }
            Self::Sysctl { key, text } => write!(out, "`{text}` to {key}"),
            Self::ReadAhead { disk, kb } => write!(out, "read-ahead {kb} kB to {}", disk.0),
            Self::SyncFilesystem { mount } => write!(out, "syncfs of {}", mount.0),
            Self::LinkMode { nic, mbit: Some(mbit) } => write!(out, "{mbit} Mbit/s to {}", nic.0),
            Self::LinkMode { nic, mbit: None } => write!(out, "all link modes to {}", nic.0),
        }
    }
}

/// One step back. It is done only while what was written is still there: what someone else changed
/// since is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoStep {
    /// What puts it back.
    pub restore: Effect,
    /// What was written, and has to be there still.
    pub written: Effect,
}

/// What an action is carried out as.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is done, in order.
    pub effects: Vec<Effect>,
    /// What puts it back, in order; nothing where nothing can, or has to.
    pub undo: Vec<UndoStep>,
    /// Seconds after which whoever performs it undoes it by itself.
    pub lasts_s: Option<u64>,
}
