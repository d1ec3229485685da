//! Identities between sources hold of the model and of real recordings.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_scenarios::identities::{Identities, Violation};
use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::input::{Body, Stamp};
use ks_vocabulary::model::{
    BlockTraceCell, CpuTimesCell, DiskCell, MemoryCell, PressureCell, ProcessCell, Sample,
    SchedulerTraceCell, VmCell,
};
use proptest::prelude::*;

/// Seconds of each scenario that are looked at, from before its fault into it.
const LOOKED_AT: usize = 700;

fn of_scenario(scenario: &Scenario, seed: u64) -> Vec<Violation> {
    let mut identities = Identities::default();
    let mut simulation = scenario.simulation(seed);
    let (mut stamp, mut count) = (Stamp::default(), 0);
    while let Some((at, body)) = simulation.next()
        && count < LOOKED_AT
    {
        identities.input(stamp.put(at, body));
        count += 1;
    }
    assert!(identities.checked() > 100);
    identities.violations().to_vec()
}

#[test]
fn they_hold_of_every_scenario_of_the_library() {
    for name in library::names() {
        let scenario = Scenario::parse(library::find(name).unwrap(), name).unwrap();
        let violations = of_scenario(&scenario, 3);
        assert!(violations.is_empty(), "{name}: {} of them, {:?}", violations.len(), violations[0]);
    }
}

#[test]
fn they_hold_of_real_recordings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "parquet") {
            continue;
        }
        let mut reader = Reader::open(std::slice::from_ref(&path)).unwrap();
        let mut identities = Identities::default();
        while let Some(input) = reader.next().unwrap() {
            identities.input(input);
        }
        assert!(identities.checked() > 10, "{path:?}");
        assert!(identities.violations().is_empty(), "{path:?}: {:?}", identities.violations());
    }
}

/// What a change of the later of two samples violates.
fn violated(change: impl Fn(&mut Sample)) -> Vec<&'static str> {
    let scenario = Scenario::parse(library::find("quiet").unwrap(), "quiet").unwrap();
    let mut simulation = scenario.simulation(1);
    let (mut stamp, mut inputs) = (Stamp::default(), Vec::new());
    while inputs.len() < 3
        && let Some((at, body)) = simulation.next()
    {
        inputs.push(stamp.put(at, body).clone());
    }
    let Body::Sample(sample) = &mut inputs[2].body else { panic!("a sample") };
    change(sample);
    let mut identities = Identities::default();
    for input in &inputs {
        identities.input(input);
    }
    identities.violations().iter().map(|violation| violation.identity).collect()
}

fn check(expected: &str, change: impl Fn(&mut Sample)) {
    let violated = violated(change);
    assert!(violated.contains(&expected), "{expected}: {violated:?}");
}

#[test]
fn each_identity_can_be_violated() {
    assert_eq!(violated(|_| ()), Vec::<&str>::new());
    let vm =
        |cell, value: u64| move |sample: &mut Sample| sample.vm.as_mut_slice()[0].set(cell, value);
    check("counters only grow", vm(VmCell::pgfault, 0));
    check("processes have no more CPU time than the host", |sample| {
        sample.processes.as_mut_slice()[0].set(ProcessCell::utime_ticks, 1_000_000u64);
    });
    check("the CPUs make the host", |sample| {
        sample.cpus.as_mut_slice()[0].set(CpuTimesCell::idle_ticks, 1_000_000_000u64);
    });
    check("the parts of memory are no more than all of it", |sample| {
        sample.memory.as_mut_slice()[0].set(MemoryCell::free_bytes, 9u64 << 30);
    });
    check("stalls are no longer than the time, and full no longer than some", |sample| {
        sample.pressure.as_mut_slice()[0].set(PressureCell::io_full_total_us, 60_000_000u64);
    });
    let disk = |cell, value: u64| {
        move |sample: &mut Sample| sample.disks.as_mut_slice()[0].set(cell, value)
    };
    check("a disk is busy no longer than the time", disk(DiskCell::io_ms, 600_000));
    check("time in the queue is rate times wait", disk(DiskCell::queue_ms, 600_000));
    check("processes fault no more often than the host", |sample| {
        sample.processes.as_mut_slice()[0].set(ProcessCell::majflt, 1_000_000u64);
    });
    let block = |cell, value: u64| {
        move |sample: &mut Sample| sample.bpf_block_io.as_mut_slice()[0].set(cell, value)
    };
    check("each completed request is in a histogram", block(BlockTraceCell::completed, 10_000_000));
    check("latencies sum up to their counter", block(BlockTraceCell::latency_ns, 1 << 50));
    check("waits for a CPU sum up to their counter", |sample| {
        sample.bpf_scheduler.as_mut_slice()[0].set(SchedulerTraceCell::wait_ns, 1u64 << 50);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Hosts of any size under any mix of demands.
    #[test]
    fn they_hold_of_any_host(
        cpus in 1u32..64,
        memory_gib in 1u64..64,
        swap_gib in 0u64..4,
        disk in prop::sample::select(vec!["nvme", "ssd", "rotating"]),
        mix in prop::sample::select(vec!["idle", "web", "database"]),
        spin in 0.0f64..100.0,
        leak_mib in 0.0f64..40.0,
        readers in 0.0f64..64.0,
        write_mib in 0.0f64..300.0,
        touches in 0.0f64..50_000.0,
        seed in 0u64..1_000_000,
    ) {
        let text = format!(
            "summary = \"any\"\nduration = \"150s\"\n\
             [host]\ncpus = {cpus}\nmemory = \"{memory_gib}GiB\"\nswap = \"{swap_gib}GiB\"\n\
             disk = \"{disk}\"\n[background]\nmix = \"{mix}\"\n\
             [[process]]\nname = \"any\"\nthreads = 200\n\
             demand = {{ memory = \"100MiB\", hot = 0.9, touches = {touches} }}\n\
             [[fault]]\nat = \"20s\"\ntarget = \"any\"\n[fault.demand]\nspin = {spin}\n\
             leak = {}\nwrite = {}\nread = {{ threads = {readers}, think = \"1ms\" }}\n",
            leak_mib * 1_048_576.0,
            write_mib * 1_048_576.0,
        );
        let scenario = Scenario::parse(&text, "any.toml").unwrap();
        let violations = of_scenario(&scenario, seed);
        prop_assert!(violations.is_empty(), "{:?}", violations.first());
    }
}
