//! Whether those who wait for a CPU are batch work that somebody told to wait.
//!
//! A process at nice 10 or above, or of the idle policy, expects to wait (`signals.md`, sections 3
//! and 9). Stall shares and the number of runnable tasks say not who waits, but the waits of each
//! process do: by Little's law their sum a second is the mean number that waits.

use crate::window::{LONGEST_NS, Window, is_batch};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::belongs;
use ks_vocabulary::model::Cpu;
use ks_vocabulary::time::SECOND_NS;

/// Others that wait, for each CPU, below which they are not what is seen: the least share of
/// stalled time that is a verdict (`scheduler`, low).
const OTHERS: f64 = 0.10;
/// Over which time others are looked at: the shortest persistence.
const OTHERS_NS: u64 = 5 * SECOND_NS;
/// Share of the used CPU time from which a host does batch work: it stands in for the waits of
/// processes too short-lived to be read.
const BATCH_SHARE: f64 = 0.5;

/// Whether batch work explains that tasks of `entity` wait. Where waits by process are not recorded
/// nothing is explained.
pub(super) fn explains(window: &Window, entity: &Entity) -> bool {
    let Some(cpus @ 1..) = window.cpu.one().ok().and_then(Cpu::cpus_online) else { return false };
    let few = OTHERS * cpus as f64;
    let waited = window.processes.waited();
    if *entity != Entity::Host {
        return waited.over(1).is_some() && explains_group(window, entity, few);
    }
    let Some((batch, others)) = waited.over(OTHERS_NS) else { return false };
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
