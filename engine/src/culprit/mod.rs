//! Who consumes what a condition is about, and who suffers from it.
//!
//! The rule is that of `signals.md`, section 12. `interval.rs` says over what time is looked,
//! `past.rs` how far an entity is above what is usual for it, `parties.rs` who the parties are,
//! and `sets.rs` which of them, alone or as a set, is to blame: at least 40 % of all that is above
//! the usual of the host or group (`whole.rs`), and at least twice the next. What holds nearly all
//! of the host is no set (`crowd.rs`). Those who suffer are told apart in `victim.rs`. Which
//! counter convicts for a condition its classifier says. Of sockets the owners are named, by what
//! they hold (`owners.rs`).
//!
//! Where processes are hidden from the recorder only groups are convicted, by their own counters:
//! the worst process may be one that nobody saw.
//!
//! Executables go by the name of the process, which is what is recorded of them. Open files are
//! read while a signal stands only, so the first reading of them counts as growth.

mod candidates;
mod counter;
mod crowd;
mod interval;
mod naming;
mod owners;
mod parties;
mod past;
mod rise;
mod scratch;
mod sets;
mod shortage;
pub(crate) mod victim;
mod whole;

use alloc::vec::Vec;

use crate::window::Window;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::time::Timestamp;

pub(crate) use counter::{CPU, Counter, IO, MAJFLT, OPEN_FILES, WRITTEN};
use counter::{GROWTH, SWAP};
use interval::Interval;
pub(crate) use parties::Case;
pub(crate) use sets::{CONVICT_LEAD, CONVICT_SHARE};
pub(crate) use shortage::{makes_room, short_group};

/// How many are named of each kind.
pub(crate) const NAMED: usize = 3;
/// Growth below this is not what fills a host's memory.
const GROWTH_FLOOR_BYTES: f64 = 16.0 * 1024.0 * 1024.0;

/// Who is to blame for a condition, and who suffers from it, most first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blamed {
    pub(crate) culprits: Vec<Culprit>,
    pub(crate) victims: Vec<Culprit>,
}

impl<'a> Case<'a> {
    /// What happens to `entity`. `since` is when the series of the signal changed; without it the
    /// last minute is looked at.
    pub(crate) fn new(window: &'a Window, entity: &'a Entity, since: Option<Timestamp>) -> Self {
        Self { window, entity, interval: Interval::new(since, window.mono()) }
    }

    /// The same over all that is remembered: what fills a filesystem may have been written as fast
    /// for hours.
    pub(crate) fn of_all(&self) -> Self {
        Self { interval: Interval::of_all(self.window.mono()), ..*self }
    }

    /// Those whose counter rose.
    pub(crate) fn by(&self, counter: Counter) -> Vec<Culprit> {
        naming::culprits(self, counter)
    }

    /// Those who go to swap, or else those who fault.
    pub(crate) fn by_swap(&self) -> Vec<Culprit> {
        or_faulting(self.by(SWAP), 0.0, || self.by(MAJFLT))
    }

    /// Who fills the memory that the entity is short of.
    pub(crate) fn by_memory(&self) -> Vec<Culprit> {
        let place = shortage::place(self.window, self.entity);
        let case = Case { entity: &place, ..*self };
        let floor = if place == Entity::Host { GROWTH_FLOOR_BYTES } else { 0.0 };
        let mut blamed = or_faulting(case.by(GROWTH), floor, || case.by(MAJFLT));
        let is_convicted = |blamed: &[Culprit]| blamed.iter().any(|culprit| culprit.convicted);
        // At its limit a group stops growing, and whoever reads on in it is to blame.
        if place != Entity::Host && !is_convicted(&blamed) {
            let faulting = case.by(MAJFLT);
            blamed = if is_convicted(&faulting) { faulting } else { blamed };
        }
        // Whoever grew so fast that it was gone before it was seen to grow.
        if !is_convicted(&blamed) {
            let held = victim::killed_holders(self.window, &place);
            blamed = if held.is_empty() { blamed } else { held };
        }
        victim::name_killed(self.window, &mut blamed);
        blamed
    }
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
