//! The engine: takes inputs in order, says what it concludes.
//!
//! Call [`Engine::handle`] with each input, then [`Engine::poll`] until it gives `None`, then
//! [`Engine::next_deadline`]: at that time the driver owes a `Tick`. Nothing else changes the
//! engine's state.

mod asked;
mod deciding;
mod dialogue;
mod fact_tables;
mod facts;
mod learned;
mod sights;
mod words;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;

use crate::analysis::Knowledge;
use crate::analysis::said;
use crate::analysis::watch::Watch;
use crate::board::{Board, Cover};
use crate::classifiers;
use crate::incidents::{Incidents, around};
use crate::mutation;
use crate::requests::Requests;
use crate::window::Window;
use ks_agent::handles::Handles;
use ks_agent::work::Agent;
use ks_vocabulary::input::{Body, Gap, GapReason, Input, Position, RunId, SourceState, Start};
use ks_vocabulary::model::Sample;
use ks_vocabulary::output::{Defect, Digest, End, Output, Said};
use ks_vocabulary::time::{ClockAnchor, Timestamp};
use ks_vocabulary::timer::{Timer, Timers};

use deciding::Advisor;
use fact_tables::FactTables;
use words::{HIDDEN_PROCESSES, explain, hides_processes};

/// Samples between two digests.
const DIGEST_SAMPLES: u64 = 60;
/// Intervals without a sample after which the engine wants to be woken.
const OVERDUE_INTERVALS: u64 = 4;

/// What the engine did last, for those who measure what each stage costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Rates and histories.
    Window,
    /// Trends and forecasts of resources.
    Resources,
    /// Classifiers, with baselines and the trends of their quantities.
    Classifiers,
    /// Signals, culprits, incidents and coverage put into words.
    Words,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Engine {
    clock: ClockAnchor,
    run: Option<RunId>,
    window: Window,
    board: Board,
    watch: Watch,
    incidents: Incidents,
    left_out_told: usize,
    sources: BTreeMap<String, SourceState>,
    last_seq: Option<u64>,
    last: Timestamp,
    timers: Timers,
    requests: Requests,
    /// Who decides, where someone advises.
    agent: Option<Box<Agent>>,
    rehearses: bool,
    advisor: Option<Advisor>,
    /// What entities are called in all runs, where that is given; the agent has them, if any.
    names: Option<Handles>,
    fact_tables: FactTables,
    seed: u64,
    /// Samples since the last digest.
    samples: u64,
    /// Samples of the run.
    all_samples: u64,
    outputs: VecDeque<Output>,
}

impl Engine {
    /// Takes one input. Inputs come in the order of `seq`.
    ///
    /// # Panics
    /// If `seq` goes back within a run: readers check it, so that is a programmer's error.
    pub fn handle(&mut self, input: &Input) {
        self.handle_staged(input.position(), &input.body, &mut |_| {});
    }

    /// The same for a body at its position, telling `done` when each stage of a sample is over.
    ///
    /// # Panics
    /// As [`Engine::handle`].
    pub fn handle_staged(&mut self, at: Position, body: &Body, done: &mut dyn FnMut(Stage)) {
        if let Body::Start(start) = body {
            self.begin(start, at);
        }
        self.last = at.mono;
        assert!(self.last_seq.is_none_or(|last| at.seq > last), "inputs come in order");
        self.last_seq = Some(at.seq);
        match body {
            Body::Start(_) | Body::ClockStep(_) | Body::Other(_) => {}
            Body::ConfigChange(config) => self.configure(config),
            Body::Answer(answer) => self.answer(at, answer),
            Body::Sample(sample) => self.sample(at, sample, done),
            Body::SourceState(state) => {
                self.sources.insert(state.source.clone(), state.clone());
                self.window.hides_processes = hides_processes(&self.sources);
            }
            Body::Gap(gap) => self.gap(gap),
            Body::Tick => {
                self.timers.serve(at.mono);
                self.expire(at);
                self.age(at.mono);
                self.say_changes(at);
                self.say_forecasts(at);
                self.think(at);
            }
        }
    }

    /// The next thing to say.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the driver owes a `Tick`, and why.
    pub fn next_deadline(&self) -> Option<(Timestamp, Timer)> {
        self.timers.next()
    }

    /// Whether any signal stands: then the recorder may read what only a signal needs.
    pub fn any_standing(&self) -> bool {
        self.board.any_standing()
    }

    /// Ends the run: says the digest of the samples since the last one, ends what stands where it
    /// was seen last, and says that the run is over. The next run's `Start` does the same.
    pub fn finish(&mut self) {
        if self.run.take().is_none() {
            return;
        }
        let seq = self.last_seq.take().unwrap_or(0);
        let last = Position { seq, mono: self.last };
        if self.samples > 0 {
            self.say_digest(seq, self.last);
        }
        self.board.end_all();
        self.say_changes(last);
        self.incidents.end_all(last.mono);
        for said in self.incidents.take_said() {
            self.say(last, said);
        }
        self.say(last, Said::End(End { samples: self.all_samples, guards: self.guarded() }));
    }

    fn begin(&mut self, start: &Start, at: Position) {
        if !self.run.as_ref().is_some_and(|run| start.goes_on_with(run)) {
            self.begin_run(start, at);
        }
        self.clock = start.clock;
        self.window.set_host(start.host.clone());
        self.window.interval_ns = start.interval_ns.max(1);
        let states = start.sources.iter();
        self.sources = states.map(|state| (state.source.clone(), state.clone())).collect();
        self.window.hides_processes = hides_processes(&self.sources);
    }

