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
    /// Size of the root filesystem.
    pub filesystem: Bytes,
    /// Share of it that is used when the run begins.
    pub filesystem_used: f64,
    /// Speed of the network interface, in Mbit/s.
    pub nic_mbit: u64,
    /// Virtual interfaces beside it, as containers have them, over which nothing goes.
    pub interfaces: u32,
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

impl Default for Shape {
    fn default() -> Self {
        Self {
            cpus: 4,
            memory: Bytes { bytes: 8 << 30 },
            huge_pages: Bytes { bytes: 0 },
            swap: Bytes { bytes: 2 << 30 },
            disk: Disk::Nvme,
            filesystem: Bytes { bytes: 100 << 30 },
            filesystem_used: 0.4,
            nic_mbit: 1000,
            interfaces: 0,
            tracers: true,
        }
    }
}

impl Shape {
    /// Memory that is not set aside.
    pub(crate) fn ordinary(&self) -> Bytes {
        Bytes { bytes: self.memory.bytes.saturating_sub(self.huge_pages.bytes) }
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
