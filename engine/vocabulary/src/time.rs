//! Points in time and spans, as the engine knows them: fields of inputs, never a clock.

use serde::{Deserialize, Serialize};

/// Nanoseconds of `CLOCK_BOOTTIME`: the only time that rates, windows and deadlines use.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Nanoseconds from `earlier` to `self`, 0 if `earlier` is later.
    pub fn since_ns(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time `ns` later.
    #[must_use]
    pub fn plus_ns(self, ns: u64) -> Self {
        Self(self.0.saturating_add(ns))
    }

    /// The time `ns` away in either direction.
    #[must_use]
    pub fn offset_ns(self, ns: i64) -> Self {
        Self(self.0.saturating_add_signed(ns))
    }
}

/// Nanoseconds since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WallTime(pub i64);

/// Ties a boot's monotonic time to the wall clock, once, so that `at` never steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockAnchor {
    /// An instant on `CLOCK_BOOTTIME`.
    pub mono_ns: Timestamp,
    /// The same instant on the wall clock.
    pub at_ns: WallTime,
}

impl ClockAnchor {
    /// The wall-clock time of `mono`, by the anchor.
    pub fn at(self, mono: Timestamp) -> WallTime {
        let elapsed = i128::from(mono.0) - i128::from(self.mono_ns.0);
        let at = i128::from(self.at_ns.0) + elapsed;
        WallTime(i64::try_from(at).unwrap_or(if at < 0 { i64::MIN } else { i64::MAX }))
    }

    /// The monotonic time of `at`, by the anchor; before the boot it is 0.
    pub fn mono(self, at: WallTime) -> Timestamp {
        let elapsed = i128::from(at.0) - i128::from(self.at_ns.0);
        let mono = i128::from(self.mono_ns.0) + elapsed;
        Timestamp(u64::try_from(mono).unwrap_or(if mono < 0 { 0 } else { u64::MAX }))
    }
}

/// Nanoseconds in a second.
pub const SECOND_NS: u64 = 1_000_000_000;

/// Seconds as a floating-point number, for rates and evidence.
pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
