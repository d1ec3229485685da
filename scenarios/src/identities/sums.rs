//! Sums of parts against their whole.

use ks_vocabulary::model::{Cpu, CpuTimes, Disk, Memory, Process, Sample};

use super::{Pair, grown};

/// Sources are read up to so many seconds apart.
const APART_S: f64 = 0.05;

pub(super) fn cpu_time(pair: &Pair<'_>) -> Option<String> {
    let host = busy(pair.after.cpu.first()?)?.checked_sub(busy(pair.before.cpu.first()?)?)?;
    let cpus = pair.after.cpu.first()?.cpus_online()? as f64;
    let used = |row: &Process| Some(row.utime_ticks()? + row.stime_ticks()?);
    let mut sum = 0.0;
    let mut count = 0.0;
    for row in pair.after.processes.iter() {
        let Some(before) = pair.before.processes.find(row) else { continue };
        sum += grown(used(before), used(row)).unwrap_or(0.0);
        count += 1.0;
    }
    // Each counter is whole ticks; sources are read apart.
    let slack = 2.0 * count + APART_S * pair.user_hz * cpus + 2.0;
    (sum > host as f64 + slack).then(|| format!("{sum} ticks of processes, {host} of the host"))
}

fn busy(row: &Cpu) -> Option<u64> {
    let parts = [row.user_ticks()?, row.nice_ticks()?, row.system_ticks()?];
    Some(
        parts.iter().sum::<u64>() + row.irq_ticks().unwrap_or(0) + row.softirq_ticks().unwrap_or(0),
    )
}

pub(super) fn cpus(pair: &Pair<'_>) -> Option<String> {
    let host = pair.after.cpu.first()?;
    let parts = [
        (CpuTimes::user_ticks as fn(&CpuTimes) -> Option<u64>, host.user_ticks()),
        (CpuTimes::system_ticks, host.system_ticks()),
        (CpuTimes::idle_ticks, host.idle_ticks()),
    ];
    let rows = pair.after.cpus.iter();
    let count = rows.len() as f64;
    // A CPU that was taken away keeps its time in the host's line.
    if host.cpus_online()? != rows.len() as u64 {
        return None;
    }
    parts.into_iter().find_map(|(get, whole)| {
        let sum: u64 = pair.after.cpus.iter().filter_map(get).sum();
        let whole = whole?;
        let is_off = sum as f64 > whole as f64 + count || (sum as f64) + 2.0 * count < whole as f64;
        is_off.then(|| format!("{sum} ticks of CPUs, {whole} of the host"))
    })
}

pub(super) fn memory(pair: &Pair<'_>) -> Option<String> {
    let row = pair.after.memory.first()?;
    let parts: [fn(&Memory) -> Option<u64>; 9] = [
        Memory::free_bytes,
        Memory::hugetlb_bytes,
        Memory::anon_bytes,
        Memory::buffers_bytes,
        Memory::cached_bytes,
        Memory::slab_reclaimable_bytes,
        Memory::slab_unreclaimable_bytes,
        Memory::page_tables_bytes,
        Memory::kernel_stack_bytes,
    ];
    let sum: u64 = parts.iter().filter_map(|get| get(row)).sum();
    let total = row.total_bytes()?;
    // The kernel gathers each part at its own instant, and keeps some counts by CPU.
    let slack = total / 200;
    (sum > total + slack).then(|| format!("parts of {sum} bytes, {total} in all"))
}

pub(super) fn pressure(pair: &Pair<'_>) -> Option<String> {
    let (before, after) = (pair.before.pressure.first()?, pair.after.pressure.first()?);
    let shares = [
        (
            grown(before.memory_some_total_us(), after.memory_some_total_us())?,
            grown(before.memory_full_total_us(), after.memory_full_total_us())?,
        ),
        (
            grown(before.io_some_total_us(), after.io_some_total_us())?,
            grown(before.io_full_total_us(), after.io_full_total_us())?,
        ),
    ];
    // Totals are brought up to date when they are read, from CPUs that are read one by one.
    let most = (pair.seconds + APART_S) * 1e6;
    let slack = 0.02 * pair.seconds * 1e6;
    shares.into_iter().find_map(|(some, full)| {
        (some > most || full > some + slack)
            .then(|| format!("{some} us some and {full} us full in {} s", pair.seconds))
    })
}

pub(super) fn disk_busy(pair: &Pair<'_>) -> Option<String> {
    let most = (pair.seconds + APART_S) * 1e3;
    pair.after.disks.iter().find_map(|row| {
        let before = pair.before.disks.find(row)?;
        let busy = grown(before.io_ms(), row.io_ms())?;
        (busy > most).then(|| format!("{busy} ms busy in {} s", pair.seconds))
    })
}

/// Requests that are in flight at an end of the interval have waited and not been counted, or were
/// counted and have waited before: each up to the whole of it.
pub(super) fn disk_queue(pair: &Pair<'_>) -> Option<String> {
    pair.after.disks.iter().filter(|row| row.stacked() != Some(true)).find_map(|row| {
        let before = pair.before.disks.find(row)?;
        let sum = |get: fn(&Disk) -> Option<u64>| grown(get(before), get(row));
        let waits = sum(Disk::read_ms)?
            + sum(Disk::write_ms)?
            + sum(Disk::discard_ms).unwrap_or(0.0)
            + sum(Disk::flush_ms).unwrap_or(0.0);
        let queue = sum(Disk::queue_ms)?;
        let in_flight = (before.in_flight()? + row.in_flight()?) as f64;
        let slack = in_flight * pair.seconds * 1e3 + 0.1 * queue + 20.0;
        ((queue - waits).abs() > slack)
            .then(|| format!("{queue} ms in the queue, {waits} ms of waits"))
    })
}

pub(super) fn faults(pair: &Pair<'_>) -> Option<String> {
    let of = |sample: &Sample| sample.vm.first().and_then(ks_vocabulary::model::Vm::pgmajfault);
    let host = grown(of(pair.before), of(pair.after))?;
    let mut sum = 0.0;
    for row in pair.after.processes.iter() {
        let Some(before) = pair.before.processes.find(row) else { continue };
        sum += grown(before.majflt(), row.majflt()).unwrap_or(0.0);
    }
    // Processes are read later than the host.
    let slack = 0.1 * host + 20.0;
    (sum > host + slack).then(|| format!("{sum} faults of processes, {host} of the host"))
}
