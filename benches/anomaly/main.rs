//! Windows of true anomalies found by `ks analyze --csv` and by a windowed Gaussian, at equal rates
//! of false alarms.
//!
//! On generated series, `KS_BENCH_SERIES` of them, and on those of the Numenta Anomaly Benchmark in
//! the folder `KS_NAB_DATA`. Nothing is fitted to either: the constants of the score are those of
//! the engine. `KS_BENCH_SEED` gives other generated series.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and fails by unwrap"
)]

mod dice;
mod faults;
mod gaussian;
mod generator;
mod nab;
mod profiles;
mod series;
mod sweep;

use std::path::Path;

use profiles::PROFILES;
use series::Series;
use sweep::{RATES, Sweep, advantage};

/// Draws of the bootstrap.
const DRAWS: usize = 1000;

fn main() {
    let count = number("KS_BENCH_SERIES", 240);
    let seed = number("KS_BENCH_SEED", 1) * 1_000_000;
    println!("{count} generated series, seeds from {seed} on");
    let all: Vec<Series> = (seed..seed + count).map(generator::generate).collect();
    let (ours, theirs) = compare(&all);
    let bounds = advantage(&ours, &theirs, DRAWS);
    for (label, (low, high)) in RATES.map(|rate| rate.to_string()).iter().zip(bounds) {
        println!("  at {label:>3}: share found more, 95 %: {low:.3} to {high:.3}");
    }
    let (low, high) = bounds[RATES.len()];
    println!("  mean  : {low:.3} to {high:.3} (target: above 0): {}", verdict(low > 0.0));
    match std::env::var_os("KS_NAB_DATA") {
        Some(folder) => benchmark(Path::new(&folder)),
        None => println!("skipped: the Numenta Anomaly Benchmark, KS_NAB_DATA names no folder"),
    }
}

fn benchmark(folder: &Path) {
    let all = nab::load(folder);
    println!("{} series of the Numenta Anomaly Benchmark", all.len());
    let (ours, theirs) = compare(&all);
    let once = vec![1; all.len()];
    let pairs = || ours.found(&once).into_iter().zip(theirs.found(&once));
    let better = pairs().filter(|(ours, theirs)| ours > theirs).count();
    let worse = pairs().filter(|(ours, theirs)| ours < theirs).count();
    let met = better >= 3 && worse == 0;
    println!("  better at {better}, worse at {worse} (target: 3, 0): {}", verdict(met));
    let by_series = ours.found_by_series().into_iter().zip(theirs.found_by_series());
    for (series, (ours, theirs)) in all.iter().zip(by_series) {
        println!(
            "  {:40} of {}: kernelsight {ours:?}, gaussian {theirs:?}",
            series.name,
            series.windows.len()
        );
    }
}

/// Prints what both find.
fn compare(all: &[Series]) -> (Sweep, Sweep) {
    let ours: Vec<Vec<f64>> = all.iter().map(Series::scored_by_us).collect();
    let theirs: Vec<Vec<f64>> = all.iter().map(Series::scored_by_gaussian).collect();
    for (name, scores) in [("kernelsight", &ours), ("windowed gaussian", &theirs)] {
        let each = PROFILES.iter().zip(profiles::score(all, scores));
        let each = each.map(|(profile, score)| format!("{} {score:.1}", profile.name));
        println!("  {name:18} {}", each.collect::<Vec<_>>().join(", "));
    }
    let (ours, theirs) = (Sweep::new(all, &ours), Sweep::new(all, &theirs));
    let once = vec![1; all.len()];
    println!("  windows found at {RATES:?} false alarms in 1000 rows:");
    for (name, sweep) in [("kernelsight", &ours), ("windowed gaussian", &theirs)] {
        println!("  {name:18} {:?} of {}", sweep.found(&once), sweep.windows(&once));
    }
    (ours, theirs)
}

/// A number of the environment, or this bench's default.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}
