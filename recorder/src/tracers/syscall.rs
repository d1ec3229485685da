//! `bpf/syscall`: counts, errors and latency of system calls.

use std::collections::BTreeMap;

use ks_ebpf::Tracer;
use ks_ebpf::layout::{BUCKETS, SYSCALL_CLASSES, SyscallCpu, SyscallCulprit};
use ks_vocabulary::model::{CallerCell, CallerName, ReadTimes, Sample, SyscallTraceCell as Cell};

use super::histograms::{Before, Of};
use super::syscall_classes::{CLASSES, table};
use super::syscall_counts::CallCounts;
use super::syscall_guard::Guard;
use super::{Decoder, name};
use crate::budget::Step;
use crate::sampler::Context;

const ENTER: &str = "handle_enter";
/// Classes that verdicts rest on. Others are kept by powers of two, which makes one bucket of
/// eight: most of them are waits for something to do.
const JUDGED: [&str; 4] = ["storage", "metadata", "memory", "process"];
/// Buckets of a power of two (`HISTOGRAM_SUB_BITS`).
const OCTAVE: usize = 8;
const OVER_BUDGET: &str = "latency is shed: the recorder took more than --max-cpu";
const STORM: &str = "latency is shed: a CPU makes over 100,000 calls a second";

/// Cells of errors, with their numbers.
const ERRORS: [(Cell, usize); 5] = [
    (Cell::enomem, 12),
    (Cell::enfile, 23),
    (Cell::emfile, 24),
    (Cell::enospc, 28),
    (Cell::connect_eaddrnotavail, 99),
];

/// Reads what the tracer counted.
#[derive(Debug, Default)]
pub(super) struct Syscall {
    classes_set: bool,
    guard: Guard,
    shed: Option<&'static str>,
    counts: CallCounts,
    errors: Vec<[u32; ERRORS.len()]>,
    error_totals: [u64; ERRORS.len()],
    before: [Before; SYSCALL_CLASSES],
    callers: BTreeMap<u32, [u64; 3]>,
    runs: u64,
}

impl Decoder for Syscall {
    fn decode(&mut self, tracer: &mut Tracer, context: &mut Context<'_>, sample: &mut Sample) {
        if !self.classes_set {
            self.classes_set = tracer.set_single("syscall_classes", &table());
        }
        let cpus = tracer.per_cpu::<SyscallCpu>("syscall_cpus");
        self.keep_guard(tracer, context, &cpus);
        self.count_errors(&cpus);
        let sum = |get: fn(&SyscallCpu) -> u64| cpus.iter().map(get).sum::<u64>();
        self.runs = sum(|cpu| cpu.calls + cpu.measured);
        let row = sample.bpf_syscall.push();
        row.set(Cell::calls, sum(|cpu| cpu.calls));
        row.set(Cell::failed, sum(|cpu| cpu.failed));
        row.set(Cell::measured, sum(|cpu| cpu.measured));
        row.set(Cell::lost, sum(|cpu| cpu.lost));
        for ((cell, _), total) in ERRORS.iter().zip(self.error_totals) {
            row.set(*cell, total);
        }
        row.set(Cell::timed, tracer.is_attached(ENTER));
        self.counts.push(&cpus, &mut sample.bpf_syscalls);
        self.push_latency(&cpus, sample);
        self.push_callers(tracer, sample);
    }

    fn runs(&self) -> u64 {
        self.runs
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_syscall.set_read(times);
        sample.bpf_syscalls.set_read(times);
        sample.bpf_callers.set_read(times);
    }

    fn limit(&self) -> Option<&'static str> {
        self.shed
    }

    fn part(&self) -> Option<Step> {
        Some(Step::CallLatency)
    }
}

impl Syscall {
    fn keep_guard(&mut self, tracer: &mut Tracer, context: &Context<'_>, cpus: &[SyscallCpu]) {
        let most = cpus.iter().map(|cpu| cpu.calls).max().unwrap_or(0);
        let calm = self.guard.allows(context.tick, most);
        let over_budget = context.budget.taken(Step::CallLatency).is_some();
        if !calm || over_budget {
            tracer.pause(ENTER);
            self.shed = Some(if over_budget { OVER_BUDGET } else { STORM });
        } else if self.shed.is_some() && tracer.resume(ENTER) {
            self.shed = None;
        }
    }

    fn count_errors(&mut self, cpus: &[SyscallCpu]) {
        self.errors.resize(cpus.len(), [0; ERRORS.len()]);
        for (cpu, before) in cpus.iter().zip(&mut self.errors) {
            let known = ERRORS.iter().zip(before).zip(&mut self.error_totals);
            for (((_, error), before), total) in known {
                *total += u64::from(cpu.errors[*error].wrapping_sub(*before));
                *before = cpu.errors[*error];
            }
        }
    }

    fn push_latency(&mut self, cpus: &[SyscallCpu], sample: &mut Sample) {
        for (class, before) in self.before.iter_mut().enumerate() {
            let mut summed = [0u32; BUCKETS];
            for cpu in cpus {
                let counts = &cpu.latency[class * BUCKETS..(class + 1) * BUCKETS];
                for (sum, count) in summed.iter_mut().zip(counts) {
                    *sum = sum.wrapping_add(*count);
                }
            }
            if !JUDGED.contains(&CLASSES[class]) {
                coarsen(&mut summed);
            }
            let entity = CLASSES[class].as_bytes();
            let of = Of { metric: "syscall_ns", entity, operation: b"" };
            before.push(of, &summed, &mut sample.bpf_histograms);
        }
    }

    fn push_callers(&mut self, tracer: &Tracer, sample: &mut Sample) {
        let found = tracer.table::<u32, SyscallCulprit>("syscall_culprits");
        let mut current = BTreeMap::new();
        for (pid, caller) in &found {
            let counts = [caller.slow, caller.slow_ns, caller.refused];
            current.insert(*pid, counts);
            if self.callers.get(pid) == Some(&counts) {
                continue;
            }
            let row = sample.bpf_callers.push();
            row.set_name(CallerName::comm, name(&caller.comm));
            row.set(CallerCell::pid, u64::from(*pid));
            row.set(CallerCell::slow, caller.slow);
            row.set(CallerCell::slow_ns, caller.slow_ns);
            row.set(CallerCell::refused, caller.refused);
        }
        self.callers = current;
        sample.bpf_callers.sort();
    }
}

/// Gathers the buckets of each power of two in its first.
fn coarsen(counts: &mut [u32; BUCKETS]) {
    // Those of the first power are single values.
    for octave in counts.chunks_mut(OCTAVE).skip(1) {
        let sum = octave.iter().fold(0u32, |sum, count| sum.wrapping_add(*count));
        octave.fill(0);
        octave[0] = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_gathered_by_powers_of_two() {
        let mut counts = [0; BUCKETS];
        counts[3] = 1;
        counts[7] = 2;
        counts[8..16].fill(10);
        counts[17] = u32::MAX;
        counts[23] = 2;
        coarsen(&mut counts);
        let kept: Vec<_> = counts.iter().enumerate().filter(|(_, count)| **count > 0).collect();
        assert_eq!(kept, [(3, &1), (7, &2), (8, &80), (16, &1)]);
        assert!(JUDGED.iter().all(|class| CLASSES.contains(class)));
    }
}
