//! The limits of a unit that systemd is asked to set, and no others: each is a property with a
//! number.

use std::fmt;

use ks_vocabulary::decision::GroupFile;
use serde::{Deserialize, Serialize};

/// As systemd says that there is none.
pub const NONE: u64 = u64::MAX;
const SECOND_US: u64 = 1_000_000;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Limit {
    /// Microseconds of a CPU in each second.
    CpuQuota(u64),
    /// Weight among neighbours.
    CpuWeight(u64),
    /// Bytes from which on memory is reclaimed.
    MemoryHigh(u64),
    /// Threads.
    Tasks(u64),
    /// Weight among neighbours.
    IoWeight(u64),
    /// Of one disk.
    Io {
        /// What of it.
        way: IoWay,
        /// Which.
        disk: Disk,
        /// Bytes or requests each second.
        most: u64,
    },
}

/// What of a disk is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IoWay {
    /// Bytes that are read.
    ReadBytes,
    /// Bytes that are written.
    WriteBytes,
    /// Requests to read.
    Reads,
    /// Requests to write.
    Writes,
}

/// A disk by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its first part.
    pub major: u32,
    /// Its second.
    pub minor: u32,
}

impl fmt::Display for Disk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.major, self.minor)
    }
}

impl IoWay {
    const ALL: [(Self, &'static str); 4] = [
        (Self::ReadBytes, "rbps"),
        (Self::WriteBytes, "wbps"),
        (Self::Reads, "riops"),
        (Self::Writes, "wiops"),
    ];
}

impl Limit {
    /// What a text that is written to a file of a group means; nothing where systemd has no
    /// property for that.
    pub fn of(file: GroupFile, text: &str) -> Option<Self> {
        match file {
            GroupFile::CpuMax => {
                let (quota, period) = text.split_once(' ')?;
                let (quota, period) = (number(quota)?, period.parse::<u64>().ok()?);
                let share = || quota.checked_mul(SECOND_US)?.checked_div(period);
                Some(Self::CpuQuota(if quota == NONE { NONE } else { share()? }))
            }
            GroupFile::CpuWeight => number(text).map(Self::CpuWeight),
            GroupFile::MemoryHigh => number(text).map(Self::MemoryHigh),
            GroupFile::PidsMax => number(text).map(Self::Tasks),
            GroupFile::IoWeight => number(text).map(Self::IoWeight),
            GroupFile::IoMax => {
                let (device, pair) = text.split_once(' ')?;
                let (major, minor) = device.split_once(':')?;
                let disk = Disk { major: major.parse().ok()?, minor: minor.parse().ok()? };
                let (key, most) = pair.split_once('=')?;
                let (way, _) = IoWay::ALL.into_iter().find(|(_, known)| *known == key)?;
                Some(Self::Io { way, disk, most: number(most)? })
            }
            // Files of version 1 are written directly.
            GroupFile::BlkioReadBps
            | GroupFile::BlkioReadIops
            | GroupFile::BlkioWriteBps
            | GroupFile::BlkioWriteIops
            | GroupFile::CgroupFreeze
            | GroupFile::CpuCfsQuota
            | GroupFile::CpuShares
            | GroupFile::FreezerState
            | GroupFile::IoBfqWeight
            | GroupFile::MemoryReclaim
            | GroupFile::MemorySwapMax => None,
        }
    }

    /// The property of systemd.
    pub fn property(&self) -> &'static str {
        match self {
            Self::CpuQuota(_) => "CPUQuotaPerSecUSec",
            Self::CpuWeight(_) => "CPUWeight",
            Self::MemoryHigh(_) => "MemoryHigh",
            Self::Tasks(_) => "TasksMax",
            Self::IoWeight(_) => "IOWeight",
            Self::Io { way: IoWay::ReadBytes, .. } => "IOReadBandwidthMax",
            Self::Io { way: IoWay::WriteBytes, .. } => "IOWriteBandwidthMax",
            Self::Io { way: IoWay::Reads, .. } => "IOReadIOPSMax",
            Self::Io { way: IoWay::Writes, .. } => "IOWriteIOPSMax",
        }
    }

