//! `page_fault`: page faults wait for I/O.
//!
//! # What it sees
//! Major faults a second, from `/proc/vmstat` for the host and `memory.stat` for a control group;
//! where `bpf/page_fault` times them, the share of a CPU's time that the host's take.
//! # Why it matters
//! A major fault stops its task until a page is read: memory at the speed of a disk.
//! # Evidence
//! Major faults a second; refaults, which say that pages in use were dropped; the stall share.
//! # False positives
//! A program that starts touches its file for the first time, and a scan of a large mapped file
//! faults without harm: unless many faults are for pages that were dropped, or tasks stall, it
//! stays low. A database that maps more than fits into memory faults and refaults all day at the
//! speed of its disk, which is a small share of one thread's time, and others may wait for theirs
//! meanwhile: who stalls at the limit of another group says nothing of these faults. One fault that
//! waits for a quarter of a second is no loss of time. Minor faults are normal work, and are not
//! judged.
//! # Second source
//! A rate is low by itself. What is above that wants its cost too: the share of time in which tasks
//! stall for memory or for I/O, but no more than faults can have taken, which is timed by
//! `bpf/page_fault`, or is what a read took of the disk that has as many of them
//! (`/proc/diskstats`). The stalls of a group are its own. Without stall shares the second part
//! stands for them, up to high; with neither it ends at medium. Where neither
//! refaults nor stalls are told of it is low at most, but in a group that meets its limit and whose
//! faults take long.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case, MAJFLT};
use crate::window::{
    CgroupTrack, Group, Growth, HOST, Missing, Paging, PressureTrack, Stall, Window,
};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::SECOND_NS;

use super::{Classifier, PERSISTENCE_S, cover_groups, groups, is_absent, page_cost, recurring};

mod cost;

use cost::{Cost, SOME};

/// See the module.
#[derive(Debug)]
pub(super) struct PageFault;

/// Major faults a second at each severity (the origin's production values).
const FAULTS: [f64; 4] = [10.0, 50.0, 100.0, 500.0];
/// From medium on refaults, or this share of time stalled for memory, must say that somebody
/// suffers (our judgement).
const STALLED: f64 = 0.05;
/// Refaults for each fault with which it is pages in use that were dropped (our judgement: a few
/// come back wherever a cache is full).
const DROPPED: f64 = 0.2;
/// Share of time that faults take with which it is pages in use of a group that meets its limit
/// (our judgement, as `io_congestion` is low).
const SQUEEZED: f64 = 0.10;
/// Share of one CPU's time spent in major faults (our judgement).
const STALL_SHARES: [(Metric, u64, [Option<f64>; 4]); 3] = [
    (Metric::FaultStall5s, 5, [None, Some(0.05), None, None]),
    (Metric::FaultStall10s, 10, [None, None, Some(0.15), None]),
    (Metric::FaultStall30s, 30, [None, None, None, Some(0.40)]),
];
const SHORTEST_NS: u64 = PERSISTENCE_S[0] * SECOND_NS;
/// Pages in use that were dropped and came back.
const REFAULTS: [Paging; 2] = [Paging::RefaultAnon, Paging::RefaultFile];
/// Names of the rate over the persistence of each severity.
const METRICS: [Metric; 4] =
    [Metric::Majflt5s, Metric::Majflt5s, Metric::Majflt10s, Metric::Majflt30s];

impl Classifier for PageFault {
    fn kind(&self) -> Kind {
        Kind::PageFault
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        match judge_host(window) {
            Ok(mut seen) => {
                if grade_stalls(&mut seen, window).is_err() {
                    let part = match window.bpf_page_fault.one() {
                        Ok(_) => "stall and latency of faults: bpf/page_fault does not time them",
                        Err(_) => "stall and latency of faults: need bpf/page_fault",
                    };
                    board.cover(Kind::PageFault, Cover::Part(part));
                }
                if let Some(part) = lacks_of_host(window) {
                    board.cover(Kind::PageFault, Cover::Part(part));
                }
                let at = window.vm.at().unwrap_or(window.mono());
                board.judge(Kind::PageFault, HOST, at, &mut seen, || Entity::Host);
            }
            Err(missing) => board.cover(Kind::PageFault, Cover::Missing(missing)),
        }
        judge_groups(window, board);
        cover_groups(window, board, Kind::PageFault);
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        Blamed { culprits: case.by(MAJFLT), ..Blamed::default() }
    }
}

