//! CPU time that a hypervisor gave to others while the host asked for it.
//!
//! Nobody waits in the host for a CPU that is taken from under a running task: neither stall shares
//! nor run queues know of it.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::classifiers::busy::busy_share;
use crate::window::Window;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Cpu;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

/// Share of the CPU time asked for that is stolen (our judgement: work takes a ninth, a third and
/// as much again for longer).
const LIMITS: [Option<f64>; 4] = [Some(0.10), Some(0.25), Some(0.50), None];
/// Share of it above which contention is not the host's own (`signals.md`, our judgement).
const NAMED: f64 = 0.05;
/// Tasks for each CPU, or else the share of time that CPUs are asked for, from which on the host is
/// at work (a server with one task on average is busy half of the time, M/M/1).
const AT_WORK: f64 = 0.5;
const MEAN_NS: u64 = 5 * SECOND_NS;

/// Whether this host is one of which time was ever stolen.
pub(super) fn is_told(window: &Window) -> bool {
    let stolen = window.cpu.one().ok().and_then(Cpu::steal_ticks);
    window.cpu.is_fresh() && stolen.is_some_and(|ticks| ticks > 0)
}

/// Grades it where the host is at work; whether so much is stolen that tasks are late by it.
pub(super) fn grade(seen: &mut Evaluation, window: &Window) -> bool {
    let track = window.cpu.track().ok().filter(|_| window.cpu.is_fresh());
    let Some(Ok(value)) = track.map(|track| track.stolen_share(MEAN_NS)) else { return false };
    if value >= NAMED {
        seen.subtype = Some(Subtype::Stolen);
    }
    if !is_at_work(window) {
        seen.know(LIMITS.map(|limit| limit.is_some()));
        seen.note_with(Metric::StealShare, value, LIMITS);
        return false;
    }
    let held = [Held::Met, Held::Met, Held::Counts, Held::No];
    let quantity = Quantity { metric: Metric::StealShare, value, limits: LIMITS };
    seen.grade_each(quantity, held, Relax::Scaled);
    LIMITS[Severity::Medium.index()].is_some_and(|limit| value >= limit)
}

/// Two sources have to agree: instants at which tasks run or want to, or else clock ticks.
fn is_at_work(window: &Window) -> bool {
    let mean = window.cpu.track().ok().and_then(|track| track.mean(MEAN_NS, window.interval_ns));
    let busy = || window.cpu.step().and_then(|step| busy_share(&step)).unwrap_or(0.0);
    mean.map_or_else(busy, |mean| mean.value) >= AT_WORK
}
