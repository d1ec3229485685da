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
//! A page cache that fills memory: free memory is never looked at, and `kswapd` that trims it by
//! the way, as wherever a backup or a log is read, makes no room. Growth of a tmpfs is real use.
//! Huge pages, in use or kept for later, are no part of the memory that is shared out. Page cache,
//! in use or not, is not held. Swap that idle containers filled long ago: memory is full, and
//! nobody waits for it. A store that holds nine tenths by design beside it: what is left is enough,
//! and on a large host it is much, whatever share it is; one entry into reclaim, for want of a run
//! of free pages, or a limit that page cache meets all day, changes nothing. A heap that is filled
//! in seconds at its start and stands still then. Pages that come back from a fast disk, at less
//! than a hundredth of the time. What stalls at the limit of a group is that group's, however full
//! the host is beside it: reclaim at such a limit is not in `/proc/vmstat` (`mm/vmscan.c`).
//! # Second source
//! Where stall shares say that nobody waits a used share is low at most, whatever is reclaimed; it
//! is medium where a group spills into swap, where reclaim failed (`memory.events`), and where what
//! is held leaves little, nothing can give and it grows to the end, as yet. Critical wants all
//! tasks to stall as well, or tasks of the host to reclaim, or a leak that ends within hours.
//! Without stall shares entries into reclaim decide, and what pages that come back cost
//! (`/proc/diskstats`), which in a group that meets its limit stands for its stalls; of groups of
//! version 1 one alone has those of the host. Where nobody counts those either the used share is
//! believed. A stall that is high or critical wants reclaim, refaults, pages swapped, or a memory
//! in use. On a host that makes no room it is low where a group explains it, and else medium,
//! unless little is left, swapped pages storm back, or tasks compact memory.
//! # Kills
//! A kill is the innermost group's at whose limit it was. A group that was at its limit and is gone
//! with the kill took the count with it: it is told of that group, which stands for it as long as
//! any. A limit of version 1 that page cache meets is none while the host makes room. The OOM
//! killer of a host comes after direct reclaim (`mm/page_alloc.c`): on a host that did nothing to
//! make room a kill that no group tells of is medium, the limit of one that nobody saw.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case, NAMED, victim};
use crate::window::{HOST, Missing, Paging, Stall, Window};
use ks_vocabulary::held;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::stall::{self, StallLimits};
use super::{Classifier, cover_groups, is_absent};

mod groups;
mod used;
mod witness;

use groups::Theirs;
use used::{Swap, USED, Use};

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
/// Zero is the last interval.
const RECLAIM_SPANS_S: [u64; 4] = [0, 5, 10, 30];
const KILL_CLEAR_S: u64 = 300;

impl Classifier for MemoryPressure {
    fn kind(&self) -> Kind {
        Kind::MemoryPressure
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        let theirs = groups::judge(window, board);
        match judge_host(window, &theirs) {
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
    lacks(matches!(Swap::of(row), Swap::Untold), part);
    lacks(is_absent(&paging.over(Paging::DirectReclaim, 1)), "direct reclaim: not in vmstat");
    lacks(is_absent(&paging.over(Paging::OomKill, 1)), "kills: not in vmstat");
}

fn judge_host(window: &Window, theirs: &Theirs) -> Result<Evaluation, Missing> {
    let mut seen = Evaluation::default();
    let graded = match window.pressure.track() {
        Ok(track) if window.pressure.is_fresh() => stall::grade(&mut seen, track, &STALLS),
        Ok(_) | Err(_) => Err(Missing::Source("pressure/memory")),
    };
    let reclaim = note_reclaim(&mut seen, window, graded.is_ok());
    let host_use = use_of_host(window);
    let mut is_short = None;
    if let Ok(host_use) = &host_use {
        used::grade(&mut seen, host_use, graded.is_ok());
        seen.second(witness::works(window, host_use), Severity::Medium);
        is_short = witness::is_short(window, host_use, theirs.explain_stalls);
        let most = if theirs.explain_stalls { Severity::Low } else { Severity::Medium };
        seen.second(is_short, most);
    }
    // Any of them is enough; with none there is nothing to judge.
    if graded.is_err() && reclaim.is_err() {
        host_use?;
    }
    let kills = theirs.killed_on_host.saturating_sub(theirs.kills);
    // The OOM killer of a host comes after reclaim: without it, a limit that nobody saw led to it.
    let is_unseen = is_short == Some(false) && window.cgroups.is_fresh();
    note_kills(&mut seen, kills, if is_unseen { Severity::Medium } else { Severity::Critical });
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
    Ok(Use {
        used,
        swap: Swap::of(row),
        is_held: held::held_share(row).is_some_and(|held| held >= USED[0]),
        overflows: false,
        grows: used::host_grows(window, row),
        reclaims: RECLAIM_SPANS_S.map(|span_s| {
            let growth = paging.over(Paging::DirectReclaim, span_s * SECOND_NS);
            growth.is_ok_and(|growth| growth.by > 0)
        }),
        waits: witness::of_host(window),
        left_bytes: row.available_bytes(),
    })
}

fn note_kills(seen: &mut Evaluation, kills: u64, severity: Severity) {
    if kills > 0 {
        let mut limits = [None; 4];
        limits[severity.index()] = Some(1.0);
        seen.note_with(Metric::OomKills, kills as f64, limits);
        seen.event(severity, true, KILL_CLEAR_S);
        seen.subtype = Some(Subtype::OomKill);
    }
}

#[cfg(test)]
mod tests;
