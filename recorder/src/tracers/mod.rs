//! The tracers: one file for each, one entry for each in [`TRACERS`].
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
mod syscall_counts;
mod syscall_guard;
mod tcp;
mod traced;

use ks_ebpf::layout::SchedulerCpu;
use ks_ebpf::processes::ProcessIterator;
use ks_ebpf::{Description, Kernel, Tracer, descriptions, load};
use ks_vocabulary::model::{ReadTimes, Sample};
use ks_vocabulary::time::SECOND_NS;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::CapabilitySet;

use crate::absence::Absence;
use crate::budget::Step;
use crate::sampler::{Context, Sampler, States};
use crate::text::lines;
use crate::{clock, privilege};

use traced::Traced;

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

    /// The step of the budget that [`Decoder::limit`] may speak of.
    fn part(&self) -> Option<Step> {
        None
    }

    /// How often its programs ran so far, but for those that seldom do.
    fn runs(&self) -> u64 {
        0
    }

    /// What found no room so far: starts, devices, events.
    fn lost(&self) -> u64 {
        0
    }
}

const SCHEDULER: &str = "bpf/scheduler";

type MakeDecoder = fn() -> Box<dyn Decoder>;

/// Every tracer: its source, its object, its decoder.
static TRACERS: [(&str, &Description, MakeDecoder); 7] = [
    (SCHEDULER, &descriptions::SCHEDULER, || Box::<scheduler::Scheduler>::default()),
    ("bpf/block_io", &descriptions::BLOCK_IO, || Box::<block_io::BlockIo>::default()),
    ("bpf/syscall", &descriptions::SYSCALL, || Box::<syscall::Syscall>::default()),
    ("bpf/page_fault", &descriptions::PAGE_FAULT, || Box::<page_fault::PageFault>::default()),
    ("bpf/memory", &descriptions::MEMORY, || Box::<memory::Memory>::default()),
    ("bpf/tcp", &descriptions::TCP, || Box::new(tcp::Tcp)),
    ("bpf/lifetime", &descriptions::LIFETIME, || Box::<lifetime::Lifetime>::default()),
];

/// What this kernel takes of the tracers.
pub(crate) struct Loaded {
    /// A sampler for each tracer.
    pub(crate) samplers: Vec<Box<dyn Sampler>>,
    /// The iterator over tasks, which the process sampler reads by.
    pub(crate) processes: Result<ProcessIterator, Absence>,
    /// Whether they were seen to work without capabilities.
    pub(crate) work_without_capabilities: bool,
}

/// Loads every tracer that this kernel takes; `states` learns of the others.
pub(crate) fn load_all(interval_ns: u64, states: &mut States) -> Loaded {
    lift_memory_limit();
    let kernel = match Kernel::open() {
        Ok(kernel) => kernel,
        Err(error) => return none(Absence::Tracer(error), states),
    };
    let mut traced = Vec::new();
    for (source, description, decoder) in &TRACERS {
        match load(description, &kernel, &knobs(source, interval_ns), &entries(source)) {
            Ok(tracer) => traced.push(Traced::new(source, tracer, decoder())),
            Err(error) => states.absent(source, Absence::Tracer(error)),
        }
    }
    let mut processes = ProcessIterator::load(&kernel).map_err(Absence::Tracer);
    let work_without_capabilities = trial(&mut traced, processes.as_mut().ok());
    let boxed = |traced| -> Box<dyn Sampler> { Box::new(traced) };
    let samplers = traced.into_iter().map(boxed).collect();
    Loaded { samplers, processes, work_without_capabilities }
}

/// Before Linux 5.11 maps are charged to the limit of locked memory, which is 64 kB by default.
/// Where the limit stays, the maps that find no room say so.
fn lift_memory_limit() {
    let unlimited = Rlimit { current: None, maximum: None };
    let _ = setrlimit(Resource::Memlock, unlimited);
}

/// Tries in a thread without capabilities what is done at each tick: reading a map, taking a
/// program off its hook and putting it back, a pass over the processes. Without the scheduler's
/// tracer it is not known.
fn trial(traced: &mut [Traced], processes: Option<&mut ProcessIterator>) -> bool {
    let scheduler = traced.iter_mut().find(|traced| *traced.source == SCHEDULER);
    let Some(Traced { tracer, rests, .. }) = scheduler else { return false };
    let tried = || {
        let kept_none = privilege::keep_only(CapabilitySet::empty());
        tracer.rest();
        let wakes = tracer.wake(clock::monotonic_ns());
        let reads = !tracer.per_cpu::<SchedulerCpu>("scheduler_cpus").is_empty();
        let passes = processes.is_none_or(|iterator| iterator.read(&mut Vec::new()).is_ok());
        kept_none && wakes && reads && passes
    };
    let works = std::thread::scope(|scope| scope.spawn(tried).join().unwrap_or(false));
    // What could not be put back without capabilities is put back with them.
    *rests = !tracer.wake(clock::monotonic_ns());
    works && !*rests
}

/// No tracer at all, for one reason.
pub(crate) fn none(why: Absence, states: &mut States) -> Loaded {
    absent(why, states);
    Loaded { samplers: Vec::new(), processes: Err(why), work_without_capabilities: false }
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

/// Sizes of maps that depend on the host: of block devices there is an entry for each operation,
/// and a request in flight for each slot of the queues (`nr_requests` is 256 by default). There is
/// room for as many devices again that come later.
fn entries(source: &str) -> Vec<(&'static str, u32)> {
    if source != "bpf/block_io" {
        return Vec::new();
    }
    let text = std::fs::read("/proc/diskstats").unwrap_or_default();
    let devices = u32::try_from(lines(&text).count()).unwrap_or(u32::MAX).saturating_add(8);
    vec![
        ("block_devices", devices.saturating_mul(2 * block_io::OPERATIONS).min(65_536)),
        ("block_starts", devices.saturating_mul(256).min(65_536)),
    ]
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
