//! Replay of a day: a real recording of the busy mix, repeated with shifted time and counters.
//!
//! The day is made by a child, so that its memory is not counted. `KS_BENCH_SECONDS` sets the
//! length of the real recording, `KS_BENCH_HOURS` the length of what is replayed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a bench prints, and fails by unwrap"
)]

mod mix;
mod repeat;

use std::path::Path;
use std::process::{Command, Stdio};

use ks_recorder::clock;
use ks_recorder::format::recording::Reader;
use ks_replayer::range::Range;
use ks_replayer::replay::replay;
use mix::Mix;

const KS: &str = env!("CARGO_BIN_EXE_ks");
const MAKE: &str = "KS_BENCH_MAKE";

fn make(folder: &Path) {
    let base = folder.join("base.parquet");
    let mix = Mix::start(110, 90, 50);
    let length = format!("{}s", mix::seconds(60));
    let mut command = Command::new(KS);
    command.args(["record", "--duration", &length, "-o"]).arg(&base).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    drop(mix);
    repeat::repeat(&base, &folder.join("day.parquet"), hours() * 3600);
}

fn hours() -> u64 {
    std::env::var("KS_BENCH_HOURS").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

fn main() {
    mix::play_role();
    if let Ok(folder) = std::env::var(MAKE) {
        return make(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    assert!(Command::new(own).env(MAKE, folder.path()).status().unwrap().success());
    let path = folder.path().join("day.parquet");
    println!("{} MB", std::fs::metadata(&path).unwrap().len() / 1_000_000);
    let hours = hours();
    let begin = clock::process_cpu_ns();
    let mut reader = Reader::open_for_engine(std::slice::from_ref(&path)).unwrap();
    let report =
        replay(&mut reader, "day", Range::default(), &mut std::io::sink(), |_, _| ()).unwrap();
    let cpu_s = (clock::process_cpu_ns() - begin) as f64 / 1e9;
    let target_s = 5.0 * hours as f64 / 24.0;
    println!(
        "{hours} h: {} ticks, {} episodes, {cpu_s:.2} s of CPU (target {target_s:.1}): {}",
        report.recording.ticks,
        report.episodes.len(),
        if cpu_s <= target_s { "ok" } else { "MISSED" }
    );
    let rss_mb = mix::status_kb(std::process::id(), "VmHWM").unwrap() / 1024;
    let told = if rss_mb <= 200 { "ok" } else { "MISSED" };
    println!("resident at most {rss_mb} MB (target 200): {told}");
}
