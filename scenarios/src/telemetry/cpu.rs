//! `/proc/stat`, `/proc/loadavg`, `/proc/schedstat`, `/proc/pressure`, `/proc/sys/fs/file-nr`.

use ks_vocabulary::model::{
    CpuCell, CpuSchedCell, CpuTimesCell, FileHandlesCell, LoadCell, PressureCell, Sample,
};

use super::USER_HZ;
use crate::grain::{Counter, whole};
use crate::host::Host;

/// Handles that a host may open.
const FILE_MAX: u64 = 800_000;
/// Threads of the kernel itself.
const KERNEL_THREADS: u64 = 120;

pub(super) fn fill(host: &mut Host, sample: &mut Sample) {
    let cpus = u64::from(host.shape.cpus);
    let ticks = |counter: Counter| whole(counter.exact() * USER_HZ / cpus as f64);
    let counted = host.counted;
    let [user, nice, system, idle, iowait, softirq] = [
        counted.user_s,
        counted.nice_s,
        counted.system_s,
        counted.idle_s,
        counted.iowait_s,
        counted.softirq_s,
    ]
    .map(ticks);
    for number in 0..cpus {
        let row = sample.cpus.push();
        row.set(CpuTimesCell::cpu, number);
        row.set(CpuTimesCell::user_ticks, user);
        row.set(CpuTimesCell::nice_ticks, nice);
        row.set(CpuTimesCell::system_ticks, system);
        row.set(CpuTimesCell::idle_ticks, idle);
        row.set(CpuTimesCell::iowait_ticks, iowait);
        row.set(CpuTimesCell::irq_ticks, 0u64);
        row.set(CpuTimesCell::softirq_ticks, softirq);
        row.set(CpuTimesCell::steal_ticks, 0u64);
        let row = sample.sched.push();
        row.set(CpuSchedCell::cpu, number);
        let each = |seconds: f64| whole(seconds * 1e9 / cpus as f64);
        let ran = counted.user_s.exact() + counted.nice_s.exact() + counted.system_s.exact();
        row.set(CpuSchedCell::running_ns, each(ran));
        row.set(CpuSchedCell::wait_ns, each(counted.wait_s.exact()));
        row.set(CpuSchedCell::timeslices, counted.switches.value() / cpus);
    }
    let row = sample.cpu.push();
    // The host's line is the sum of its CPUs' ticks, each with its own rest.
    row.set(CpuCell::user_ticks, whole(counted.user_s.exact() * USER_HZ));
    row.set(CpuCell::nice_ticks, whole(counted.nice_s.exact() * USER_HZ));
    row.set(CpuCell::system_ticks, whole(counted.system_s.exact() * USER_HZ));
    row.set(CpuCell::idle_ticks, whole(counted.idle_s.exact() * USER_HZ));
    row.set(CpuCell::iowait_ticks, whole(counted.iowait_s.exact() * USER_HZ));
    row.set(CpuCell::irq_ticks, 0u64);
    row.set(CpuCell::softirq_ticks, whole(counted.softirq_s.exact() * USER_HZ));
    row.set(CpuCell::steal_ticks, 0u64);
    row.set(CpuCell::guest_ticks, 0u64);
    row.set(CpuCell::guest_nice_ticks, 0u64);
    row.set(CpuCell::cpus_online, cpus);
    row.set(CpuCell::interrupts, counted.interrupts.value());
    row.set(CpuCell::softirqs, counted.interrupts.value() / 2);
    row.set(CpuCell::context_switches, counted.switches.value());
    row.set(CpuCell::forks, counted.forks.value());
    let instant = |mean: f64, chance: f64| whole(mean + chance);
    let running = instant(host.recent.runnable, host.random.next_f64());
    let blocked = instant(host.recent.blocked, host.random.next_f64());
    row.set(CpuCell::procs_running, running + 1);
    row.set(CpuCell::procs_blocked, blocked);
    fill_load(host, running, sample);
    fill_pressure(host, sample);
}

fn fill_load(host: &Host, running: u64, sample: &mut Sample) {
    let [one, five, fifteen] = host.load.values();
    let row = sample.load.push();
    row.set(LoadCell::load1, one);
    row.set(LoadCell::load5, five);
    row.set(LoadCell::load15, fifteen);
    row.set(LoadCell::tasks_runnable, running + 1);
    row.set(LoadCell::tasks, host.memory.threads + KERNEL_THREADS);
    let open: u64 = host.processes.iter().map(|one| one.counted.open_files.value()).sum();
    let row = sample.file_handles.push();
    row.set(FileHandlesCell::allocated, open + 900);
    row.set(FileHandlesCell::unused, 0u64);
    row.set(FileHandlesCell::max, FILE_MAX);
}

fn fill_pressure(host: &Host, sample: &mut Sample) {
    use PressureCell as Cell;
    let pressure = &host.pressure;
    let row = sample.pressure.push();
    let lines = [
        (&pressure.cpu_some, Cell::cpu_some_total_us),
        (&pressure.memory_some, Cell::memory_some_total_us),
        (&pressure.memory_full, Cell::memory_full_total_us),
        (&pressure.io_some, Cell::io_some_total_us),
        (&pressure.io_full, Cell::io_full_total_us),
    ];
    for (line, cell) in lines {
        row.set(cell, line.total_us());
    }
    row.set(Cell::cpu_full_total_us, 0u64);
    let averages = [
        (&pressure.cpu_some, [Cell::cpu_some_avg10, Cell::cpu_some_avg60, Cell::cpu_some_avg300]),
        (
            &pressure.memory_some,
            [Cell::memory_some_avg10, Cell::memory_some_avg60, Cell::memory_some_avg300],
        ),
        (&pressure.io_some, [Cell::io_some_avg10, Cell::io_some_avg60, Cell::io_some_avg300]),
    ];
    for (line, cells) in averages {
        for (cell, average) in cells.into_iter().zip(line.averages()) {
            row.set(cell, average);
        }
    }
    row.set(Cell::memory_full_avg10, pressure.memory_full.averages()[0]);
    row.set(Cell::io_full_avg10, pressure.io_full.averages()[0]);
}
