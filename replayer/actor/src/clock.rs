//! What time it is. An actor is a process of its own, and asks for itself; nothing is decided by
//! the wall clock.
#![expect(clippy::disallowed_methods, reason = "the actor's clock is this file")]

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds in a second.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;

/// Nanoseconds since the boot, those that the host slept among them. The first reading of a process
/// asks the kernel for the auxiliary vector, by a call that nothing else needs: it is made before
/// the sandbox is closed.
pub(crate) fn boot_ns() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds * SECOND_NS + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// The same in clock ticks, as `/proc` counts them for programs: a hundred a second on every Linux.
pub(crate) fn boot_ticks() -> u64 {
    boot_ns() / (SECOND_NS / rustix::param::clock_ticks_per_second())
}

/// The time of day, in ns since 1970, for people.
pub(crate) fn wall_ns() -> i64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}
