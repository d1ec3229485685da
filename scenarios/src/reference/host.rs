//! Quantities of the host as a whole.

use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::model::{Cpu, Memory, Pressure, Vm};

use super::groups::killed;
use super::{Pair, Quantity, Say, level};

/// Share of stalled time at low (`signals.md`, sections 2, 4 and 9; its own judgement).
const MEMORY_SOME: f64 = 0.05;
const IO_SOME: f64 = 0.10;
/// Full at medium: it needs no some (section 4).
const IO_FULL: f64 = 0.05;
/// Used share with reclaim, and without (section 2).
const USED: (f64, f64) = (0.80, 0.90);
/// Tasks for each CPU (section 3).
const DEMAND: f64 = 1.0;
/// Pages swapped out a second (section 7).
const SWAP_OUT: f64 = 5.0;
/// Major faults a second (section 11).
const MAJOR: f64 = 10.0;

pub(super) fn look(pair: &Pair<'_>, say: &mut Say<'_>) {
    if let (Some(before), Some(after)) = (pair.before.pressure.first(), pair.after.pressure.first())
    {
        let share = |get: fn(&Pressure) -> Option<u64>| {
            pair.rate(get(before), get(after)).map(|us| us / 1e6)
        };
        let some = share(Pressure::io_some_total_us);
        let full = share(Pressure::io_full_total_us);
        let reaches =
            some.is_some_and(|some| some >= IO_SOME) || full.is_some_and(|full| full >= IO_FULL);
        say(Kind::IoCongestion, Entity::Host, level(reaches));
    }
    look_at_memory(pair, say);
    if let Some(after) = pair.after.cpu.first() {
        look_at_demand(after, say);
    }
    let swap = pair.after.memory.first().and_then(Memory::swap_total_bytes).unwrap_or(0);
    if let (Some(before), Some(after)) = (pair.before.vm.first(), pair.after.vm.first()) {
        let rate = |get: fn(&Vm) -> Option<u64>| pair.rate(get(before), get(after));
        let major = rate(Vm::pgmajfault).is_some_and(|rate| rate >= MAJOR);
        say(Kind::PageFault, Entity::Host, level(major));
        if swap > 0 {
            let out = rate(Vm::pswpout).is_some_and(|rate| rate >= SWAP_OUT);
            say(Kind::SwapThrashing, Entity::Host, level(out));
        }
    }
}

fn look_at_memory(pair: &Pair<'_>, say: &mut Say<'_>) {
    let pressure = pair.before.pressure.first().zip(pair.after.pressure.first());
    let some = pressure.and_then(|(before, after)| {
        pair.rate(before.memory_some_total_us(), after.memory_some_total_us())
    });
    let stalls = some.is_some_and(|us| us / 1e6 >= MEMORY_SOME);
    let used = pair.after.memory.first().and_then(|memory| {
        let total = memory.total_bytes().filter(|total| *total > 0)?;
        Some(1.0 - memory.available_bytes()? as f64 / total as f64)
    });
    let vm = pair.before.vm.first().zip(pair.after.vm.first());
    let grew = |get: fn(&Vm) -> Option<u64>| {
        vm.and_then(|(before, after)| pair.rate(get(before), get(after)))
            .is_some_and(|rate| rate > 0.0)
    };
    let reclaims = grew(Vm::allocstall);
    let is_short = used.is_some_and(|used| used >= USED.1 || used >= USED.0 && reclaims);
    // Kills in groups are counted here too, and are the groups' own.
    let is_killed = grew(Vm::oom_kill) && !group_killed(pair);
    let quantity = if is_killed { Quantity::Event } else { level(stalls || is_short) };
    say(Kind::MemoryPressure, Entity::Host, quantity);
}

fn group_killed(pair: &Pair<'_>) -> bool {
    pair.after.cgroups.iter().any(|after| {
        let before = pair.before.cgroups.find(after);
        before.is_some_and(|before| killed(before, after))
    })
}

fn look_at_demand(after: &Cpu, say: &mut Say<'_>) {
    let (Some(running), Some(blocked), Some(cpus @ 1..)) =
        (after.procs_running(), after.procs_blocked(), after.cpus_online())
    else {
        return;
    };
    let demand = (running.saturating_sub(1) + blocked) as f64 / cpus as f64;
    say(Kind::LoadMismatch, Entity::Host, level(demand >= DEMAND));
}
