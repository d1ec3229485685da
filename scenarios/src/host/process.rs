//! One process of the modelled host: what it asks for, what it holds, what was counted of it.

use crate::demand::Demand;
use crate::grain::Counter;

/// The parent of whoever leads a session.
const INIT: u64 = 1;

/// One process.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) pid: u64,
    pub(crate) start_ticks: u64,
    pub(crate) ppid: u64,
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
    /// Weight of its scheduling class, against that of the usual one.
    pub(crate) class_weight: f64,
    /// CPUs that it may use.
    pub(crate) cpus: f64,
    /// Share of its requests that it is let through while others ask.
    pub(crate) io_share: f64,
    /// Priority of its I/O as `ioprio_get(2)` returns it; 0 is none.
    pub(crate) io_priority: u64,
    /// Until when it is stopped by a signal, in s since boot.
    pub(crate) stopped_until_s: f64,
    /// Descriptors that it may have.
    pub(crate) open_files_max: f64,
    /// Connections that it opened in this step: each lives for one.
    pub(crate) connecting: f64,
    /// It is stopped in this step.
    pub(crate) stopped: bool,
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
    /// Its session, by who leads it: each leads one of its own, and its children are in it.
    pub(crate) fn session(&self) -> u64 {
        if self.ppid == INIT { self.pid } else { self.ppid }
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
