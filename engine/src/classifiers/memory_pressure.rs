//! `memory_pressure`: tasks stall because memory is short.
//!
//! # What it sees
//! Share of time stalled for memory (PSI), share of memory in use that nothing can be dropped
//! from, entries into direct reclaim, OOM kills; of the host and of each control group. The time
//! that tasks spend reclaiming (`bpf/memory`) is evidence, and stands for PSI where there is none.
//! # Why it matters
//! A task that reclaims memory or waits for a page it had does no work; past that, it is killed.
//! # Evidence
//! Stall shares over 5, 10 and 30 s, the used share, free swap, kills.
//! # False positives
//! A page cache that fills memory: free memory is never looked at. Growth of a tmpfs is real use.
//! Huge pages, in use or kept for later, are no part of the memory that is shared out. Page cache,
//! in use or not, is not held. Swap that idle containers filled long ago: memory is full, and
//! nobody waits for it. A store that holds nine tenths by design beside it: what is left is enough
//! until something has to be reclaimed.
//! # Second source
//! Where stall shares say that nobody waits a used share is low at most, whatever is reclaimed; it
//! is medium where nothing can give any more and the end is near or met, or a group spills into
//! swap. A stall that is high or critical wants reclaim, refaults, pages swapped, or a memory in
//! use; on a host that makes no room it is low, since the limit of a group is what stalls, and the
//! group's to tell.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case, NAMED, victim};
use crate::window::{HOST, Missing, Paging, PressureTrack, Stall, Window};
use ks_vocabulary::held;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Memory;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::stall::{self, StallLimits};
use super::{Classifier, cover_groups, is_absent};

mod groups;

/// See the module.
#[derive(Debug)]
pub(super) struct MemoryPressure;

/// `some` at low (our judgement) and medium (the trigger example of the kernel's PSI
/// documentation: 150 ms in 1 s), `full` at high (our judgement) and critical (systemd-oomd).
const STALLS: [StallLimits; 3] = [
    StallLimits {
        metric: Metric::MemorySome5s,
        stall: Stall::MemorySome,
        window_s: 5,
        limits: [Some(0.05), Some(0.15), None, None],
    },
    StallLimits {
        metric: Metric::MemoryFull10s,
        stall: Stall::MemoryFull,
        window_s: 10,
        limits: [None, None, Some(0.15), None],
    },
    StallLimits {
        metric: Metric::MemoryFull30s,
        stall: Stall::MemoryFull,
        window_s: 30,
        limits: [None, None, None, Some(0.60)],
    },
];
/// Time spent reclaiming, as a share of that of all CPUs, where there is no PSI (our judgement: the
/// limits of `some`, which it stays below, since tasks that reclaim at once count once there).
const RECLAIM: [Option<f64>; 4] = [Some(0.05), Some(0.15), None, None];
/// Used share at low with direct reclaim and at medium (our judgement), at high and at critical
/// with little swap left (earlyoom's levels for SIGTERM and SIGKILL, systemd-oomd).
const USED: [f64; 4] = [0.80, 0.90, 0.90, 0.95];
/// Free share of swap at high and critical (earlyoom).
const SWAP_FREE: [f64; 2] = [0.10, 0.05];
/// Shares of time stalled, over the persistence of each severity, with which a used share is as
/// bad: somebody waits at medium, and as much as is low by itself at high and critical (our
/// judgement). Without swap the latter, or direct reclaim, stands for its being used up.
const WAITS: [f64; 4] = [0.0, 0.01, 0.05, 0.05];
const SHORTEST_NS: u64 = super::PERSISTENCE_S[0] * SECOND_NS;
/// Zero is the last interval.
const RECLAIM_SPANS_S: [u64; 4] = [0, 5, 10, 30];
const KILL_CLEAR_S: u64 = 300;

/// How much of a memory is in use, and whether allocations meet its end.
struct Use {
    used: f64,
    swap: Swap,
    /// Nearly all that is in use is known to be such that only swap could make it free.
    is_held: bool,
    /// Swap takes what the memory cannot.
    spills: bool,
    /// Whether allocations reclaimed directly: in the last interval for low, so that it persists
    /// like any rate, and over the window of each severity above, where it stands for swap.
    reclaims: [bool; 4],
    /// Whether tasks stalled for memory over the persistence of each severity; `None` where nobody
    /// tells.
    stalls: [Option<bool>; 4],
}

/// What is left of swap.
#[derive(Debug, Clone, Copy)]
enum Swap {
    /// There is none.
    None,
    /// Nobody tells: it is neither used up nor known to be free.
    Untold,
    /// Its free share.
    Free(f64),
}

