//! Quantities that only tracers or stall shares of CPUs tell.

use ks_vocabulary::histogram::bounds;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::model::{Disk, Pressure, SyscallTrace};

use super::limits::CPU_SOME;
use super::paging::stalled;
use super::{NONE, Pair, Quantity, Say};

/// The 99th percentile of waits for a CPU (`signals.md`, section 9).
const WAIT_NS: [f64; 4] = [5e6, 20e6, 100e6, 500e6];
/// The 99th percentile of calls to storage, without and with a disk at work that seeks, calls that
/// it needs, and calls refused a second (section 10).
const CALL_NS: [[f64; 4]; 2] = [[10e6, 100e6, 500e6, 1000e6], [50e6, 250e6, 1000e6, 2000e6]];
const CALLS: u64 = 100;
/// Share of time lost in them below which a percentile says nothing.
const LOST: f64 = 0.01;
const REFUSED: [f64; 4] = [NONE, NONE, 10.0, NONE];

pub(super) fn look(pair: &Pair<'_>, say: &mut Say<'_>) {
    let waits = Quantity::of(run_queue_p99(pair), WAIT_NS);
    let stalls = cpu_stalls(pair, stalled(pair, Pressure::cpu_some_total_us));
    say(Kind::Scheduler, Entity::Host, stalls.or(waits));
    let trace = pair.before.bpf_syscall.first().zip(pair.after.bpf_syscall.first());
    let refused = trace.and_then(|(before, after)| {
        pair.rate(Some(refused(before)), Some(refused(after))).filter(|rate| *rate > 0.0)
    });
    let slow = p99(pair, b"syscall_ns", Some(b"storage"), CALLS);
    let mut calls =
        Quantity::of(slow, CALL_NS[usize::from(seeks(pair))]).or(Quantity::of(refused, REFUSED));
    if refused.is_some() {
        calls = calls.or(Quantity::event(Severity::Medium));
    }
    say(Kind::Syscall, Entity::Host, calls);
}

/// Whether a rotating disk has work in hand, or had some in the interval.
fn seeks(pair: &Pair<'_>) -> bool {
    pair.after.disks.iter().filter(|after| after.rotational() == Some(true)).any(|after| {
        let before = pair.before.disks.find(after);
        let grew = |get: fn(&Disk) -> Option<u64>| before.and_then(get) < get(after);
        after.in_flight() > Some(0) || grew(Disk::reads) || grew(Disk::writes)
    })
}

/// The share in which some task waits for a CPU: at high and critical tasks have to be late as
/// well, which where no tracer looked may be so.
pub(super) fn cpu_stalls(pair: &Pair<'_>, share: Option<f64>) -> Quantity {
    let all = Quantity::of(share, CPU_SOME);
    let is_late = run_queue_p99(pair).is_some_and(|ns| ns >= WAIT_NS[0]);
    if is_late || all.level <= Some(Severity::Medium) {
        return all;
    }
    Quantity { level: Some(Severity::Medium), possible: all.level, ..all }
}

fn refused(row: &SyscallTrace) -> u64 {
    let counters = [row.emfile(), row.enfile(), row.enospc(), row.enomem()];
    counters.into_iter().flatten().sum()
}

fn run_queue_p99(pair: &Pair<'_>) -> Option<f64> {
    p99(pair, b"run_queue_ns", None, 1)
}

/// The 99th percentile of one interval, where a hundredth of it is lost: rank 0.99 n, linear
/// within its bucket.
fn p99(pair: &Pair<'_>, metric: &[u8], entity: Option<&[u8]>, least: u64) -> Option<f64> {
    let mut counts = std::collections::BTreeMap::new();
    for row in pair.after.bpf_histograms.iter() {
        let is_meant = row.metric() == Some(metric)
            && entity.is_none_or(|entity| row.entity() == Some(entity));
        if is_meant {
            let (low, high) = bounds(usize::try_from(row.bucket()?).ok()?);
            *counts.entry((low, high)).or_insert(0u64) += row.count()?;
        }
    }
    let all: u64 = counts.values().sum();
    let middle = |(low, high): (u64, u64)| (low + high) as f64 / 2e9;
    let lost_s: f64 = counts.iter().map(|(of, count)| middle(*of) * *count as f64).sum();
    if all < least.max(1) || lost_s < LOST * pair.seconds {
        return None;
    }
    let rank = 0.99 * all as f64;
    let mut below = 0.0;
    for ((low, high), count) in counts {
        if below + count as f64 >= rank {
            let part = (rank - below) / count as f64;
            return Some(low as f64 + part * (high - low) as f64);
        }
        below += count as f64;
    }
    None
}
