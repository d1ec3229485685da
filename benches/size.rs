//! Size of recordings, extrapolated to a day, and the recorder's memory.
//!
//! Runs `ks record` itself. Figures below half an hour are too high, since a row group of an idle
//! host holds that: pass `KS_BENCH_SECONDS=1800` for one that counts.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a bench prints, and fails by unwrap"
)]

mod mix;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ks_recorder::format::parquet_file::column_bytes;
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::Body;
use ks_vocabulary::model::Process;
use mix::Mix;

const KS: &str = env!("CARGO_BIN_EXE_ks");

/// Records for `seconds`; the return value is the most memory the recorder had, in kB.
fn record(path: &Path, seconds: u64, more: &[&str]) -> u64 {
    let mut command = Command::new(KS);
    command.args(["record", "--duration", &format!("{seconds}s"), "-o"]).arg(path).args(more);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut most_kb = 0;
    while child.try_wait().unwrap().is_none() {
        most_kb = most_kb.max(mix::status_kb(child.id(), "VmHWM").unwrap_or(0));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(child.wait().unwrap().success());
    most_kb
}

fn work(row: &Process) -> [Option<u64>; 6] {
    [
        row.utime_ticks(),
        row.stime_ticks(),
        row.leader_cpu_ns(),
        row.minflt(),
        row.majflt(),
        row.rss_bytes(),
    ]
}

/// Mean number of processes of `pids` that changed in a tick, over all ticks but the first.
fn changed(path: &Path, pids: &[u64]) -> f64 {
    let mut reader = Reader::open(&[path.to_owned()]).unwrap();
    let mut known: BTreeMap<u64, [Option<u64>; 6]> = BTreeMap::new();
    let (mut ticks, mut count) = (0u32, 0u32);
    while let Some(input) = reader.next().unwrap() {
        let Body::Sample(sample) = &input.body else { continue };
        let first = known.is_empty();
        for row in sample.processes.iter() {
            let Some(pid) = row.pid().filter(|pid| pids.contains(pid)) else { continue };
            let differs = known.insert(pid, work(row)) != Some(work(row));
            count += u32::from(differs && !first);
        }
        ticks += u32::from(!first);
    }
    f64::from(count) / f64::from(ticks.max(1))
}

/// Bytes of a recording, and those of them that its control groups take.
fn sizes(path: &Path) -> (u64, u64) {
    let columns = column_bytes(path).unwrap();
    let of_groups = columns.iter().filter(|(name, _)| name.starts_with("sample.cgroups"));
    (std::fs::metadata(path).unwrap().len(), of_groups.map(|(_, bytes)| bytes).sum())
}

fn report(name: &str, seconds: u64, rss_kb: u64, limit_mb: f64, bytes: u64) {
    let mb_per_day = bytes as f64 / seconds as f64 * 86_400.0 / 1e6;
    println!(
        "{name}: {bytes} bytes in {seconds} s, {mb_per_day:.1} MB a day (target {limit_mb}): {}; \
         resident at most {} MB",
        if mb_per_day <= limit_mb { "ok" } else { "MISSED" },
        rss_kb / 1024
    );
}

fn main() {
    mix::play_role();
    let seconds = mix::seconds(120);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.parquet");
    let rss_kb = record(&path, seconds, &["--processes", "none", "--no-ebpf"]);
    let (all, of_groups) = sizes(&path);
    report("host with its control groups", seconds, rss_kb, f64::INFINITY, all);
    report("host only", seconds, rss_kb, 15.0, all - of_groups);
    let traced = folder.path().join("traced.parquet");
    let rss_kb = record(&traced, seconds, &["--processes", "none"]);
    report("what tracers add", seconds, rss_kb, 40.0, sizes(&traced).0.saturating_sub(all));
    let mixes: [(usize, f64, &[&str], &str); 3] = [
        (110, 300.0, &["--no-ebpf"], ""),
        (110, 400.0, &[], ", with tracers"),
        (200, f64::INFINITY, &["--no-ebpf"], ""),
    ];
    for (busy, limit_mb, options, with) in mixes {
        let mix = Mix::start(busy, 200 - busy, 50);
        let path = folder.path().join(format!("{busy}{}.parquet", options.len()));
        let rss_kb = record(&path, seconds, options);
        let pids: Vec<u64> = mix.children.iter().map(|child| child.id().into()).collect();
        let changed = changed(&path, &pids);
        println!(
            "{} control groups, {changed:.1} of 200 processes changed a tick",
            mix.groups.len()
        );
        assert!(changed >= 100.0, "the mix is not busy enough for the figure to count");
        report(&format!("{busy} of 200 busy{with}"), seconds, rss_kb, limit_mb, sizes(&path).0);
    }
}
