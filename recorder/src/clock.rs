//! The only file that asks for the time.
//!
//! `CLOCK_BOOTTIME` orders and measures everything; the wall clock is read once for the anchor and
//! then only compared with it, so that a step is seen. A suspend is what moves `CLOCK_BOOTTIME`
//! away from `CLOCK_MONOTONIC`.
#![expect(clippy::disallowed_methods, reason = "this is the one place that asks for the time")]

use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};
use rustix::time::{ClockId, Timespec, clock_gettime};

fn nanoseconds(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

fn read(clock: ClockId) -> i64 {
    nanoseconds(clock_gettime(clock))
}

/// Time since boot, suspends included.
pub fn now() -> Timestamp {
    Timestamp(u64::try_from(read(ClockId::Boottime)).expect("time since boot is positive"))
}

/// Time since boot without suspends, in ns: what programs in the kernel measure spans by.
pub fn monotonic_ns() -> u64 {
    u64::try_from(read(ClockId::Monotonic)).expect("time since boot is positive")
}

/// CPU time this process has used, in ns: what the recorder charges to itself.
pub fn process_cpu_ns() -> u64 {
    u64::try_from(read(ClockId::ProcessCPUTime)).expect("CPU time is positive")
}

/// CPU time this thread has used, in ns: what a part of a tick is charged with.
pub fn thread_cpu_ns() -> u64 {
    u64::try_from(read(ClockId::ThreadCPUTime)).expect("CPU time is positive")
}

/// A span in the kernel's user-visible clock ticks, as it counts them in `/proc`.
pub fn user_ticks(ns: u64) -> u64 {
    ns / (1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)).max(1)
}

/// Ties the wall clock to the time since boot.
pub fn anchor() -> ClockAnchor {
    ClockAnchor { mono_ns: now(), at_ns: WallTime(read(ClockId::Realtime)) }
}

/// How the three clocks stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offsets {
    wall_ns: i64,
    suspended_ns: i64,
}

/// What moved between two comparisons of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// The wall clock against the time since boot.
    pub wall_step_ns: Option<i64>,
    /// Time spent suspended.
    pub suspended_ns: Option<u64>,
}

impl Offsets {
    /// Compares the clocks. Three readings are not one instant; the smaller of two spans is taken.
    pub fn read() -> Self {
        let once = || {
            let boot = read(ClockId::Boottime);
            let wall = read(ClockId::Realtime);
            let monotonic = read(ClockId::Monotonic);
            let span = read(ClockId::Boottime) - boot;
            (span, Self { wall_ns: wall - boot, suspended_ns: boot - monotonic })
        };
        let (first, second) = (once(), once());
        if first.0 <= second.0 { first.1 } else { second.1 }
    }

    /// What moved since `earlier`. Slewing and reading noise stay below 10 ms a tick (our
    /// judgement: NTP slews at most 0.5 ms a second); a suspend lasts longer than that.
    pub fn since(self, earlier: Self) -> Moved {
        const NOISE_NS: i64 = 10_000_000;
        let suspended = self.suspended_ns - earlier.suspended_ns;
        let wall = self.wall_ns - earlier.wall_ns;
        Moved {
            wall_step_ns: (wall.abs() > NOISE_NS).then_some(wall),
            suspended_ns: u64::try_from(suspended).ok().filter(|ns| *ns > NOISE_NS.cast_unsigned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_and_a_suspend_are_told_from_noise() {
        let before = Offsets { wall_ns: 1_000, suspended_ns: 0 };
        let noise = Offsets { wall_ns: 2_000, suspended_ns: -500 };
        assert_eq!(noise.since(before), Moved::default());
        let back = Offsets { wall_ns: 1_000 - 3_600_000_000_000, suspended_ns: 0 };
        assert_eq!(back.since(before).wall_step_ns, Some(-3_600_000_000_000));
        let slept = Offsets { wall_ns: 1_000, suspended_ns: 60_000_000_000 };
        assert_eq!(slept.since(before).suspended_ns, Some(60_000_000_000));
        assert_eq!(slept.since(before).wall_step_ns, None);
    }

    #[test]
    fn the_anchor_is_of_this_boot() {
        let (before, anchor, after) = (now(), anchor(), now());
        assert!(before <= anchor.mono_ns && anchor.mono_ns <= after);
    }
}
