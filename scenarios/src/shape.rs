//! The host that a scenario runs on.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::host::disk::Service;
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
            swap: Bytes { bytes: 2 << 30 },
            disk: Disk::Nvme,
            filesystem: Bytes { bytes: 100 << 30 },
            filesystem_used: 0.4,
            nic_mbit: 1000,
            tracers: true,
        }
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

    /// Whether it rotates.
    pub fn is_rotating(self) -> bool {
        self == Self::Rotating
    }

    /// Service times of common devices of the class, with their queue (our judgement; see
    /// `docs/model.md` for what real ones were measured to do).
    pub(crate) fn service(self) -> Service {
        match self {
            Self::Nvme => Service {
                servers: 8.0,
                read_s: 80e-6,
                write_s: 20e-6,
                bytes_per_s: 600e6,
                nr_requests: 1023.0,
            },
            Self::Ssd => Service {
                servers: 4.0,
                read_s: 150e-6,
                write_s: 60e-6,
                bytes_per_s: 130e6,
                nr_requests: 64.0,
            },
            Self::Memory => Service {
                servers: 2.0,
                read_s: 8e-6,
                write_s: 8e-6,
                bytes_per_s: 4e9,
                nr_requests: 128.0,
            },
            Self::Rotating => Service {
                servers: 1.0,
                read_s: 7e-3,
                write_s: 5e-3,
                bytes_per_s: 150e6,
                nr_requests: 64.0,
            },
        }
    }
}
