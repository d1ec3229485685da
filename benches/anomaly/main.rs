//! Scores and events of `ks analyze --csv` beside those of a windowed Gaussian and another build.
//!
//! In series in which nothing is wrong, with one fault of a known kind, generated with all that
//! series have (`KS_BENCH_SERIES` of them), and of the Numenta Anomaly Benchmark in the folder
//! `KS_NAB_DATA`. Nothing is fitted to the latter: the constants of the score are those of the
//! engine. `KS_BENCH_SEED` gives other generated series, `KS_BENCH_BEFORE` names the binary of
//! another build; speed and memory are compared with that as well.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a bench prints, and fails by unwrap"
)]

mod before;
mod clean;
mod dice;
mod events;
mod faults;
mod gaussian;
mod generator;
mod nab;
mod profiles;
mod series;
mod short;
mod single;
mod speed;
#[path = "../mix/status.rs"]
mod status;
mod sweep;
mod tables;

use std::path::Path;

use profiles::PROFILES;
use series::Series;
use sweep::{RATES, Sweep, advantage};

/// Draws of the bootstrap.
const DRAWS: usize = 1000;

/// Series of each kind in which nothing is wrong, and with a fault of each kind.
const SEEDS: u64 = 200;

fn main() {
    println!("clean series: {}", verdict(tables::clean(SEEDS / 4)));
    println!("known faults: {}", verdict(tables::faults(number("KS_BENCH_SEEDS", SEEDS))));
    println!("short series: {}", verdict(short::report(10 * number("KS_BENCH_SEEDS", SEEDS))));
    speed::compare();
    generated();
    match std::env::var_os("KS_NAB_DATA") {
        Some(folder) => benchmark(Path::new(&folder)),
        None => println!("skipped: the Numenta Anomaly Benchmark, KS_NAB_DATA names no folder"),
    }
}

fn generated() {
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
}

fn benchmark(folder: &Path) {
    let all = nab::load(folder);
    println!("{} series of the Numenta Anomaly Benchmark", all.len());
    let (ours, theirs) = compare(&all);
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
    tell_profiles(all, &ours, &theirs);
    let (ours, theirs) = (Sweep::new(all, &ours), Sweep::new(all, &theirs));
    let once = vec![1; all.len()];
    println!("  windows found at {RATES:?} false alarms in 1000 rows:");
    for (name, sweep) in [("kernelsight", &ours), ("windowed gaussian", &theirs)] {
        println!("  {name:18} {:?} of {}", sweep.found(&once), sweep.windows(&once));
    }
    (ours, theirs)
}

/// Prints the scores of the benchmark in its three profiles, and whether ours are ahead: of the
/// windowed Gaussian, and of another build.
fn tell_profiles(all: &[Series], ours: &[Vec<f64>], theirs: &[Vec<f64>]) {
    let tell = |name: &str, scores: [f64; 3]| {
        let each = PROFILES.iter().zip(scores);
        let each = each.map(|(profile, score)| format!("{} {score:.1}", profile.name));
        println!("  {name:18} {}", each.collect::<Vec<_>>().join(", "));
    };
    let ours = profiles::score(all, ours);
    tell("kernelsight", ours);
    let theirs = profiles::score(all, theirs);
    tell("windowed gaussian", theirs);
    let is_ahead = |others: [f64; 3]| ours.iter().zip(others).all(|(ours, other)| *ours > other);
    let mut met = is_ahead(theirs);
    if let Some(binary) = before::binary() {
        let folder = tempfile::tempdir().unwrap();
        let scores = all
            .iter()
            .map(|series| before::scores(&binary, &series.times_s, &series.values, folder.path()));
        let others = profiles::score(all, &scores.collect::<Vec<_>>());
        tell("another build", others);
        met &= is_ahead(others);
    }
    println!("  ahead in all profiles: {}", verdict(met));
}

/// A number of the environment, or this bench's default.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}
