//! `scheduler`: runnable tasks wait for a CPU.
//!
//! # What it sees
//! How long tasks wait in the run queue (`bpf/scheduler`) and the share of time in which some task
//! waits for a CPU (PSI), of the host; the share of each control group; periods in which a group's
//! quota was used up; the share of the CPU time asked for that a hypervisor gave to others. One of
//! the first two is enough, and on a host of which time was ever stolen the last.
//! # Why it matters
//! A task that is ready and does not run is late, and so is whoever waits for it.
//! # Evidence
//! The 99th percentile of waits and stall shares over 5, 10 and 30 s; throttled
//! shares of periods, switches for each CPU, steal.
//! # False positives
//! Throttling is a limit that somebody set, not contention: a subtype of its own, and no stall of
//! the groups around it or of the host where nobody else waits. A group that meets its quota in one
//! of two periods, and then sleeps for seconds, loses no time to speak of, however many CPUs it was
//! throttled on: no more than its own stall share. A quota on batch work is low.
//! Niced batch work expects to wait, and so does a group of the least weight, or of far less than
//! those beside it, none of which waits: stalls are not judged where those are who waits.
//! On a host whose CPUs are all at work by design some task waits all of the time, for a moment
//! each: where few wait, and on no CPU for a slice of another in the mean, it is low.
//! On a host that rests most of the time half of next to nothing may be stolen.
//! # Second source
//! A stall share is at 1 with one task that waits: high and critical want waits that are long, by
//! the tracer, by the accounting of processes or of CPUs, or a group's throttled periods with time
//! lost. Clock ticks that were stolen count where instants meet the host at work.

use core::cell::{LazyCell, OnceCell};
use core::ops::Deref;

use crate::board::{Board, Cover, Evaluation, Relax};
use crate::culprit::{Blamed, CPU, Case, victim};
use crate::window::{HOST, Latency, Missing, PressureTrack, Stall, Window, is_batch};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::{belongs, cgroup_entity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Cpu;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::alone::Alone;
use super::busy::busy_share;
use super::latency::{self, LatencyLimits};
use super::niced::{self, Batch};
use super::stall::{self, StallLimits};
use super::{Classifier, cover_groups, groups, queue};

mod stolen;
mod throttling;

/// See the module.
#[derive(Debug)]
pub(super) struct Scheduler;

/// Share of time in which some task waited for a CPU (our judgement).
const STALLS: [StallLimits; 3] = [
    StallLimits {
        metric: Metric::CpuSome5s,
        stall: Stall::CpuSome,
        window_s: 5,
        limits: [Some(0.10), Some(0.25), None, None],
    },
    StallLimits {
        metric: Metric::CpuSome10s,
        stall: Stall::CpuSome,
        window_s: 10,
        limits: [None, None, Some(0.50), None],
    },
    StallLimits {
        metric: Metric::CpuSome30s,
        stall: Stall::CpuSome,
        window_s: 30,
        limits: [None, None, None, Some(0.80)],
    },
];
/// Waits in the run queue (our judgement).
const WAITS: LatencyLimits = LatencyLimits {
    metrics: [Metric::RunQueueP99Over5s, Metric::RunQueueP99Over10s, Metric::RunQueueP99Over30s],
    limits: [queue::LATE_MS, 20.0, 100.0, 500.0],
};

/// Share of the time for which the threads of a process wait that is late (our judgement: of three
/// that take turns on one CPU each waits for two thirds).
const LATE_WAITS: f64 = 0.6;

impl Classifier for Scheduler {
    fn kind(&self) -> Kind {
        Kind::Scheduler
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        let mut seen = Evaluation::default();
        let excused = Excused::of(window);
        // Most of the time nobody waits, and nobody asks for how long.
        let most = LazyCell::new(|| queue::most(window));
        let stalls = grade_stalls(&mut seen, window, &excused);
        let waits = latency::grade(&mut seen, window, &Latency::RunQueue, &WAITS);
        let is_stolen = stolen::grade(&mut seen, window);
        match (stalls, waits) {
            (Err(missing), Err(_)) if has_stalls(window) || !stolen::is_told(window) => {
                board.cover(Kind::Scheduler, Cover::Missing(missing));
            }
            (stalls, waits) => {
                if stalls.is_err() {
                    let part = "stall shares: no pressure of CPUs";
                    board.cover(Kind::Scheduler, Cover::Part(part));
                }
                if waits.is_err() {
                    let part = "run-queue latency: needs bpf/scheduler";
                    board.cover(Kind::Scheduler, Cover::Part(part));
                }
                let at = stalls.unwrap_or(window.mono());
                note_cpu(&mut seen, window);
                // Who is kept from running is late, though nobody waits in a queue for it.
                if seen.mask() > 0
                    && !is_stolen
                    && let Some(most) = *most
                {
                    seen.second(Some(false), most);
                }
                board.judge(Kind::Scheduler, HOST, at, &mut seen, || Entity::Host);
            }
        }
        judge_groups(window, board, &excused, &most);
        cover_groups(window, board, Kind::Scheduler);
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        let mut victims = victim::groups(case.window, case.entity, Stall::CpuSome);
        if victims.is_empty() {
            victims = victim::waiters(case.window, case.entity);
        }
        Blamed { culprits: case.by(CPU), victims }
    }
}

/// Groups that expect to wait: batch work, and those that wait for their quota, which says so of
/// them and not of those around them.
struct Excused<'a> {
    window: &'a Window,
    /// Looked for once, and where somebody waits.
    found: OnceCell<(Batch<'a>, Alone<'a>)>,
}

