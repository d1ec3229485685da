//! `bpf/lifetime`: beginnings and ends of processes, and those too short-lived to be seen.

use ks_ebpf::Tracer;
use ks_ebpf::layout::{LifetimeCpu, LifetimeKey, LifetimeValue};
use ks_vocabulary::model::{
    LifetimeTraceCell as Cell, ReadTimes, Sample, ShortLivedCell, ShortLivedName,
};

use super::{Decoder, name};
use crate::sampler::Context;

/// Reads what the tracer counted.
#[derive(Debug, Default)]
pub(super) struct Lifetime {
    lost: u64,
}

impl Decoder for Lifetime {
    fn decode(&mut self, tracer: &mut Tracer, _: &mut Context<'_>, sample: &mut Sample) {
        let cpus = tracer.per_cpu::<LifetimeCpu>("lifetime_cpus");
        let sum = |get: fn(&LifetimeCpu) -> u64| cpus.iter().map(get).sum::<u64>();
        let row = sample.bpf_lifetime.push();
        row.set(Cell::forks, sum(|cpu| cpu.forks));
        row.set(Cell::execs, sum(|cpu| cpu.execs));
        row.set(Cell::exits, sum(|cpu| cpu.exits));
        self.lost = sum(|cpu| cpu.lost);
        row.set(Cell::lost, self.lost);
        let page_bytes = rustix::param::page_size() as u64;
        for (key, value) in tracer.take_table::<LifetimeKey, LifetimeValue>("lifetimes") {
            let row = sample.bpf_short_lived.push();
            row.set_name(ShortLivedName::comm, name(&key.comm));
            row.set(ShortLivedCell::cgroup_inode, key.cgroup_inode);
            row.set(ShortLivedCell::count, value.count);
            row.set(ShortLivedCell::failed, value.failed);
            row.set(ShortLivedCell::cpu_ns, value.cpu_ns);
            let resident = value.resident_pages.saturating_mul(page_bytes);
            row.set(ShortLivedCell::resident_max_bytes, resident);
            row.set(ShortLivedCell::read_bytes, value.read_bytes);
            row.set(ShortLivedCell::write_bytes, value.write_bytes);
        }
        sample.bpf_short_lived.sort();
    }

    fn lost(&self) -> u64 {
        self.lost
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_lifetime.set_read(times);
        sample.bpf_short_lived.set_read(times);
    }
}
