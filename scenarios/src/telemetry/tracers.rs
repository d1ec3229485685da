//! What the tracers would have counted. Histograms come from means: waits at random are spread as
//! an exponential distribution, those of a standing queue evenly about their mean, so that their
//! sum is the counter beside them within the width of a bucket.

use ks_vocabulary::histogram::{BUCKETS, bucket_of};
use ks_vocabulary::model::{
    BlockTraceCell, BlockTraceName, BucketCell, BucketName, EventCell, EventName, FaultTraceCell,
    LifetimeTraceCell, MemoryTraceCell, ReadTimes, Sample, SchedulerTraceCell, SyscallTraceCell,
    TcpTraceCell,
};

use crate::grain::whole;
use crate::host::Host;

/// Parts that a distribution is cut into.
const STRATA: u64 = 64;

/// How values lie about their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// Exponential: those that come at random.
    Random,
    /// Between half and one and a half of it: turns in a queue.
    Turns,
}

/// Of what a histogram is.
struct Of<'a> {
    metric: &'a str,
    entity: &'a str,
    operation: &'a str,
}

pub(super) fn fill(host: &mut Host, sample: &mut Sample) {
    fill_scheduler(host, sample);
    fill_block_io(host, sample);
    fill_calls(host, sample);
    fill_memory(host, sample);
    fill_rest(host, sample);
    sample.bpf_histograms.sort();
    sample.bpf_histograms.set_read(ReadTimes::default());
}

fn fill_scheduler(host: &Host, sample: &mut Sample) {
    use SchedulerTraceCell as Cell;
    let cpus = u64::from(host.shape.cpus);
    let counted = &host.counted;
    let (waits, wait_s) = host.recent.waits;
    for number in 0..cpus {
        let row = sample.bpf_scheduler.push();
        row.set(Cell::cpu, number);
        row.set(Cell::voluntary, counted.voluntary.value() / cpus);
        row.set(Cell::involuntary, counted.involuntary.value() / cpus);
        row.set(Cell::wakeups, counted.voluntary.value() / cpus);
        row.set(Cell::wakeups_new, counted.forks.value() / cpus);
        row.set(Cell::migrations, counted.voluntary.value() / cpus / 20);
        row.set(Cell::wait_ns, whole(counted.wait_s.exact() * 1e9 / cpus as f64));
        row.set(Cell::depth_sum, counted.switches.value() / cpus);
        row.set(Cell::depth_max, 8u64);
        let entity = format!("cpu{number}");
        let of = Of { metric: "run_queue_ns", entity: &entity, operation: "" };
        let queued = host.recent.runnable > cpus as f64;
        let spread = if queued { Spread::Turns } else { Spread::Random };
        push(sample, &of, waits / cpus as f64, wait_s / cpus as f64, spread);
    }
}

fn fill_block_io(host: &Host, sample: &mut Sample) {
    use BlockTraceCell as Cell;
    let disk = &host.disk;
    let name = host.shape.disk.name();
    let operations = [
        ("read", disk.reads, disk.read_bytes, disk.read_s, host.recent.reads),
        ("write", disk.writes, disk.write_bytes, disk.write_s, host.recent.writes),
    ];
    for (operation, count, bytes, time_s, recent) in operations {
        let row = sample.bpf_block_io.push();
        row.set_name(BlockTraceName::disk, name.as_bytes());
        row.set_name(BlockTraceName::operation, operation.as_bytes());
        row.set(Cell::issued, count.value());
        row.set(Cell::completed, count.value());
        row.set(Cell::errors, 0u64);
        row.set(Cell::no_start, 0u64);
        row.set(Cell::bytes, bytes.value());
        row.set(Cell::latency_ns, whole(time_s.exact() * 1e9));
        row.set(Cell::queued_ns, whole(disk.held_s.exact() * 1e9 / 2.0));
        row.set(Cell::depth_max, whole(disk.last.in_flight) + 1);
        let of = Of { metric: "block_latency_ns", entity: name, operation };
        push(sample, &of, recent.0, recent.1, Spread::Random);
    }
    sample.bpf_block_io.sort();
}

