//! A scenario while it runs: what is learned, one after the other, as a recorder would give it.

mod demands;
mod looks;
mod members;
mod population;

use std::collections::BTreeMap;

use ks_vocabulary::action::Action;
use ks_vocabulary::input::{
    Body, Config, ENGINE_VERSION, HostFacts, SCHEMA_VERSION, Start, StoredKnowledge,
};
use ks_vocabulary::model::Sample;
use ks_vocabulary::random::Random;
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};

use crate::action::Refused;
use crate::grain::whole;
use crate::host::memory::PAGE;
use crate::host::{Host, STEP_S};
use crate::scenario::{Fault, Limits, Operator, Planned, Scenario};
use crate::settings::Prior;
use crate::telemetry::{self, Telemetry};

pub use looks::Used;

use demands::Usual;
use members::Member;

/// Wall-clock time of boot: 2026-01-05, a Monday, at midnight.
const BOOT_NS: i64 = 1_767_571_200_000_000_000;
/// Name of the host.
const HOSTNAME: &str = "model";
/// Seconds that the host runs before the first sample, so that averages are what they are.
const SETTLE_S: f64 = 60.0;
/// Most that a tick comes late by chance, in ns.
const JITTER_NS: f64 = 400_000.0;
/// What comes next.
#[derive(Debug)]
pub enum Step<'a> {
    /// The time that was waited for.
    Due(Timestamp),
    /// Something is learned at this time.
    Learned(Timestamp, &'a mut Body),
    /// Nothing comes any more.
    Over,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Simulation {
    host: Host,
    telemetry: Telemetry,
    faults: Vec<Fault>,
    /// Actions that are still to be done, the last first, and what became of the others.
    actions: Vec<Planned>,
    refused: Vec<(Planned, Refused)>,
    operators: Vec<Operator>,
    extras: Vec<Member>,
    /// What each process asks for without faults, and how its pace varies.
    usual: Vec<Usual>,
    duration_s: f64,
    interval_s: f64,
    begin_s: f64,
    next_s: f64,
    random: Random,
    body: Body,
    started: bool,
    /// The time of the next sample has been drawn.
    aims: bool,
    /// The host stands where the next sample is taken, at this time.
    sampled: Option<Timestamp>,
    spawning: f64,
    /// Limits that the file gives to control groups.
    limits: Vec<Limits>,
    /// Sessions that have a name, by who led each first.
    sessions: BTreeMap<String, u64>,
}

impl Scenario {
    /// Runs it from one seed.
    pub fn simulation(&self, seed: u64) -> Simulation {
        Simulation::new(self, seed)
    }
}

impl Simulation {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let begin_s = scenario.uptime.seconds();
        let mut simulation = Self {
            host: Host::new(scenario.host, seed, begin_s),
            telemetry: Telemetry::default(),
            faults: scenario.faults.clone(),
            actions: planned(scenario),
            refused: Vec::new(),
            operators: scenario.operators.clone(),
            extras: scenario.processes.iter().map(Member::new).collect(),
            usual: Vec::new(),
            duration_s: scenario.duration.seconds(),
            interval_s: scenario.interval.seconds(),
            begin_s,
            next_s: begin_s,
            random: Random::stream(seed, "simulation"),
            body: Body::Start(Box::new(start(scenario, seed))),
            started: false,
            aims: false,
            sampled: None,
            spawning: 0.0,
            limits: scenario.groups.clone(),
            sessions: BTreeMap::new(),
        };
        simulation.populate(scenario);
        simulation
    }

    /// Seconds that it lasts.
    pub fn duration_s(&self) -> u64 {
        whole(self.duration_s)
    }

    /// Begins with what was learned before.
    pub fn know(&mut self, knowledge: StoredKnowledge) {
        if let Body::Start(start) = &mut self.body {
            start.knowledge = Some(knowledge);
        }
    }

    /// Name of the host.
    pub fn hostname(&self) -> &'static str {
        HOSTNAME
    }

    /// Begins with a configuration.
    pub fn configure(&mut self, config: Config) {
        if let Body::Start(start) = &mut self.body {
            start.config = Some(config);
        }
    }

    /// What is learned next, and when; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "it is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Option<(Timestamp, &mut Body)> {
        match self.wait(None) {
            Step::Learned(at, body) => Some((at, body)),
            Step::Due(_) | Step::Over => None,
        }
    }

    /// Goes on to what is learned next, or to `until`, whichever is first.
    pub fn wait(&mut self, until: Option<Timestamp>) -> Step<'_> {
        if !self.started {
            self.started = true;
            return Step::Learned(Timestamp(whole(self.begin_s * 1e9)), &mut self.body);
        }
        let at = match self.sampled {
            Some(at) => at,
            None => match self.go_on(until) {
                Ok(at) => *self.sampled.insert(at),
                Err(step) => return step,
            },
        };
        if let Some(until) = until.filter(|until| *until < at) {
            return Step::Due(until);
        }
        self.sampled = None;
        if !matches!(self.body, Body::Sample(_)) {
            self.body = Body::Sample(Box::<Sample>::default());
        }
        if let Body::Sample(sample) = &mut self.body {
            self.telemetry.read(&mut self.host, sample);
        }
        Step::Learned(at, &mut self.body)
    }

    /// Lets time go on to the next sample, whose time is returned; the error is what comes first.
    fn go_on(&mut self, until: Option<Timestamp>) -> Result<Timestamp, Step<'static>> {
        if !std::mem::replace(&mut self.aims, true) {
            self.next_s += self.pause();
        }
        if self.next_s > self.begin_s + self.duration_s + 1e-6 {
            return Err(Step::Over);
        }
        let next = Timestamp(whole(self.next_s * 1e9));
        let stop = until.filter(|until| *until < next);
        let stop_s = stop.map_or(self.next_s, |at| at.0 as f64 / 1e9);
        while self.host.now_s + 0.5 * STEP_S < stop_s {
            self.advance();
        }
        if let Some(at) = stop {
            return Err(Step::Due(at));
        }
        self.aims = false;
        let late_ns = self.random.next_f64() * JITTER_NS;
        Ok(Timestamp(whole(self.host.now_s * 1e9 + late_ns)))
    }

    /// Time to the next tick: the interval, or more while ticks are late.
    fn pause(&mut self) -> f64 {
        let at_s = self.next_s - self.begin_s;
        let late = self
            .faults
            .iter()
            .find(|fault| fault.late_ticks.is_some() && fault.strength(at_s) > 0.0);
        let Some(late) = late.and_then(|fault| fault.late_ticks) else { return self.interval_s };
        let least = late.seconds().max(self.interval_s);
        let pause = least * (1.0 + self.random.next_f64());
        (pause / STEP_S).round() * STEP_S
    }

    fn advance(&mut self) {
        let at_s = self.host.now_s - self.begin_s;
        self.act_in_time(at_s);
        let is_second = (at_s + 1e-6).fract() < STEP_S;
        if is_second {
            self.come_and_go(at_s);
            self.vary();
        }
        self.ask(at_s);
        self.spawn();
        self.host.step();
    }

    /// Does an action now.
    pub fn act(&mut self, action: &Action) -> Result<(), Refused> {
        self.host.act(action)
    }

    /// The value that an action would overwrite, and what it would write; `None` for an action that
    /// overwrites none, or that could not be done now.
    pub fn settings(&self, action: &Action) -> Option<Prior> {
        self.host.settings(action)
    }

    /// Puts back the value from before an action; refuses as superseded where another one has come
    /// since, and as missing where its place is gone.
    pub fn restore(&mut self, prior: &Prior) -> Result<(), Refused> {
        self.host.restore(prior)
    }

    /// Actions of the scenario that could not be done, and why.
    pub fn refused(&self) -> &[(Planned, Refused)] {
        &self.refused
    }

    /// What operators say to what is proposed.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    fn act_in_time(&mut self, at_s: f64) {
        while let Some(planned) = self.actions.pop_if(|planned| planned.at.seconds() <= at_s + 1e-6)
        {
            if let Err(refused) = self.host.act(&planned.action) {
                self.refused.push((planned, refused));
            }
        }
    }

    /// The cache fills up as on a host that has been up for a while, and averages become steady.
    fn settle(&mut self) {
        self.host.memory.recount(&self.host.processes);
        let is_fresh = self.begin_s < 600.0;
        if !is_fresh {
            let room = self.host.memory.free();
            let kept = self.host.memory.marks.high * 2;
            self.host.memory.clean = room.saturating_sub(kept.max(room * 2 / 5));
        }
        self.host.now_s -= SETTLE_S;
        while self.host.now_s + 0.5 * STEP_S < self.begin_s {
            self.advance();
        }
        self.host.now_s = self.begin_s;
        self.host.recent = crate::host::Recent::default();
    }
}