/// Holds the time in major faults against the limits of the severities that last so long.
fn grade_stalls(seen: &mut Evaluation, window: &Window) -> Result<(), Missing> {
    let track = window.bpf_page_fault.track()?;
    for (metric, window_s, limits) in STALL_SHARES {
        let stalled = match track.stalled_over(window_s * SECOND_NS) {
            Ok(stalled) => stalled,
            Err(Missing::NoEarlier) => continue,
            Err(missing) => return Err(missing),
        };
        let value = stalled.per_second() / 1e9;
        let held = recurring::held(limits, |limit| track.told(limit, recurring::BACK_NS));
        seen.grade_each(Quantity { metric, value, limits }, held, Relax::Scaled);
    }
    Ok(())
}

/// What is known of one entity over a span.
struct Span {
    faults: Result<Growth, Missing>,
    /// `None` where nobody counts them.
    refaults: Option<u64>,
    /// `None` where nobody tells.
    stalled: Option<f64>,
}

fn judge_host(window: &Window) -> Result<Evaluation, Missing> {
    if !window.vm.is_fresh() {
        return Err(Missing::Source("vmstat"));
    }
    let paging = window.vm.track()?;
    let pressure = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    let cost = |ns| {
        let faults = paging.over(Paging::MajorFault, ns).ok();
        let swapped = paging.over(Paging::SwapIn, ns).ok();
        let bound = || page_cost::of_faults(window, faults?, ns);
        let taken = timed(window, ns).or_else(bound);
        let is_swap =
            faults.zip(swapped).is_some_and(|(all, swap)| swap.by >= all.by.div_ceil(2).max(1));
        if is_swap { Cost::of_swap(pressure, taken, ns) } else { Cost::of(pressure, taken, ns) }
    };
    let span = |ns| {
        // Kernels before 5.9 count both together, as those of files.
        let refaults = REFAULTS.into_iter().filter_map(|what| Some(paging.over(what, ns).ok()?.by));
        Span {
            faults: paging.over(Paging::MajorFault, ns),
            refaults: refaults.reduce(u64::saturating_add),
            stalled: pressure.and_then(|track| stalled(track, ns)),
        }
    };
    let mut seen = grade(span, cost)?;
    // What was measured has limits of its own, and counts faults of all CPUs.
    if window.bpf_page_fault.is_fresh() {
        let costs = cost(SHORTEST_NS).some.map(|share| share >= SOME[0]);
        seen.second(costs, Severity::Medium);
    }
    Ok(seen)
}

/// What nobody tells of the host that would say whether faults do harm.
fn lacks_of_host(window: &Window) -> Option<&'static str> {
    let paging = window.vm.track().ok()?;
    let has_refaults = REFAULTS.into_iter().any(|what| !is_absent(&paging.over(what, 1)));
    let pressure = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    match (has_refaults, pressure.is_some_and(|track| track.is_given(Stall::MemorySome))) {
        (true, true) => None,
        (true, false) => Some("stall shares: no pressure of memory"),
        (false, true) => Some("refaults: not in vmstat"),
        (false, false) => Some("severity above low: needs refaults or stall shares of memory"),
    }
}

/// Share of a CPU's time that was measured of the host's faults.
fn timed(window: &Window, ns: u64) -> Option<f64> {
    let track = window.bpf_page_fault.track().ok().filter(|_| window.bpf_page_fault.is_fresh())?;
    Some(track.stalled_over(ns).ok()?.per_second() / 1e9)
}

fn stalled(track: &PressureTrack, ns: u64) -> Option<f64> {
    track.share(Stall::MemorySome, ns).ok()
}