impl<'a> Excused<'a> {
    fn of(window: &'a Window) -> Self {
        Self { window, found: OnceCell::new() }
    }

    fn explains(&self, entity: &Entity) -> bool {
        let find = || (Batch::of(self.window), throttling::groups(self.window));
        let (batch, throttled) = self.found.get_or_init(find);
        throttled.explain(entity) || batch.explains(entity)
    }
}

/// Whether this kernel tells of stalls, be it at another reading.
fn has_stalls(window: &Window) -> bool {
    window.pressure.track().is_ok_and(|track| track.is_given(Stall::CpuSome))
}

/// Stalls of the host; the time of their reading.
fn grade_stalls(
    seen: &mut Evaluation,
    window: &Window,
    excused: &Excused<'_>,
) -> Result<Timestamp, Missing> {
    let missing = Missing::Source("pressure/cpu");
    let fresh = |_: &&PressureTrack| window.pressure.is_fresh();
    let track = window.pressure.track().ok().filter(fresh);
    let track = track.filter(|track| track.is_given(Stall::CpuSome)).ok_or(missing)?;
    grade_or_excuse(seen, track, excused, &Entity::Host)?;
    window.pressure.at().ok_or(missing)
}

/// Grades the stalls; those of groups that expect to wait are told and not judged.
fn grade_or_excuse(
    seen: &mut Evaluation,
    track: &PressureTrack,
    excused: &Excused<'_>,
    entity: &Entity,
) -> Result<(), Missing> {
    let lowest = STALLS[0].limits[0].map_or(0.0, |limit| Relax::Scaled.limit(limit));
    let is_high = |share: f64| share >= lowest;
    let waits =
        STALLS.iter().any(|of| track.share(of.stall, of.window_s * SECOND_NS).is_ok_and(is_high));
    if !waits || !excused.explains(entity) {
        return stall::grade(seen, track, &STALLS);
    }
    for of in &STALLS {
        seen.know(of.limits.map(|limit| limit.is_some()));
        if let Ok(share) = track.share(of.stall, of.window_s * SECOND_NS) {
            seen.note(of.metric, share);
        }
    }
    Ok(())
}

fn note_cpu(seen: &mut Evaluation, window: &Window) {
    if window.cpu.is_fresh()
        && let Ok(step) = window.cpu.step()
        && let Ok(switches) = step.rate("ctxt", Cpu::context_switches)
        && let Some(cpus @ 1..) = step.after.cpus_online()
    {
        seen.note(Metric::SwitchesPerCpu, switches / cpus as f64);
        if let Ok(busy) = busy_share(&step) {
            seen.note(Metric::BusyShare, busy);
        }
    }
}

fn judge_groups(
    window: &Window,
    board: &mut Board,
    excused: &Excused<'_>,
    most: &impl Deref<Target = Option<Severity>>,
) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    for (id, row, track) in groups(window) {
        let has_quota = throttling::has_quota(row);
        if !has_quota && !track.pressure.is_given(Stall::CpuSome) {
            continue;
        }
        let (mut seen, entity) = (Evaluation::default(), cgroup_entity(row));
        // A group of version 1 has no stall shares: its quota is judged alone.
        let _ = grade_or_excuse(&mut seen, &track.pressure, excused, &entity);
        let is_throttled = has_quota && throttling::grade(&mut seen, row, track);
        let most = match () {
            () if seen.mask() == 0 => None,
            () if is_throttled => niced::is_all(window, &entity).then_some(Severity::Low),
            () if most.is_some() && is_late(window, &entity) => None,
            () => **most,
        };
        if let Some(most) = most {
            seen.second(Some(false), most);
        }
        board.judge(Kind::Scheduler, id, at, &mut seen, || entity);
    }
}

/// Whether a process of a group waits for most of the time that it could run, on a CPU on which
/// tasks are late. Means over the host hide it where it has many CPUs.
fn is_late(window: &Window, entity: &Entity) -> bool {
    let Some(at) = window.processes.at().filter(|_| queue::is_late_on_some(window)) else {
        return false;
    };
    let mut members = window.processes.iter().filter(|known| belongs(&known.row, entity));
    members.any(|known| {
        let waited = known.consumption(at).wait_ns as f64;
        let threads = known.row.threads().unwrap_or(1).max(1) as f64;
        let waits = waited / known.consumption_ns(at).max(1) as f64 / threads;
        waits >= LATE_WAITS && !is_batch(&known.row)
    })
}

#[cfg(test)]
mod tests;
