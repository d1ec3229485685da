//! `scheduler`: runnable tasks wait for a CPU.
//!
//! # What it sees
//! How long tasks wait in the run queue (`bpf/scheduler`) and the share of time in which some task
//! waits for a CPU (PSI), of the host; the share of each control group; periods in which a group's
//! quota was used up. One of the first two is enough.
//! # Why it matters
//! A task that is ready and does not run is late, and so is whoever waits for it.
//! # Evidence
//! The 99th percentile of waits and stall shares over 5, 10 and 30 s; throttled
//! shares of periods, switches for each CPU, steal.
//! # False positives
//! Throttling is a limit that somebody set, not contention: a subtype of its own. A group that
//! meets its quota in one of two periods, and then sleeps for seconds, loses no time to speak of,
//! however many CPUs it was throttled on.
//! Niced batch work expects to wait, and so does a group of the least weight: stalls are not judged
//! where those are who waits.
//! On a host whose CPUs are all at work by design some task waits all of the time, for a moment
//! each.
//! # Second source
//! A stall share is at 1 with one task that waits: high and critical want waits that are long, by
//! the tracer, by the accounting of processes or of CPUs, or a group's throttled periods with time
//! lost.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, CPU, Case, victim};
use crate::window::{
    CgroupTrack, Group, HOST, Latency, Missing, PressureTrack, Span, Stall, Window,
};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Cgroup, Cpu};
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::busy::busy_share;
use super::latency::{self, LatencyLimits};
use super::stall::{self, StallLimits};
use super::{Classifier, cover_groups, groups, is_absent, niced};

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
    limits: [5.0, 20.0, 100.0, 500.0],
};
/// Share of a group's periods in which it was throttled, over 5 s at medium and over 10 s at high
/// (our judgement).
const THROTTLED: [(Metric, u64, [Option<f64>; 4]); 2] = [
    (Metric::ThrottledShare5s, 5, [None, Some(0.25), None, None]),
    (Metric::ThrottledShare10s, 10, [None, None, Some(0.50), None]),
];
/// Time that a group's CPUs lose to throttling for each second, below which the share of its
/// periods says nothing: at medium and at high (our judgement, as low and between medium and high
/// of the stall shares).
const LOST: [f64; 2] = [0.10, 0.25];
/// The kernel's own period of a quota (`default_cfs_period`).
const PERIOD_US: u64 = 100_000;
/// Tasks that wait for each CPU, in the mean, with which those that run are late (our judgement: a
/// third of the time of each goes into waiting), where they wait for so long between two switches:
/// two compilers on each CPU take turns of a slice.
const WAITING: f64 = 0.5;
const WAITED_NS: u64 = 5 * SECOND_NS;
const TURN_S: f64 = WAITS.limits[0] / 1e3;
/// Share of CPU time that the hypervisor took, above which contention is not the host's own
/// (`signals.md`, our judgement).
const STOLEN: f64 = 0.05;

impl Classifier for Scheduler {
    fn kind(&self) -> Kind {
        Kind::Scheduler
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        let mut seen = Evaluation::default();
        let stalls = grade_stalls(&mut seen, window);
        let waits = latency::grade(&mut seen, window, &Latency::RunQueue, &WAITS);
        match (stalls, waits) {
            (Err(missing), Err(_)) => board.cover(Kind::Scheduler, Cover::Missing(missing)),
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
                seen.second(is_late(window), Severity::Medium);
                board.judge(Kind::Scheduler, HOST, at, &mut seen, || Entity::Host);
            }
        }
        judge_groups(window, board);
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

/// Stalls of the host; the time of their reading.
fn grade_stalls(seen: &mut Evaluation, window: &Window) -> Result<Timestamp, Missing> {
    let missing = Missing::Source("pressure/cpu");
    let fresh = |_: &&PressureTrack| window.pressure.is_fresh();
    let track = window.pressure.track().ok().filter(fresh);
    let track = track.filter(|track| track.is_given(Stall::CpuSome)).ok_or(missing)?;
    grade_or_excuse(seen, track, window, &Entity::Host)?;
    window.pressure.at().ok_or(missing)
}

/// Grades the stalls; those of batch work, which expects to wait, are told and not judged.
fn grade_or_excuse(
    seen: &mut Evaluation,
    track: &PressureTrack,
    window: &Window,
    entity: &Entity,
) -> Result<(), Missing> {
    let lowest = STALLS[0].limits[0].map_or(0.0, |limit| Relax::Scaled.limit(limit));
    let is_high = |share: f64| share >= lowest;
    let waits =
        STALLS.iter().any(|of| track.share(of.stall, of.window_s * SECOND_NS).is_ok_and(is_high));
    if !waits || !niced::explains(window, entity) {
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
        if let Some(stolen) = steal_share(&step) {
            seen.note(Metric::StealShare, stolen);
            seen.subtype = (stolen >= STOLEN).then_some(Subtype::Stolen);
        }
    }
}

/// Share of all CPU time that the hypervisor gave to others; `None` where that is not told.
fn steal_share(step: &crate::window::Step<'_, Cpu>) -> Option<f64> {
    let stolen = step.growth("steal", Cpu::steal_ticks);
    if is_absent(&stolen) {
        return None;
    }
    let stolen = stolen.unwrap_or(0);
    let parts: [fn(&Cpu) -> Option<u64>; 7] = [
        Cpu::user_ticks,
        Cpu::nice_ticks,
        Cpu::system_ticks,
        Cpu::idle_ticks,
        Cpu::iowait_ticks,
        Cpu::irq_ticks,
        Cpu::softirq_ticks,
    ];
    let grown = parts.map(|part| step.growth("stat", part).unwrap_or(0));
    let all = grown.iter().copied().fold(stolen, u64::saturating_add);
    Some(if all == 0 { 0.0 } else { stolen as f64 / all as f64 })
}

fn judge_groups(window: &Window, board: &mut Board) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    let late = is_late(window);
    for (id, row, track) in groups(window) {
        let has_quota = row.nr_periods().is_some_and(|periods| periods > 0);
        if !has_quota && !track.pressure.is_given(Stall::CpuSome) {
            continue;
        }
        let mut seen = Evaluation::default();
        // A group of version 1 has no stall shares: its quota is judged alone.
        let _ = grade_or_excuse(&mut seen, &track.pressure, window, &cgroup_entity(row));
        if !has_quota || !grade_throttling(&mut seen, row, track) {
            seen.second(late, Severity::Medium);
        }
        board.judge(Kind::Scheduler, id, at, &mut seen, || cgroup_entity(row));
    }
}

