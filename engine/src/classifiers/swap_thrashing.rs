//! `swap_thrashing`: pages go out to swap and come back.
//!
//! # What it sees
//! Pages swapped out and in a second, used shares of swap and memory, stall shares.
//! # Why it matters
//! A page that comes back was in use: work waits for the swap device, at its speed.
//! # Evidence
//! Both rates, the smaller of them over 10 and 30 s, the used shares, the stall shares.
//! # False positives
//! Pages moved out once and never missed stay low, also when one of them is read back now and
//! then. Swap that was filled long ago and has little traffic is nothing, however little memory is
//! left beside it, and whoever stalls at the limit of a group meanwhile. Memory that is trimmed
//! ahead of need (`memory.reclaim`, zram) goes out and comes back all day, and nobody waits for it:
//! idle pages that a backup drives out, a few of which are read back from a fast disk, or all of
//! them from compressed memory, take less than a hundredth of the time. With zram the counters are
//! the same and the cost is CPU time.
//! # Second source
//! Medium wants pages that come back, at a cost where the disk they come from tells of it
//! (`/proc/diskstats`), and, where it is told, somebody who stalls for memory. High and critical
//! want pages that move at the rate of thrashing and tasks that stall; swap and memory in use are
//! critical where pages move both ways and stalls or, for want of them, that cost tell of it.

use crate::board::{Board, Cover, Evaluation, Held, Relax, Rule};
use crate::culprit::{Blamed, Case, victim};
use crate::window::{HOST, Missing, Paging, Stall, Window};
use ks_vocabulary::held;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Memory;
use ks_vocabulary::time::SECOND_NS;

use super::{Classifier, page_cost};

/// See the module.
#[derive(Debug)]
pub(super) struct SwapThrashing;

/// Pages a second swapped out at low and medium (pmieconf `memory.exhausted`).
const OUT: f64 = 5.0;
/// Share of the last 10 s in which medium wants them (the same: 30 % of 10 samples).
const OUT_SHARE: f64 = 0.30;
/// Pages a second both ways, with this share of time stalled fully, at high and critical (our
/// judgement).
const THRASH: [f64; 2] = [100.0, 1000.0];
const STALLED: [f64; 2] = [0.05, 0.30];
/// Used shares of swap and of memory that are critical together (systemd-oomd, which applies its
/// limit for used swap to both).
const USED: f64 = 0.90;
/// Pages a second that move both ways, and the share of time in which some task waits for it, with
/// which that is critical: half of what thrashes at high, since it is both, and what is a stall at
/// low (our judgement).
const MOVES: f64 = THRASH[0] / 2.0;
const WAITS: f64 = 0.05;
/// Share of time in which some task stalls for memory at medium, and that pages which come back can
/// have taken (our judgement, as the share with which memory in use is medium).
const COSTS: f64 = 0.01;
/// Pages that come back for each that goes out at medium: fewer were not missed (our judgement).
const BACK: f64 = 0.1;
/// Samples and time over which pages are watched going out (pmieconf `memory.exhausted`).
const TEN_SAMPLES: (usize, u64) = (10, TEN_S);
const TEN_S: u64 = 10 * SECOND_NS;
const THIRTY_S: u64 = 30 * SECOND_NS;

impl Classifier for SwapThrashing {
    fn kind(&self) -> Kind {
        Kind::SwapThrashing
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        match judge(window) {
            Ok(Some(mut seen)) => {
                let at = window.vm.at().unwrap_or(window.mono());
                board.judge(Kind::SwapThrashing, HOST, at, &mut seen, || Entity::Host);
                if !has_stalls(window) {
                    let part = "high: no pressure of memory";
                    board.cover(Kind::SwapThrashing, Cover::Part(part));
                }
                if !has_use(window) {
                    let part = "critical by used shares: needs SwapFree and MemAvailable";
                    board.cover(Kind::SwapThrashing, Cover::Part(part));
                }
            }
            Ok(None) => {
                board.cover(Kind::SwapThrashing, Cover::NotApplicable("no swap is configured"));
            }
            Err(missing) => board.cover(Kind::SwapThrashing, Cover::Missing(missing)),
        }
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        let victims = victim::groups(case.window, case.entity, Stall::MemorySome);
        Blamed { culprits: case.by_swap(), victims }
    }
}

fn has_stalls(window: &Window) -> bool {
    window.pressure.track().is_ok_and(|track| track.is_given(Stall::MemoryFull))
}

fn has_use(window: &Window) -> bool {
    window.memory.one().is_ok_and(|memory| {
        memory.swap_free_bytes().is_some() && held::used_share(memory).is_some()
    })
}

fn judge(window: &Window) -> Result<Option<Evaluation>, Missing> {
    if !window.memory.is_fresh() {
        return Err(Missing::Source("meminfo"));
    }
    let memory = window.memory.one()?;
    let total = memory.swap_total_bytes().ok_or(Missing::Field("SwapTotal"))?;
    if total == 0 {
        return Ok(None);
    }
    if !window.vm.is_fresh() {
        return Err(Missing::Source("vmstat"));
    }
    let mut seen = Evaluation::default();
    seen.know([true; 4]);
    grade_out(&mut seen, window)?;
    grade_thrash(&mut seen, window)?;
    let moves = moves(window)?;
    grade_use(&mut seen, memory, total, moves);
    Ok(Some(seen))
}