    /// A run is a value: it begins from nothing but its `Start`, whatever was fed before.
    fn begin_run(&mut self, start: &Start, at: Position) {
        self.finish();
        let accepts_all = self.board.accepts_all();
        let (rehearses, advisor) = (self.rehearses, self.advisor.take());
        let names = self.take_names();
        let outputs = core::mem::take(&mut self.outputs);
        let run = Some(start.run());
        let clock = start.clock;
        *self = Self { outputs, run, rehearses, advisor, names, clock, ..Self::default() };
        if accepts_all {
            self.board.accept_all();
        }
        match start.knowledge.as_ref().map(Knowledge::read) {
            Some(Ok(knowledge)) => {
                self.board.load(&knowledge);
                self.watch.load(&knowledge, &start.host.hostname);
                for problem in knowledge.left_out() {
                    self.say(at, Said::Defect(Defect { place: "knowledge", problem }));
                }
            }
            Some(Err(error)) => {
                let problem = format!("not used: {error}");
                self.say(at, Said::Defect(Defect { place: "knowledge", problem }));
            }
            None => {}
        }
        if let Some(config) = &start.config {
            self.configure_with(config, start.seed);
        }
        if let Some(carry) = &start.carry {
            self.resume(carry, at);
        }
    }

    fn gap(&mut self, gap: &Gap) {
        if gap.source == "all" || gap.reason == GapReason::Suspend {
            self.window.restart();
            self.fact_tables.restart();
            self.board.restart();
            self.watch.restart();
            if let Some(agent) = &mut self.agent {
                agent.gap();
            }
        } else if gap.count.is_none() {
            self.window.restart_source(&gap.source);
        }
    }

    /// Without a sample: marks what is stale by now, and wakes up for what will be next.
    fn age(&mut self, now: Timestamp) {
        let stale_ns = self.board.stale_after_ns();
        self.board.age(now);
        self.watch.expire(now, stale_ns);
        let read = [self.board.oldest_fresh(), self.watch.oldest_fresh()];
        let next = read.into_iter().flatten().min();
        // Stale is what is older than the limit.
        self.timers
            .set(Timer::SignalStale, next.map(|read| read.plus_ns(stale_ns.saturating_add(1))));
    }

    fn sample(&mut self, at: Position, sample: &Sample, done: &mut dyn FnMut(Stage)) {
        let interval_ns = self.window.interval_ns;
        let overdue = at.mono.plus_ns(interval_ns.saturating_mul(OVERDUE_INTERVALS));
        self.timers.set(Timer::SampleOverdue, Some(overdue));
        self.timers.set(Timer::SignalStale, None);
        self.window.update(sample, at.mono);
        if self.agent.is_some() {
            self.fact_tables.update(sample, at.mono);
        }
        done(Stage::Window);
        self.judge(at, done);
        self.say_changes(at);
        self.say_forecasts(at);
        let sources = &self.sources;
        for coverage in self.board.take_coverage(|missing| explain(sources, missing)) {
            self.say(at, Said::Coverage(coverage));
        }
        self.think(at);
        self.samples += 1;
        self.all_samples += 1;
        if self.samples == DIGEST_SAMPLES {
            self.say_digest(at.seq, at.mono);
        }
        done(Stage::Words);
    }

    /// Resources first: a forecast that is near raises its kind with the same sample.
    fn judge(&mut self, at: Position, done: &mut dyn FnMut(Stage)) {
        for (table, problem) in self.window.take_defects() {
            self.say(at, Said::Defect(Defect { place: table, problem }));
        }
        self.board.begin(at.mono, self.window.interval_ns, self.clock);
        let gone = self.window.take_gone();
        self.board.forget(&gone);
        self.watch.forget(&gone);
        self.board.influences.expire(at.mono);
        self.watch.update(&self.window, &self.board);
        self.watch.expire(at.mono, self.board.stale_after_ns());
        self.board.set_near(self.watch.near());
        let left_out = self.watch.left_out();
        let told = core::mem::replace(&mut self.left_out_told, left_out);
        if left_out > told {
            let problem = format!("{} resources more than are watched", self.watch.left_out());
            self.say(at, Said::Defect(Defect { place: "resources", problem }));
        }
        done(Stage::Resources);
        for classifier in classifiers::ALL {
            if !mutation::is_judged(classifier.kind()) {
                continue;
            }
            classifier.evaluate(&self.window, &mut self.board);
        }
        self.board.judge_near();
        if self.window.hides_processes {
            self.board.cover_judged(Cover::Part(HIDDEN_PROCESSES));
        }
        self.board.age(at.mono);
        done(Stage::Classifiers);
    }

    fn say_digest(&mut self, seq: u64, at: Timestamp) {
        let samples = core::mem::take(&mut self.samples);
        let sha256 = self.board.take_hash();
        let body = Said::Digest(Digest { samples, sha256 });
        self.outputs.push_back(Output { seq, mono_ns: at, at_ns: self.clock.at(at), body });
    }

    fn say_changes(&mut self, at: Position) {
        for changed in self.board.take_changed() {
            let signal = self.signal(&changed);
            let window = &self.window;
            self.incidents.take(&signal, at.mono, &|entity| around(window, entity));
            self.say(at, Said::Signal(signal));
        }
        self.incidents.settle(at.mono);
        for said in self.incidents.take_said() {
            self.say(at, said);
        }
    }

    fn say_forecasts(&mut self, at: Position) {
        for (index, turn) in self.watch.take_turns() {
            let said = said::say(&self.watch.series()[index], turn);
            self.say(at, Said::Forecast(Box::new(said)));
        }
    }

    fn say(&mut self, at: Position, body: Said) {
        if let Some(agent) = &mut self.agent {
            agent.hear(&body, at.mono);
        }
        let at_ns = self.clock.at(at.mono);
        self.outputs.push_back(Output { seq: at.seq, mono_ns: at.mono, at_ns, body });
    }
}
