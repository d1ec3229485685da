//! `bpf/memory`: reclaim, page-cache turnover, and victims of the OOM killer.

use ks_ebpf::Tracer;
use ks_ebpf::layout::{MemoryCpu, OomVictim, read};
use ks_vocabulary::model::{EventCell, EventName, MemoryTraceCell as Cell, ReadTimes, Sample};

use super::histograms::{Before, Of};
use super::{Decoder, name};
use crate::host_fs::HostFs;
use crate::sampler::Context;
use crate::text::lines;

/// Reads what the tracer counted.
#[derive(Debug, Default)]
pub(super) struct Memory {
    before: Vec<Before>,
    lost: u64,
    runs: u64,
}

impl Decoder for Memory {
    fn decode(&mut self, tracer: &mut Tracer, context: &mut Context<'_>, sample: &mut Sample) {
        let cpus = tracer.per_cpu::<MemoryCpu>("memory_cpus");
        let sum = |get: fn(&MemoryCpu) -> u64| cpus.iter().map(get).sum::<u64>();
        self.runs = sum(|cpu| cpu.cache_adds + cpu.cache_deletes + 2 * (cpu.direct + cpu.memcg));
        let row = sample.bpf_memory.push();
        row.set(Cell::cache_adds, sum(|cpu| cpu.cache_adds));
        row.set(Cell::cache_deletes, sum(|cpu| cpu.cache_deletes));
        row.set(Cell::direct, sum(|cpu| cpu.direct));
        row.set(Cell::direct_ns, sum(|cpu| cpu.direct_ns));
        row.set(Cell::memcg, sum(|cpu| cpu.memcg));
        row.set(Cell::memcg_ns, sum(|cpu| cpu.memcg_ns));
        self.lost = sum(|cpu| cpu.lost_starts + cpu.lost_events);
        row.set(Cell::lost, self.lost);
        self.before.resize_with(cpus.len(), Before::default);
        for ((number, cpu), before) in cpus.iter().enumerate().zip(&mut self.before) {
            let entity = format!("cpu{number}");
            let of = Of { metric: "reclaim_ns", entity: entity.as_bytes(), operation: b"" };
            before.push(of, &cpu.stalls, &mut sample.bpf_histograms);
        }
        tracer.events("memory_events", |bytes| {
            if let Some(victim) = read::<OomVictim>(bytes) {
                push(&victim, context.host, sample);
            }
        });
        sample.bpf_events.sort();
    }

    fn lost(&self) -> u64 {
        self.lost
    }

    fn runs(&self) -> u64 {
        self.runs
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_memory.set_read(times);
        sample.bpf_events.set_read(times);
    }
}

fn push(victim: &OomVictim, host: &HostFs, sample: &mut Sample) {
    // Not yet reaped, the victim still tells its control group; else its last part is known.
    let path = host.read_once(&format!("proc/{}/cgroup", victim.pid)).ok();
    let path = path.and_then(|text| memory_cgroup(&text));
    let row = sample.bpf_events.push();
    row.set_name(EventName::kind, b"oom_kill");
    row.set(EventCell::at_ns, victim.at_ns);
    row.set(EventCell::pid, u64::from(victim.pid));
    if let Some(path) = &path {
        row.set_name(EventName::cgroup, path);
    }
    if victim.known == 0 {
        return;
    }
    row.set_name(EventName::comm, name(&victim.comm));
    if path.is_none() {
        row.set_name(EventName::cgroup, name(&victim.cgroup));
    }
    row.set(EventCell::start_ns, victim.start_ns);
    row.set(EventCell::cgroup_inode, victim.cgroup_inode);
    let page_bytes = rustix::param::page_size() as u64;
    row.set(EventCell::resident_bytes, victim.resident_pages.saturating_mul(page_bytes));
}

/// The memory control group in `/proc/PID/cgroup`: of version 1, else of version 2.
fn memory_cgroup(text: &[u8]) -> Option<Vec<u8>> {
    let parts = |line: &[u8]| {
        let mut parts = line.splitn(3, |byte| *byte == b':').skip(1);
        Some((parts.next()?.to_vec(), parts.next()?.to_vec()))
    };
    let of_memory =
        |controllers: &[u8]| controllers.split(|byte| *byte == b',').any(|one| one == b"memory");
    let groups: Vec<_> = lines(text).filter_map(parts).collect();
    let found = groups.iter().find(|(controllers, _)| of_memory(controllers));
    let found = found.or_else(|| groups.iter().find(|(controllers, _)| controllers.is_empty()));
    found.map(|(_, path)| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_controllers_group_is_found() {
        let check = |text: &[u8], expected: Option<&[u8]>| {
            assert_eq!(memory_cgroup(text).as_deref(), expected);
        };
        check(b"4:cpu,cpuacct:/a\n3:memory:/b:c\n0::/d\n", Some(b"/b:c"));
        check(b"1:name=systemd:/x\n0::/user.slice\n", Some(b"/user.slice"));
        check(b"garbage\n", None);
        check(b"", None);
    }
}
