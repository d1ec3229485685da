//! Quantities of the host as a whole.

use ks_vocabulary::held;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::model::{Cpu, FaultTrace, Pressure, Vm};

use super::limits::{IO_FULL, IO_SOME, MEMORY_FULL, MEMORY_SOME, TCP_USED};
use super::memory::{USED, Use, bound, faults, killed, left, swap_free};
use super::paging::{grown, makes_room, stalled};
use super::{NONE, Pair, Quantity, Say, disks, groups};

/// Tasks for each CPU, and tasks in all that high needs more than (`signals.md`, section 3).
const DEMAND: [f64; 4] = [1.0, 2.0, 3.0, 8.0];
const HIGH_TASKS: u64 = 4;
/// Pages swapped out a second; both ways, with the share of time in which everybody stalls for
/// memory; and what is critical of used swap and memory together (section 7).
const SWAP_OUT: f64 = 5.0;
const THRASH: [f64; 4] = [NONE, NONE, 100.0, 1000.0];
const THRASH_FULL: [f64; 4] = [NONE, NONE, 0.05, 0.30];
const BOTH_USED: f64 = 0.90;
/// Share of time stalled for memory with which that is so, while so many pages move.
const MOVES_SOME: f64 = 0.05;
const MOVES: f64 = 100.0;
/// Pages a second that come back, and entries into reclaim, with which somebody waits where stalls
/// are not told of; and pages that were swapped that storm back to a host that makes no room.
const BACK: f64 = 5.0;
const ENTRIES: f64 = 1.0;
const STORM: f64 = 100.0;
/// Time in major faults, as a share of one CPU's (section 11).
const FAULT_STALL: [f64; 4] = [NONE, 0.05, 0.15, 0.40];

pub(super) fn look(pair: &Pair<'_>, say: &mut Say<'_>) {
    let io = Quantity::of(stalled(pair, Pressure::io_some_total_us), IO_SOME)
        .or(Quantity::of(stalled(pair, Pressure::io_full_total_us), IO_FULL));
    let io = if disks::serve_one(pair) { io.sure_to(Severity::Low) } else { io };
    if pair.after.pressure.first().is_some() {
        say(Kind::IoCongestion, Entity::Host, io);
    }
    look_at_memory(pair, say);
    if let Some(row) = pair.after.file_handles.first() {
        let used = row.allocated().map(|all| all.saturating_sub(row.unused().unwrap_or(0)));
        let share = used.zip(row.max().filter(|max| *max > 0));
        let share = share.map(|(used, max)| used as f64 / max as f64);
        say(Kind::TcpExhaustion, Entity::Host, Quantity::of(share, TCP_USED));
    }
    if let Some(after) = pair.after.cpu.first() {
        look_at_demand(after, say);
    }
    if pair.before.vm.first().is_some() && pair.after.vm.first().is_some() {
        look_at_faults(pair, say);
        look_at_swap(pair, say);
    }
}

fn look_at_memory(pair: &Pair<'_>, say: &mut Say<'_>) {
    let some = stalled(pair, Pressure::memory_some_total_us);
    let mut quantity = Quantity::of(some, MEMORY_SOME)
        .or(Quantity::of(stalled(pair, Pressure::memory_full_total_us), MEMORY_FULL));
    if let Some(row) = pair.after.memory.first()
        && let Some(used) = held::used_share(row)
    {
        let reclaims = grown(pair, Vm::allocstall) > 0.0;
        let is_held = held::held_share(row).is_some_and(|held| held >= USED[0]);
        let waits = if some.is_none() { waits(pair) } else { None };
        let swap_free = swap_free(row);
        let held = Use { used, swap_free, reclaims, some, waits, is_held, overflows: false };
        let is_low = used >= USED[0] && reclaims;
        quantity =
            quantity.or(held.exhausted()).or(Quantity::graded([is_low, false, false, false]));
        if !is_short(pair) {
            quantity = quantity.sure_to(Severity::Low);
        }
    }
    // Kills in groups are counted here too, and are the groups' own.
    if grown(pair, Vm::oom_kill) > 0.0 && !group_killed(pair) {
        let is_unseen = !is_short(pair) && pair.after.cgroups.read().is_some();
        let severity = if is_unseen { Severity::Medium } else { Severity::Critical };
        quantity = quantity.or(Quantity::event(severity));
    }
    say(Kind::MemoryPressure, Entity::Host, quantity);
}