fn judge_groups(window: &Window, board: &mut Board) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    let host = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    for (id, row, track) in groups(window) {
        // A group of a hierarchy without memory has no faults to judge.
        let cost = |ns| cost_of_group(window, track, host, ns);
        if let Ok(mut seen) = grade(|ns| span_of_group(track, ns), cost) {
            let has_stalls = track.pressure.is_given(Stall::MemorySome);
            if !has_stalls && is_absent(&track.over(Group::Refault, 1)) {
                let part = "severity of a control group above low: needs its refaults or stalls";
                board.cover(Kind::PageFault, Cover::Part(part));
            }
            board.judge(Kind::PageFault, id, at, &mut seen, || cgroup_entity(row));
        }
    }
}

fn span_of_group(track: &CgroupTrack, ns: u64) -> Span {
    Span {
        faults: track.over(Group::MajorFault, ns),
        refaults: track.over(Group::Refault, ns).ok().map(|growth| growth.by),
        stalled: stalled(&track.pressure, ns),
    }
}

/// The stalls of a group are its own. Groups of version 1 have none: those of the host speak for
/// them, as far as their faults can have been the reason.
fn cost_of_group(
    window: &Window,
    track: &CgroupTrack,
    host: Option<&PressureTrack>,
    ns: u64,
) -> Cost {
    let faults = track.over(Group::MajorFault, ns).ok();
    let taken = faults.and_then(|faults| page_cost::of_faults(window, faults, ns));
    let own = Some(&track.pressure).filter(|own| own.is_given(Stall::MemorySome));
    let meets_limit = track.over(Group::LimitMet, ns).is_ok_and(|met| met.by > 0);
    let are_untold = track.over(Group::Refault, ns).is_err();
    let mut cost = Cost::of(own.or(host), taken, ns);
    cost.is_squeezed = meets_limit && are_untold && taken.is_some_and(|taken| taken >= SQUEEZED);
    cost
}

/// Holds each span's rate against the limits of the severities that have to last so long.
fn grade(span: impl Fn(u64) -> Span, cost: impl Fn(u64) -> Cost) -> Result<Evaluation, Missing> {
    let mut seen = Evaluation::default();
    seen.know([true; 4]);
    let mut noted = None;
    for severity in Severity::ALL {
        let level = severity.index();
        let ns = PERSISTENCE_S[level] * SECOND_NS;
        let span = span(ns);
        let rate = match &span.faults {
            Ok(growth) => growth.per_second(),
            Err(Missing::NoEarlier) => continue,
            Err(missing) => return Err(*missing),
        };
        let holds = rate >= FAULTS[level]
            && (severity == Severity::Low || harms(&span, &cost(ns), severity));
        if severity == Severity::Low {
            span.refaults.map(|refaults| seen.note(Metric::Refaults5s, refaults as f64));
            span.stalled.map(|stalled| seen.note(Metric::MemorySome5s, stalled));
        }
        let key = match noted {
            Some((metric, key)) if metric == METRICS[level] => key,
            _ => seen.note_with(METRICS[level], rate, limits_of(METRICS[level])),
        };
        noted = Some((METRICS[level], key));
        seen.keyed(key, severity, Held::Met, holds);
        if severity == Severity::Low {
            seen.keep_keyed(key, rate >= Relax::Scaled.limit(FAULTS[level]));
        }
    }
    Ok(seen)
}

/// Whether somebody suffers by faults, by stalls or since many are for pages that were dropped, and
/// they cost as much as a severity wants.
fn harms(span: &Span, cost: &Cost, severity: Severity) -> bool {
    let Span { faults, refaults, stalled } = span;
    let faults = faults.as_ref().map_or(0, |growth| growth.by);
    let are_dropped = refaults.is_some_and(|by| by > 0 && by as f64 >= DROPPED * faults as f64);
    let suffers =
        stalled.is_some_and(|stalled| stalled >= STALLED) || are_dropped || cost.is_squeezed;
    suffers && cost.bears(severity)
}

fn limits_of(metric: Metric) -> [Option<f64>; 4] {
    core::array::from_fn(|level| (METRICS[level] == metric).then_some(FAULTS[level]))
}

#[cfg(test)]
mod tests;