/// Every action each time that it is done, the last first.
fn planned(scenario: &Scenario) -> Vec<Planned> {
    let mut all: Vec<Planned> = scenario.actions.iter().flat_map(Planned::each).collect();
    all.sort_by_key(|planned| planned.at);
    all.reverse();
    all
}

fn start(scenario: &Scenario, seed: u64) -> Start {
    let begin_s = scenario.uptime.seconds();
    Start {
        schema: SCHEMA_VERSION,
        engine_version: ENGINE_VERSION.into(),
        host: HostFacts {
            hostname: HOSTNAME.into(),
            kernel: "6.12.0-model".into(),
            machine: "x86_64".into(),
            user_hz: whole(telemetry::USER_HZ),
            page_bytes: PAGE,
            recorder_pid: 299,
            is_model: true,
        },
        boot_id: format!("model-{seed}"),
        began_ns: Some(Timestamp(whole(begin_s * 1e9))),
        clock: ClockAnchor {
            mono_ns: Timestamp(whole(begin_s * 1e9)),
            at_ns: WallTime(BOOT_NS + whole(begin_s * 1e9).cast_signed()),
        },
        seed,
        interval_ns: scenario.interval.ns,
        segment: 0,
        sources: telemetry::sources(scenario.host.tracers),
        ..Start::default()
    }
}
