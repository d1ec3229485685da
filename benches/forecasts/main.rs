//! How good forecasts are: coverage, yield and sharpness by shape of leak, false ones on calm
//! hosts, and the residuals that are shipped (`-- calibrate`).
#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench prints, and its numbers are small"
)]

mod calm;
mod leaks;

use std::collections::BTreeMap;

use ks_engine::analysis::Watch;
use ks_engine::analysis::class::{CLASSES, Class};
use leaks::{CALIBRATING, MEASURED, Scored, Shape, run};

/// Leaks of each shape that are measured, and that calibrate.
const LEAKS: u64 = 400;
const CALIBRATION_LEAKS: u64 = 2_500;

fn main() {
    if std::env::args().any(|argument| argument == "calibrate") {
        return calibrate();
    }
    calm::rising();
    calm::power();
    calm::false_forecasts();
    println!("\nForecasts at half of a leak's time to its end:");
    println!("{:14} {:>9} {:>9} {:>12} {:>8}", "shape", "forecasts", "covered", "upper/lower", "n");
    for shape in MEASURED {
        measure(shape);
    }
}

fn measure(shape: Shape) {
    let scored: Vec<Scored> = (0..LEAKS)
        .filter_map(|seed| run(shape, 1_000_000 + seed, 0.5, &mut Watch::default()))
        .collect();
    let covered = scored
        .iter()
        .filter(|one| one.interval.0 <= one.actual_s && one.actual_s <= one.interval.1);
    let mut ratios: Vec<f64> = scored.iter().map(|one| one.interval.1 / one.interval.0).collect();
    ratios.sort_by(f64::total_cmp);
    let mut classes: BTreeMap<Class, (u32, u32)> = BTreeMap::new();
    for one in &scored {
        let class = classes.entry(one.class).or_default();
        class.0 += 1;
        class.1 += u32::from(one.interval.0 <= one.actual_s && one.actual_s <= one.interval.1);
    }
    println!(
        "{:14} {:8.1}% {:8.1}% {:12.2} {:8}",
        format!("{shape:?}"),
        100.0 * scored.len() as f64 / LEAKS as f64,
        100.0 * covered.count() as f64 / scored.len().max(1) as f64,
        ratios.get(ratios.len() / 2).copied().unwrap_or(0.0),
        LEAKS,
    );
    for (class, (all, hit)) in classes {
        println!("    class {}: {all} forecasts, {hit} covered", class.0);
    }
}

/// A watch that takes its point forecasts for exact.
fn uncalibrated() -> Watch {
    let mut watch = Watch::default();
    let exact: Vec<_> = (0..CLASSES as u8).map(|class| (Class(class), vec![0.0; 19])).collect();
    watch.calibration.load(None, &exact);
    watch
}

/// Prints the table of `shipped.rs`.
fn calibrate() {
    let mut residuals: BTreeMap<Class, Vec<f64>> = BTreeMap::new();
    for shape in CALIBRATING {
        for seed in 0..CALIBRATION_LEAKS {
            let part = 0.35 + 0.3 * (seed as f64 / CALIBRATION_LEAKS as f64);
            if let Some(one) = run(shape, seed, part, &mut uncalibrated())
                && one.actual_s > 0.0
            {
                residuals.entry(one.class).or_default().push((one.actual_s / one.point_s).ln());
            }
        }
    }
    for (class, values) in &mut residuals {
        values.sort_by(f64::total_cmp);
        let at = |p: f64| values[((values.len() - 1) as f64 * p) as usize];
        println!(
            "// class {}: {} residuals, 5 % {:.3} median {:.3} 95 % {:.3}",
            class.0,
            values.len(),
            at(0.05),
            at(0.5),
            at(0.95)
        );
    }
    for class in 0..CLASSES as u8 {
        let values = residuals.get(&Class(class)).cloned().unwrap_or_default();
        println!("{class} {}", thinned(&values).join(" "));
    }
}

/// At most 99 of them, evenly spaced in rank.
fn thinned(sorted: &[f64]) -> Vec<String> {
    let count = sorted.len().min(99);
    (0..count)
        .map(|at| sorted[((at as f64 + 0.5) / count as f64 * sorted.len() as f64) as usize])
        .map(|value| format!("{value:.3}"))
        .collect()
}
