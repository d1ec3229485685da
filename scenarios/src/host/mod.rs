//! A host that is not there: CPUs, memory, a disk, a network, processes in control groups.
//!
//! It advances in steps of a tenth of a second. In each step processes ask by their demand; the
//! disk serves who waits for it; memory is given, reclaimed, or refused; what is left of each
//! thread's time goes to the CPUs. Each part knows only its own law; this file holds their order.

mod act;
mod claims;
pub(crate) mod cpu;
pub(crate) mod disk;
pub(crate) mod group;
mod kill;
pub(crate) mod load;
pub(crate) mod memory;
pub(crate) mod network;
pub(crate) mod pressure;
pub(crate) mod process;
mod run;
mod settings;
mod sharing;
mod space;
pub(crate) mod storage;
mod written;

use disk::{Done, Source};
use group::{Group, Pressure};
use load::Load;
use memory::Memory;
use network::Network;
use process::Process;

use crate::grain::Counter;
use crate::shape::Shape;
use ks_vocabulary::random::Random;

/// Length of a step, in s: the period of CPU quotas, too.
pub(crate) const STEP_S: f64 = 0.1;
/// Position of the root's control group.
const ROOT_GROUP: usize = 0;
/// Steps of a second.
pub(crate) const STEPS: u32 = 10;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) shape: Shape,
    pub(crate) processes: Vec<Process>,
    pub(crate) groups: Vec<Group>,
    pub(crate) memory: Memory,
    pub(crate) network: Network,
    pub(crate) disk: DiskState,
    pub(crate) space: space::Space,
    pub(crate) load: Load,
    pub(crate) pressure: Pressure,
    pub(crate) counted: Counted,
    /// Since the last sample.
    pub(crate) recent: Recent,
    /// Seconds since boot.
    pub(crate) now_s: f64,
    pub(crate) random: Random,
    pub(crate) next_pid: u64,
    /// Limits that are told seldom have changed since the last sample.
    pub(crate) limits_changed: bool,
    /// Something was done about it since the last sample.
    pub(crate) acted: bool,
    steps: u64,
    failing: u32,
    claims: Vec<cpu::Claim>,
    /// Sessions of the root group in this step, by who leads each.
    sessions: Vec<u64>,
    sources: Vec<Source>,
    slow: f64,
}

/// Counters of the disk.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DiskState {
    pub(crate) reads: Counter,
    pub(crate) read_bytes: Counter,
    pub(crate) read_s: Counter,
    pub(crate) writes: Counter,
    pub(crate) write_bytes: Counter,
    pub(crate) write_s: Counter,
    pub(crate) busy_s: Counter,
    pub(crate) queue_s: Counter,
    pub(crate) held_s: Counter,
    pub(crate) last: Done,
    /// Pages that wait to be swapped out.
    pub(crate) swap_out: f64,
    /// Dirty pages that were asked to be written at once.
    pub(crate) flush: f64,
    /// Bytes of a request of a sequential read.
    pub(crate) read_ahead_bytes: f64,
}

/// Counters of the host.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) user_s: Counter,
    pub(crate) nice_s: Counter,
    pub(crate) system_s: Counter,
    pub(crate) idle_s: Counter,
    pub(crate) iowait_s: Counter,
    pub(crate) softirq_s: Counter,
    pub(crate) wait_s: Counter,
    pub(crate) switches: Counter,
    pub(crate) voluntary: Counter,
    pub(crate) involuntary: Counter,
    pub(crate) interrupts: Counter,
    pub(crate) forks: Counter,
    pub(crate) calls: Counter,
    pub(crate) refused: Counter,
}

/// What happened since the last sample, for histograms and events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    /// Waits for a CPU: how many, and how long in all.
    pub(crate) waits: (f64, f64),
    /// Reads of the disk, and how long in all.
    pub(crate) reads: (f64, f64),
    pub(crate) writes: (f64, f64),
    /// Calls that waited for storage, and how long in all.
    pub(crate) storage: (f64, f64),
    pub(crate) faults: (f64, f64),
    pub(crate) reclaims: (f64, f64),
    pub(crate) runnable: f64,
    pub(crate) blocked: f64,
    pub(crate) killed: Vec<Killed>,
    pub(crate) gone: Vec<(u64, u64)>,
}

/// A process that was killed for memory.
#[derive(Debug, Clone)]
pub(crate) struct Killed {
    pub(crate) at_s: f64,
    pub(crate) pid: u64,
    pub(crate) start_ticks: u64,
    pub(crate) comm: String,
    pub(crate) group: usize,
    pub(crate) pages: u64,
}

impl Host {
    /// A host that has been up for `now_s`, with nothing but a kernel.
    pub(crate) fn new(shape: Shape, seed: u64, now_s: f64) -> Self {
        Self {
            shape,
            processes: Vec::new(),
            groups: vec![Group { inode: 1, ..Group::new("/") }],
            memory: Memory::new(&shape),
            network: Network::new(shape.nic_mbit, shape.tcp_syncookies),
            disk: DiskState { read_ahead_bytes: storage::SCAN_BYTES, ..DiskState::default() },
            space: space::Space::new(&shape),
            load: Load::default(),
            pressure: Pressure::default(),
            counted: Counted::default(),
            recent: Recent::default(),
            now_s,
            random: Random::stream(seed, "host"),
            next_pid: 300,
            limits_changed: false,
            acted: false,
            steps: 0,
            failing: 0,
            claims: Vec::new(),
            sessions: Vec::new(),
            sources: Vec::new(),
            slow: 1.0,
        }
    }

    /// Makes the disk this many times slower.
    pub(crate) fn slow_disk(&mut self, times: f64) {
        self.slow = times.max(1.0);
    }

    /// Advances by a step.
    pub(crate) fn step(&mut self) {
        self.stop_and_go();
        self.memory.recount(&self.processes);
        self.serve_disk();
        self.give_memory();
        self.run_processes();
        self.network.link.down |= self.network.down_until_s > self.now_s;
        self.network.step(&mut self.processes, STEP_S);
        self.space.step(&self.processes, STEP_S);
        self.press();
        self.memory.recount(&self.processes);
        debug_assert!(self.memory.used() <= self.memory.total, "more memory is held than there is");
        self.steps += 1;
        self.now_s += STEP_S;
        if self.steps.is_multiple_of(20) {
            self.pressure.update();
            self.groups.iter_mut().for_each(|group| group.counted.pressure.update());
        }
        if self.steps.is_multiple_of(50) {
            let active = self.recent_active();
            self.load.update(active);
        }
        if self.steps.is_multiple_of(u64::from(STEPS)) {
            self.network.second();
        }
    }

    fn recent_active(&mut self) -> u64 {
        let active = self.recent.runnable + self.recent.blocked;
        let chance = self.random.next_f64();
        crate::grain::whole(active + chance)
    }
}
