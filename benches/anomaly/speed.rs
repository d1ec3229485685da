//! Rows a second and memory of `ks analyze --csv`, beside those of another build in the same run.

use std::path::Path;
use std::time::Duration;

use crate::before;
use crate::dice::{Dice, Shape};

const KS: &str = env!("CARGO_BIN_EXE_ks");
const ROWS: usize = 200_000;
/// Pairs of runs, of which the medians are compared.
const PAIRS: usize = 9;

/// Prints both, and their ratios.
pub(crate) fn compare() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("series.csv");
    before::write(
        &file,
        &before::times_s(ROWS),
        &Dice::new(1).autoregressive(ROWS, 0.9, Shape::Normal),
    );
    let other = before::binary();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(before::cost(Path::new(KS), &file));
        if let Some(binary) = &other {
            theirs.push(before::cost(binary, &file));
        }
    }
    let (time, rss_kb) = medians(ours);
    println!("{ROWS} rows: {:.0} rows/s, {rss_kb} kB", ROWS as f64 / time.as_secs_f64());
    if theirs.is_empty() {
        return println!("skipped: the comparison, KS_BENCH_BEFORE names no binary");
    }
    let (before, before_kb) = medians(theirs);
    let (time, memory) =
        (time.as_secs_f64() / before.as_secs_f64(), rss_kb as f64 / before_kb as f64);
    println!("  {time:.2} of the time and {memory:.2} of the memory of the other build");
}

fn medians(costs: Vec<(Duration, u64)>) -> (Duration, u64) {
    let (mut times, mut sizes): (Vec<_>, Vec<_>) = costs.into_iter().unzip();
    times.sort_unstable();
    sizes.sort_unstable();
    (times[times.len() / 2], sizes[sizes.len() / 2])
}
