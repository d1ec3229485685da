//! One recorder: asks every sampler at each tick and hands out what is learned.
//!
//! It knows no file format, no schedule and no numbers of inputs: its owner calls
//! [`Recorder::tick`] when it is time, and takes what was learned, in order.

use std::collections::VecDeque;
use std::path::Path;

use ks_vocabulary::input::{
    Body, Carry, ClockStep, Config, ENGINE_VERSION, Gap, GapReason, HostFacts, SCHEMA_VERSION,
    Start, StoredKnowledge,
};
use ks_vocabulary::model::{ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::absence::Absence;
use crate::budget::{self, Budget};
use crate::clock::{self, Offsets};
use crate::cost::OwnCost;
use crate::host_fs::{Buffer, HostFs};
use crate::privilege;
use crate::sampler::{Cadence, Context, Loss, RunTimes, Sampler, States};
use crate::samplers;
use crate::tracers;

/// Longest time between two samples that have every process (DESIGN section 4).
const KEYFRAME_NS: u64 = 60 * SECOND_NS;
/// Share of its time that one sampler may take, as its inverse: one that took longer than this
/// share of an interval is left out until its share holds over the time since (our judgement).
const BUDGET: u64 = 4;

/// What a recorder leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Leave processes out.
    pub no_processes: bool,
    /// Leave the tracers out.
    pub no_ebpf: bool,
    /// Share of one CPU above which what costs is shed; by default [`budget::default_share`].
    pub max_cpu: Option<f64>,
}

struct Asked {
    sampler: Box<dyn Sampler>,
    last: Option<Timestamp>,
    /// Not before this time: it took more than its share.
    shed_until: Option<Timestamp>,
}

/// Asks the samplers of one host.
pub struct Recorder {
    host: HostFs,
    interval_ns: u64,
    samplers: Vec<Asked>,
    keyframe_at: Option<Timestamp>,
    knowledge: Option<StoredKnowledge>,
    config: Option<Config>,
    carry: Option<Carry>,
    began: Option<Timestamp>,
    states: States,
    buffer: Buffer,
    offsets: Offsets,
    budget: Budget,
    cost: OwnCost,
    losses: Vec<Loss>,
    run_times: RunTimes,
    has_tracers: bool,
    bpf_works_without: bool,
    /// When the tick at hand began: what it learns has this time.
    tick: Timestamp,
    learned: VecDeque<Body>,
    lent: Body,
    sample: Body,
    has_sample: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Recorder").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Recorder {
    /// A recorder of the host below `root`.
    pub fn new(root: &Path, interval_ns: u64, options: Options) -> Self {
        let mut host = HostFs::new(root);
        if host.is_live() {
            host.raise_descriptor_limit();
        }
        let mut states = States::default();
        let tracers = if options.no_ebpf {
            tracers::none(Absence::Off("--no-ebpf"), &mut states)
        } else if !host.is_live() {
            tracers::none(Absence::Root, &mut states)
        } else {
            tracers::load_all(interval_ns, &mut states)
        };
        let mut samplers = samplers::all(tracers.processes);
        if options.no_processes {
            let left_out = |source: &&str| samplers::processes::SOURCES.contains(source);
            samplers.retain(|sampler| !sampler.sources().iter().any(left_out));
            for source in samplers::processes::SOURCES {
                states.absent(source, Absence::Off("--processes none"));
            }
        }
        let has_tracers = !tracers.samplers.is_empty();
        let cost = OwnCost::new(has_tracers);
        let bpf_works_without = tracers.work_without_capabilities;
        samplers.extend(tracers.samplers);
        Self {
            host,
            interval_ns,
            samplers: samplers.into_iter().map(Asked::new).collect(),
            keyframe_at: None,
            knowledge: None,
            config: None,
            carry: None,
            began: None,
            states,
            buffer: Buffer::default(),
            offsets: Offsets::read(),
            budget: Budget::new(options.max_cpu.unwrap_or_else(budget::default_share)),
            cost,
            losses: Vec::new(),
            run_times: RunTimes::new(),
            has_tracers,
            bpf_works_without,
            tick: Timestamp::default(),
            learned: VecDeque::new(),
            lent: Body::Tick,
            sample: Body::Tick,
            has_sample: false,
        }
    }

