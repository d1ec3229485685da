//! What the agent may know of the host: facts as they were read last. Whoever hosts the agent
//! answers; what was not recorded is absent, and an action that needs it is refused for that.

use alloc::vec::Vec;

use ks_vocabulary::decision::Sysctl;
use ks_vocabulary::kind::{Entity, Group, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::Timestamp;

use crate::sights::Sights;

/// A process: its id and its start in clock ticks after boot.
pub type ProcessKey = (u64, u64);

/// A process as it was read last.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProcessFacts<'a> {
    /// Which.
    pub key: ProcessKey,
    /// The process that started it.
    pub ppid: Option<u64>,
    /// Its name, for people alone: nothing is decided by it.
    pub comm: Option<&'a [u8]>,
    /// Path of its control group.
    pub group: Option<&'a [u8]>,
    /// Its state, as the letter of `stat`.
    pub state: Option<u64>,
    /// Nice level of its leader.
    pub nice: Option<i64>,
    /// Scheduling policy of its leader; 0 is other, 3 batch, 5 idle.
    pub policy: Option<u64>,
    /// Resident memory in bytes.
    pub rss_bytes: Option<u64>,
    /// `oom_score_adj`.
    pub oom_score_adj: Option<i64>,
    /// The session that it is in.
    pub session: Option<u64>,
    /// Its effective user.
    pub uid: Option<u64>,
    /// It is a thread of the kernel.
    pub is_kernel: Option<bool>,
    /// Device and inode of its executable.
    pub exe: Option<(u64, u64)>,
    /// Nice level of its autogroup.
    pub autogroup_nice: Option<i64>,
    /// Its children do not inherit its policy.
    pub reset_on_fork: Option<bool>,
    /// I/O priority as `ioprio_get` tells it.
    pub io_priority: Option<u64>,
    /// CPUs that it may use, as a list.
    pub cpus_allowed: Option<&'a [u8]>,
    /// How many sockets it listens on.
    pub listening: Option<u64>,
}

/// Which processes are asked for: hosts have thousands, and few are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Those<'a> {
    /// In the control group of this path, or below it.
    Within(&'a [u8]),
    /// In this session.
    Session(u64),
}

/// What one hierarchy of version 1 has of a control group: a directory of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Controllers of the hierarchy, joined by commas.
    pub hierarchy: &'a [u8],
    /// Inode of the directory.
    pub inode: Option<u64>,
}

/// What hierarchies of version 1 have of a control group, by the controllers that are written. One
/// that version 2 has is in none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FirstVersion<'a> {
    /// With the CPU controller.
    pub cpu: Option<Part<'a>>,
    /// With the memory controller.
    pub memory: Option<Part<'a>>,
    /// With the block I/O controller.
    pub blkio: Option<Part<'a>>,
    /// With the pids controller.
    pub pids: Option<Part<'a>>,
    /// With the freezer, where version 2 does not freeze the group.
    pub freezer: Option<Part<'a>>,
}

impl<'a> FirstVersion<'a> {
    /// Each of them, the one that a process is said to be in first.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> {
        [self.memory, self.cpu, self.blkio, self.pids, self.freezer].into_iter().flatten()
    }
}

/// A control group as it was read last.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GroupFacts<'a> {
    /// Its path.
    pub path: &'a [u8],
    /// Inode of its directory of version 2.
    pub inode: Option<u64>,
    /// What version 1 has of it.
    pub first: FirstVersion<'a>,
    /// The systemd unit or slice that it is.
    pub unit: Option<&'a [u8]>,
    /// Controllers of version 2 that it has, by blanks.
    pub controllers: Option<&'a [u8]>,
    /// Quota in microseconds; -1 for none.
    pub cpu_quota_us: Option<i64>,
    /// Period of the quota in microseconds.
    pub cpu_period_us: Option<u64>,
    /// `cpu.weight`.
    pub cpu_weight: Option<u64>,
    /// `cpu.shares`, of version 1.
    pub cpu_shares: Option<u64>,
    /// CPUs that it used lately.
    pub cpus_used: Option<f64>,
    /// Memory that it is charged with, in bytes.
    pub memory_bytes: Option<u64>,
    /// Anonymous memory of it in bytes.
    pub anon_bytes: Option<u64>,
    /// Page cache of it in bytes.
    pub file_bytes: Option<u64>,
    /// `memory.high` in bytes; absent where there is none.
    pub memory_high_bytes: Option<u64>,
    /// What it has in swap, in bytes.
    pub swap_bytes: Option<u64>,
    /// `memory.swap.max` in bytes; absent where there is none.
    pub swap_max_bytes: Option<u64>,
    /// Its tasks.
    pub pids: Option<u64>,
    /// `pids.max`; absent where there is none.
    pub pids_max: Option<u64>,
    /// Bytes a second that it read and wrote lately.
    pub io_bytes_per_s: Option<(f64, f64)>,
    /// Text of `io.max`, or that of version 1 in the same form.
    pub io_max: Option<&'a [u8]>,
    /// `io.weight`.
    pub io_weight: Option<u64>,
    /// `io.bfq.weight`.
    pub io_bfq_weight: Option<u64>,
    /// It is frozen.
    pub frozen: Option<bool>,
    /// `Restart=` of the unit.
    pub restart: Option<&'a [u8]>,
    /// `WatchdogSec=` of the unit in microseconds; 0 for none.
    pub watchdog_us: Option<u64>,
}

