//! What the recorder costs, and what it leaves out to keep to its share of a CPU.
//!
//! The cost is the CPU time of its process and the run time of its programs in the kernel. What can
//! be left out is charged with its own part of it. Over the share the recorder walks [`ORDER`] and
//! takes the first step that would save a good part of what is too much: what costs nothing stays,
//! however little it is worth. When the cost has stayed well below the share for long, it takes
//! back the step that is worth most.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// What can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The latency of system calls.
    CallLatency,
    /// `bpf/syscall`.
    Calls,
    /// Open descriptors of processes, which are asked while a signal stands.
    OpenFiles,
    /// The listing of sockets.
    Sockets,
    /// `bpf/scheduler`.
    Scheduler,
    /// `bpf/page_fault`.
    PageFault,
    /// `bpf/memory`.
    Memory,
    /// Control groups.
    Cgroups,
    /// Processes at every tick: they are read every [`STRETCHED_NS`] then.
    Processes,
}

use Step::{Calls, Cgroups, Memory, OpenFiles, PageFault, Processes, Scheduler, Sockets};

/// What is worth least first: the step, what its cost is charged to, and how much of that it saves.
/// To time a call takes two to three times as long as to count it (`tracers/syscall_guard.rs`).
const ORDER: [(Step, Step, f64); 9] = [
    (Step::CallLatency, Calls, 0.5),
    (Calls, Calls, 1.0),
    (OpenFiles, OpenFiles, 1.0),
    (Sockets, Sockets, 1.0),
    (Scheduler, Scheduler, 1.0),
    (PageFault, PageFault, 1.0),
    (Memory, Memory, 1.0),
    (Cgroups, Cgroups, 1.0),
    (Processes, Processes, 0.8),
];
/// A step has to save this part of what is too much (our judgement: ten steps of as much end it).
const MATTERS_PART: f64 = 0.1;
/// A share is measured over this time, which smooths over the writing of a row group.
const WINDOW_NS: u64 = 5 * SECOND_NS;
/// How often processes are read when they are not at every tick: once a window, so that each
/// window has the same cost.
pub(crate) const STRETCHED_NS: u64 = WINDOW_NS;
/// A step is taken back when the cost was below this part of the share, so that it does not at
/// once exceed it again (our judgement: the dearest step costs about as much as all others).
const CALM_PART: f64 = 0.5;
/// How long it must be so, at first: each time a step has to be taken again, twice as long.
const CALM_NS: u64 = 60 * SECOND_NS;
const CALM_NS_MAX: u64 = 3600 * SECOND_NS;

/// The share by default: 5 % of one CPU or, where there are many, 1 % of all (our judgement: what
/// a storm of system calls may cost before the recorder gets out of its way).
pub fn default_share() -> f64 {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    #[expect(clippy::cast_precision_loss, reason = "a number of CPUs")]
    let cpus = cpus as f64;
    (cpus / 100.0).max(0.05)
}

impl Step {
    /// The step that leaves all of a tracer out; `None` where there is none.
    pub(crate) fn of_tracer(source: &str) -> Option<Self> {
        match source {
            "bpf/syscall" => Some(Calls),
            "bpf/scheduler" => Some(Scheduler),
            "bpf/page_fault" => Some(PageFault),
            "bpf/memory" => Some(Memory),
            _ => None,
        }
    }
}

/// CPU time in ns that was charged to each step.
type Spent = [u64; ORDER.len()];

/// See the module.
#[derive(Debug)]
pub struct Budget {
    /// Share of one CPU.
    share: f64,
    spent: Spent,
    /// The beginning of the window, with all that was spent by then and what on each step.
    window: Option<(Timestamp, u64, Spent)>,
    /// The steps that are taken, with what each cost by then as a share of one CPU.
    taken: [Option<f64>; ORDER.len()],
    calm_since: Option<Timestamp>,
    calm_ns: u64,
    taken_back: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(default_share())
    }
}

impl Budget {
    /// A budget of so much of one CPU.
    pub fn new(share: f64) -> Self {
        Self {
            share,
            spent: Spent::default(),
            window: None,
            taken: [None; ORDER.len()],
            calm_since: None,
            calm_ns: CALM_NS,
            taken_back: false,
        }
    }

    /// How many steps are taken.
    pub(crate) fn steps(&self) -> usize {
        self.taken.iter().flatten().count()
    }

    /// What `step` cost when it was taken, as a share of one CPU; `None` while it is not.
    pub(crate) fn taken(&self, step: Step) -> Option<f64> {
        self.taken[step as usize]
    }

    /// Takes a step that cost so much, or takes it back.
    #[cfg(test)]
    pub(crate) fn set_taken(&mut self, step: Step, cost: Option<f64>) {
        self.taken[step as usize] = cost;
    }

    /// Charges a step.
    pub(crate) fn spend(&mut self, step: Step, ns: u64) {
        let spent = &mut self.spent[step as usize];
        *spent = spent.saturating_add(ns);
    }

    /// Takes what was spent in all so far. The first call begins: loading is not charged.
    pub(crate) fn charge(&mut self, now: Timestamp, spent_ns: u64) {
        let (at, before, steps_before) = *self.window.get_or_insert((now, spent_ns, self.spent));
        let passed_ns = now.since_ns(at);
        if passed_ns < WINDOW_NS {
            return;
        }
        self.window = Some((now, spent_ns, self.spent));
        let share = share_of(spent_ns, before, passed_ns);
        if share > self.share {
            let costs = std::array::from_fn(|step| {
                share_of(self.spent[step], steps_before[step], passed_ns)
            });
            self.take_step(share - self.share, &costs);
        } else if self.steps() > 0 && share < self.share * CALM_PART {
            let since = *self.calm_since.get_or_insert(at);
            if now.since_ns(since) >= self.calm_ns {
                self.take_back();
            }
        } else {
            self.calm_since = None;
        }
    }

    /// Takes the first step that saves enough of `excess`, if there is one.
    fn take_step(&mut self, excess: f64, costs: &[f64; ORDER.len()]) {
        self.calm_since = None;
        for (step, of, saves) in ORDER {
            let cost = costs[of as usize] * saves;
            if self.taken(step).is_none() && cost >= excess * MATTERS_PART {
                self.taken[step as usize] = Some(cost);
                if std::mem::take(&mut self.taken_back) {
                    self.calm_ns = (self.calm_ns * 2).min(CALM_NS_MAX);
                }
                return;
            }
        }
    }

    fn take_back(&mut self) {
        if let Some(last) = self.taken.iter_mut().rev().find(|taken| taken.is_some()) {
            *last = None;
            self.taken_back = true;
        }
        self.calm_since = None;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio")]
fn share_of(spent_ns: u64, before: u64, passed_ns: u64) -> f64 {
    spent_ns.saturating_sub(before) as f64 / passed_ns as f64
}

#[cfg(test)]
mod tests;