/// Pages that go out: a mean over 5 s at low; at medium the share of the last 10 s with as many,
/// which is its own persistence, with some that come back.
fn grade_out(seen: &mut Evaluation, window: &Window) -> Result<(), Missing> {
    let paging = window.vm.track()?;
    let mut key = None;
    if let Some(growth) = known(paging.over(Paging::SwapOut, 5 * SECOND_NS))? {
        let rate = growth.per_second();
        let limits = [Some(OUT), None, None, None];
        let noted = seen.note_with(Metric::SwapOut5s, rate, limits);
        seen.keyed(noted, Severity::Low, Held::Met, rate >= OUT);
        seen.keep_keyed(noted, rate >= Relax::Scaled.limit(OUT));
        key = Some(noted);
    }
    let share = known(paging.share_of_time(Paging::SwapOut, OUT, TEN_SAMPLES))?;
    let back = known(paging.over(Paging::SwapIn, TEN_S))?;
    if let (Some(share), Some(back)) = (share, back) {
        let limits = [None, Some(OUT_SHARE), None, None];
        seen.note_with(Metric::SwappingOutShare10s, share, limits);
        seen.note(Metric::SwapIn10s, back.per_second());
        let rules = [key.map(Rule::Level), None];
        let out = known(paging.over(Paging::SwapOut, TEN_S))?.map_or(0, |growth| growth.by);
        let is_missed = back.by > 0 && back.by as f64 >= BACK * out as f64;
        let costs = cost(window)?.is_none_or(|share| share >= COSTS)
            && stalled(window).is_none_or(|share| share >= COSTS);
        let holds = share >= OUT_SHARE && is_missed && costs;
        seen.ruled(Severity::Medium, if holds { Held::Met } else { Held::No }, rules);
    }
    Ok(())
}

/// Pages that go out and come back, while all tasks stall for memory.
fn grade_thrash(seen: &mut Evaluation, window: &Window) -> Result<(), Missing> {
    let paging = window.vm.track()?;
    let pressure = window.pressure.track().ok();
    let parts = [
        (Severity::High, TEN_S, THRASH[0], STALLED[0], Metric::Thrash10s),
        (Severity::Critical, THIRTY_S, THRASH[1], STALLED[1], Metric::Thrash30s),
    ];
    for (severity, ns, limit, stalled, metric) in parts {
        let out = known(paging.over(Paging::SwapOut, ns))?;
        let back = known(paging.over(Paging::SwapIn, ns))?;
        let (Some(out), Some(back)) = (out, back) else { continue };
        let both = out.per_second().min(back.per_second());
        let mut limits = [None; 4];
        limits[severity.index()] = Some(limit);
        let key = seen.note_with(metric, both, limits);
        let full = pressure.and_then(|track| track.share(Stall::MemoryFull, ns).ok());
        let holds = both >= limit && full.is_some_and(|full| full >= stalled);
        seen.keyed(key, severity, Held::Met, holds);
    }
    Ok(())
}

/// Whether pages move both ways and somebody tells that it takes time; that it lasts is counted.
fn moves(window: &Window) -> Result<bool, Missing> {
    let paging = window.vm.track()?;
    let rate = |what| Ok(known(paging.over(what, TEN_S))?.map_or(0.0, |one| one.per_second()));
    let both = f64::min(rate(Paging::SwapOut)?, rate(Paging::SwapIn)?);
    let waits = stalled(window).or(cost(window)?);
    Ok(both >= MOVES && waits.is_some_and(|share| share >= WAITS))
}

/// Share of the last ten seconds that pages can have taken to come back; `None` where no disk
/// tells.
fn cost(window: &Window) -> Result<Option<f64>, Missing> {
    let back = known(window.vm.track()?.over(Paging::SwapIn, TEN_S))?;
    Ok(back.and_then(|back| page_cost::of_pages(window, back, TEN_S)))
}

/// Share of the last ten seconds in which some task stalled for memory; `None` where nobody tells.
fn stalled(window: &Window) -> Option<f64> {
    let track = window.pressure.track().ok().filter(|_| has_stalls(window))?;
    track.share(Stall::MemorySome, TEN_S).ok()
}

/// Swap and memory both nearly full, while pages move.
fn grade_use(seen: &mut Evaluation, memory: &Memory, swap_total: u64, moves: bool) {
    let swap_free = memory.swap_free_bytes().map(|free| free.min(swap_total));
    let swap_used = swap_free.map(|free| 1.0 - free as f64 / swap_total as f64);
    let used = held::used_share(memory);
    let limits = [None, None, None, Some(USED)];
    for (metric, share) in [(Metric::SwapUsedShare, swap_used), (Metric::UsedShare, used)] {
        share.map(|share| seen.note_with(metric, share, limits));
    }
    if let (Some(swap_used), Some(used)) = (swap_used, used) {
        seen.counts(Severity::Critical, swap_used >= USED && used >= USED && moves);
    }
}

/// A window that has yet to fill says nothing; a counter that is not given is an error.
fn known<T>(found: Result<T, Missing>) -> Result<Option<T>, Missing> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Missing::NoEarlier) => Ok(None),
        Err(missing) => Err(missing),
    }
}

#[cfg(test)]
mod tests;
