//! What a verdict is about: the ten kinds, four severities, and the entities of a host.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The ten conditions the engine looks for, in the order in which they are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tasks stall for memory, or it runs out.
    MemoryPressure,
    /// More work wants to run than the CPUs can take.
    LoadMismatch,
    /// Tasks stall for I/O.
    IoCongestion,
    /// Packets are lost, damaged or sent again.
    NetworkDegradation,
    /// A finite resource of TCP is used up.
    TcpExhaustion,
    /// Pages go out to swap and come back.
    SwapThrashing,
    /// A block device is at its limit.
    BlockDeviceSaturation,
    /// Runnable tasks wait for a CPU.
    Scheduler,
    /// System calls are slow, fail, or meet a limit.
    Syscall,
    /// Page faults wait for I/O.
    PageFault,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = Self::PageFault as usize + 1;

    /// All kinds, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::MemoryPressure,
        Self::LoadMismatch,
        Self::IoCongestion,
        Self::NetworkDegradation,
        Self::TcpExhaustion,
        Self::SwapThrashing,
        Self::BlockDeviceSaturation,
        Self::Scheduler,
        Self::Syscall,
        Self::PageFault,
    ];

    /// The word used in recordings and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::MemoryPressure => "memory_pressure",
            Self::LoadMismatch => "load_mismatch",
            Self::IoCongestion => "io_congestion",
            Self::NetworkDegradation => "network_degradation",
            Self::TcpExhaustion => "tcp_exhaustion",
            Self::SwapThrashing => "swap_thrashing",
            Self::BlockDeviceSaturation => "block_device_saturation",
            Self::Scheduler => "scheduler",
            Self::Syscall => "syscall",
            Self::PageFault => "page_fault",
        }
    }

    /// Position in [`Kind::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Low,
    /// Users may feel it.
    Medium,
    /// Users feel it.
    High,
    /// Harm is being done.
    Critical,
}

impl Severity {
    /// All severities, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Position in [`Severity::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The next lower one, if any.
    pub fn below(self) -> Option<Self> {
        self.index().checked_sub(1).map(|index| Self::ALL[index])
    }

    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Something on a host that can be in a condition, or cause one. Written as `host`, `disk:sda`,
/// `cgroup:/a`, `process:PID:START`, `fork_tree:PID:START` and so on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// The host as a whole.
    Host,
    /// A whole block device.
    Disk(Vec<u8>),
    /// A network interface of the recorder's own namespace.
    Nic(Vec<u8>),
    /// A network interface of another namespace.
    NicOf(u64, Vec<u8>),
    /// A mounted filesystem, by its mount point.
    Filesystem(Vec<u8>),
    /// A network namespace, by its inode.
    Netns(u64),
    /// A control group.
    Cgroup(Group),
    /// A process: pid and start in clock ticks after boot.
    Process(u64, u64),
    /// A process with all that descend from it: its pid and start.
    ForkTree(u64, u64),
    /// All processes of a name, which is that of the executable as a rule.
    Executable(Vec<u8>),
}

/// A control group. One made anew under the same path is another: its directory has another inode.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// `v2`, or the controllers of version 1, joined by commas.
    pub hierarchy: Vec<u8>,
    /// Path below the hierarchy's mount point.
    pub path: Vec<u8>,
    /// Inode of the directory; `None` where the path alone is known.
    pub inode: Option<u64>,
}

impl Group {
    /// A group of version 2 of which the path alone is known.
    pub fn at(path: &[u8]) -> Self {
        Self { hierarchy: b"v2".to_vec(), path: path.to_vec(), inode: None }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => out.write_str("host"),
            Self::Disk(name) => write!(out, "disk:{}", text(name)),
            Self::Nic(name) => write!(out, "nic:{}", text(name)),
            Self::NicOf(netns, name) => write!(out, "nic:{}@netns:{netns}", text(name)),
            Self::Filesystem(mount) => write!(out, "filesystem:{}", text(mount)),
            Self::Netns(inode) => write!(out, "netns:{inode}"),
            Self::Cgroup(group) if group.hierarchy == b"v2" => {
                write!(out, "cgroup:{}", text(&group.path))
            }
            Self::Cgroup(group) => {
                write!(out, "cgroup:{}:{}", text(&group.hierarchy), text(&group.path))
            }
            Self::Process(pid, start) => write!(out, "process:{pid}:{start}"),
            Self::ForkTree(pid, start) => write!(out, "fork_tree:{pid}:{start}"),
            Self::Executable(name) => write!(out, "executable:{}", text(name)),
        }
    }
}

impl Serialize for Entity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes of the host as text: what is not UTF-8 is replaced, and control characters, which could
/// steer a terminal, are too.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|symbol| if symbol.is_control() { char::REPLACEMENT_CHARACTER } else { symbol })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn entities_are_written_as_documented() {
        let check = |entity: Entity, expected: &str| assert_eq!(entity.to_string(), expected);
        check(Entity::Host, "host");
        check(Entity::Disk(b"sda".to_vec()), "disk:sda");
        check(Entity::Cgroup(Group::at(b"/a")), "cgroup:/a");
        let memory = Group { hierarchy: b"memory".to_vec(), inode: Some(7), ..Group::at(b"/a") };
        check(Entity::Cgroup(memory), "cgroup:memory:/a");
        check(Entity::Process(7, 99), "process:7:99");
        check(Entity::ForkTree(7, 99), "fork_tree:7:99");
        check(Entity::Executable(b"make".to_vec()), "executable:make");
        check(Entity::Filesystem(b"/m\xff\x1b[2J".to_vec()), "filesystem:/m\u{fffd}\u{fffd}[2J");
    }
}