/// The mean number of tasks that wait, over all CPUs.
fn waiting(window: &Window) -> Option<f64> {
    window.sched.at().filter(|_| window.sched.is_fresh())?;
    let each = window.sched.entities().filter_map(|(.., track)| track.waiting(WAITED_NS).ok());
    each.reduce(|all, one| all + one)
}

/// Whether tasks run late, as their waits say: by the tracer, else by the mean number that waits,
/// as the accounting of processes or of CPUs tells it, and how long it does for each switch. `None`
/// where none of them is known.
fn is_late(window: &Window) -> Option<bool> {
    let counted = window.latencies.over(&Latency::RunQueue, Span::Ten).ok();
    let counted = counted.filter(|counted| counted.total() >= latency::ENOUGH);
    if let Some(p99) = counted.and_then(|counted| counted.quantile(0.99)) {
        return Some(p99.value / 1e6 >= WAITS.limits[0]);
    }
    let by_process =
        window.processes.waited().over(WAITED_NS).map(|(batch, others)| batch + others);
    let waiting = by_process.or_else(|| waiting(window))?;
    let cpus = window.cpu.one().ok()?.cpus_online()?.max(1) as f64;
    let switches = window.cpu.step().and_then(|step| step.rate("ctxt", Cpu::context_switches));
    let takes_turns = switches.is_ok_and(|switches| waiting < switches * TURN_S);
    Some(waiting / cpus >= WAITING && !takes_turns)
}

/// A throttled group waits for a CPU too, so where a limit of throttling is reached it names the
/// form: that is a quota, not contention. The return value says whether one is.
fn grade_throttling(seen: &mut Evaluation, row: &Cgroup, track: &CgroupTrack) -> bool {
    let mut throttled = false;
    for (metric, window_s, limits) in THROTTLED {
        seen.know(limits.map(|limit| limit.is_some()));
        let Some(value) = throttled_share(track, window_s * SECOND_NS) else { continue };
        let lost = lost_share(row, track, window_s * SECOND_NS);
        let least = if window_s == THROTTLED[0].1 { LOST[0] } else { LOST[1] };
        if lost.is_some_and(|lost| lost < least) {
            seen.note_with(metric, value, limits);
            continue;
        }
        let quantity = Quantity { metric, value, limits };
        let key = seen.grade(quantity, Held::Met, Relax::Scaled);
        let lowest = limits[Severity::Medium.index()];
        seen.keep_keyed(key, lowest.is_some_and(|limit| value >= Relax::Scaled.limit(limit)));
        if limits.iter().flatten().any(|limit| value >= *limit) {
            seen.subtype = Some(Subtype::Throttled);
            throttled = true;
        }
    }
    throttled
}

/// Share of the time that a group lost to throttling; `None` where that is not told. The kernel
/// adds up what each CPU was throttled for (`tg_unthrottle_up`), so a group on many of them loses
/// more than there is: none is throttled for longer than its period.
fn lost_share(row: &Cgroup, track: &CgroupTrack, ns: u64) -> Option<f64> {
    let lost = track.over(Group::ThrottledTime, ns).ok()?.share_of_us();
    let period_us = row.cpu_period_us().unwrap_or(PERIOD_US) as f64;
    let periods = track.over(Group::Throttled, ns).ok()?.per_second();
    Some(lost.min(periods * period_us / 1e6))
}

/// Share of the periods; without a period in the window nothing was throttled.
fn throttled_share(track: &CgroupTrack, ns: u64) -> Option<f64> {
    let periods = track.over(Group::Periods, ns).ok()?.by;
    let throttled = track.over(Group::Throttled, ns).ok()?.by;
    Some(if periods == 0 { 0.0 } else { throttled as f64 / periods as f64 })
}

#[cfg(test)]
mod tests;
