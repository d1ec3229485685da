//! Which condition is known to bring which about, and where.
//!
//! A link needs more than nearness in time: the same entity, the same convicted culprit, or one of
//! these mechanisms between entities that touch, with the cause not later than its effect
//! (`signals.md`, section 12, steps 5 and 9).

use crate::kind::{Entity, Kind};
use crate::time::{SECOND_NS, Timestamp};

use super::member::Member;

/// A cause may be seen up to so long after its effect: windows of verdicts differ.
const LATE_NS: u64 = 60 * SECOND_NS;
/// An onset is known this well: the windows of verdicts begin five seconds before.
pub(super) const ONSET_NS: u64 = 5 * SECOND_NS;

/// Cause and effect.
const MECHANISMS: &[(Kind, Kind)] = &[
    // Memory that runs short is reclaimed, swapped, read back, and waited for.
    (Kind::MemoryPressure, Kind::SwapThrashing),
    (Kind::MemoryPressure, Kind::PageFault),
    (Kind::MemoryPressure, Kind::IoCongestion),
    (Kind::MemoryPressure, Kind::BlockDeviceSaturation),
    (Kind::MemoryPressure, Kind::LoadMismatch),
    (Kind::MemoryPressure, Kind::Syscall),
    (Kind::SwapThrashing, Kind::MemoryPressure),
    (Kind::SwapThrashing, Kind::PageFault),
    (Kind::SwapThrashing, Kind::IoCongestion),
    (Kind::SwapThrashing, Kind::BlockDeviceSaturation),
    (Kind::SwapThrashing, Kind::LoadMismatch),
    (Kind::PageFault, Kind::IoCongestion),
    (Kind::PageFault, Kind::BlockDeviceSaturation),
    (Kind::PageFault, Kind::LoadMismatch),
    // A device that is never idle makes everybody wait who asks it.
    (Kind::BlockDeviceSaturation, Kind::IoCongestion),
    (Kind::BlockDeviceSaturation, Kind::PageFault),
    (Kind::BlockDeviceSaturation, Kind::LoadMismatch),
    (Kind::BlockDeviceSaturation, Kind::Syscall),
    (Kind::IoCongestion, Kind::LoadMismatch),
    (Kind::IoCongestion, Kind::Syscall),
    // More work than the CPUs take: tasks wait, calls are slow, listeners fall behind.
    (Kind::LoadMismatch, Kind::Scheduler),
    (Kind::Scheduler, Kind::LoadMismatch),
    (Kind::LoadMismatch, Kind::Syscall),
    (Kind::Scheduler, Kind::Syscall),
    (Kind::LoadMismatch, Kind::TcpExhaustion),
    (Kind::Scheduler, Kind::TcpExhaustion),
    // Connections dropped at a full queue are tried again; a full filesystem refuses calls.
    (Kind::TcpExhaustion, Kind::NetworkDegradation),
    (Kind::Syscall, Kind::Syscall),
];

/// Whether `cause` can have brought `effect` about.
pub(super) fn explains(cause: &Member, effect: &Member) -> bool {
    known(cause, effect)
        && touch(&cause.entity, &effect.entity)
        && cause.onset.since_ns(effect.onset) <= LATE_NS
}

fn known(cause: &Member, effect: &Member) -> bool {
    if !MECHANISMS.contains(&(cause.kind, effect.kind)) {
        return false;
    }
    // What waits for storage is blocked; work for the CPUs has another cause.
    let waits = !matches!(cause.kind, Kind::Scheduler);
    if effect.kind == Kind::LoadMismatch && waits {
        return !matches!(effect.subtype, Some("cpu_bound" | "bursty"));
    }
    // Blocked tasks take no CPU from anybody.
    if cause.kind == Kind::LoadMismatch {
        return cause.subtype != Some("blocked");
    }
    true
}

/// Whether what happens on one entity is felt on the other: the host holds everything, a group
/// what is below it.
fn touch(one: &Entity, other: &Entity) -> bool {
    if *one == Entity::Host || *other == Entity::Host {
        return true;
    }
    match (one, other) {
        (Entity::Cgroup(hierarchy, path), Entity::Cgroup(of, below)) => {
            hierarchy == of && (is_within(path, below) || is_within(below, path))
        }
        (Entity::Disk(_), Entity::Cgroup(..) | Entity::Filesystem(_))
        | (Entity::Cgroup(..) | Entity::Filesystem(_), Entity::Disk(_))
        | (Entity::Netns(_), Entity::Nic(_) | Entity::NicOf(..))
        | (Entity::Nic(_) | Entity::NicOf(..), Entity::Netns(_)) => true,
        (one, other) => one == other,
    }
}

fn is_within(path: &[u8], group: &[u8]) -> bool {
    let rest = path.strip_prefix(group);
    rest.is_some_and(|rest| rest.is_empty() || group == b"/" || rest.starts_with(b"/"))
}

/// Whether two episodes belong together.
pub(super) fn linked(one: &Member, other: &Member) -> bool {
    one.entity == other.entity && one.kind == other.kind
        || one.shares_culprit(other)
        || explains(one, other)
        || explains(other, one)
}

/// Whether `one` began before `other` for certain: the intervals of their onsets do not overlap.
pub(super) fn is_before(one: Timestamp, other: Timestamp) -> bool {
    other.since_ns(one) > 2 * ONSET_NS
}
