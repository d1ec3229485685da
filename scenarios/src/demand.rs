//! What a process asks of the host, by the second.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::{Bytes, Duration};

/// Threads that ask a disk and wait for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Requests {
    /// Threads that do.
    pub threads: f64,
    /// Time between an answer and the next request.
    pub think: Duration,
    /// Bytes of a request.
    pub size: Bytes,
}

impl Default for Requests {
    fn default() -> Self {
        Self { threads: 0.0, think: Duration { ns: 10_000_000 }, size: Bytes { bytes: 16_384 } }
    }
}

macro_rules! demand {
    (
        $( #[doc = $sum_doc:literal] $sum:ident; )+
        given $( #[doc = $set_doc:literal] $set:ident: $set_ty:ty = $default:expr; )+
    ) => {
        /// What a process asks of the host: of what is not said, nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Demand {
            $( #[doc = $sum_doc] pub $sum: f64, )+
            $( #[doc = $set_doc] pub $set: Option<$set_ty>, )+
            /// Anonymous memory that it begins with.
            pub memory: Bytes,
            /// Bytes of files that it uses all the time, through the page cache.
            pub file_hot: Bytes,
            /// Reads from the disk, past the page cache.
            pub read: Requests,
            /// Synchronous writes.
            pub sync: Requests,
        }

        impl Demand {
            /// Adds `times` as much as another asks for; what the other gives as such replaces.
            pub fn add(&mut self, other: &Self, times: f64) {
                $( self.$sum += times * other.$sum; )+
                $( self.$set = other.$set.or(self.$set); )+
                self.read = self.read.with(&other.read, times);
                self.sync = self.sync.with(&other.sync, times);
            }

            /// Rates scaled by a factor: the same work, more or less of it.
            #[must_use]
            pub fn times(&self, factor: f64) -> Self {
                let mut scaled = *self;
                $( scaled.$sum *= factor; )+
                scaled.read.threads *= factor;
                scaled.sync.threads *= factor;
                scaled
            }

            $(
                #[doc = $set_doc]
                pub fn $set(&self) -> $set_ty {
                    self.$set.unwrap_or($default)
                }
            )+

            /// The name of a rate that is negative or no number.
            pub fn implausible(&self) -> Option<&'static str> {
                let rates = [$( (stringify!($sum), self.$sum) ),+];
                rates.iter().find(|(_, rate)| !rate.is_finite() || *rate < 0.0).map(|found| found.0)
            }
        }
    };
}

demand! {
    /// CPU seconds of work that arrive a second.
    cpu;
    /// Threads that want a CPU all the time.
    spin;
    /// Anonymous bytes that it takes a second and never gives back.
    leak;
    /// Random touches a second of what is hot: each of a page that is not there is a major fault.
    touches;
    /// Touches a second of the files that it uses.
    file_touches;
    /// Minor faults a second, beyond those of growth.
    minor_faults;
    /// Bytes a second that are read once through the page cache, from the disk.
    scan;
    /// Bytes a second written into the page cache.
    write;
    /// Share of what is written that stays on the filesystem.
    keeps;
    /// Files a second that are made and stay.
    files_made;
    /// System calls a second.
    calls;
    /// Short-lived children a second.
    forks;
    /// Children that stay, a second.
    spawns;
    /// Files a second that are opened and never closed.
    opens;
    /// TCP segments sent and received a second.
    segments;
    /// Connections a second that it opens to one destination and closes first.
    connects;
    /// Connections a second that arrive at its listening socket.
    arrivals;
    /// Connections a second that it can accept.
    accepts;
    /// Peers a second that close while it does not.
    unclosed;
    /// Share of the time that each thread waits for locks.
    lock_wait;
    given
    /// Share of its CPU time in the kernel.
    system_share: f64 = 0.2;
    /// CPU time between two sleeps.
    burst: Duration = Duration { ns: 1_000_000 };
    /// Share of its memory that it touches all the time.
    hot: f64 = 0.5;
    /// Bytes that are read where a part of the files that it uses is not in memory.
    file_read: Bytes = Bytes { bytes: 16_384 };
    /// Mean bytes of a segment.
    segment: Bytes = Bytes { bytes: 800 };
}

impl Requests {
    /// Those of both, at the pace of the one that asks.
    fn with(self, other: &Self, times: f64) -> Self {
        let paced = if other.threads > 0.0 { other } else { &self };
        Self { threads: self.threads + times * other.threads, ..*paced }
    }
}
