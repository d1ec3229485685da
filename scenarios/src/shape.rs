//! The host that a scenario runs on.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::Bytes;

/// Name of the interface.
pub(crate) const NIC: &str = "eth0";
/// Mount point of the filesystem.
pub(crate) const ROOT: &str = "/";

/// Size and devices of the host.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as of kernels")]
pub struct Shape {
    /// Online CPUs.
    pub cpus: u32,
    /// `MemTotal`.
    pub memory: Bytes,
    /// Part of it that is set aside as huge pages, all of them in use.
    pub huge_pages: Bytes,
    /// `SwapTotal`; 0 for none.
    pub swap: Bytes,
    /// Device of the root filesystem and of swap.
    pub disk: Disk,
    /// Its scheduler (`queue/scheduler`); where nothing is said `bfq` if it rotates, else `none`.
    pub disk_scheduler: Option<Scheduler>,
    /// `io.cost` shares it by `io.weight`, towards a target for its latency (`io.cost.qos`).
    pub io_cost: bool,
    /// Size of the root filesystem.
    pub filesystem: Bytes,
    /// Share of it that is used when the run begins.
    pub filesystem_used: f64,
    /// Speed of the network interface, in Mbit/s.
    pub nic_mbit: u64,
    /// Virtual interfaces beside it, as containers have them, over which nothing goes.
    pub interfaces: u32,
    /// Sessions of the root group compete as groups (`kernel.sched_autogroup_enabled`).
    pub autogroup: bool,
    /// `net.ipv4.tcp_syncookies`: who overflows the queue of half-open connections gets a cookie.
    pub tcp_syncookies: bool,
    /// Whether the tracers run.
    pub tracers: bool,
}

/// Classes of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disk {
    /// Solid state on the bus.
    Nvme,
    /// Solid state behind a SATA port.
    Ssd,
    /// Rotating.
    Rotating,
    /// In memory, as loop devices over a cached file and zram are.
    Memory,
}

/// Schedulers of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduler {
    /// Requests are issued as they come.
    None,
    /// Few are let in while the device is slow, whoever asks.
    Kyber,
    /// By position and deadline; the idle class waits for the others.
    MqDeadline,
    /// By budgets: it heeds levels, classes and `io.bfq.weight`.
    Bfq,
}

impl Scheduler {
    /// Its name in `queue/scheduler`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kyber => "kyber",
            Self::MqDeadline => "mq-deadline",
            Self::Bfq => "bfq",
        }
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            cpus: 4,
            memory: Bytes { bytes: 8 << 30 },
            huge_pages: Bytes { bytes: 0 },
            swap: Bytes { bytes: 2 << 30 },
            disk: Disk::Nvme,
            disk_scheduler: None,
            io_cost: false,
            filesystem: Bytes { bytes: 100 << 30 },
            filesystem_used: 0.4,
            nic_mbit: 1000,
            interfaces: 0,
            autogroup: true,
            tcp_syncookies: true,
            tracers: true,
        }
    }
}

impl Shape {
    /// Memory that is not set aside.
    pub(crate) fn ordinary(&self) -> Bytes {
        Bytes { bytes: self.memory.bytes.saturating_sub(self.huge_pages.bytes) }
    }

    /// The scheduler of the disk.
    pub(crate) fn scheduler(&self) -> Scheduler {
        let usual = if self.disk.is_rotating() { Scheduler::Bfq } else { Scheduler::None };
        self.disk_scheduler.unwrap_or(usual)
    }
}

impl Disk {
    /// Name of the device.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nvme => "nvme0n1",
            Self::Ssd | Self::Rotating => "sda",
            Self::Memory => "loop0",
        }
    }

    /// Its major number; the minor one of the whole device is 0.
    pub(crate) fn major(self) -> u64 {
        match self {
            Self::Nvme => 259,
            Self::Ssd | Self::Rotating => 8,
            Self::Memory => 7,
        }
    }

    /// Whether it rotates.
    pub fn is_rotating(self) -> bool {
        self == Self::Rotating
    }
}