impl Classifier for MemoryPressure {
    fn kind(&self) -> Kind {
        Kind::MemoryPressure
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        let group_kills = groups::judge(window, board);
        match judge_host(window, group_kills) {
            Ok(mut seen) => {
                cover_host(window, board);
                let at = window.memory.at().max(window.pressure.at()).unwrap_or(window.mono());
                board.judge(Kind::MemoryPressure, HOST, at, &mut seen, || Entity::Host);
            }
            Err(missing) => board.cover(Kind::MemoryPressure, Cover::Missing(missing)),
        }
        cover_groups(window, board, Kind::MemoryPressure);
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        let mut victims = victim::killed(case.window, case.entity);
        victims.extend(victim::groups(case.window, case.entity, Stall::MemorySome));
        victims.truncate(NAMED);
        Blamed { culprits: case.by_memory(), victims }
    }
}

fn has_stalls(window: &Window) -> bool {
    window.pressure.track().is_ok_and(|track| track.is_given(Stall::MemorySome))
}

/// Says what nobody tells of the host.
fn cover_host(window: &Window, board: &mut Board) {
    let mut lacks = |is_lacking: bool, part| {
        if is_lacking {
            board.cover(Kind::MemoryPressure, Cover::Part(part));
        }
    };
    let part = "stall shares: no pressure of memory, severity ends at high";
    lacks(!has_stalls(window), part);
    if !window.memory.is_fresh() || !window.vm.is_fresh() {
        return lacks(true, "used share and kills: need meminfo and vmstat");
    }
    let (Ok(row), Ok(paging)) = (window.memory.one(), window.vm.track()) else { return };
    lacks(held::used_share(row).is_none(), "used share: needs MemAvailable");
    let part = "high and critical by used share: need SwapTotal and SwapFree";
    lacks(matches!(swap_of(row), Swap::Untold), part);
    lacks(is_absent(&paging.over(Paging::DirectReclaim, 1)), "direct reclaim: not in vmstat");
    lacks(is_absent(&paging.over(Paging::OomKill, 1)), "kills: not in vmstat");
}

fn judge_host(window: &Window, group_kills: u64) -> Result<Evaluation, Missing> {
    let mut seen = Evaluation::default();
    let graded = match window.pressure.track() {
        Ok(track) if window.pressure.is_fresh() => stall::grade(&mut seen, track, &STALLS),
        Ok(_) | Err(_) => Err(Missing::Source("pressure/memory")),
    };
    let reclaim = note_reclaim(&mut seen, window, graded.is_ok());
    let host_use = use_of_host(window);
    if let Ok(host_use) = &host_use {
        grade_use(&mut seen, host_use, graded.is_ok());
        seen.second(works(window, host_use), Severity::Medium);
        seen.second(is_short(window, host_use), Severity::Low);
    }
    // Any of them is enough; with none there is nothing to judge.
    if graded.is_err() && reclaim.is_err() {
        host_use?;
    }
    let kills = window.vm.track().and_then(|track| track.over(Paging::OomKill, 1));
    let kills = kills.map_or(0, |growth| growth.by).saturating_sub(group_kills);
    note_kills(&mut seen, kills);
    Ok(seen)
}

/// Time that tasks spent reclaiming, for each second: judged where no stall shares are.
fn note_reclaim(seen: &mut Evaluation, window: &Window, has_stalls: bool) -> Result<(), Missing> {
    if !window.bpf_memory.is_fresh() {
        return Err(Missing::Source("bpf/memory"));
    }
    let stalled = window.bpf_memory.track()?.stalled_over(5 * SECOND_NS)?;
    let cpus = window.cpu.one()?.cpus_online().ok_or(Missing::Field("the number of CPUs"))?;
    let cpus = cpus.max(1) as f64;
    let (metric, value) = (Metric::ReclaimStall5s, stalled.per_second() / 1e9 / cpus);
    if has_stalls {
        seen.note(metric, value);
    } else {
        let quantity = Quantity { metric, value, limits: RECLAIM };
        seen.grade(quantity, Held::Met, Relax::Scaled);
    }
    Ok(())
}

fn use_of_host(window: &Window) -> Result<Use, Missing> {
    if !window.memory.is_fresh() {
        return Err(Missing::Source("meminfo"));
    }
    if !window.vm.is_fresh() {
        return Err(Missing::Source("vmstat"));
    }
    let row = window.memory.one()?;
    let used = held::used_share(row).ok_or(Missing::Field("MemAvailable"))?;
    let paging = window.vm.track()?;
    let stalls = window.pressure.track();
    Ok(Use {
        used,
        swap: swap_of(row),
        is_held: held::held_share(row).is_some_and(|held| held >= USED[0]),
        spills: false,
        reclaims: RECLAIM_SPANS_S.map(|span_s| {
            let growth = paging.over(Paging::DirectReclaim, span_s * SECOND_NS);
            growth.is_ok_and(|growth| growth.by > 0)
        }),
        stalls: waits(stalls.ok().filter(|_| window.pressure.is_fresh())),
    })
}