fn fill_calls(host: &Host, sample: &mut Sample) {
    use SyscallTraceCell as Cell;
    let row = sample.bpf_syscall.push();
    row.set(Cell::calls, host.counted.calls.value());
    row.set(Cell::failed, host.counted.refused.value());
    row.set(Cell::measured, host.counted.calls.value());
    row.set(Cell::lost, 0u64);
    row.set(Cell::enomem, 0u64);
    row.set(Cell::enfile, 0u64);
    row.set(Cell::emfile, host.counted.refused.value());
    row.set(Cell::enospc, whole(host.space.refused_bytes / 65_536.0));
    row.set(Cell::connect_eaddrnotavail, host.network.no_port.value());
    row.set(Cell::timed, true);
    let (storage, storage_s) = host.recent.storage;
    let of = Of { metric: "syscall_ns", entity: "storage", operation: "" };
    push(sample, &of, storage, storage_s, Spread::Random);
    sample.bpf_syscalls.set_read(ReadTimes::default());
    sample.bpf_callers.set_read(ReadTimes::default());
}

fn fill_memory(host: &Host, sample: &mut Sample) {
    use MemoryTraceCell as Cell;
    let paging = &host.memory.counted;
    let row = sample.bpf_memory.push();
    row.set(Cell::cache_adds, paging.cache_adds.value());
    row.set(Cell::cache_deletes, paging.cache_deletes.value());
    row.set(Cell::direct, paging.stalls.value());
    row.set(Cell::direct_ns, whole(paging.stall_s.exact() * 1e9));
    row.set(Cell::memcg, 0u64);
    row.set(Cell::memcg_ns, 0u64);
    row.set(Cell::lost, 0u64);
    let (reclaims, reclaim_s) = host.recent.reclaims;
    let of = Of { metric: "reclaim_ns", entity: "cpu0", operation: "" };
    push(sample, &of, reclaims, reclaim_s, Spread::Random);
    let row = sample.bpf_page_fault.push();
    // The difference of whole numbers could go back by one.
    // A difference of sums: what rounding takes must not take a fault back.
    let minor = whole(paging.faults.exact() - paging.major.exact() + 1e-6);
    row.set(FaultTraceCell::user, paging.faults.value());
    row.set(FaultTraceCell::kernel, 0u64);
    row.set(FaultTraceCell::minor, minor);
    row.set(FaultTraceCell::major, paging.major.value());
    row.set(FaultTraceCell::major_ns, whole(paging.major_s.exact() * 1e9));
    row.set(FaultTraceCell::lost, 0u64);
    let (faults, fault_s) = host.recent.faults;
    let of = Of { metric: "major_fault_ns", entity: "cpu0", operation: "" };
    push(sample, &of, faults, fault_s, Spread::Random);
    for killed in &host.recent.killed {
        let row = sample.bpf_events.push();
        row.set_name(EventName::kind, b"oom_kill");
        row.set_name(EventName::comm, killed.comm.as_bytes());
        row.set_name(EventName::cgroup, host.groups[killed.group].path.as_bytes());
        row.set(EventCell::at_ns, whole(killed.at_s * 1e9));
        row.set(EventCell::pid, killed.pid);
        row.set(EventCell::start_ns, killed.start_ticks * 10_000_000);
        row.set(EventCell::cgroup_inode, host.groups[killed.group].inode);
        row.set(EventCell::resident_bytes, killed.pages * crate::host::memory::PAGE);
        row.set(EventCell::tid, killed.pid);
    }
    sample.bpf_events.sort();
    sample.bpf_events.set_read(ReadTimes::default());
}

