//! Requests of a block device and their latency, held against what fio measures from outside.
//!
//! fio counts from its call to its return; the tracer from issue to completion. With one request in
//! flight the difference is half of what a device in memory takes. Sixteen in flight wait for each
//! other inside the device, which is one file, and the difference becomes a few percent: less than
//! a bucket is wide.

use std::process::Command;

use ks_vocabulary::histogram::{Histogram, bucket_of};
use ks_vocabulary::model::{BlockTrace, Disk, Sample};
use serde_json::Value;

use crate::loop_device::Loop;
use crate::recorded::{Recorded, close, is_root};
use crate::{has, skipped};

/// Quantiles, with fio's names for them.
const QUANTILES: [(f64, &str); 3] = [(0.5, "50.000000"), (0.9, "90.000000"), (0.99, "99.000000")];

/// Small enough that the kernel does not split it.
const BLOCK: &str = "--bs=256k";

/// Reads from a device for 4 s; the value is what fio says of its reads.
fn read_at_random(device: &str) -> Result<Value, String> {
    let mut command = Command::new("fio");
    command.args(["--name=x", "--rw=randread", "--direct=1", BLOCK, "--iodepth=16"]);
    command.args(["--ioengine=libaio", "--runtime=4", "--time_based", "--output-format=json"]);
    command.args(["--percentile_list=50:90:99", &format!("--filename={device}")]);
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    // Notes may stand before the report.
    let begin = output.stdout.iter().position(|byte| *byte == b'{').unwrap_or(0);
    let report: Value = serde_json::from_slice(&output.stdout[begin..]).unwrap();
    Ok(report["jobs"][0]["read"].clone())
}

/// Latency of all reads of a device.
fn latency(found: &Recorded, device: &[u8]) -> Histogram {
    let mut histogram = Histogram::default();
    let samples = found.samples();
    let rows = samples.iter().flat_map(|sample| sample.bpf_histograms.iter());
    let of_device = rows.filter(|row| {
        row.metric() == Some(b"block_latency_ns")
            && row.entity() == Some(device)
            && row.operation() == Some(b"read")
    });
    for row in of_device {
        let bucket = usize::try_from(row.bucket().unwrap()).unwrap();
        histogram.add(bucket, row.count().unwrap());
    }
    histogram
}

/// Reads that the tracer saw, and those of diskstats, until a tick.
fn reads(sample: &Sample, device: &[u8]) -> (u64, u64) {
    let traced = sample
        .bpf_block_io
        .iter()
        .find(|row| row.disk() == Some(device) && row.operation() == Some(b"read"));
    let counted = sample.disks.iter().find(|disk| disk.name() == Some(device));
    let traced = traced.and_then(BlockTrace::completed).unwrap_or(0);
    // A loop device that was never used is left out.
    (traced, counted.and_then(Disk::reads).unwrap_or(0))
}

#[test]
fn counts_are_those_of_diskstats_and_quantiles_those_of_fio() {
    if skipped() {
        return;
    }
    if !has("fio") {
        return eprintln!("skipped: fio is not installed, which measures from outside");
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(device) = Loop::new(&folder.path().join("disk")).filter(|_| is_root()) else {
        return eprintln!("skipped: no loop device can be made");
    };
    // What fio waits for a CPU is in its own times and not in the device's: a run in which it did
    // is made again.
    let mut runs = Vec::new();
    while runs.len() < 3 && runs.last().is_none_or(|off| *off > 1) {
        let Some(off) = buckets_off(&device) else { return };
        runs.push(off);
    }
    assert!(runs.last() <= Some(&1), "buckets off fio's quantiles in each run: {runs:?}");
}

/// How many buckets a quantile is off that of fio at most, of a run whose counts agree; `None`
/// where it cannot be made, which it says.
fn buckets_off(device: &Loop) -> Option<usize> {
    let mut told = Err(String::new());
    let found = Recorded::while_working(9, || told = read_at_random(&device.device));
    let told = match told {
        Ok(told) => told,
        Err(why) => {
            eprintln!("skipped: fio cannot read the device: {why}");
            return None;
        }
    };
    if !found.has("bpf/block_io") {
        return None;
    }
    let (name, samples) = (device.name(), found.samples());
    let (first, last) = (samples[0], samples[samples.len() - 1]);
    let (before, after) = (reads(first, &name), reads(last, &name));
    let (traced, counted) = (after.0 - before.0, after.1 - before.1);
    assert!(counted > 1000, "{counted} reads in 4 s");
    close(traced, counted, 0.01, 0);
    close(traced, told["total_ios"].as_u64().unwrap(), 0.01, 0);
    let histogram = latency(&found, &name);
    close(histogram.total(), traced, 0.01, 0);
    let off = QUANTILES.map(|(p, key)| {
        let of_fio = told["clat_ns"]["percentile"][key].as_u64().unwrap();
        let ours = histogram.quantile(p).unwrap();
        eprintln!("p{:.0}: {} to {} ns, by fio {of_fio} ns", p * 100.0, ours.low, ours.high);
        bucket_of(ours.low).abs_diff(bucket_of(of_fio))
    });
    off.into_iter().max()
}
