//! Quantities that only tracers or stall shares of CPUs tell.

use ks_vocabulary::histogram::bounds;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::model::{Sample, SyscallTrace};

use super::{Pair, Quantity, Say, level};

/// Share of time in which a task waits for a CPU, and the 99th percentile of waits, at low
/// (`signals.md`, section 9).
const CPU_SOME: f64 = 0.10;
const WAIT_NS: f64 = 5e6;
/// The 99th percentile of calls to storage at low, and calls that it needs (section 10).
const CALL_NS: f64 = 10e6;
const CALLS: u64 = 100;

pub(super) fn look(pair: &Pair<'_>, say: &mut Say<'_>) {
    let pressure = pair.before.pressure.first().zip(pair.after.pressure.first());
    let some = pressure.and_then(|(before, after)| {
        pair.rate(before.cpu_some_total_us(), after.cpu_some_total_us())
    });
    let waits = p99(pair.after, b"run_queue_ns", None, 1);
    let is_late = waits.is_some_and(|p99| p99 >= WAIT_NS);
    let stalls = some.is_some_and(|us| us / 1e6 >= CPU_SOME);
    say(Kind::Scheduler, Entity::Host, level(stalls || is_late));
    let trace = pair.before.bpf_syscall.first().zip(pair.after.bpf_syscall.first());
    let refused = trace.is_some_and(|(before, after)| refused(after) > refused(before));
    let slow = p99(pair.after, b"syscall_ns", Some(b"storage"), CALLS);
    let is_slow = slow.is_some_and(|p99| p99 >= CALL_NS);
    let quantity = if refused { Quantity::Event } else { level(is_slow) };
    say(Kind::Syscall, Entity::Host, quantity);
}

fn refused(row: &SyscallTrace) -> u64 {
    let counters = [row.emfile(), row.enfile(), row.enospc(), row.enomem()];
    counters.into_iter().flatten().sum()
}

/// The 99th percentile of one interval: rank 0.99 n, linear within its bucket.
fn p99(sample: &Sample, metric: &[u8], entity: Option<&[u8]>, least: u64) -> Option<f64> {
    let mut counts = std::collections::BTreeMap::new();
    for row in sample.bpf_histograms.iter() {
        let is_meant = row.metric() == Some(metric)
            && entity.is_none_or(|entity| row.entity() == Some(entity));
        if is_meant {
            *counts.entry(row.bucket()?).or_insert(0u64) += row.count()?;
        }
    }
    let all: u64 = counts.values().sum();
    if all < least.max(1) {
        return None;
    }
    let rank = 0.99 * all as f64;
    let mut below = 0.0;
    for (bucket, count) in counts {
        if below + count as f64 >= rank {
            let (low, high) = bounds(usize::try_from(bucket).ok()?);
            let part = (rank - below) / count as f64;
            return Some(low as f64 + part * (high - low) as f64);
        }
        below += count as f64;
    }
    None
}
