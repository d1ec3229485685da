//! What an effect may be at all, whoever asks for it: the bounds of the catalogue once more, on the
//! side of who acts. What puts something back is not checked by this: it comes from a note, and is
//! what was there.

use std::fmt;

use ks_vocabulary::action::{
    Bandwidth, CacheLevel, ConntrackMax, DirtyPercent, FinTimeout, HighPort, IoLevel, LowPort,
    MemoryHigh, NetdevBacklog, Nice, OomScore, Pids, ReadAhead, Reclaim, RequestRate, Somaxconn,
    StopTime, SwapLimit, Swappiness, SynBacklog, Weight,
};
use ks_vocabulary::decision::{Effect, GroupFile, Signal, Sysctl};

/// Class of I/O that gets what nobody else wants.
const IO_IDLE: u64 = 3;
const IO_BEST_EFFORT: u64 = 2;
const CLASS_SHIFT: u32 = 13;
/// Batch, and idle.
const POLICIES: [u64; 2] = [3, 5];
/// Quotas and periods that the kernel takes, in microseconds.
const QUOTA_US: std::ops::RangeInclusive<u64> = 1000..=100_000;
const PERIOD_US: u64 = 100_000;
/// The same of version 1, whose period is as somebody made it: one CPU for the longest of them.
const FIRST_QUOTA_US: std::ops::RangeInclusive<u64> = 1000..=1_000_000;
/// Shares of version 1: what weights of the catalogue are (1024 for a weight of 100).
const SHARES: std::ops::RangeInclusive<u64> = 10..=1014;

/// Seconds that anything lasts which ends by itself: the catalogue has such times for what stops
/// something alone, and those are shorter. Nobody waits longer for what he did not keep (our
/// judgement).
const LASTS_S: std::ops::RangeInclusive<u64> = 1..=3600;

/// An effect that no action of the catalogue has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfBounds {
    /// What it would do.
    pub effect: String,
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no action does this: {}", self.effect)
    }
}

impl std::error::Error for OutOfBounds {}

/// Whether an action of the catalogue can have this effect.
pub fn check(effect: &Effect) -> Result<(), OutOfBounds> {
    let is_within = match effect {
        Effect::Nice { nice, .. } | Effect::Autogroup { nice, .. } => is(*nice, Nice::new),
        Effect::Policy { policy, .. } => POLICIES.contains(policy),
        Effect::Affinity { cpus, .. } => cpus.is_some(),
        Effect::IoPriority { value, .. } => match value >> CLASS_SHIFT {
            IO_IDLE => value.trailing_zeros() >= CLASS_SHIFT,
            IO_BEST_EFFORT => IoLevel::best_effort(value - (IO_BEST_EFFORT << CLASS_SHIFT)).is_ok(),
            _ => false,
        },
        Effect::Signal { .. } | Effect::SyncFilesystem { .. } => true,
        Effect::OomScore { adj, .. } => is(*adj, OomScore::new),
        Effect::GroupFile { file, text, .. } => is_group_text(*file, text),
        Effect::Sysctl { key, text } => is_parameter(*key, text),
        Effect::ReadAhead { kb, .. } => ReadAhead::new(*kb).is_ok(),
        // Nobody plans it: no recording has what it would need.
        Effect::LinkMode { .. } => false,
    };
    if is_within { Ok(()) } else { Err(OutOfBounds { effect: effect.to_string() }) }
}

/// Whether effects can last so long.
pub fn check_time(lasts_s: Option<u64>, effects: &[Effect]) -> Result<(), OutOfBounds> {
    let Some(lasts_s) = lasts_s else { return Ok(()) };
    let is_within = if effects.iter().any(stops) {
        StopTime::new(lasts_s).is_ok()
    } else {
        LASTS_S.contains(&lasts_s)
    };
    if is_within { Ok(()) } else { Err(OutOfBounds { effect: format!("it lasts {lasts_s} s") }) }
}

