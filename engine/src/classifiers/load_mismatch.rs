//! `load_mismatch`: more work wants to run than the CPUs can take.
//!
//! # What it sees
//! Demand for each CPU: runnable tasks (the recorder's own left out) plus blocked ones, as a mean
//! over five seconds, from `/proc/stat`.
//! # Why it matters
//! Above 1 somebody waits (USE method: demand exceeds capacity).
//! # Evidence
//! Demand, busy share, blocked share; the load average is for people and never a limit.
//! # False positives
//! Demand from uninterruptible sleep is not CPU work: subtype `blocked`. Batch work that was told
//! to wait is low at most: subtype `niced`. A reading is one instant: at least two of a mean have
//! to reach a limit, and one that ends a pause does not stand for all of it. Instants may meet
//! tasks that all wake with the recorder: where CPUs are idle most of the time, nothing sleeps
//! uninterruptibly, and stall shares, or else the queues of CPUs, say that nobody waits, there is
//! no demand; where neither is read it is low at most. The kernel counts
//! threads that wait in `io_uring` for a packet as blocked, though none of them sleeps
//! uninterruptibly and the load average knows of none.
//! # Second source
//! Demand is counted at instants: high and critical want time too, CPUs at work or a share of it in
//! which some task stalls for a CPU, I/O or memory. Demand of blocked tasks is low unless sleeping
//! tasks or requests in flight tell of them as well.