    /// Gives up every capability that is not needed any more and names those that stay; the error
    /// says that the kernel lets none be given up. `folder` is where files are yet to be made;
    /// `uses_bpf` says that the caller has programs in the kernel too. Capabilities belong to a
    /// thread: this is to be called before there are others.
    pub fn reduce_capabilities(
        &self,
        folder: Option<&Path>,
        uses_bpf: bool,
    ) -> Result<Vec<&'static str>, Absence> {
        let needs_bpf = (self.has_tracers || uses_bpf) && !self.bpf_works_without;
        privilege::reduce(needs_bpf, folder).map_err(Absence::from)
    }

    /// Begins the run with what was learned before it.
    pub fn know(&mut self, knowledge: StoredKnowledge) {
        self.knowledge = Some(knowledge);
    }

    /// Begins the run with what an operator configured.
    pub fn configure(&mut self, config: Config) {
        self.config = Some(config);
    }

    /// Begins the run with what the one before it left to do.
    pub fn carry(&mut self, carry: Carry) {
        self.carry = Some(carry).filter(|carry| !carry.is_empty());
    }

    /// The `Start` of a run, or of a later segment of it, and its time.
    pub fn start(&mut self, segment: u32) -> (Timestamp, Body) {
        self.keyframe_at = None;
        let clock = clock::anchor();
        let began = *self.began.get_or_insert(clock.mono_ns);
        let fact = |path: &str| {
            let bytes = self.host.read_once(path).unwrap_or_default();
            String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
        };
        let live = self.host.is_live();
        let start = Start {
            schema: SCHEMA_VERSION,
            engine_version: ENGINE_VERSION.to_owned(),
            // Whoever feeds an engine with it says so.
            judgement: None,
            host: HostFacts {
                hostname: fact("proc/sys/kernel/hostname"),
                kernel: fact("proc/sys/kernel/osrelease"),
                machine: if live { std::env::consts::ARCH.to_owned() } else { String::new() },
                user_hz: if live { rustix::param::clock_ticks_per_second() } else { 0 },
                page_bytes: if live { rustix::param::page_size() as u64 } else { 0 },
                recorder_pid: if live { u64::from(std::process::id()) } else { 0 },
                is_model: false,
            },
            boot_id: fact("proc/sys/kernel/random/boot_id"),
            began_ns: Some(began),
            clock,
            seed: 0,
            interval_ns: self.interval_ns,
            segment,
            sources: self.states.all().map(|(source, state)| state.to_input(source)).collect(),
            // Later segments go on with what the run knows by then.
            knowledge: self.knowledge.clone().filter(|_| segment == 0),
            config: self.config.clone().filter(|_| segment == 0),
            carry: self.carry.clone().filter(|_| segment == 0),
        };
        (start.clock.mono_ns, Body::Start(Box::new(start)))
    }

    /// Name of the host.
    pub fn hostname(&self) -> String {
        let bytes = self.host.read_once("proc/sys/kernel/hostname").unwrap_or_default();
        String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
    }

    /// Reads what is due. [`Recorder::next`] gives what was learned: what happened to the clocks,
    /// source states that changed, what was lost, and the sample.
    pub fn tick(&mut self, keyframe: bool, detail: bool) {
        self.tick = clock::now();
        let offsets = Offsets::read();
        let moved = offsets.since(self.offsets);
        self.offsets = offsets;
        let every = self.keyframe_at.is_none_or(|at| self.tick.since_ns(at) >= KEYFRAME_NS);
        let keyframe = keyframe || every || moved.suspended_ns.is_some();
        self.forget();
        if let Some(suspended_ns) = moved.suspended_ns {
            let gap = Gap { suspended_ns, ..Gap::in_all(GapReason::Suspend) };
            self.learned.push_back(Body::Gap(gap));
        }
        if let Some(step_ns) = moved.wall_step_ns {
            self.learned.push_back(Body::ClockStep(ClockStep { step_ns }));
        }
        self.read(self.tick, keyframe, detail);
        self.has_sample = true;
        let learned = &mut self.learned;
        self.states.drain_changes(|state| learned.push_back(Body::SourceState(state)));
        self.learned.extend(self.losses.drain(..).map(|loss| {
            let (source, count) = (loss.source.to_owned(), loss.count);
            Body::Gap(Gap { source, count, ..Gap::in_all(GapReason::Lost) })
        }));
    }

    /// What was learned next, and when; `None` where there is nothing more. What is left in its
    /// place is used again.
    #[expect(clippy::should_implement_trait, reason = "it is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Option<(Timestamp, &mut Body)> {
        if let Some(body) = self.learned.pop_front() {
            self.lent = body;
            return Some((self.tick, &mut self.lent));
        }
        std::mem::take(&mut self.has_sample).then_some((self.tick, &mut self.sample))
    }

    /// Whether [`Recorder::next`] gives anything.
    pub fn has_more(&self) -> bool {
        self.has_sample || !self.learned.is_empty()
    }

    /// Drops what was learned and not yet taken.
    pub fn forget(&mut self) {
        self.learned.clear();
        self.has_sample = false;
    }

    fn read(&mut self, tick: Timestamp, keyframe: bool, detail: bool) {
        if !matches!(self.sample, Body::Sample(_)) {
            self.sample = Body::Sample(Box::<Sample>::default());
        }
        let Body::Sample(sample) = &mut self.sample else { return };
        sample.clear();
        if keyframe {
            self.keyframe_at = Some(tick);
        }
        let mut context = Context {
            host: &self.host,
            buffer: &mut self.buffer,
            states: &mut self.states,
            tick,
            keyframe,
            detail,
            budget: &mut self.budget,
            losses: &mut self.losses,
            run_times: &mut self.run_times,
            measures_run_time: self.cost.measures_at(tick),
        };
        for asked in &mut self.samplers {
            if asked.is_due(tick, keyframe) {
                asked.sample(&mut context, sample, self.interval_ns);
            }
        }
        let spent_ns = self.cost.sample(&mut context, sample);
        context.budget.charge(tick, spent_ns);
        for table in sample.tables_mut() {
            if let Some(times) = table.read() {
                table.set_read(rounded(times));
            }
        }
    }

    /// States of all sources.
    pub fn states(&self) -> &States {
        &self.states
    }
}

