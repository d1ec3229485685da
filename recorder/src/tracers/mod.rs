//! The tracers: one file for each, one entry for each in [`all`].
//!
//! A tracer counts in the kernel; at each tick its sampler reads what it counted. Where it cannot
//! be loaded its source is absent with the reason, and the recording goes on.

mod block_io;
mod histograms;
mod lifetime;
mod memory;
mod page_fault;
mod scheduler;
mod syscall;
mod syscall_classes;
mod syscall_guard;
mod tcp;

use ks_ebpf::processes::ProcessIterator;
use ks_ebpf::{Description, Kernel, Tracer, descriptions, load};
use ks_engine::model::{ReadTimes, Sample};
use ks_engine::time::SECOND_NS;

use crate::absence::Absence;
use crate::sampler::{Context, Sampler, State, States};

/// How what one tracer counted becomes rows.
trait Decoder: std::fmt::Debug {
    /// Fills the tracer's tables, but for their read times.
    fn decode(&mut self, tracer: &mut Tracer, context: &mut Context<'_>, sample: &mut Sample);

    /// Marks the tracer's tables as read.
    fn set_read(&self, sample: &mut Sample, times: ReadTimes);

    /// What it leaves out for the time being.
    fn limit(&self) -> Option<&'static str> {
        None
    }
}

type MakeDecoder = fn() -> Box<dyn Decoder>;

/// Every tracer: its source, its object, its decoder.
static TRACERS: [(&str, &Description, MakeDecoder); 7] = [
    ("bpf/scheduler", &descriptions::SCHEDULER, || Box::<scheduler::Scheduler>::default()),
    ("bpf/block_io", &descriptions::BLOCK_IO, || Box::<block_io::BlockIo>::default()),
    ("bpf/syscall", &descriptions::SYSCALL, || Box::<syscall::Syscall>::default()),
    ("bpf/page_fault", &descriptions::PAGE_FAULT, || Box::<page_fault::PageFault>::default()),
    ("bpf/memory", &descriptions::MEMORY, || Box::<memory::Memory>::default()),
    ("bpf/tcp", &descriptions::TCP, || Box::new(tcp::Tcp)),
    ("bpf/lifetime", &descriptions::LIFETIME, || Box::new(lifetime::Lifetime)),
];

/// What this kernel takes of the tracers.
pub(crate) struct Loaded {
    /// A sampler for each tracer.
    pub(crate) samplers: Vec<Box<dyn Sampler>>,
    /// The iterator over tasks, which the process sampler reads by.
    pub(crate) processes: Result<ProcessIterator, Absence>,
}

/// Loads every tracer that this kernel takes; `states` learns of the others.
pub(crate) fn load_all(interval_ns: u64, states: &mut States) -> Loaded {
    let kernel = match Kernel::open() {
        Ok(kernel) => kernel,
        Err(error) => return none(Absence::Tracer(error), states),
    };
    let mut samplers: Vec<Box<dyn Sampler>> = Vec::new();
    for (source, description, decoder) in &TRACERS {
        match load(description, &kernel, &knobs(source, interval_ns)) {
            Ok(tracer) => samplers.push(Box::new(Traced { source, tracer, decoder: decoder() })),
            Err(error) => states.absent(source, Absence::Tracer(error)),
        }
    }
    Loaded { samplers, processes: ProcessIterator::load(&kernel).map_err(Absence::Tracer) }
}

/// No tracer at all, for one reason.
pub(crate) fn none(why: Absence, states: &mut States) -> Loaded {
    absent(why, states);
    Loaded { samplers: Vec::new(), processes: Err(why) }
}

/// Says of every tracer why it is not there.
fn absent(why: Absence, states: &mut States) {
    for (source, ..) in &TRACERS {
        states.absent(source, why);
    }
}

fn knobs(source: &str, interval_ns: u64) -> Vec<(&'static str, u64)> {
    match source {
        "bpf/lifetime" => vec![("short_ns", interval_ns.max(SECOND_NS / 10))],
        "bpf/syscall" => vec![("connect_number", syscall_classes::CONNECT)],
        _ => Vec::new(),
    }
}

/// One loaded tracer.
#[derive(Debug)]
struct Traced {
    source: &'static &'static str,
    tracer: Tracer,
    decoder: Box<dyn Decoder>,
}

impl Sampler for Traced {
    fn sources(&self) -> &'static [&'static str] {
        std::slice::from_ref(self.source)
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        self.decoder.decode(&mut self.tracer, context, sample);
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        self.decoder.set_read(sample, times);
        histograms::finish(sample, times);
        let limit = self.decoder.limit().or(self.tracer.limit());
        context.states.set(self.source, limit.map_or(State::On, State::Limited));
    }
}

/// A name in a fixed field, up to its first NUL.
pub(crate) fn name(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_ebpf::LoadError;

    #[test]
    fn without_tracers_each_source_says_why() {
        let mut states = States::default();
        absent(Absence::Tracer(LoadError::NoBtf), &mut states);
        assert_eq!(states.all().count(), TRACERS.len());
        for (source, state) in states.all() {
            let state = state.to_input(source);
            assert_eq!(state.reason.as_deref(), Some("no BTF of the kernel"));
        }
    }

    #[test]
    fn a_name_ends_at_its_first_nul() {
        assert_eq!(name(b"a b\n\0rest"), b"a b\n");
        assert_eq!(name(b"\xffsixteen bytes l"), b"\xffsixteen bytes l");
    }
}