    /// The number alone.
    pub(crate) fn most(&self) -> u64 {
        match self {
            Self::CpuQuota(most)
            | Self::CpuWeight(most)
            | Self::MemoryHigh(most)
            | Self::Tasks(most)
            | Self::IoWeight(most)
            | Self::Io { most, .. } => *most,
        }
    }

    /// The same with another number.
    pub(crate) fn with(&self, most: u64) -> Self {
        match self {
            Self::CpuQuota(_) => Self::CpuQuota(most),
            Self::CpuWeight(_) => Self::CpuWeight(most),
            Self::MemoryHigh(_) => Self::MemoryHigh(most),
            Self::Tasks(_) => Self::Tasks(most),
            Self::IoWeight(_) => Self::IoWeight(most),
            Self::Io { way, disk, .. } => Self::Io { way: *way, disk: *disk, most },
        }
    }

    /// Whether two limit the same: of a disk, the same of the same one.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.with(NONE) == other.with(NONE)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}=", self.property())?;
        if let Self::Io { disk, .. } = self {
            write!(out, "{disk} ")?;
        }
        match self.most() {
            NONE => write!(out, "infinity"),
            most => write!(out, "{most}"),
        }
    }
}

/// `NONE` is said by a word: the number itself is none that a file has.
fn number(text: &str) -> Option<u64> {
    if text == "max" {
        return Some(NONE);
    }
    text.parse().ok().filter(|number| *number != NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_a_file_is_a_property_with_a_number() {
        let disk = Disk { major: 8, minor: 16 };
        for (file, text, wanted, told) in [
            (GroupFile::CpuMax, "50000 100000", Limit::CpuQuota(500_000), "=500000"),
            (GroupFile::CpuMax, "1000 100000", Limit::CpuQuota(10_000), "=10000"),
            (GroupFile::CpuMax, "max 100000", Limit::CpuQuota(NONE), "=infinity"),
            (GroupFile::CpuWeight, "20", Limit::CpuWeight(20), "=20"),
            (GroupFile::MemoryHigh, "4096", Limit::MemoryHigh(4096), "=4096"),
            (GroupFile::MemoryHigh, "max", Limit::MemoryHigh(NONE), "=infinity"),
            (GroupFile::PidsMax, "300", Limit::Tasks(300), "=300"),
            (GroupFile::IoWeight, "10", Limit::IoWeight(10), "=10"),
            (
                GroupFile::IoMax,
                "8:16 wbps=1048576",
                Limit::Io { way: IoWay::WriteBytes, disk, most: 1 << 20 },
                "=8:16 1048576",
            ),
            (
                GroupFile::IoMax,
                "8:16 riops=max",
                Limit::Io { way: IoWay::Reads, disk, most: NONE },
                "=8:16 infinity",
            ),
        ] {
            let limit = Limit::of(file, text).unwrap();
            assert_eq!(limit, wanted);
            assert_eq!(limit.to_string(), format!("{}{told}", limit.property()));
            assert_eq!(limit.with(7).most(), 7);
        }
    }

    #[test]
    fn no_other_file_has_a_property_and_no_other_text_is_one() {
        for (file, text) in [
            (GroupFile::CgroupFreeze, "1"),
            (GroupFile::IoBfqWeight, "20"),
            (GroupFile::MemoryReclaim, "4096"),
            (GroupFile::MemorySwapMax, "4096"),
            (GroupFile::CpuMax, "50000"),
            (GroupFile::CpuMax, "50000 0"),
            (GroupFile::PidsMax, "18446744073709551615"),
            (GroupFile::PidsMax, "-1"),
            (GroupFile::IoMax, "8:0 else=1"),
            (GroupFile::IoMax, "8:0"),
        ] {
            assert_eq!(Limit::of(file, text), None, "{file} {text}");
        }
        for text in [
            r#"{"exec_start":"id"}"#,
            r#"{"property":"ExecStart"}"#,
            r#"{"cpu_weight":"20"}"#,
            r#"{"cpu_weight":-1}"#,
            r#"{"io":{"way":"read_bytes","disk":"/etc","most":1}}"#,
            r#"{"io":{"way":"read_bytes","disk":{"major":8,"minor":0},"most":1,"more":1}}"#,
        ] {
            assert!(serde_json::from_str::<Limit>(text).is_err(), "{text}");
        }
    }
}