impl GroupFacts<'_> {
    /// Who it is: by version 2, or by the part of version 1 that says most of it.
    pub fn entity(&self) -> Group {
        let at = Group { inode: self.inode, ..Group::at(self.path) };
        match self.first.parts().next().filter(|_| self.inode.is_none()) {
            Some(part) => Group { hierarchy: part.hierarchy.to_vec(), inode: part.inode, ..at },
            None => at,
        }
    }

    /// Inode of its directory in a hierarchy, where that is known.
    pub fn inode_in(&self, hierarchy: &[u8]) -> Option<u64> {
        if hierarchy == b"v2" {
            return self.inode;
        }
        self.first.parts().find(|part| part.hierarchy == hierarchy)?.inode
    }
}

/// A disk as it was read last.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DiskFacts<'a> {
    /// Major and minor number.
    pub device: Option<(u64, u64)>,
    /// Its scheduler.
    pub scheduler: Option<&'a [u8]>,
    /// `queue/read_ahead_kb`.
    pub read_ahead_kb: Option<u64>,
}

/// The host as it was read last.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HostFacts {
    /// CPUs that are online.
    pub cpus: Option<u64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Memory that can be had, in bytes.
    pub available_bytes: Option<u64>,
    /// Swap in bytes.
    pub swap_bytes: Option<u64>,
    /// Free swap in bytes.
    pub swap_free_bytes: Option<u64>,
    /// Dirty memory in bytes.
    pub dirty_bytes: Option<u64>,
    /// `kernel.sched_autogroup_enabled`.
    pub autogroup: Option<bool>,
    /// `net.ipv4.tcp_syncookies`.
    pub syncookies: Option<u64>,
    /// The first and the last local port.
    pub ports: Option<(u64, u64)>,
    /// The process that records.
    pub recorder_pid: u64,
}

/// What a host is asked.
pub trait Facts: Sights {
    /// The engine's time.
    fn now(&self) -> Timestamp;
    /// Nominal time between samples.
    fn interval_ns(&self) -> u64;
    /// When the last sample was taken.
    fn sampled(&self) -> Option<Timestamp>;
    /// The host as a whole.
    fn host(&self) -> HostFacts;
    /// A process.
    fn process(&self, key: ProcessKey) -> Option<ProcessFacts<'_>>;
    /// The process of this id.
    fn process_of(&self, pid: u64) -> Option<ProcessFacts<'_>>;
    /// Those processes, by id.
    fn processes(&self, those: Those<'_>) -> Vec<ProcessFacts<'_>>;
    /// A control group, by its path.
    fn group(&self, path: &[u8]) -> Option<GroupFacts<'_>>;
    /// A disk, by its name.
    fn disk(&self, name: &[u8]) -> Option<DiskFacts<'_>>;
    /// The name of the disk, where the host has one only.
    fn only_disk(&self) -> Option<Vec<u8>>;
    /// A kernel parameter, where it is one number.
    fn sysctl(&self, key: Sysctl) -> Option<u64>;
    /// Whether someone listens on a local port from `low` to `high`.
    fn listens_within(&self, low: u64, high: u64) -> Option<bool>;
    /// The last value of a quantity that is judged of an entity.
    fn level(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64>;
    /// Its mean over the ten seconds before a signal of it was raised last.
    fn before(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64>;
    /// Its readings of every five seconds, the last minute of them, the newest last.
    fn past(&self, kind: Kind, entity: &Entity, metric: Metric) -> Vec<f64>;
    /// Every quantity with a limit that is judged by now, by place, as its condition is told by
    /// them: the first says most.
    fn judged(&self) -> Vec<(Kind, Entity, Metric)>;
    /// Differences of a quantity after triggers without an action, with where they come from.
    fn untreated(&self, kind: Kind, metric: Metric) -> Vec<Untreated<'_>>;
}

/// Differences from before a trigger to after it, when nothing was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Untreated<'a> {
    /// Where they come from.
    pub source: &'a str,
    /// The differences.
    pub differences: &'a [f64],
}
