//! A storm of calls on every CPU: how soon the recorder stops timing them.

use ks_recorder::clock;
use ks_vocabulary::time::{SECOND_NS, seconds};

use crate::tracing::{Tracing, samples, times_calls};
use crate::verdict;

const SECONDS: u64 = 6;
/// Within how many seconds the latency of calls is shed.
const TARGET_S: f64 = 2.0;

/// Storms and prints.
pub(crate) fn measure() {
    let tracing = Tracing::start();
    let begin = clock::now();
    let cpus = std::thread::available_parallelism().unwrap().get();
    let storms: Vec<_> = (0..cpus).map(|_| std::thread::spawn(call_for_a_while)).collect();
    let calls: u64 = storms.into_iter().map(|storm| storm.join().expect("it only calls")).sum();
    let inputs = tracing.finish();
    println!("storm of {} calls a second on {cpus} CPUs", calls / SECONDS);
    let during = || samples(&inputs).filter(|(input, _)| input.mono > begin);
    let before = samples(&inputs).take_while(|(input, _)| input.mono <= begin);
    if !before.last().is_some_and(|(_, sample)| times_calls(sample)) {
        return println!("  it was not timed before: nothing to shed");
    }
    match during().find(|(_, sample)| !times_calls(sample)) {
        Some((input, _)) => {
            let took_s = seconds(input.mono.since_ns(begin));
            let told = verdict(took_s, TARGET_S);
            println!(
                "  latency of calls is shed after {took_s:.2} s (target {TARGET_S} s): {told}"
            );
        }
        None => println!("  latency of calls is never shed (target {TARGET_S} s): MISSED"),
    }
}

/// Returns the number of calls.
fn call_for_a_while() -> u64 {
    const BATCH: u64 = 10_000;
    let (begin, mut calls) = (clock::now(), 0);
    while clock::now().since_ns(begin) < SECONDS * SECOND_NS {
        for _ in 0..BATCH {
            std::hint::black_box(rustix::process::getpid());
        }
        calls += BATCH;
    }
    calls
}
