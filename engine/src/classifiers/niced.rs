//! Whether those who wait for a CPU are batch work that somebody told to wait.
//!
//! A process at nice 10 or above, or of the idle policy, expects to wait (`signals.md`, sections 3
//! and 9). Stall shares and the number of runnable tasks say not who waits, but the waits of each
//! process do: by Little's law their sum a second is the mean number that waits.
//!
//! A group of the least weight, as one of idle priority or of pods of the least class of service,
//! expects the same, whatever its processes are told: its stall shares and those of all others say
//! whether it alone waits.

use alloc::vec::Vec;

use crate::window::{CgroupTrack, LONGEST_NS, Stall, Window, is_batch};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::{belongs, is_within};
use ks_vocabulary::model::{Cgroup, Cpu};
use ks_vocabulary::time::SECOND_NS;

use super::busy::busy_share;

/// Others that wait, for each CPU, below which they are not what is seen: the least share of
/// stalled time that is a verdict (`scheduler`, low).
const OTHERS: f64 = 0.10;
/// Over which time others are looked at: the shortest persistence.
const OTHERS_NS: u64 = 5 * SECOND_NS;
/// Share of the used CPU time from which a host does batch work: it stands in for the waits of
/// processes too short-lived to be read.
const BATCH_SHARE: f64 = 0.5;
/// The least weight that a group can be given; below it is the idle policy (kernel documentation,
/// `cpu.weight` and `cpu.idle`).
const LEAST_WEIGHT: u64 = 1;

/// CPU time of the host that all others use, below which they do not wait for batch work (our
/// judgement): the kernel gives a task at nice 10 a tenth of the weight of one at 0
/// (`sched_prio_to_weight`).
const OTHERS_BUSY: f64 = 0.5;

/// Whether batch work explains that tasks of `entity` wait. Where waits by process are not recorded
/// it does for the host alone, by what it uses.
pub(super) fn explains(window: &Window, entity: &Entity) -> bool {
    let Some(cpus @ 1..) = window.cpu.one().ok().and_then(Cpu::cpus_online) else { return false };
    let few = OTHERS * cpus as f64;
    let waited = window.processes.waited();
    let groups = Light::of(window);
    if groups.explain(window, entity) {
        return true;
    }
    if *entity != Entity::Host {
        return waited.over(1).is_some() && explains_group(window, entity, few);
    }
    let Some((batch, others)) = waited.over(OTHERS_NS) else { return gives_way(window) };
    // Stall shares are means of up to half a minute: what ended in it is in them still.
    let lately = waited.over(LONGEST_NS).map_or(batch, |(batch, _)| batch);
    let is_at_work = lately > others || batch_share(window) >= BATCH_SHARE;
    is_at_work && others < few
}

/// Paths of the groups of the least weight.
struct Light<'a>(Vec<&'a [u8]>);

impl<'a> Light<'a> {
    fn of(window: &'a Window) -> Self {
        let is_least = |row: &Cgroup| row.cpu_weight().is_some_and(|of| of <= LEAST_WEIGHT);
        let rows = window.cgroups.entities().map(|(_, row, _)| row);
        Self(rows.filter(|row| is_least(row)).filter_map(Cgroup::path).collect())
    }

    /// Whether only they wait. Groups around them wait with them.
    fn explain(&self, window: &Window, entity: &Entity) -> bool {
        let is_own = |path: &[u8]| self.0.iter().any(|light| is_within(path, light));
        let is_around =
            |path: &[u8]| self.0.iter().any(|light| path == b"/" || is_within(light, path));
        if let Entity::Cgroup(group) = entity
            && (is_own(&group.path) || !is_around(&group.path))
        {
            return is_own(&group.path);
        }
        let mut any = false;
        for (_, row, track) in window.cgroups.entities() {
            let path = row.path().unwrap_or_default();
            if is_own(path) {
                any |= waits(track);
            } else if !is_around(path) && waits(track) {
                return false;
            }
        }
        any
    }
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

fn waits(track: &CgroupTrack) -> bool {
    track.pressure.share(Stall::CpuSome, OTHERS_NS).is_ok_and(|share| share >= OTHERS)
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