use crate::board::{Board, Cover, Evaluation, Held};
use crate::culprit::{Blamed, CPU, Case};
use crate::window::{HOST, Missing, Stall, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Cpu;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::busy::busy_share;
use super::niced::Batch;
use super::{Classifier, queue, sleepers};

/// See the module.
#[derive(Debug)]
pub(super) struct LoadMismatch;

/// Demand for each CPU at low (USE method), medium (the origin's production value), high
/// (pmieconf `cpu.load_average`: 3 per CPU) and critical (the origin's production value).
const DEMAND: [f64; 4] = [1.0, 2.0, 3.0, 8.0];
/// High needs this many tasks in all as well (pmieconf `cpu.load_average`: minimum 4).
const HIGH_TASKS: f64 = 4.0;
/// A standing signal goes on at this share of the low limit.
const RELAXED: f64 = 0.8;
const MEAN_NS: u64 = 5 * SECOND_NS;
/// A server with one task on average is busy half of the time (M/M/1); of several each more.
const BUSY_LEAST: f64 = 0.5;
/// Stall share of CPUs, or else tasks in the queue of each, below which nobody waits (`signals.md`,
/// section 9, low).
const WAITING_LEAST: f64 = 0.1;
/// Busy share, and stall share of any resource, of which one agrees with high demand (pmieconf
/// `cpu.util`; `signals.md`, section 9, medium).
const BUSY: f64 = 0.9;
const STALLED: f64 = 0.25;
/// Share of the demand from which on blocked tasks make it up, and the share of them that somebody
/// else has to tell of (our judgement).
const MOSTLY: f64 = 0.5;
const AGREES: f64 = 0.5;

impl Classifier for LoadMismatch {
    fn kind(&self) -> Kind {
        Kind::LoadMismatch
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        if !window.cpu.is_fresh() {
            return board.cover(Kind::LoadMismatch, Cover::Missing(Missing::Source("stat")));
        }
        match judge(window) {
            Ok(mut seen) => {
                let at = window.cpu.at().unwrap_or(window.mono());
                board.judge(Kind::LoadMismatch, HOST, at, &mut seen, || Entity::Host);
            }
            Err(missing) => board.cover(Kind::LoadMismatch, Cover::Missing(missing)),
        }
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        Blamed { culprits: case.by(CPU), ..Blamed::default() }
    }
}

fn judge(window: &Window) -> Result<Evaluation, Missing> {
    let row = window.cpu.one()?;
    let cpus = row.cpus_online().ok_or(Missing::Field("the number of CPUs"))? as f64;
    row.procs_blocked().ok_or(Missing::Field("procs_blocked"))?;
    row.procs_running().ok_or(Missing::Field("procs_running"))?;
    let track = window.cpu.track()?;
    let mean = track.mean(MEAN_NS, window.interval_ns).ok_or(Missing::NoEarlier)?;
    let (demand, held) = (mean.value, mean.held());
    let blocked = blocked_share(row, window.host().recorder_pid != 0);
    let busy = busy_share(&window.cpu.step()?)?;
    let mut seen = Evaluation::default();
    let key = seen.note_with(Metric::DemandPerCpu, demand, DEMAND.map(Some));
    seen.note(Metric::BusyShare, busy);
    // The quantity is a mean over five seconds: it is its own persistence up to medium; high and
    // critical have to last longer and are counted.
    let by_chance = is_by_chance(window, busy, blocked.unwrap_or(0.0));
    let waits = by_chance != Some(true);
    seen.keyed(key, Severity::Low, Held::Met, waits && held >= DEMAND[0]);
    let is_batch = held >= DEMAND[1] && Batch::of(window).explains(&Entity::Host);
    let exceeds = |limit: f64| waits && held >= limit && !is_batch;
    seen.keyed(key, Severity::Medium, Held::Met, exceeds(DEMAND[1]));
    let high = exceeds(DEMAND[2]) && held * cpus > HIGH_TASKS;
    seen.keyed(key, Severity::High, Held::Counts, high);
    seen.keyed(key, Severity::Critical, Held::Counts, exceeds(DEMAND[3]));
    seen.second(takes_time(window, busy), Severity::Medium);
    seen.second(Some(by_chance.is_some()), Severity::Low);
    seen.second(are_asleep(window, row, blocked.unwrap_or(0.0)), Severity::Low);
    seen.keep_keyed(key, waits && demand >= DEMAND[0] * RELAXED);
    if let Some(share) = blocked {
        seen.note(Metric::BlockedShare, share);
    }
    if let Ok(load) = window.load.one()
        && let Some(load1) = load.load1()
    {
        seen.note(Metric::Load1, load1);
    }
    let by_demand = subtype(demand, busy, blocked.unwrap_or(0.0));
    seen.subtype = if is_batch { Some(Subtype::Niced) } else { by_demand };
    Ok(seen)
}

/// Whether tasks were met that wake together and do not wait: what else was read speaks against a
/// queue. `None` where only idle CPUs do.
fn is_by_chance(window: &Window, busy: f64, blocked: f64) -> Option<bool> {
    if busy >= BUSY_LEAST || blocked >= BUSY_LEAST {
        return Some(false);
    }
    let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    let waits = track.and_then(|track| track.share(Stall::CpuSome, MEAN_NS).ok());
    Some(waits.or_else(|| queue::waiting_per_cpu(window))? < WAITING_LEAST)
}

/// Whether something else tells of as many tasks that wait as are blocked, where those are most of
/// the demand; `None` where nothing is known of them.
fn are_asleep(window: &Window, row: &Cpu, share: f64) -> Option<bool> {
    if share < MOSTLY {
        return Some(true);
    }
    let least = AGREES * row.procs_blocked()? as f64;
    let known = [sleepers::asleep(window), sleepers::in_flight(window)];
    let agree = known.iter().flatten().any(|waiting| *waiting >= least);
    (agree || known.iter().all(Option::is_some)).then_some(agree)
}

/// Whether CPUs or tasks lose time as well; `None` where nobody tells of stalls.
fn takes_time(window: &Window, busy: f64) -> Option<bool> {
    let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh())?;
    let stalls = [Stall::CpuSome, Stall::IoSome, Stall::MemorySome];
    let mut shares = stalls.into_iter().filter_map(|of| track.share(of, MEAN_NS).ok()).peekable();
    shares.peek()?;
    Some(busy >= BUSY || shares.any(|share| share >= STALLED))
}

fn blocked_share(row: &Cpu, recorder: bool) -> Option<f64> {
    let blocked = row.procs_blocked()?;
    let running = row.procs_running()?.saturating_sub(u64::from(recorder));
    let tasks = running + blocked;
    (tasks > 0).then(|| blocked as f64 / tasks as f64)
}

fn subtype(demand: f64, busy: f64, blocked: f64) -> Option<Subtype> {
    if blocked >= MOSTLY {
        Some(Subtype::Blocked)
    } else if busy >= BUSY {
        Some(Subtype::CpuBound)
    } else if demand >= DEMAND[1] && busy < 0.5 {
        Some(Subtype::IdleMismatch)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
