//! The files of each control group.

use ks_vocabulary::model::{CgroupCell, CgroupName, Sample};

use crate::grain::{Counter, whole};
use crate::host::Host;
use crate::host::group::{Group, unit};
use crate::host::memory::PAGE;

/// Period of CPU quotas, in us.
const PERIOD_US: u64 = 100_000;

/// What the processes of a group and of those below it hold.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    anon: u64,
    swapped: u64,
    file: u64,
    pids: u64,
}

pub(super) fn fill(host: &mut Host, sample: &mut Sample) {
    trim_cache(host);
    let mut sums = vec![Sums::default(); host.groups.len()];
    for process in &host.processes {
        let mut next = Some(process.group);
        while let Some(at) = next {
            sums[at].anon += process.memory.anon;
            sums[at].swapped += process.memory.swapped;
            sums[at].pids += whole(process.threads);
            next = host.groups[at].parent;
        }
    }
    for (at, group) in host.groups.iter().enumerate() {
        let mut next = Some(at);
        while let Some(above) = next {
            sums[above].file += group.file;
            next = host.groups[above].parent;
        }
    }
    // The root of version 2 has neither limits nor usage of memory.
    for (group, sums) in host.groups.iter().zip(&sums).skip(1) {
        push(group, sums, sample);
    }
    sample.cgroups.sort();
}

/// Cache that the host dropped was somebody's: shares shrink alike.
fn trim_cache(host: &mut Host) {
    let charged: u64 = host.groups.iter().map(|group| group.file).sum();
    let cache = host.memory.cache();
    if charged <= cache {
        return;
    }
    for group in &mut host.groups {
        let file = u128::from(group.file) * u128::from(cache) / u128::from(charged.max(1));
        group.file = u64::try_from(file).unwrap_or(0);
    }
}

fn push(group: &Group, sums: &Sums, sample: &mut Sample) {
    use CgroupCell as Cell;
    let row = sample.cgroups.push();
    row.set_name(CgroupName::hierarchy, b"v2");
    row.set_name(CgroupName::path, group.path.as_bytes());
    if let Some(unit) = unit(&group.path) {
        row.set_name(CgroupName::unit, unit.as_bytes());
    }
    let counted = &group.counted;
    let us = |counter: Counter| whole(counter.exact() * 1e6);
    row.set(Cell::inode, group.inode);
    row.set(Cell::cpu_user_us, us(counted.user_s));
    row.set(Cell::cpu_system_us, us(counted.system_s));
    row.set(Cell::cpu_usage_us, us(counted.user_s) + us(counted.system_s));
    row.set(Cell::nr_periods, counted.periods.value());
    row.set(Cell::nr_throttled, counted.throttled.value());
    row.set(Cell::throttled_us, us(counted.throttled_s));
    let quota = group.quota.map(|cpus| whole(cpus * PERIOD_US as f64).cast_signed());
    row.set(Cell::cpu_quota_us, quota.unwrap_or(-1));
    row.set(Cell::cpu_period_us, PERIOD_US);
    row.set(Cell::cpu_weight, group.weight);
    row.set(Cell::memory_bytes, (sums.anon + sums.file) * PAGE);
    row.set_some(Cell::memory_max_bytes, group.memory_max.map(|pages| pages * PAGE));
    row.set_some(Cell::memory_high_bytes, group.memory_high.map(|pages| pages * PAGE));
    row.set_some(Cell::swap_max_bytes, group.swap_max.map(|pages| pages * PAGE));
    row.set(Cell::swap_bytes, sums.swapped * PAGE);
    row.set(Cell::anon_bytes, sums.anon * PAGE);
    row.set(Cell::file_bytes, sums.file * PAGE);
    row.set(Cell::inactive_file_bytes, sums.file / 2 * PAGE);
    row.set(Cell::active_file_bytes, (sums.file - sums.file / 2) * PAGE);
    row.set(Cell::shmem_bytes, 0u64);
    row.set(Cell::slab_reclaimable_bytes, 0u64);
    row.set(Cell::slab_bytes, 0u64);
    row.set(Cell::pgfault, counted.faults.value());
    row.set(Cell::pgmajfault, counted.major.value());
    row.set(Cell::pgscan, counted.scanned.value());
    row.set(Cell::refault, counted.refaults.value());
    row.set(Cell::memory_fail, counted.at_limit.value());
    row.set(Cell::oom, counted.ooms);
    row.set(Cell::oom_kill, counted.kills);
    row.set(Cell::io_read_bytes, counted.read_bytes.value());
    row.set(Cell::io_write_bytes, counted.write_bytes.value());
    row.set(Cell::io_reads, counted.reads.value());
    row.set(Cell::io_writes, counted.writes.value());
    row.set(Cell::pids, sums.pids);
    row.set_some(Cell::pids_max, group.pids_max);
    let pressure = &counted.pressure;
    row.set(Cell::cpu_some_total_us, pressure.cpu_some.total_us());
    row.set(Cell::cpu_full_total_us, pressure.cpu_full.total_us());
    row.set(Cell::memory_some_total_us, pressure.memory_some.total_us());
    row.set(Cell::memory_full_total_us, pressure.memory_full.total_us());
    row.set(Cell::io_some_total_us, pressure.io_some.total_us());
    row.set(Cell::io_full_total_us, pressure.io_full.total_us());
    row.set(Cell::populated, sums.pids > 0);
}