/// Whether what it is done to stands still.
fn stops(effect: &Effect) -> bool {
    match effect {
        Effect::Signal { signal, .. } => *signal == Signal::Stop,
        Effect::GroupFile { file: GroupFile::CgroupFreeze, text, .. } => text == "1",
        Effect::GroupFile { file: GroupFile::FreezerState, text, .. } => text == "FROZEN",
        Effect::GroupFile { .. }
        | Effect::Nice { .. }
        | Effect::Policy { .. }
        | Effect::Affinity { .. }
        | Effect::IoPriority { .. }
        | Effect::Autogroup { .. }
        | Effect::OomScore { .. }
        | Effect::Sysctl { .. }
        | Effect::ReadAhead { .. }
        | Effect::SyncFilesystem { .. }
        | Effect::LinkMode { .. } => false,
    }
}

fn is<T, E>(value: i64, new: impl Fn(u64) -> Result<T, E>) -> bool {
    u64::try_from(value).is_ok_and(|value| new(value).is_ok())
}

/// A number as the kernel and we read it alike: without a sign, a unit, or a zero before it.
fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 20;
    let is_short = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain && is_short)
}

fn is_text<T, E>(text: &str, new: impl Fn(u64) -> Result<T, E>) -> bool {
    number(text).is_some_and(|value| new(value).is_ok())
}

fn is_group_text(file: GroupFile, text: &str) -> bool {
    match file {
        GroupFile::CgroupFreeze => matches!(text, "0" | "1"),
        GroupFile::FreezerState => matches!(text, "FROZEN" | "THAWED"),
        GroupFile::CpuCfsQuota => number(text).is_some_and(|us| FIRST_QUOTA_US.contains(&us)),
        GroupFile::CpuShares => number(text).is_some_and(|shares| SHARES.contains(&shares)),
        GroupFile::BlkioReadBps | GroupFile::BlkioWriteBps => {
            of_device(text).is_some_and(|limit| is_text(limit, Bandwidth::new))
        }
        GroupFile::BlkioReadIops | GroupFile::BlkioWriteIops => {
            of_device(text).is_some_and(|limit| is_text(limit, RequestRate::new))
        }
        GroupFile::CpuMax => text.split_once(' ').is_some_and(|(quota, period)| {
            number(quota).is_some_and(|quota| QUOTA_US.contains(&quota))
                && number(period) == Some(PERIOD_US)
        }),
        GroupFile::CpuWeight | GroupFile::IoWeight | GroupFile::IoBfqWeight => {
            is_text(text, Weight::new)
        }
        GroupFile::IoMax => is_io_limit(text),
        GroupFile::MemoryHigh => is_text(text, MemoryHigh::new),
        GroupFile::MemoryReclaim => is_text(text, Reclaim::new),
        GroupFile::MemorySwapMax => is_text(text, SwapLimit::new),
        GroupFile::PidsMax => is_text(text, Pids::new),
    }
}

/// What stands behind a device.
fn of_device(text: &str) -> Option<&str> {
    let (device, rest) = text.split_once(' ')?;
    let (major, minor) = device.split_once(':')?;
    number(major).zip(number(minor)).map(|_| rest)
}

fn is_io_limit(text: &str) -> bool {
    match of_device(text).and_then(|pair| pair.split_once('=')) {
        Some(("rbps" | "wbps", limit)) => is_text(limit, Bandwidth::new),
        Some(("riops" | "wiops", limit)) => is_text(limit, RequestRate::new),
        Some(_) | None => false,
    }
}

/// Whether an action of the catalogue writes this to a parameter.
pub(crate) fn is_parameter(key: Sysctl, text: &str) -> bool {
    match key {
        Sysctl::NetdevMaxBacklog => is_text(text, NetdevBacklog::new),
        Sysctl::Somaxconn => is_text(text, Somaxconn::new),
        Sysctl::IpLocalPortRange => text
            .split_once(' ')
            .is_some_and(|(low, high)| is_text(low, LowPort::new) && is_text(high, HighPort::new)),
        Sysctl::TcpFinTimeout => is_text(text, FinTimeout::new),
        Sysctl::TcpMaxSynBacklog => is_text(text, SynBacklog::new),
        Sysctl::TcpTwReuse => text == "1",
        Sysctl::NfConntrackMax => is_text(text, ConntrackMax::new),
        Sysctl::DirtyBackgroundRatio => is_text(text, DirtyPercent::new),
        Sysctl::DropCaches => is_text(text, CacheLevel::new),
        Sysctl::Swappiness => is_text(text, Swappiness::new),
        // It is written only to put it back.
        Sysctl::DirtyBackgroundBytes => false,
    }
}

#[cfg(test)]
mod tests;
