//! Histograms of the tracers against the counters beside them.

use ks_vocabulary::histogram::bounds;
use ks_vocabulary::model::{BlockTrace, Sample};

use super::{Pair, grown};

/// A histogram and its counter are read one after the other, on several CPUs: so many may be in one
/// and not in the other, and this share of them.
const APART: (f64, f64) = (8.0, 0.02);

/// Count, and the least and the most that the sum can be.
#[derive(Default)]
struct Sum {
    count: f64,
    low: f64,
    high: f64,
}

fn sum(sample: &Sample, metric: &[u8], of: Option<(&[u8], &[u8])>) -> Sum {
    let mut sum = Sum::default();
    for row in sample.bpf_histograms.iter().filter(|row| row.metric() == Some(metric)) {
        let is_meant = of.is_none_or(|(entity, operation)| {
            row.entity() == Some(entity) && row.operation() == Some(operation)
        });
        let (Some(bucket), Some(count), true) = (row.bucket(), row.count(), is_meant) else {
            continue;
        };
        let (low, high) = bounds(usize::try_from(bucket).unwrap_or(usize::MAX));
        sum.count += count as f64;
        sum.low += count as f64 * low as f64;
        sum.high += count as f64 * high as f64;
    }
    sum
}

/// Looks at each device and operation.
fn each(
    pair: &Pair<'_>,
    wrong: impl Fn(&BlockTrace, &BlockTrace, &Sum) -> Option<String>,
) -> Option<String> {
    pair.after.bpf_block_io.iter().find_map(|row| {
        let before = pair.before.bpf_block_io.find(row)?;
        let of = (row.disk()?, row.operation()?);
        wrong(before, row, &sum(pair.after, b"block_latency_ns", Some(of)))
    })
}

pub(super) fn completions(pair: &Pair<'_>) -> Option<String> {
    each(pair, |before, after, sum| {
        let completed = grown(before.completed(), after.completed())?;
        let unseen = grown(before.no_start(), after.no_start()).unwrap_or(0.0);
        let slack = APART.0 + APART.1 * completed + unseen;
        ((completed - sum.count).abs() > slack)
            .then(|| format!("{completed} completed, {} in the histogram", sum.count))
    })
}

pub(super) fn latencies(pair: &Pair<'_>) -> Option<String> {
    each(pair, |before, after, sum| {
        let latency = grown(before.latency_ns(), after.latency_ns())?;
        outside(latency, sum)
    })
}

pub(super) fn waits(pair: &Pair<'_>) -> Option<String> {
    let mut waited = 0.0;
    for row in pair.after.bpf_scheduler.iter() {
        let before = pair.before.bpf_scheduler.find(row)?;
        waited += grown(before.wait_ns(), row.wait_ns())?;
    }
    outside(waited, &sum(pair.after, b"run_queue_ns", None))
}

/// A sum outside of what its buckets allow. One long wait may be in one and not in the other.
fn outside(found: f64, sum: &Sum) -> Option<String> {
    if sum.count <= 0.0 {
        return None;
    }
    let mean = sum.high / sum.count;
    let slack = APART.0 * mean + 0.05 * sum.high + 1e5;
    let is_off = found > sum.high + slack || found < sum.low - slack;
    is_off.then(|| format!("{found} ns counted, {} to {} ns by buckets", sum.low, sum.high))
}
