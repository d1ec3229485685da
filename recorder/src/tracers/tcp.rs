//! `bpf/tcp`: retransmitted segments and changes of state.

use ks_ebpf::Tracer;
use ks_ebpf::layout::TcpCpu;
use ks_vocabulary::model::{ReadTimes, Sample, TcpTraceCell as Cell};

use super::Decoder;
use crate::sampler::Context;

/// Cells of states, with the kernel's numbers (include/net/tcp_states.h).
const STATES: [(Cell, usize); 7] = [
    (Cell::established, 1),
    (Cell::syn_sent, 2),
    (Cell::syn_recv, 3),
    (Cell::time_wait, 6),
    (Cell::closed, 7),
    (Cell::close_wait, 8),
    (Cell::listen, 10),
];

/// Reads what the tracer counted.
#[derive(Debug)]
pub(super) struct Tcp;

impl Decoder for Tcp {
    fn decode(&mut self, tracer: &mut Tracer, _: &mut Context<'_>, sample: &mut Sample) {
        let cpus = tracer.per_cpu::<TcpCpu>("tcp_cpus");
        let row = sample.bpf_tcp.push();
        row.set(Cell::retransmits, cpus.iter().map(|cpu| cpu.retransmits).sum::<u64>());
        for (cell, state) in STATES {
            row.set(cell, cpus.iter().map(|cpu| cpu.states[state]).sum::<u64>());
        }
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_tcp.set_read(times);
    }
}
