//! Whole numbers that can only be made within their bounds.
//!
//! A number is written as one; bytes and times may also be written with their units. `spec.rs` says
//! how it is read.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserializer;
use serde::de::Error;

use super::bad_value::BadValue;
use super::parameter::{Accepts, Parameter};
use super::risk::Risk;
use super::spec::{NONE, SIZES, Spec, TIMES};

const SIZE_TEXT: Accepts =
    Accepts::Text { pattern: "^([1-9][0-9]*(B|KiB|MiB|GiB|TiB))+$", example: "512MiB" };
const TIME_TEXT: Accepts = Accepts::Text { pattern: "^([1-9][0-9]*(s|m))+$", example: "30s" };

/// A page: the kernel rounds limits of memory down to it.
const PAGE_BYTES: u64 = 4096;
/// No limit in bytes is above it.
const BYTES_MAX: u64 = 16 << 40;

macro_rules! accepts {
    (NONE, $low:tt, $high:tt) => {
        &[Accepts::Whole { low: $low, high: $high }]
    };
    (SIZES, $low:tt, $high:tt) => {
        &[Accepts::Whole { low: $low, high: $high }, SIZE_TEXT]
    };
    (TIMES, $low:tt, $high:tt) => {
        &[Accepts::Whole { low: $low, high: $high }, TIME_TEXT]
    };
}

macro_rules! bounded {
    ($($(#[$doc:meta])* $name:ident $low:tt..=$high:tt $what:literal $units:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        pub struct $name(u64);

        impl $name {
            const SPEC: Spec = Spec { what: $what, low: $low, high: $high, units: $units };

            /// A number within the bounds.
            pub fn new(value: u64) -> Result<Self, BadValue> {
                Self::SPEC.check(value).map(Self)
            }

            /// The number.
            pub fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(&Self::SPEC).map(Self)
            }
        }

        impl Parameter for $name {
            const ACCEPTS: &'static [Accepts] = accepts!($units, $low, $high);

            fn canonical(&self, _: Risk) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}

bounded! {
    /// A nice level, absolute.
    Nice 1..=19 "nice level" NONE;
    /// Percent of one CPU.
    Percent 1..=100 "percentage of a CPU" NONE;
    /// A weight below that which groups have by themselves, 100.
    Weight 1..=99 "lower weight" NONE;
    /// Tasks that a group may have; the kernel has no more process ids than the greatest.
    Pids 1..=4_194_304 "number of tasks" NONE;
    /// Seconds for which something is stopped.
    StopTime 1..=60 "time to stop something for" TIMES;
    /// Seconds for which something is watched.
    WatchTime 1..=10 "time to watch something for" TIMES;
    /// `vm.dirty_background_ratio`.
    DirtyPercent 1..=20 "percentage of dirty memory" NONE;
    /// `queue/read_ahead_kb`.
    ReadAhead 16..=4096 "read-ahead in kB" NONE;
    /// `vm.swappiness`.
    Swappiness 1..=100 "swappiness" NONE;
    /// `vm.drop_caches`: 1 for pages of files, 2 for slab, 3 for both.
    CacheLevel 1..=3 "level of caches" NONE;
    /// `memory.high`. Less than the least holds no process that does anything (our judgement).
    MemoryHigh (16 << 20)..=BYTES_MAX "limit of memory" SIZES;
    /// Bytes to reclaim.
    Reclaim PAGE_BYTES..=BYTES_MAX "number of bytes to reclaim" SIZES;
    /// `memory.swap.max`.
    SwapLimit PAGE_BYTES..=BYTES_MAX "limit of swap" SIZES;
    /// `oom_score_adj`; the highest ones mark what is killed first by design.
    OomScore 1..=900 "adjustment of the OOM score" NONE;
    /// Bytes a second. Less than the least is a standstill (our judgement).
    Bandwidth 65_536..=BYTES_MAX "number of bytes a second" SIZES;
    /// Requests a second. Less than the least is a standstill (our judgement).
    RequestRate 10..=10_000_000 "number of requests a second" NONE;
    /// `net.ipv4.tcp_max_syn_backlog`.
    SynBacklog 128..=65_536 "backlog of requests" NONE;
    /// `net.core.somaxconn`.
    Somaxconn 128..=65_535 "length of accept queues" NONE;
    /// `net.ipv4.tcp_fin_timeout`, in seconds.
    FinTimeout 15..=60 "FIN timeout in seconds" NONE;
    /// The first local port. It stays below every last one, and each range may be widened to it.
    LowPort 1024..=32_768 "first port of a wider range" NONE;
    /// The last local port.
    HighPort 32_769..=65_535 "last port of a wider range" NONE;
    /// `net.netfilter.nf_conntrack_max`; an entry takes some 320 bytes, the greatest 5 GiB.
    ConntrackMax 1024..=16_777_216 "number of tracked connections" NONE;
    /// `net.core.netdev_max_backlog`; the greatest is 64 times the default (our judgement).
    NetdevBacklog 128..=65_536 "backlog of received frames" NONE;
    /// Lines that an answer may have.
    Count 1..=50 "number of lines" NONE;
}

/// Speeds that links have, in Mbit/s; 10 is a fault and no aim.
const SPEEDS: &[u64] =
    &[100, 1000, 2500, 5000, 10_000, 25_000, 40_000, 50_000, 100_000, 200_000, 400_000];

/// Speed of a link in Mbit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct LinkSpeed(u64);

impl LinkSpeed {
    const SPEC: Spec = Spec { what: "speed of a link", low: 100, high: 400_000, units: NONE };

    /// A speed that links have.
    pub fn new(mbit: u64) -> Result<Self, BadValue> {
        if SPEEDS.contains(&mbit) {
            return Ok(Self(mbit));
        }
        let all: Vec<String> = SPEEDS.iter().map(u64::to_string).collect();
        Err(BadValue::new(mbit, Self::SPEC.what, all.join(", ")))
    }

    /// Mbit/s.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl<'de> serde::Deserialize<'de> for LinkSpeed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mbit = deserializer.deserialize_any(&Self::SPEC)?;
        Self::new(mbit).map_err(D::Error::custom)
    }
}

impl Parameter for LinkSpeed {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Numbers(SPEEDS)];

    fn canonical(&self, _: Risk) -> Option<String> {
        Some(self.0.to_string())
    }
}
