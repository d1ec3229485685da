//! What a sampler is, what it is given each tick, and how the state of its sources is kept.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ks_vocabulary::input::{Delivery, HIDEPID, SourceState};
use ks_vocabulary::model::{ReadTimes, Record, Rows, Sample};
use ks_vocabulary::time::Timestamp;

use crate::absence::{Absence, Malformed};
use crate::budget::{Budget, Step};
use crate::clock;
use crate::host_fs::{Buffer, HostFile, HostFs};

/// How often a sampler is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// At every tick.
    EveryTick,
    /// No more often than this.
    AtMostEvery {
        /// Shortest time between two readings.
        ns: u64,
    },
}

/// Reads one source, or a few that belong together, into a sample.
pub trait Sampler {
    /// The sources it feeds, for `ks doctor` and for telling which are shed.
    fn sources(&self) -> &'static [&'static str];

    /// How often it wants to be asked.
    fn cadence(&self) -> Cadence {
        Cadence::EveryTick
    }

    /// Reads, fills its tables, and reports the state of each of its sources.
    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample);
}

/// What a sampler is given at one tick.
#[derive(Debug)]
pub struct Context<'a> {
    /// The host.
    pub host: &'a HostFs,
    /// Space to read into.
    pub buffer: &'a mut Buffer,
    /// States of all sources.
    pub states: &'a mut States,
    /// Time of the tick: read times are relative to it.
    pub tick: Timestamp,
    /// Whether every row must be written, changed or not.
    pub keyframe: bool,
    /// Whether the details that only a standing signal needs are wanted.
    pub detail: bool,
    /// What is left out, and what the rest is charged to.
    pub budget: &'a mut Budget,
    /// What was lost since the tick before, by source.
    pub losses: &'a mut Vec<Loss>,
    /// Run time of each tracer's programs so far, in ns.
    pub run_times: &'a mut RunTimes,
    /// Whether the kernel measures it now.
    pub measures_run_time: bool,
}

/// Run time of programs in ns, by source.
pub type RunTimes = BTreeMap<&'static str, u64>;

/// Something that a source could not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The source.
    pub source: &'static str,
    /// How many events; `None` where it was not watched for a time.
    pub count: Option<u64>,
}

impl Context<'_> {
    /// Time since the tick, in ns.
    pub fn elapsed_ns(&self) -> i64 {
        i64::try_from(clock::now().since_ns(self.tick)).unwrap_or(i64::MAX)
    }

    /// Charges `step` with the CPU time that `work` takes.
    pub(crate) fn charged<T>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> T) -> T {
        let begin_ns = clock::thread_cpu_ns();
        let done = work(self);
        self.budget.spend(step, clock::thread_cpu_ns().saturating_sub(begin_ns));
        done
    }

    /// The same, unless the step is left out: then `sources`, but for those that give
    /// nothing anyway, say so, and `None` comes back.
    pub(crate) fn unless_shed<T>(
        &mut self,
        step: Step,
        sources: &[&'static str],
        work: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let Some(cost) = self.budget.taken(step) else { return Some(self.charged(step, work)) };
        for source in sources {
            if !matches!(self.states.get(source), Some(State::Absent(_))) {
                self.states.over_budget(source, State::OverBudget, cost);
            }
        }
        None
    }

    /// Reads `file` and lets `parse` fill `rows`; on failure the table stays absent and the state
    /// of `source` says why.
    pub fn read_table<R: Record>(
        &mut self,
        source: &'static str,
        file: &mut HostFile,
        rows: &mut Rows<R>,
        parse: impl FnOnce(&[u8], &mut Rows<R>) -> Result<(), Malformed>,
    ) {
        let begin_ns = self.elapsed_ns();
        let outcome = file.read(self.host, self.buffer).and_then(|text| {
            if text.is_empty() {
                return Err(Absence::Empty);
            }
            parse(text, rows).map_err(Absence::from)
        });
        match outcome {
            Ok(()) => {
                rows.set_read(ReadTimes { begin_ns, end_ns: self.elapsed_ns() });
                self.states.on(source);
            }
            Err(absence) => {
                rows.clear();
                self.states.absent(source, absence);
            }
        }
    }
}

/// State of every source, and which of them changed since they were last written.
#[derive(Debug, Default)]
pub struct States {
    sources: BTreeMap<&'static str, Tracked>,
}

#[derive(Debug)]
struct Tracked {
    state: State,
    /// What was left out for the budget cost this share of a CPU.
    cost: Option<f64>,
    written: bool,
}

const OVER_BUDGET: &str = "the recorder took more than --max-cpu";