/// Read times are kept to a tenth of a millisecond: exact ones are noise that took half of a
/// recording of an idle host. They are rounded outwards, so that the reading lies between them.
const READ_TIME_NS: i64 = 100_000;

fn rounded(times: ReadTimes) -> ReadTimes {
    let begin_ns = times.begin_ns.div_euclid(READ_TIME_NS) * READ_TIME_NS;
    let end_ns = -(-times.end_ns).div_euclid(READ_TIME_NS) * READ_TIME_NS;
    ReadTimes { begin_ns, end_ns }
}

impl Asked {
    fn new(sampler: Box<dyn Sampler>) -> Self {
        Self { sampler, last: None, shed_until: None }
    }

    fn is_due(&self, tick: Timestamp, keyframe: bool) -> bool {
        if self.shed_until.is_some_and(|until| tick < until) {
            return false;
        }
        match (self.sampler.cadence(), self.last) {
            (Cadence::EveryTick, _) | (_, None) => true,
            (Cadence::AtMostEvery { ns }, Some(last)) => keyframe || tick.since_ns(last) >= ns,
        }
    }

    /// Asks the sampler, and sheds it for a while when it took more than its share.
    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample, interval_ns: u64) {
        let begin = clock::now();
        self.sampler.sample(context, sample);
        self.last = Some(context.tick);
        let took_ns = clock::now().since_ns(begin);
        self.shed_until = shed_until(begin, took_ns, interval_ns);
        if self.shed_until.is_some() {
            for source in self.sampler.sources() {
                context.states.shed(source, took_ns / 1_000_000);
            }
        }
    }
}

/// When a sampler that took so long may be asked again; `None` when it kept to its share.
fn shed_until(begin: Timestamp, took_ns: u64, interval_ns: u64) -> Option<Timestamp> {
    let over = took_ns.saturating_mul(BUDGET) > interval_ns;
    over.then(|| begin.plus_ns(took_ns.saturating_mul(BUDGET)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_times_are_rounded_outwards() {
        let check = |begin_ns, end_ns, expected| {
            let times = rounded(ReadTimes { begin_ns, end_ns });
            assert_eq!((times.begin_ns, times.end_ns), expected);
        };
        check(0, 1, (0, 100_000));
        check(199_999, 200_000, (100_000, 200_000));
        check(-1, 0, (-100_000, 0));
    }

    #[test]
    fn a_sampler_that_takes_more_than_a_quarter_is_left_out_for_a_while() {
        let at = Timestamp(5 * SECOND_NS);
        assert_eq!(shed_until(at, SECOND_NS / 4, SECOND_NS), None);
        let until = shed_until(at, SECOND_NS, SECOND_NS);
        assert_eq!(until, Some(Timestamp(9 * SECOND_NS)), "1 s is a quarter of 4 s");
        assert!(shed_until(at, u64::MAX, SECOND_NS).is_some());
    }
}