/// Whether somebody waits for memory by what is counted of paging; `None` where nothing is.
fn waits(pair: &Pair<'_>) -> Option<bool> {
    let after = pair.after.vm.first()?;
    let scans = grown(pair, Vm::pgscan_kswapd) + grown(pair, Vm::pgscan_direct);
    let back = [Vm::pswpin, Vm::zswpin, Vm::refault_anon, Vm::refault_file];
    let waits = grown(pair, Vm::allocstall) >= ENTRIES
        || back.into_iter().any(|get| grown(pair, get) >= BACK)
        || after.refault_file().is_none() && scans >= BACK;
    let is_counted = after.allocstall().is_some() || after.pgscan_kswapd().is_some();
    (waits || is_counted).then_some(waits)
}

/// Whether it is the host that is short: it makes room, or no group's limit explains its stalls and
/// little is left or pages storm back.
fn is_short(pair: &Pair<'_>) -> bool {
    let used = pair.after.memory.first().and_then(held::used_share);
    let storms = [Vm::pswpin, Vm::refault_anon].into_iter().any(|get| grown(pair, get) >= STORM);
    let is_left_little = used.is_none_or(|used| used >= USED[0]) || storms;
    makes_room(pair) || is_left_little && !groups::explain(pair)
}

fn look_at_faults(pair: &Pair<'_>, say: &mut Say<'_>) {
    let refaults = grown(pair, Vm::refault_anon) + grown(pair, Vm::refault_file);
    let some = stalled(pair, Pressure::memory_some_total_us);
    let traced = pair.before.bpf_page_fault.first().zip(pair.after.bpf_page_fault.first());
    let get = FaultTrace::major_ns;
    let waited = traced.and_then(|(before, after)| pair.rate(get(before), get(after)));
    let waited = waited.map(|ns| ns / 1e9);
    let stalls = (some, stalled(pair, Pressure::io_some_total_us));
    let major = Some(grown(pair, Vm::pgmajfault));
    let taken = waited.or_else(|| bound(pair, major));
    let quantity = faults(major, (Some(refaults), some), stalls, (taken, waited.is_some()))
        .or(Quantity::of(waited, FAULT_STALL));
    say(Kind::PageFault, Entity::Host, quantity);
}

fn look_at_swap(pair: &Pair<'_>, say: &mut Say<'_>) {
    let Some((row, free)) = pair.after.memory.first().and_then(|row| Some((row, swap_free(row)?)))
    else {
        return;
    };
    let out = grown(pair, Vm::pswpout) + grown(pair, Vm::zswpout);
    let back = grown(pair, Vm::pswpin) + grown(pair, Vm::zswpin);
    let full = stalled(pair, Pressure::memory_full_total_us).unwrap_or(0.0);
    let thrashes = |at: usize| out.min(back) >= THRASH[at] && full >= THRASH_FULL[at];
    let both_used =
        1.0 - free >= BOTH_USED && held::used_share(row).is_some_and(|used| used >= BOTH_USED);
    let some = stalled(pair, Pressure::memory_some_total_us);
    let moves = out + back >= MOVES && some.is_none_or(|some| some >= MOVES_SOME);
    let is_critical = thrashes(3) || both_used && moves;
    let quantity = Quantity::graded([out >= SWAP_OUT, false, thrashes(2), is_critical]);
    say(Kind::SwapThrashing, Entity::Host, quantity);
}

/// A group that is gone takes its count with it, unless the host reclaimed.
fn group_killed(pair: &Pair<'_>) -> bool {
    let is_gone = left(pair).is_some() && grown(pair, Vm::allocstall) <= 0.0;
    is_gone
        || pair.after.cgroups.iter().any(|after| {
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
    let tasks = running.saturating_sub(1) + blocked;
    let reached = DEMAND.map(|limit| tasks as f64 / cpus as f64 >= limit);
    let [low, medium, high, critical] = reached;
    let high = high && tasks > HIGH_TASKS;
    say(Kind::LoadMismatch, Entity::Host, Quantity::graded([low, medium, high, critical]));
}
