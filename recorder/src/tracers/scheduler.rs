//! `bpf/scheduler`: switches and run-queue waits of each CPU.

use ks_ebpf::Tracer;
use ks_ebpf::layout::SchedulerCpu;
use ks_vocabulary::model::{ReadTimes, Sample, SchedulerTraceCell as Cell};

use super::Decoder;
use super::histograms::{Before, Of};
use crate::sampler::Context;

/// Reads what the tracer counted.
#[derive(Debug, Default)]
pub(super) struct Scheduler {
    before: Vec<Before>,
    runs: u64,
}

impl Decoder for Scheduler {
    fn decode(&mut self, tracer: &mut Tracer, _: &mut Context<'_>, sample: &mut Sample) {
        let cpus = tracer.per_cpu::<SchedulerCpu>("scheduler_cpus");
        self.before.resize_with(cpus.len(), Before::default);
        self.runs = cpus
            .iter()
            .map(|cpu| {
                let switches = cpu.voluntary + cpu.involuntary;
                switches + cpu.wakeups + cpu.wakeups_new + cpu.migrations
            })
            .sum();
        for ((number, cpu), before) in (0u64..).zip(&cpus).zip(&mut self.before) {
            // A CPU that the kernel could have and does not.
            if cpu.voluntary + cpu.involuntary == 0 {
                continue;
            }
            let row = sample.bpf_scheduler.push();
            row.set(Cell::cpu, number);
            row.set(Cell::voluntary, cpu.voluntary);
            row.set(Cell::involuntary, cpu.involuntary);
            row.set(Cell::wakeups, cpu.wakeups);
            row.set(Cell::wakeups_new, cpu.wakeups_new);
            row.set(Cell::migrations, cpu.migrations);
            row.set(Cell::wait_ns, cpu.wait_ns);
            row.set(Cell::depth_sum, cpu.depth_sum);
            row.set(Cell::depth_max, cpu.depth_max);
            let entity = format!("cpu{number}");
            let of = Of { metric: "run_queue_ns", entity: entity.as_bytes(), operation: b"" };
            before.push(of, &cpu.waits, &mut sample.bpf_histograms);
        }
    }

    fn runs(&self) -> u64 {
        self.runs
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_scheduler.set_read(times);
    }
}
