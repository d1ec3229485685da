//! One process of the modelled host: what it asks for, what it holds, what was counted of it.

use ks_vocabulary::action::{CpuSet, IoLevel};

use crate::demand::Demand;
use crate::grain::Counter;
use crate::settings::Policy;

/// Weight of a thread of the idle class (`WEIGHT_IDLEPRIO`), against that of nice 0.
const IDLE_WEIGHT: f64 = 3.0 / 1024.0;

/// One process.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what it is in a step, each by itself")]
pub(crate) struct Process {
    pub(crate) pid: u64,
    pub(crate) start_ticks: u64,
    pub(crate) ppid: u64,
    /// Its session, by who leads it.
    pub(crate) session: u64,
    pub(crate) comm: String,
    /// Position of its control group.
    pub(crate) group: usize,
    pub(crate) nice: i64,
    /// Nice level of its session, against other sessions of the root group.
    pub(crate) session_nice: i64,
    pub(crate) threads: f64,
    pub(crate) oom_score_adj: i64,
    /// What it asks for in this step.
    pub(crate) demand: Demand,
    /// Work that has arrived and is not done, in CPU seconds.
    pub(crate) backlog_s: f64,
    pub(crate) memory: Held,
    pub(crate) step: Step,
    pub(crate) counted: Counted,
    pub(crate) policy: Policy,
    /// CPUs that it may use, where not all of them.
    pub(crate) affinity: Option<CpuSet>,
    /// Its I/O priority, where one was set.
    pub(crate) io_level: Option<IoLevel>,
    /// Until when it is stopped by a signal, in s since boot.
    pub(crate) stopped_until_s: f64,
    /// Descriptors that it may have.
    pub(crate) open_files_max: f64,
    /// Connections that it opened in this step: each lives for one.
    pub(crate) connecting: f64,
    /// It allocates in a group above its `memory.high`, and nothing can be reclaimed.
    pub(crate) stands_still: bool,
    /// Name of who answers its requests.
    pub(crate) waits_for: Option<String>,
    /// Share of its requests that were answered, and of those to it that it answers.
    pub(crate) answered: f64,
    pub(crate) answers: f64,
    /// It is stopped in this step.
    pub(crate) stopped: bool,
    /// It was asked to end while it was stopped, and will when it goes on.
    pub(crate) ends: bool,
    /// It was killed, and gives its memory back.
    pub(crate) dying: bool,
}

/// Memory that a process holds, in pages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    /// Resident anonymous pages.
    pub(crate) anon: u64,
    /// Swapped out.
    pub(crate) swapped: u64,
    /// Resident pages of files that are mapped.
    pub(crate) mapped: u64,
    /// Growth that is not a whole page yet.
    pub(crate) growing: f64,
    /// Pages that it is about to take or to give back.
    pub(crate) swing: f64,
    /// Pages asked for in this step.
    pub(crate) wanted: u64,
    /// It may not be swapped out.
    pub(crate) stays: bool,
}

impl Held {
    /// Pages of its own, wherever they are.
    pub(crate) fn own(&self) -> u64 {
        self.anon + self.swapped
    }

    /// Pages of those that are touched all the time.
    pub(crate) fn hot(&self, share: f64) -> f64 {
        share.clamp(0.0, 1.0) * self.own() as f64
    }

    /// Hot pages that are swapped out: the cold ones go first.
    pub(crate) fn hot_missing(&self, share: f64) -> f64 {
        let cold = self.own() as f64 - self.hot(share);
        (self.swapped as f64 - cold).max(0.0)
    }
}

/// What a process did in one step, as shares of its threads' time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Step {
    /// CPUs it had.
    pub(crate) ran: f64,
    /// Threads that waited for a CPU.
    pub(crate) waited: f64,
    /// Threads that waited for a disk.
    pub(crate) io: f64,
    /// Threads that waited for memory: reclaim, swap-in, refault.
    pub(crate) memory: f64,
    /// Of those, the ones that wait for a disk too.
    pub(crate) memory_io: f64,
    /// Its group had used up its quota: threads held back.
    pub(crate) throttled: f64,
}

/// Counters since it started.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) user_s: Counter,
    pub(crate) system_s: Counter,
    pub(crate) wait_s: Counter,
    pub(crate) block_s: Counter,
    pub(crate) minor: Counter,
    pub(crate) major: Counter,
    pub(crate) read_bytes: Counter,
    pub(crate) write_bytes: Counter,
    pub(crate) voluntary: Counter,
    pub(crate) involuntary: Counter,
    pub(crate) open_files: Counter,
    pub(crate) close_wait: Counter,
}

impl Process {
    /// It ends, and gives its memory back.
    pub(crate) fn end(&mut self) {
        self.dying = true;
        self.step = Step::default();
    }

    /// CPUs that it may use.
    pub(crate) fn cpus(&self) -> f64 {
        self.affinity.as_ref().map_or(f64::INFINITY, |allowed| allowed.count() as f64)
    }

    /// Weight of its scheduling class, against that of the usual one.
    pub(crate) fn class_weight(&self) -> f64 {
        match self.policy {
            Policy::Other | Policy::Batch => 1.0,
            Policy::Idle => IDLE_WEIGHT,
        }
    }

    /// It is a thread of the kernel.
    pub(crate) fn is_kernel(&self) -> bool {
        self.comm == "kswapd0"
    }

    /// Threads that are neither stopped nor waiting for something else than a CPU.
    pub(crate) fn able(&self) -> f64 {
        if self.stopped || self.dying {
            return 0.0;
        }
        let waits = self.demand.lock_wait.min(1.0) * self.threads;
        let able = self.threads - self.step.io - self.step.memory - waits;
        able.clamp(0.0, self.threads)
    }

    /// What the killer of processes goes by: memory of its own, page tables, and a share of all
    /// memory for each thousandth of its adjustment (`mm/oom_kill.c`).
    pub(crate) fn badness(&self, total_pages: u64) -> f64 {
        let own = (self.memory.own() + self.memory.mapped) as f64;
        let tables = self.memory.own() as f64 / 512.0;
        own + tables + self.oom_score_adj as f64 * total_pages as f64 / 1000.0
    }
}
