//! A made host of an hour: calm, busy as usual, or with a leak.

use ks_vocabulary::input::{
    Body, ENGINE_VERSION, HostFacts, Input, JUDGEMENT, SCHEMA_VERSION, Start,
};
use ks_vocabulary::model::{
    CpuCell, MemoryCell, PressureCell, ProcessCell, ProcessName, ReadTimes, Sample, VmCell,
};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

const GIB: u64 = 1024 * 1024 * 1024;

/// What the host does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plot {
    /// Nothing above any limit, and no trend.
    Calm,
    /// More tasks want to run than there are CPUs, for a minute in every four: as it always is.
    UsuallyBusy,
    /// Memory leaks from second 1,900 on until it ends.
    Leak,
}

/// Small changes without a direction.
fn ripple(second: u64, of: u64) -> u64 {
    second * 7_919 % of
}

fn fill(sample: &mut Sample, plot: Plot, second: u64) {
    let busy = plot == Plot::UsuallyBusy && second % 240 < 60;
    let leaked = if plot == Plot::Leak { second.saturating_sub(1_900) * (5 << 20) } else { 0 };
    let cpu = sample.cpu.push();
    cpu.set(CpuCell::cpus_online, 2u64);
    cpu.set(CpuCell::user_ticks, second * 90);
    cpu.set(CpuCell::idle_ticks, second * 110);
    cpu.set(CpuCell::procs_running, if busy { 4u64 } else { 1 });
    cpu.set(CpuCell::procs_blocked, 0u64);
    let memory = sample.memory.push();
    memory.set(MemoryCell::total_bytes, 8 * GIB);
    let available = (6 * GIB + ripple(second, 97) * 4096).saturating_sub(leaked);
    memory.set(MemoryCell::available_bytes, available);
    memory.set(MemoryCell::swap_total_bytes, 0u64);
    memory.set(MemoryCell::swap_free_bytes, 0u64);
    let vm = sample.vm.push();
    for cell in [VmCell::pswpin, VmCell::pswpout, VmCell::pgmajfault, VmCell::allocstall] {
        vm.set(cell, 0u64);
    }
    vm.set(VmCell::oom_kill, 0u64);
    let pressure = sample.pressure.push();
    // Seconds that were busy so far: then somebody waits for a CPU.
    let busy_s =
        if plot == Plot::UsuallyBusy { second / 240 * 60 + (second % 240).min(60) } else { 0 };
    pressure.set(PressureCell::cpu_some_total_us, second * 1_000 + busy_s * 600_000);
    pressure.set(PressureCell::memory_some_total_us, 0u64);
    pressure.set(PressureCell::memory_full_total_us, 0u64);
    pressure.set(PressureCell::io_some_total_us, 0u64);
    pressure.set(PressureCell::io_full_total_us, 0u64);
    let process = sample.processes.push();
    process.set(ProcessCell::pid, 100u64);
    process.set(ProcessCell::start_ticks, 5u64);
    process.set_name(ProcessName::comm, b"leaker");
    process.set(ProcessCell::rss_bytes, GIB + leaked);
    sample.processes_complete = true;
}

/// Its inputs over so many seconds.
pub(crate) fn inputs(plot: Plot, hostname: &str, seconds: u64) -> Vec<Input> {
    let start = Start {
        schema: SCHEMA_VERSION,
        engine_version: ENGINE_VERSION.into(),
        judgement: Some(JUDGEMENT),
        host: HostFacts { hostname: hostname.into(), user_hz: 100, ..HostFacts::default() },
        boot_id: "b".into(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(1_800_000_000_000_000_000) },
        seed: 7,
        interval_ns: SECOND_NS,
        segment: 0,
        sources: Vec::new(),
        ..Start::default()
    };
    let mut inputs = vec![Input::recorded(0, Timestamp(0), Body::Start(Box::new(start)))];
    for second in 1..=seconds {
        let mut sample = Sample::default();
        fill(&mut sample, plot, second);
        for table in sample.tables_mut() {
            if !table.is_empty() {
                table.set_read(ReadTimes::default());
            }
        }
        let mono = Timestamp(second * SECOND_NS);
        inputs.push(Input::recorded(second, mono, Body::Sample(Box::new(sample))));
    }
    inputs
}