/// State of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It delivers.
    On,
    /// It delivers, within a limit that the text states.
    Limited(&'static str),
    /// It delivers the processes that are not hidden from the recorder.
    Hidden(Hidden),
    /// It gives nothing.
    Absent(Absence),
    /// It was left out: reading took this long, more than its share of the interval.
    Shed {
        /// Time the last reading took.
        took_ms: u64,
    },
    /// It was left out, for the recorder to keep to its share of a CPU.
    OverBudget,
}

/// How many processes are seen where others are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// Those seen.
    pub processes: usize,
    /// Their tasks.
    pub tasks: u64,
    /// The tasks of the host, where it says how many.
    pub all_tasks: Option<u64>,
}

impl std::fmt::Display for Hidden {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { processes, tasks, all_tasks } = self;
        let are = if *processes == 1 { "process is" } else { "processes are" };
        write!(out, "{HIDEPID}{processes} {are} visible, with {tasks} ")?;
        match all_tasks {
            Some(all) => write!(out, "of {all} tasks"),
            None => out.write_str("tasks, and others are hidden"),
        }
    }
}

impl States {
    /// `source` delivers.
    pub fn on(&mut self, source: &'static str) {
        self.set(source, State::On);
    }

    /// `source` gives nothing.
    pub fn absent(&mut self, source: &'static str, absence: Absence) {
        self.set(source, State::Absent(absence));
    }

    /// `source` is left out for a while, unless it gives nothing anyway.
    pub fn shed(&mut self, source: &'static str, took_ms: u64) {
        if !matches!(self.get(source), Some(State::Absent(_))) {
            self.set(source, State::Shed { took_ms });
        }
    }

    /// All or a part of `source`, which `state` says, is left out to keep to the share of a CPU; it
    /// cost this part of one.
    pub(crate) fn over_budget(&mut self, source: &'static str, state: State, cost: f64) {
        self.put(source, state, Some(cost));
    }

    /// Sets the state of `source`.
    pub fn set(&mut self, source: &'static str, state: State) {
        self.put(source, state, None);
    }

    fn put(&mut self, source: &'static str, state: State, cost: Option<f64>) {
        let changed = Tracked { state, cost, written: false };
        match self.sources.entry(source) {
            Entry::Vacant(entry) => {
                entry.insert(changed);
            }
            Entry::Occupied(mut entry) if entry.get().state != state => {
                entry.insert(changed);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// The state of `source`.
    pub fn get(&self, source: &str) -> Option<State> {
        self.sources.get(source).map(|tracked| tracked.state)
    }

    /// Every source with its state, by name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, State)> {
        self.sources.iter().map(|(source, tracked)| (*source, tracked.state))
    }

    /// Calls `write` with each state that changed since the last call.
    pub fn drain_changes(&mut self, mut write: impl FnMut(SourceState)) {
        for (source, tracked) in &mut self.sources {
            if !tracked.written {
                tracked.written = true;
                write(tracked.to_input(source));
            }
        }
    }
}

impl Tracked {
    fn to_input(&self, source: &str) -> SourceState {
        let mut input = self.state.to_input(source);
        if let (Some(cost), Some(reason)) = (self.cost, &mut input.reason) {
            *reason += &format!("; this cost {:.1} % of a CPU", cost * 100.0);
        }
        input
    }
}

impl State {
    /// The state as an input of the recording.
    pub fn to_input(self, source: &str) -> SourceState {
        let (state, reason) = match self {
            Self::On => (Delivery::On, None),
            Self::Limited(limit) => (Delivery::On, Some(limit.to_owned())),
            Self::Hidden(hidden) => (Delivery::On, Some(hidden.to_string())),
            Self::Absent(absence) => (Delivery::Absent, Some(absence.to_string())),
            Self::Shed { took_ms } => {
                (Delivery::Shed, Some(format!("reading took {took_ms} ms, more than its share")))
            }
            Self::OverBudget => (Delivery::Shed, Some(OVER_BUDGET.to_owned())),
        };
        SourceState { source: source.to_owned(), state, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(states: &mut States) -> Vec<(Delivery, Option<String>)> {
        let mut drained = Vec::new();
        states.drain_changes(|change| drained.push((change.state, change.reason)));
        drained
    }

    #[test]
    fn what_is_left_out_says_why_and_what_it_cost_and_comes_back() {
        let mut states = States::default();
        states.over_budget("cgroups", State::OverBudget, 0.0912);
        let reason = "the recorder took more than --max-cpu; this cost 9.1 % of a CPU";
        assert_eq!(drained(&mut states), [(Delivery::Shed, Some(reason.to_owned()))]);
        states.over_budget("cgroups", State::OverBudget, 0.0912);
        assert_eq!(drained(&mut states), [], "once");
        states.on("cgroups");
        assert_eq!(drained(&mut states), [(Delivery::On, None)]);
    }
}
