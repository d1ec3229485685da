//! Who consumes what a condition is about, and who suffers from it.
//!
//! The rule is that of `signals.md`, section 12. `interval.rs` says over what time is looked,
//! `past.rs` how far an entity is above what is usual for it, `parties.rs` who the parties are,
//! and `sets.rs` which of them, alone or as a set, is to blame: at least 40 % of all that is above
//! the usual, and at least twice the next. Those who suffer are told apart in `victim.rs`.
//!
//! Executables go by the name of the process, which is what is recorded of them. Open files are
//! read while a signal stands only, so the first reading of them counts as growth.

mod counter;
mod interval;
mod naming;
mod parties;
mod past;
mod rise;
mod scratch;
mod sets;
mod shortage;
mod victim;

use alloc::vec::Vec;

use crate::window::{Call, Stall, Window};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use ks_vocabulary::unit::Unit;

use counter::{CPU, Counter, GROWTH, IO, MAJFLT, OPEN_FILES, SWAP, WRITTEN};
use interval::Interval;
use parties::Case;
pub(crate) use sets::{CONVICT_LEAD, CONVICT_SHARE};

/// How many are named of each kind.
pub(crate) const NAMED: usize = 3;
/// Growth below this is not what fills a host's memory.
const GROWTH_FLOOR_BYTES: f64 = 16.0 * 1024.0 * 1024.0;

/// Culprits and victims of a condition. `since` is when the series of the signal changed; without
/// it the last minute is looked at.
pub(crate) fn rank(
    window: &Window,
    kind: Kind,
    entity: &Entity,
    since: Option<Timestamp>,
) -> (Vec<Culprit>, Vec<Culprit>) {
    let interval = Interval::new(since, window.mono());
    let by = |counter: Counter| naming::culprits(&Case { window, entity, interval }, counter);
    match kind {
        Kind::LoadMismatch => (by(CPU), Vec::new()),
        Kind::Scheduler => {
            let groups = victim::groups(window, entity, Stall::CpuSome);
            let waiters = if groups.is_empty() { victim::waiters(window, entity) } else { groups };
            (by(CPU), waiters)
        }
        Kind::IoCongestion => {
            let groups = victim::groups(window, entity, Stall::IoSome);
            let asleep = if groups.is_empty() { victim::asleep(window, entity) } else { groups };
            (by(IO), asleep)
        }
        Kind::BlockDeviceSaturation => (by(IO), Vec::new()),
        Kind::MemoryPressure => (fills_memory(window, entity, interval), {
            let mut suffer = victim::killed(window, entity);
            suffer.extend(victim::groups(window, entity, Stall::MemorySome));
            suffer.truncate(NAMED);
            suffer
        }),
        Kind::SwapThrashing => (
            or_faulting(by(SWAP), 0.0, || by(MAJFLT)),
            victim::groups(window, entity, Stall::MemorySome),
        ),
        Kind::PageFault => (by(MAJFLT), Vec::new()),
        Kind::TcpExhaustion if *entity == Entity::Host => (by(OPEN_FILES), Vec::new()),
        Kind::Syscall if matches!(entity, Entity::Filesystem(_)) => {
            // What fills a filesystem may have been written as fast for hours: all of it counts.
            let interval = Interval::of_all(window.mono());
            (naming::culprits(&Case { window, entity, interval }, WRITTEN), Vec::new())
        }
        Kind::Syscall => (
            victim::callers(
                window,
                (Metric::RefusedCalls, Unit::One),
                meets_own_limit(window),
                |calls| calls.refused,
            ),
            victim::callers(window, (Metric::SlowCalls, Unit::Nanoseconds), false, |calls| {
                calls.slow_ns
            }),
        ),
        Kind::NetworkDegradation | Kind::TcpExhaustion => Default::default(),
    }
}

/// Who fills the memory that an entity is short of.
fn fills_memory(window: &Window, entity: &Entity, interval: Interval) -> Vec<Culprit> {
    let place = shortage::place(window, entity);
    let by =
        |counter: Counter| naming::culprits(&Case { window, entity: &place, interval }, counter);
    let floor = if place == Entity::Host { GROWTH_FLOOR_BYTES } else { 0.0 };
    let mut blamed = or_faulting(by(GROWTH), floor, || by(MAJFLT));
    // Whoever grew so fast that it was gone before it was seen to grow.
    if !blamed.iter().any(|culprit| culprit.convicted) {
        let held = victim::killed_holders(window, &place);
        blamed = if held.is_empty() { blamed } else { held };
    }
    victim::name_killed(window, &mut blamed);
    blamed
}

/// Whether calls were refused for the descriptors of their own processes, which nobody else uses
/// up: nine in ten of the last ten seconds (our judgement).
fn meets_own_limit(window: &Window) -> bool {
    let grown = |what| {
        let track = window.bpf_syscall.track().ok()?;
        track.over(what, 10 * SECOND_NS).ok().map(|growth| growth.by)
    };
    let both = grown(Call::NoDescriptor).zip(grown(Call::Refused));
    both.is_some_and(|(own, all)| own > 0 && own as f64 >= 0.9 * all as f64)
}

/// Those who grow; where nobody grew by more than `least`, those who fault, if there are any.
fn or_faulting(
    growing: Vec<Culprit>,
    least: f64,
    faulting: impl FnOnce() -> Vec<Culprit>,
) -> Vec<Culprit> {
    if growing.first().is_some_and(|first| !first.resident && first.amount > least) {
        return growing;
    }
    let faulting = faulting();
    if faulting.is_empty() { growing } else { faulting }
}

#[cfg(test)]
mod tests;
