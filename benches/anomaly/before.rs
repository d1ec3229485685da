//! Another build of this program as a detector: it is given each series as a file.
//!
//! `KS_BENCH_BEFORE` names its binary, for example a build of an earlier commit.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ks_recorder::clock;

use crate::status::status_kb;

/// 2014-05-13 17:00:00 UTC.
const BEGIN_S: u64 = 1_400_000_400;
/// Seconds between rows where a series has no times of its own.
const CADENCE_S: u64 = 300;

/// The binary that `KS_BENCH_BEFORE` names.
pub(crate) fn binary() -> Option<PathBuf> {
    std::env::var_os("KS_BENCH_BEFORE").map(PathBuf::from)
}

/// The time of a row of a series that has no times of its own.
pub(crate) fn time_s(row: usize) -> f64 {
    (BEGIN_S + CADENCE_S * row as u64) as f64
}

/// The scores that a binary gives; 0 for the rows that have none.
pub(crate) fn scores(binary: &Path, times_s: &[f64], values: &[f64], folder: &Path) -> Vec<f64> {
    let file = folder.join("series.csv");
    write(&file, times_s, values);
    let Output { status, stdout, stderr } = analyze(binary, &file).output().unwrap();
    assert!(status.success(), "{}: {}", binary.display(), String::from_utf8_lossy(&stderr));
    let mut reader = csv::Reader::from_reader(stdout.as_slice());
    let at = reader.headers().unwrap().iter().position(|name| name == "score").unwrap();
    let scores = reader.records().map(|row| row.unwrap()[at].parse().unwrap_or(0.0));
    let scores: Vec<f64> = scores.collect();
    assert_eq!(scores.len(), values.len(), "a score for each row");
    scores
}

/// Times of a series that has none of its own.
pub(crate) fn times_s(rows: usize) -> Vec<f64> {
    (0..rows).map(time_s).collect()
}

/// Writes a series.
pub(crate) fn write(file: &Path, times_s: &[f64], values: &[f64]) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    writeln!(out, "time,value").unwrap();
    for (time_s, value) in times_s.iter().zip(values) {
        writeln!(out, "{time_s:.0},{value}").unwrap();
    }
    out.flush().unwrap();
}

fn analyze(binary: &Path, file: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["analyze", "--format", "csv", "--time", "time", "--value", "value", "--csv"]);
    command.arg(file).stderr(Stdio::piped());
    command
}

/// How long a binary takes for a file, and its largest resident memory in kB.
pub(crate) fn cost(binary: &Path, file: &Path) -> (Duration, u64) {
    let begin = clock::monotonic_ns();
    let mut child = analyze(binary, file).stdout(Stdio::null()).spawn().unwrap();
    let mut rss_kb = 0;
    while child.try_wait().unwrap().is_none() {
        rss_kb = rss_kb.max(status_kb(child.id(), "VmHWM").unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    (Duration::from_nanos(clock::monotonic_ns() - begin), rss_kb)
}
