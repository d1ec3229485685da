//! What the actions that only look are answered: numbers of what was recorded, with handles for
//! what they are of. A number that was not recorded is left out, and so is every name of the host.

mod devices;
mod numbers;
mod uses;

pub use devices::{DiskUse, NicUse, Space, TcpUse};
pub use numbers::Numbers;
pub use uses::{
    Blocked, GroupUse, MemoryUse, ProcessSettings, ProcessUse, Sockets, Stalls, SwapUse,
};

use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

use crate::words::words;

words! {
    /// What a process does.
    ProcessState {
        /// It runs, or could.
        Running "running",
        /// It waits for something.
        Sleeping "sleeping",
        /// It waits for a device, and no signal wakes it.
        Blocked "blocked",
        /// It was stopped.
        Stopped "stopped",
        /// It has ended, and its parent has not asked how.
        Zombie "zombie",
        /// It is a thread of the kernel without work.
        Idle "idle",
        /// It begins or ends.
        Other "other",
    }
}

words! {
    /// How a process is scheduled.
    Policy {
        /// As most are.
        Other "other",
        /// As batch work.
        Batch "batch",
        /// When nobody else wants a CPU.
        Idle "idle",
        /// In real time, one after the other, in turn, or by deadlines.
        RealTime "real_time",
    }
}

words! {
    /// Class of the I/O priority of a process.
    IoClass {
        /// None: it follows from the nice level.
        None "none",
        /// Before all others.
        RealTime "real_time",
        /// By its level.
        BestEffort "best_effort",
        /// When nobody else wants the disk.
        Idle "idle",
    }
}

words! {
    /// What a task that sleeps uninterruptibly waits for, by the kernel function that it is in.
    Wait {
        /// A block device.
        Disk "disk",
        /// The journal or a transaction of a filesystem.
        Filesystem "filesystem",
        /// A server of files, or a program that plays one.
        RemoteFilesystem "remote_filesystem",
        /// Memory that has to be had first.
        Memory "memory",
        /// A lock of the kernel.
        Lock "lock",
        /// Something else.
        Other "other",
    }
}

/// Numbers of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row<T> {
    /// What: a handle.
    pub entity: String,
    /// The control group of a process, as a handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub of: T,
}

/// Numbers of many things, those first that have most. A list that is empty without a reason says
/// that nothing is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed<T> {
    /// Seconds since they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_s: Option<f64>,
    /// Those that were asked for.
    pub rows: Vec<Row<T>>,
    /// How many more there are.
    pub truncated: usize,
    /// Why nothing can be told, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot_tell: Option<&'static str>,
}

/// Numbers of one thing that is asked for, or of the host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told<T> {
    /// Seconds since they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_s: Option<f64>,
    /// Its numbers, where they are known.
    #[serde(flatten)]
    pub row: Option<Row<T>>,
    /// Why nothing can be told, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot_tell: Option<&'static str>,
}

/// What an action that only looks is answered. Rates are those of the last ten seconds, of
/// processes and of what control groups consume of the last ten to twenty.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LookTold {
    /// Of `list_top_memory`.
    TopMemory {
        /// The host.
        host: Told<MemoryUse>,
        /// Those that hold most.
        processes: Listed<ProcessUse>,
    },
    /// Of `list_top_cpu`.
    TopCpu {
        /// Those that use most.
        processes: Listed<ProcessUse>,
    },
    /// Of `check_io_activity`.
    IoActivity {
        /// The busiest disks.
        disks: Listed<DiskUse>,
        /// Those that read and write most.
        processes: Listed<ProcessUse>,
    },
    /// Of `check_network_stats`.
    Network {
        /// Interfaces by their traffic.
        interfaces: Listed<NicUse>,
    },
    /// Of `check_tcp_stats`.
    Tcp {
        /// Network namespaces by their sockets.
        namespaces: Listed<TcpUse>,
    },
    /// Of `monitor_swap`.
    Swap {
        /// The host.
        host: Told<SwapUse>,
    },
    /// Of `list_blocked_tasks`.
    BlockedTasks {
        /// Processes with tasks that sleep uninterruptibly.
        processes: Listed<Blocked>,
    },
    /// Of `show_cgroup_usage`.
    Cgroup {
        /// What it uses.
        usage: Told<GroupUse>,
        /// Its pressure.
        pressure: Told<Stalls>,
    },
    /// Of `show_process`.
    Process {
        /// What it uses.
        usage: Told<ProcessUse>,
        /// How it is set.
        settings: Told<ProcessSettings>,
    },
    /// Of `check_disk_space`.
    DiskSpace {
        /// Filesystems, the fullest first.
        filesystems: Listed<Space>,
    },
    /// Of `list_sockets`.
    Sockets {
        /// The TCP sockets of the process.
        of: Told<Sockets>,
    },
    /// Of `check_pressure`.
    Pressure {
        /// The host.
        host: Told<Stalls>,
        /// Control groups, those first that stall most.
        groups: Listed<Stalls>,
    },
}
