//! Finite resources: which kind the end of each raises, where that is, and how far ahead to look.
//!
//! Each is used up to a share of a physical limit, 1 where nothing is left. What has no limit is no
//! resource.

use serde::{Deserialize, Serialize};

use crate::kind::{Entity, Kind};
use crate::metric::Metric;
use crate::time::SECOND_NS;

/// A forecast looks so far ahead.
const HORIZON_NS: u64 = 1_800 * SECOND_NS;
/// For space and inodes, which people need longer to make room in.
const LONG_HORIZON_NS: u64 = 4 * 3_600 * SECOND_NS;
/// Memory is exhausted where 2 % of memory and swap together are left (`signals.md`, section 2).
const MEMORY_END: f64 = 0.98;

/// A finite resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Memory and swap together: memory goes to swap first. Of a control group: memory under its
    /// limit, without cache that can be dropped.
    Memory,
    /// Swap.
    Swap,
    /// Space of a filesystem that users can have.
    Space,
    /// Inodes of a filesystem.
    Inodes,
    /// File handles of the host.
    FileHandles,
    /// Local ports towards one destination, in a network namespace.
    Ports,
    /// Tracked connections of a network namespace.
    Conntrack,
    /// Process ids of the host or of a control group.
    Pids,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Memory,
        Self::Swap,
        Self::Space,
        Self::Inodes,
        Self::FileHandles,
        Self::Ports,
        Self::Conntrack,
        Self::Pids,
    ];

    /// The kind that a forecast of its end raises.
    pub fn kind(self) -> Kind {
        match self {
            Self::Memory => Kind::MemoryPressure,
            Self::Swap => Kind::SwapThrashing,
            Self::Space | Self::Inodes | Self::Pids => Kind::Syscall,
            Self::FileHandles | Self::Ports | Self::Conntrack => Kind::TcpExhaustion,
        }
    }

    /// Used share at which it is at its end.
    pub fn threshold(self, entity: &Entity) -> f64 {
        match (self, entity) {
            (Self::Memory, Entity::Host) => MEMORY_END,
            _ => 1.0,
        }
    }

    /// How far ahead a forecast looks.
    pub fn horizon_ns(self) -> u64 {
        match self {
            Self::Space | Self::Inodes => LONG_HORIZON_NS,
            Self::Memory
            | Self::Swap
            | Self::FileHandles
            | Self::Ports
            | Self::Conntrack
            | Self::Pids => HORIZON_NS,
        }
    }

    /// The used share.
    pub fn metric(self) -> Metric {
        match self {
            Self::Memory => Metric::MemoryAndSwapUsedShare,
            Self::Swap => Metric::SwapUsedShare,
            Self::Space => Metric::SpaceUsedShare,
            Self::Inodes => Metric::InodesUsedShare,
            Self::FileHandles => Metric::FileHandlesShare,
            Self::Ports => Metric::PortsUsedShare,
            Self::Conntrack => Metric::ConntrackShare,
            Self::Pids => Metric::PidsUsedShare,
        }
    }

    /// The word used in recordings and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Swap => "swap",
            Self::Space => "space",
            Self::Inodes => "inodes",
            Self::FileHandles => "file_handles",
            Self::Ports => "ports",
            Self::Conntrack => "conntrack",
            Self::Pids => "pids",
        }
    }
}
