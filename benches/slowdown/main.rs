//! What the tracers cost those who are traced, and the recorder with all tracers itself.
//!
//! The slowdown is that of a program that does its traced work at a fixed rate and computes between
//! whiles: 50,000 calls of getpid a second, or 10,000 round trips of a byte between two threads
//! (20,000 switches, and 40,000 calls). How much it computes is fitted without tracers; from then
//! on the work is fixed, so what the tracers add makes it take longer, and nothing is extrapolated.
//! A loop that only calls makes millions of calls a second: its ratio is that of a rate nobody has,
//! and in it the recorder stops timing calls. It is printed for information.
//!
//! Time is CPU time of the program. It holds what runs in its calls and switches, since all of it
//! is on one CPU that is never idle meanwhile, and nothing of others that happen to run on this
//! host; ratios of wall time are printed beside it. `KS_BENCH_PAIRS` sets the number of pairs,
//! `KS_BENCH_SECONDS` for how long the quiet host is watched.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and fails by unwrap"
)]

mod objects;
mod pairs;
mod quiet;
mod storm;
mod tracing;
mod work;

use tracing::Tracing;
use work::Work;

fn main() {
    let inputs = Tracing::start().finish();
    let absent = tracing::absent(&inputs);
    println!("all tracers but {absent:?}");
    if ["bpf/scheduler", "bpf/syscall"].iter().any(|needed| absent.contains(needed)) {
        return println!("skipped: without them there is nothing to measure");
    }
    quiet::measure(number("KS_BENCH_SECONDS", 20));
    for work in [Work::Calls, Work::Switches] {
        pairs::at_a_rate(work, number("KS_BENCH_PAIRS", 7));
        pairs::unpaced(work);
    }
    storm::measure();
}

/// A number of the environment, or this bench's default.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How a figure stands to its target.
fn verdict(figure: f64, target: f64) -> &'static str {
    if figure <= target { "ok" } else { "MISSED" }
}
