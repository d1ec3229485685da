//! A modelled host with someone in between: what is done to it is noted, and what nobody asked for
//! can be said to the agent.

use std::collections::VecDeque;

use ks_agent::guard::EffectRequest;
use ks_recorder::error::Error;
use ks_replayer::driver::{Arrival, Modelled, Performs, Wants, World};
use ks_replayer::replay::Run;
use ks_replayer::report::{Decision, Report};
use ks_scenarios::scenario::Scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::decision::{AgentConfig, Mode};
use ks_vocabulary::input::{Answer, Asks, Body, Config, Input, RequestId};
use ks_vocabulary::output::Request;
use ks_vocabulary::time::Timestamp;

/// A program takes all CPUs from its sibling. A lower weight is tried first, does not help enough,
/// and is put back.
pub(crate) const BURST: &str = include_str!("burst.toml");

/// What somebody says who was not asked: the kind of request that is heard, and what is made of it.
pub(crate) type Forges<'a> = &'a dyn Fn(&Request) -> Vec<Answer>;

/// A run, and what was done to its host.
pub(crate) struct Told {
    pub(crate) report: Report,
    pub(crate) journal: String,
    pub(crate) inputs: Vec<Input>,
    /// The decision, whether it is done or put back, and what.
    pub(crate) done: Vec<(u64, &'static str, String)>,
    pub(crate) simulation: Simulation,
}

impl Told {
    pub(crate) fn decision(&self, number: u64) -> &Decision {
        let found = self.report.decisions.iter().find(|one| one.id == number);
        found.unwrap_or_else(|| panic!("no decision {number}: {:#?}", self.report.decisions))
    }

    pub(crate) fn has_defect(&self, text: &str) -> bool {
        self.report.defects.iter().any(|defect| defect.problem.contains(text))
    }

    /// How often something was done for a decision.
    pub(crate) fn times_done(&self, number: u64) -> usize {
        self.done.iter().filter(|(decision, what, _)| (*decision, *what) == (number, "do")).count()
    }
}

pub(crate) fn agent(mode: Mode) -> AgentConfig {
    Config::by_rules(mode).agent
}

pub(crate) fn simulation(text: &str, agent: AgentConfig) -> Simulation {
    let mut simulation = Scenario::parse(text, "hostile.toml").unwrap().simulation(1);
    simulation.configure(Config { agent, ..Config::default() });
    simulation
}

/// Runs a scenario, in which nobody says what he was not asked.
pub(crate) fn run(text: &str, agent: AgentConfig) -> Told {
    run_with(text, agent, &|_| Vec::new())
}

pub(crate) fn run_with(text: &str, agent: AgentConfig, forges: Forges<'_>) -> Told {
    let mut simulation = simulation(text, agent);
    let (mut run, mut journal, mut inputs) = (Run::default(), Vec::new(), Vec::new());
    let mut progress = |_, _| {};
    let mut between = Between {
        host: Modelled::new(&mut simulation, &mut progress),
        forges,
        said: VecDeque::new(),
        given: Body::Tick,
        at: Timestamp::default(),
        done: Vec::new(),
    };
    run.through(&mut between, &mut journal, |_, input| inputs.push(input.clone())).unwrap();
    let done = between.done;
    let report = run.finish("hostile", &mut journal).unwrap();
    Told { report, journal: String::from_utf8(journal).unwrap(), inputs, done, simulation }
}

struct Between<'a> {
    host: Modelled<'a>,
    forges: Forges<'a>,
    said: VecDeque<Answer>,
    given: Body,
    at: Timestamp,
    done: Vec<(u64, &'static str, String)>,
}

impl World for Between<'_> {
    fn performer(&mut self) -> Option<&mut dyn Performs> {
        Some(self)
    }

    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        if let Some(answer) = self.said.pop_front() {
            self.given = Body::Answer(Box::new(answer));
            return Ok(Arrival::Learned(self.at, &mut self.given));
        }
        let arrival = self.host.wait(wants)?;
        if let Arrival::Due(at) | Arrival::Learned(at, _) = &arrival {
            self.at = *at;
        }
        Ok(arrival)
    }

    fn ask(&mut self, request: &Request) {
        self.said.extend((self.forges)(request));
        self.host.ask(request);
    }
}

impl Performs for Between<'_> {
    fn perform(&mut self, request: RequestId, effect: &EffectRequest) {
        let (what, action) = match (effect.to_do(), effect.to_undo()) {
            (Some((action, _)), _) => ("do", Some(action)),
            (None, undo) => ("undo", undo.map(|(action, _)| action)),
        };
        let text = action.and_then(|action| action.canonical().ok()).unwrap_or_default();
        self.done.push((effect.decision(), what, text));
        let asked = Request {
            id: request,
            asks: Asks::Effect,
            until_ns: self.at,
            again: false,
            change: None,
        };
        self.said.extend((self.forges)(&asked));
        self.host.perform(request, effect);
    }
}