/// Whether tasks stall for memory over the persistence of each severity.
fn waits(track: Option<&PressureTrack>) -> [Option<bool>; 4] {
    core::array::from_fn(|level| {
        let ns = super::PERSISTENCE_S[level] * SECOND_NS;
        match track?.share(Stall::MemorySome, ns) {
            Ok(share) => Some(share >= WAITS[level]),
            // A window that has yet to fill tells of no stall that lasted.
            Err(Missing::NoEarlier) => Some(false),
            Err(_) => None,
        }
    })
}

/// Whether the kernel's counters tell of a shortage too: it reclaims, pages come back that were
/// dropped or swapped out, or hardly any memory is left.
fn works(window: &Window, memory: &Use) -> Option<bool> {
    let paging = window.vm.track().ok()?;
    let counts = [
        Paging::DirectReclaim,
        Paging::RefaultAnon,
        Paging::RefaultFile,
        Paging::SwapIn,
        Paging::SwapOut,
        Paging::MajorFault,
    ];
    let counts = counts.map(|what| paging.over(what, 30 * SECOND_NS));
    let grew = counts.iter().flatten().any(|growth| growth.by > 0);
    let agrees = grew || memory.used >= USED[0];
    (agrees || !counts.iter().all(is_absent)).then_some(agrees)
}

/// Whether the host makes room, or has little left. Where it does not, what stalls its tasks is the
/// limit of a group, and the group's to tell. `None` where nobody counts that.
fn is_short(window: &Window, memory: &Use) -> Option<bool> {
    let paging = window.vm.track().ok()?;
    let grew = |what| paging.over(what, 30 * SECOND_NS).or_else(|_| paging.over(what, SHORTEST_NS));
    let scanned = grew(Paging::Scan).ok()?.by > 0;
    let reclaimed = grew(Paging::DirectReclaim).is_ok_and(|growth| growth.by > 0);
    Some(memory.used >= USED[0] || scanned || reclaimed)
}

fn swap_of(row: &Memory) -> Swap {
    match (row.swap_total_bytes(), row.swap_free_bytes()) {
        (Some(0), _) => Swap::None,
        (Some(total), Some(free)) => Swap::Free(free as f64 / total as f64),
        (None, _) | (_, None) => Swap::Untold,
    }
}

/// The predicates of the used share. Without stall shares critical is out of reach but for kills.
fn grade_use(seen: &mut Evaluation, memory: &Use, has_stalls: bool) {
    let Use { used, swap, is_held, spills, reclaims, stalls } = memory;
    seen.note_with(Metric::UsedShare, *used, USED.map(Some));
    if let Swap::Free(free) = swap {
        let limits = [None, None, Some(SWAP_FREE[0]), Some(SWAP_FREE[1])];
        seen.note_with(Metric::SwapFreeShare, *free, limits);
    }
    let waits = |level: usize| stalls[level] != Some(false);
    let gives = !is_held
        || match swap {
            Swap::None => false,
            Swap::Untold => true,
            Swap::Free(free) => *free > SWAP_FREE[0],
        };
    let ends = !gives && (*used >= USED[3] || reclaims[1]);
    let exhausted = |level: usize, free_limit: f64| match swap {
        Swap::Untold => false,
        Swap::Free(free) => *free <= free_limit,
        Swap::None => stalls[level] == Some(true) || reclaims[level],
    };
    seen.counts(Severity::Low, *used >= USED[0] && reclaims[0] || *used >= USED[1]);
    seen.counts(Severity::Medium, *used >= USED[1] && (waits(1) || ends || *spills));
    seen.counts(Severity::High, *used >= USED[2] && exhausted(2, SWAP_FREE[0]) && waits(2));
    let critical = *used >= USED[3] && exhausted(3, SWAP_FREE[1]) && waits(3);
    seen.counts(Severity::Critical, has_stalls && critical);
    seen.counts(Severity::High, !has_stalls && critical);
    let relaxed = |limit: f64| *used >= Relax::Share.limit(limit);
    seen.keep(relaxed(USED[0]) && reclaims[0] || relaxed(USED[1]));
}

fn note_kills(seen: &mut Evaluation, kills: u64) {
    if kills > 0 {
        seen.note_with(Metric::OomKills, kills as f64, [None, None, None, Some(1.0)]);
        seen.event(Severity::Critical, true, KILL_CLEAR_S);
        seen.subtype = Some(Subtype::OomKill);
    }
}

#[cfg(test)]
mod tests;
