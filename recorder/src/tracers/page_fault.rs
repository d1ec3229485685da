//! `bpf/page_fault`: page faults of the host.

use ks_ebpf::Tracer;
use ks_ebpf::descriptions::FAULTS_UNTIMED;
use ks_ebpf::layout::PageFaultCpu;
use ks_vocabulary::model::{FaultTraceCell as Cell, ReadTimes, Sample};

use super::Decoder;
use super::histograms::{Before, Of};
use crate::sampler::Context;

/// Reads what the tracer counted.
#[derive(Debug, Default)]
pub(super) struct PageFault {
    before: Vec<Before>,
    lost: u64,
    runs: u64,
}

impl Decoder for PageFault {
    fn decode(&mut self, tracer: &mut Tracer, _: &mut Context<'_>, sample: &mut Sample) {
        let cpus = tracer.per_cpu::<PageFaultCpu>("page_fault_cpus");
        let sum = |get: fn(&PageFaultCpu) -> u64| cpus.iter().map(get).sum::<u64>();
        self.runs = sum(|cpu| cpu.user + cpu.kernel + 2 * (cpu.minor + cpu.major));
        let row = sample.bpf_page_fault.push();
        row.set(Cell::user, sum(|cpu| cpu.user));
        row.set(Cell::kernel, sum(|cpu| cpu.kernel));
        if tracer.limit() == Some(FAULTS_UNTIMED) {
            return;
        }
        row.set(Cell::minor, sum(|cpu| cpu.minor));
        row.set(Cell::major, sum(|cpu| cpu.major));
        row.set(Cell::major_ns, sum(|cpu| cpu.major_ns));
        self.lost = sum(|cpu| cpu.lost);
        row.set(Cell::lost, self.lost);
        self.before.resize_with(cpus.len(), Before::default);
        for ((number, cpu), before) in cpus.iter().enumerate().zip(&mut self.before) {
            let entity = format!("cpu{number}");
            let of = Of { metric: "major_fault_ns", entity: entity.as_bytes(), operation: b"" };
            before.push(of, &cpu.latency, &mut sample.bpf_histograms);
        }
    }

    fn lost(&self) -> u64 {
        self.lost
    }

    fn runs(&self) -> u64 {
        self.runs
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_page_fault.set_read(times);
    }
}