fn fill_rest(host: &Host, sample: &mut Sample) {
    let network = &host.network;
    let row = sample.bpf_tcp.push();
    row.set(TcpTraceCell::retransmits, network.retransmits.value());
    row.set(
        TcpTraceCell::established,
        network.passive_opens.value() + network.active_opens.value(),
    );
    row.set(TcpTraceCell::syn_sent, network.active_opens.value());
    row.set(TcpTraceCell::syn_recv, network.passive_opens.value());
    row.set(TcpTraceCell::close_wait, whole(network.close_wait));
    row.set(TcpTraceCell::time_wait, network.active_opens.value());
    row.set(TcpTraceCell::closed, network.active_opens.value());
    row.set(TcpTraceCell::listen, network.queues.len() as u64);
    let row = sample.bpf_lifetime.push();
    let forks = host.counted.forks.value();
    row.set(LifetimeTraceCell::forks, forks);
    row.set(LifetimeTraceCell::execs, forks / 2);
    row.set(LifetimeTraceCell::exits, forks);
    row.set(LifetimeTraceCell::lost, 0u64);
    sample.bpf_short_lived.set_read(ReadTimes::default());
}

/// Adds `count` values whose sum is `sum_s`.
fn push(sample: &mut Sample, of: &Of<'_>, count: f64, sum_s: f64, spread: Spread) {
    let count = whole(count + 0.5);
    if count == 0 {
        return;
    }
    let mean_ns = sum_s.max(0.0) * 1e9 / count as f64;
    let mut counts = [0u64; BUCKETS];
    distribute(count, mean_ns, spread, &mut counts);
    for (bucket, count) in (0u64..).zip(counts).filter(|(_, count)| *count > 0) {
        let row = sample.bpf_histograms.push();
        row.set_name(BucketName::metric, of.metric.as_bytes());
        row.set_name(BucketName::entity, of.entity.as_bytes());
        row.set_name(BucketName::operation, of.operation.as_bytes());
        row.set(BucketCell::bucket, bucket);
        row.set(BucketCell::count, count);
    }
}

/// Cuts the distribution into parts of equal probability, each at its middle, scaled to the mean.
fn distribute(count: u64, mean_ns: f64, spread: Spread, counts: &mut [u64; BUCKETS]) {
    let strata = count.min(STRATA);
    let middle = |part: u64| (part as f64 + 0.5) / strata as f64;
    let value = |part: u64| match spread {
        Spread::Random => -libm::log(1.0 - middle(part)),
        Spread::Turns => 0.5 + middle(part),
    };
    let mean: f64 = (0..strata).map(value).sum::<f64>() / strata as f64;
    for part in 0..strata {
        let own = count * (part + 1) / strata - count * part / strata;
        counts[bucket_of(whole(value(part) / mean * mean_ns))] += own;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::histogram::bounds;

    fn check(count: u64, mean_ns: f64, spread: Spread) {
        let mut counts = [0; BUCKETS];
        distribute(count, mean_ns, spread, &mut counts);
        assert_eq!(counts.iter().sum::<u64>(), count);
        let sum = |of: fn((u64, u64)) -> u64| -> f64 {
            let parts = counts.iter().enumerate();
            parts.map(|(bucket, count)| (of(bounds(bucket)) * count) as f64).sum()
        };
        let (low, high) = (sum(|bounds| bounds.0), sum(|bounds| bounds.1));
        let all = count as f64 * mean_ns;
        assert!(low <= all * 1.03 && all <= high * 1.03, "{low} {all} {high}");
    }

    #[test]
    fn counts_and_sums_are_those_asked_for() {
        for spread in [Spread::Random, Spread::Turns] {
            for count in [1, 7, 64, 100, 12_345] {
                for mean_ns in [800.0, 1e6, 3.3e7] {
                    check(count, mean_ns, spread);
                }
            }
        }
    }

    #[test]
    fn the_tail_of_waits_at_random_is_that_of_an_exponential() {
        let mut counts = [0; BUCKETS];
        distribute(10_000, 1e6, Spread::Random, &mut counts);
        let mut histogram = ks_vocabulary::histogram::Histogram::default();
        for (bucket, count) in counts.into_iter().enumerate() {
            histogram.add(bucket, count);
        }
        let p99 = histogram.quantile(0.99).unwrap().value;
        assert!((3.8e6..5.5e6).contains(&p99), "{p99}");
    }
}
