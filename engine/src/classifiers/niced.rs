//! Whether those who wait for a CPU are batch work that somebody told to wait.
//!
//! A process at nice 10 or above, or of the idle policy, expects to wait (`signals.md`, sections 3
//! and 9). Stall shares and the number of runnable tasks say not who waits, but the waits of each
//! process do: by Little's law their sum a second is the mean number that waits.
//!
//! A group of the least weight, as one of idle priority or of pods of the least class of service,
//! expects the same, whatever its processes are told, and so does one of far less weight than those
//! beside it: stall shares say whether it alone waits. A group all of whose processes are batch
//! work needs no waits to tell.

use alloc::vec::Vec;

use crate::window::{Known, LONGEST_NS, Window, is_batch};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::{belongs, is_within};
use ks_vocabulary::model::Cpu;

use super::alone::{Alone, OTHERS, OTHERS_NS, waits};
use super::busy::busy_share;

mod light;

/// Share of the used CPU time from which a host does batch work: it stands in for the waits of
/// processes too short-lived to be read.
const BATCH_SHARE: f64 = 0.5;
/// CPU time of the host that all others use, below which they do not wait for batch work (our
/// judgement): the kernel gives a task at nice 10 a tenth of the weight of one at 0
/// (`sched_prio_to_weight`).
const OTHERS_BUSY: f64 = 0.5;

/// Batch work, as far as control groups tell of it: found once for all of them.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    window: &'a Window,
    light: Alone<'a>,
}

impl<'a> Batch<'a> {
    pub(super) fn of(window: &'a Window) -> Self {
        Self { window, light: light::of(window) }
    }

    /// Whether it explains that tasks of `entity` wait. Where waits by process are not recorded it
    /// does for the host, by what it uses, and for a group that does nothing else.
    pub(super) fn explains(&self, entity: &Entity) -> bool {
        let is_own = matches!(entity, Entity::Cgroup(group) if self.light.hold(&group.path));
        is_own || self.light.explain(entity) || explains(self.window, entity)
    }
}

/// Whether all that is known to run in a group is batch work.
pub(super) fn is_all(window: &Window, entity: &Entity) -> bool {
    let mut members = window.processes.iter().filter(|known| belongs(&known.row, entity));
    let is_batch = |known: &Known| is_batch(&known.row);
    !window.hides_processes && members.next().is_some_and(is_batch) && members.all(is_batch)
}

fn explains(window: &Window, entity: &Entity) -> bool {
    let Some(cpus @ 1..) = window.cpu.one().ok().and_then(Cpu::cpus_online) else { return false };
    let few = OTHERS * cpus as f64;
    let waited = window.processes.waited();
    if *entity != Entity::Host {
        let by_waits = waited.over(1).is_some() && explains_group(window, entity, few);
        return by_waits || is_all(window, entity);
    }
    let Some((batch, others)) = waited.over(OTHERS_NS) else { return gives_way(window) };
    // Stall shares are means of up to half a minute: what ended in it is in them still.
    let lately = waited.over(LONGEST_NS).map_or(batch, |(batch, _)| batch);
    let is_at_work = lately > others || batch_share(window) >= BATCH_SHARE;
    is_at_work && others < few
}

/// A group in which nobody is left waits no more, whatever the mean says.
fn explains_group(window: &Window, entity: &Entity, few: f64) -> bool {
    let Some(at) = window.processes.at() else { return false };
    let (mut batch, mut others, mut members) = (0.0, 0.0, 0u32);
    for known in window.processes.iter().filter(|known| belongs(&known.row, entity)) {
        members += 1;
        let waits = known.consumption(at).wait_ns as f64 / known.consumption_ns(at).max(1) as f64;
        if is_batch(&known.row) {
            batch += waits;
        } else {
            others += waits;
        }
    }
    members == 0 || batch > others && others < few
}

/// Whether most of what is used gives way to others, those use little, and no groups beside each
/// other wait: one of them would be theirs.
fn gives_way(window: &Window) -> bool {
    let share = batch_share(window);
    let busy = window.cpu.step().and_then(|step| busy_share(&step));
    let is_most = share >= BATCH_SHARE;
    is_most && busy.is_ok_and(|busy| busy * (1.0 - share) < OTHERS_BUSY) && one_waits(window)
}

/// Whether the groups that wait lie within each other.
fn one_waits(window: &Window) -> bool {
    let waiting = window.cgroups.entities().filter(|(.., track)| waits(track));
    let mut paths: Vec<&[u8]> = waiting.filter_map(|(_, row, _)| row.path()).collect();
    paths.retain(|path| *path != b"/");
    paths.sort_unstable();
    paths.windows(2).all(|pair| is_within(pair[1], pair[0]))
}

/// Share of the used CPU time that was niced; none where that is not told, which excuses nothing.
fn batch_share(window: &Window) -> f64 {
    let Ok(step) = window.cpu.step() else { return 0.0 };
    let grown = |name, get: fn(&Cpu) -> Option<u64>| step.growth(name, get);
    let user = grown("user", Cpu::user_ticks);
    let (Ok(nice), Ok(user), Ok(system)) =
        (grown("nice", Cpu::nice_ticks), user, grown("system", Cpu::system_ticks))
    else {
        return 0.0;
    };
    let used = nice + user + system;
    if used == 0 { 0.0 } else { nice as f64 / used as f64 }
}
