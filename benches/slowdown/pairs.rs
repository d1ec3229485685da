//! Paired runs: the same work without and with tracers, in an order that changes from pair to pair.

use std::time::Duration;

use ks_vocabulary::time::SECOND_NS;

use crate::tracing::{Tracing, samples, times_calls};
use crate::verdict;
use crate::work::{Cost, Work};

/// The least that counts, whatever the environment says.
const PAIRS_MIN: u64 = 7;
const SECONDS: u64 = 3;
/// Of the ratio without a fixed rate, which is for information.
const UNPACED_PAIRS: u64 = 3;
/// What the tracers may add, in percent.
const TARGET_PERCENT: f64 = 3.0;

/// One work, twice.
struct Pair {
    off: Cost,
    on: Cost,
    /// Whether the latency of calls was measured throughout.
    timed: bool,
}

impl Pair {
    /// Makes the pair of this number.
    fn of(number: u64, run: impl Fn() -> Cost) -> Self {
        let untraced = || {
            // Programs leave the kernel a little after their recorder.
            std::thread::sleep(Duration::from_millis(300));
            run()
        };
        let traced = || {
            let tracing = Tracing::start();
            // At first the recorder has the kernel measure its programs.
            std::thread::sleep(Duration::from_secs(7));
            (run(), tracing.finish())
        };
        let (off, (on, inputs)) = if number.is_multiple_of(2) {
            (untraced(), traced())
        } else {
            let traced = traced();
            (untraced(), traced)
        };
        let timed = samples(&inputs).all(|(_, sample)| times_calls(sample));
        Self { off, on, timed }
    }

    fn cpu_percent(&self) -> f64 {
        (self.on.cpu_ns as f64 / self.off.cpu_ns as f64 - 1.0) * 100.0
    }

    fn wall_percent(&self) -> f64 {
        (self.on.wall_ns as f64 / self.off.wall_ns as f64 - 1.0) * 100.0
    }
}

/// The slowdown of a program that does its work at the rate of the target.
pub(crate) fn at_a_rate(work: Work, pairs: u64) {
    let steps = work.steps_at_rate();
    let rounds = work.rounds_per_sec() * SECONDS;
    let pairs: Vec<Pair> = (0..pairs.max(PAIRS_MIN))
        .map(|number| Pair::of(number, || work.run(rounds, steps)))
        .collect();
    let percent = of_all(&pairs, Pair::cpu_percent);
    let rates = of_all(&pairs, |pair| rounds as f64 * SECOND_NS as f64 / pair.off.cpu_ns as f64);
    println!(
        "{}, {:.0} rounds a second of CPU (meant: {}), each pair's slowdown: {percent:+.2?} %; \
         of wall time {:+.2} %",
        work.name(),
        median(&rates),
        work.rounds_per_sec(),
        median(&of_all(&pairs, Pair::wall_percent)),
    );
    let untimed = pairs.iter().filter(|pair| !pair.timed).count();
    if untimed > 0 {
        println!("  in {untimed} of them the recorder shed the latency of calls: measure again");
    }
    let percent = median(&percent);
    println!(
        "  median {percent:+.2} % (target {TARGET_PERCENT} %): {}",
        verdict(percent, TARGET_PERCENT)
    );
}

/// What a round takes in a program that does nothing else.
pub(crate) fn unpaced(work: Work) {
    let once = work.run(100_000, 0);
    let rounds = SECONDS * SECOND_NS / (once.wall_ns / 100_000).max(1);
    let pairs: Vec<Pair> =
        (0..UNPACED_PAIRS).map(|number| Pair::of(number, || work.run(rounds, 0))).collect();
    let ns = |wall_ns: u64| wall_ns as f64 / rounds as f64;
    let shed = if pairs.iter().all(|pair| pair.timed) { "" } else { ", latency of calls shed" };
    println!(
        "  nothing but that: {:.0} ns of wall time a round, with tracers {:.0} ns{shed}",
        median(&of_all(&pairs, |pair| ns(pair.off.wall_ns))),
        median(&of_all(&pairs, |pair| ns(pair.on.wall_ns))),
    );
}

fn of_all(pairs: &[Pair], figure: impl Fn(&Pair) -> f64) -> Vec<f64> {
    pairs.iter().map(figure).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}
