//! What is remembered of the tracers' counters.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{BlockTrace, FaultTrace, MemoryTrace, SyscallTrace};
use ks_vocabulary::time::Timestamp;

use super::history::{Counters, Growth, Told};
use super::series::{Missing, Track};

/// Failed requests of one device and operation.
#[derive(Debug, Clone, Default)]
pub struct CompletionTrack(Counters<1>);

impl CompletionTrack {
    /// Requests that failed over the shortest run of last intervals of at least `ns`.
    pub fn errors_over(&self, ns: u64) -> Result<Growth, Missing> {
        self.0.over(0, "errors", ns)
    }
}

impl Track<BlockTrace> for CompletionTrack {
    fn feed(&mut self, at: Timestamp, row: &BlockTrace, _: &HostFacts) -> bool {
        self.0.push(at, [row.errors()])
    }
}

/// A counter of system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// All that returned.
    Any,
    /// Those that met a limit: ENOMEM, ENFILE, EMFILE, ENOSPC.
    Refused,
    /// Calls of connect without a free port.
    NoPort,
    /// Those that met the limit of descriptors of their own process: EMFILE.
    NoDescriptor,
    /// Those that met the end of a filesystem: ENOSPC.
    NoSpace,
    /// Those that met the limit of open files of the host: ENFILE.
    NoFile,
    /// Those that got no memory: ENOMEM.
    NoMemory,
}

/// System calls of the host.
#[derive(Debug, Clone, Default)]
pub struct CallTrack(Counters<7>);

impl CallTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: Call, ns: u64) -> Result<Growth, Missing> {
        self.0.over(what as usize, "bpf/syscall", ns)
    }
}

impl Track<SyscallTrace> for CallTrack {
    fn feed(&mut self, at: Timestamp, row: &SyscallTrace, _: &HostFacts) -> bool {
        let refused = [row.enomem(), row.enfile(), row.emfile(), row.enospc()];
        let refused = refused.into_iter().try_fold(0u64, |sum, one| Some(sum.saturating_add(one?)));
        let values = [
            row.calls(),
            refused,
            row.connect_eaddrnotavail(),
            row.emfile(),
            row.enospc(),
            row.enfile(),
            row.enomem(),
        ];
        self.0.push(at, values)
    }
}

/// Time that major faults took.
#[derive(Debug, Clone, Default)]
pub struct FaultTrack(Counters<1>);

impl FaultTrack {
    /// Time spent in major faults, in ns, over the shortest run of last intervals of at least `ns`.
    pub fn stalled_over(&self, ns: u64) -> Result<Growth, Missing> {
        self.0.over(0, "major_ns", ns)
    }

    /// How many readings of the last `ns` tell of faults for at least so much of a CPU's time.
    pub fn told(&self, share: f64, ns: u64) -> Told {
        self.0.told(0, share * 1e9, ns)
    }
}

impl Track<FaultTrace> for FaultTrack {
    fn feed(&mut self, at: Timestamp, row: &FaultTrace, _: &HostFacts) -> bool {
        self.0.push(at, [row.major_ns()])
    }
}

/// Time that tasks wait for memory that they reclaim themselves.
#[derive(Debug, Clone, Default)]
pub struct ReclaimTrack(Counters<1>);

impl ReclaimTrack {
    /// Time spent, in ns, over the shortest run of last intervals of at least `ns`.
    pub fn stalled_over(&self, ns: u64) -> Result<Growth, Missing> {
        self.0.over(0, "bpf/memory", ns)
    }
}

impl Track<MemoryTrace> for ReclaimTrack {
    fn feed(&mut self, at: Timestamp, row: &MemoryTrace, _: &HostFacts) -> bool {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        self.0.push(at, [sum(row.direct_ns(), row.memcg_ns())])
    }
}
