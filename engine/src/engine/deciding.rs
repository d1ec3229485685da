//! The agent within the engine: it hears what is said, thinks after each input, and what it asks
//! for becomes a request.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use ks_agent::guard::EffectRequest;
use ks_agent::reasoner::Reasoner as Advises;
use ks_agent::work::Agent;
use ks_vocabulary::decision::{ModelRequest, Reasoner};
use ks_vocabulary::input::{Answer, Asks, Config, Decision, Position, RequestId};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::{Request, Said};
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use ks_vocabulary::timer::Timer;

use super::Engine;
use super::facts::Seen;
use crate::influence::Influence;

/// What was done is felt for so long: it settles, is measured, and may be put back (our judgement).
const FELT_NS: u64 = 300 * SECOND_NS;

/// Who advises in place of the one that is configured.
pub(super) struct Advisor(Box<dyn Fn() -> Box<dyn Advises> + Send>);

impl fmt::Debug for Advisor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Advisor")
    }
}

impl Engine {
    /// Decides as it would, and asks for nothing to be done: what is fed is a recording, whose host
    /// has gone on long ago.
    pub fn rehearse(&mut self) {
        self.rehearses = true;
    }

    /// Lets others advise the agents of the runs to come: `make` makes one for each.
    pub fn advise_by(&mut self, make: impl Fn() -> Box<dyn Advises> + Send + 'static) {
        self.advisor = Some(Advisor(Box::new(make)));
    }

    /// What is handed on of a request for an effect.
    pub fn take_effect(&mut self, request: RequestId) -> Option<EffectRequest> {
        self.agent.as_mut()?.take_effect(request)
    }

    /// What a model is asked by a request.
    pub fn question(&self, request: RequestId) -> Option<&ModelRequest> {
        self.agent.as_ref()?.question(request)
    }

    /// How often each rule of the guard was looked at in this run; nothing where none ever was.
    pub fn guarded(&self) -> BTreeMap<&'static str, u64> {
        let all: BTreeMap<_, _> = self.agent.iter().flat_map(|agent| agent.evaluated()).collect();
        if all.values().all(|times| *times == 0) { BTreeMap::new() } else { all }
    }

    /// Rules of the guard that refused something in this run.
    pub fn objected(&self) -> Vec<&'static str> {
        let all = self.agent.iter().flat_map(|agent| agent.objected());
        all.filter(|(_, times)| *times > 0).map(|(rule, _)| rule).collect()
    }

    pub(super) fn configure_with(&mut self, config: &Config, seed: u64) {
        self.seed = seed;
        self.board.configure(config);
        self.agent = Agent::new(&config.agent, self.clock, seed).map(Box::new);
        let Some(agent) = &mut self.agent else { return };
        if self.rehearses {
            agent.rehearse();
        }
        if let Some(Advisor(make)) = &self.advisor {
            agent.advise_by(make());
        }
    }

    /// A change of the configuration while a run goes on. An agent goes on with what it knows.
    pub(super) fn configure(&mut self, config: &Config) {
        match &mut self.agent {
            Some(agent) if config.agent.reasoner != Reasoner::Off => {
                self.board.configure(config);
                agent.configure(&config.agent);
            }
            Some(_) | None => self.configure_with(config, self.seed),
        }
    }

    /// Lets the agent do something with what it is told of the host as it is.
    fn with_agent(
        &mut self,
        at: Position,
        what: impl FnOnce(&mut Agent, &Seen<'_>, &mut ks_agent::work::Ask<'_>),
    ) {
        let Some(mut agent) = self.agent.take() else { return };
        let mut asked: Vec<Request> = Vec::new();
        let (window, board, tables) = (&self.window, &self.board, &self.fact_tables);
        let seen = Seen { now: at.mono, window, board, tables };
        let requests = &mut self.requests;
        what(&mut agent, &seen, &mut |asks: Asks, until: Timestamp| {
            let request = requests.ask(asks, until);
            asked.push(request);
            request.id
        });
        for request in asked {
            if request.asks == Asks::Effect {
                self.feel(at, request.id, agent.target(request.id));
                if let Some(change) = agent.change(request.id) {
                    self.requests.changes(request.id, change);
                }
            }
            self.say(at, Said::Request(request));
        }
        while let Some(said) = agent.poll() {
            self.say(at, said);
        }
        self.timers.set(Timer::Verification, agent.deadline().filter(|due| *due > at.mono));
        self.agent = Some(agent);
        self.await_answers();
    }

    /// From here on what is measured may be due to what was done.
    fn feel(&mut self, at: Position, request: RequestId, target: Option<Entity>) {
        let Some(target) = target else { return };
        let influence = Influence { target, from: at.mono, until: at.mono.plus_ns(FELT_NS) };
        self.board.influences.begin(request, influence);
    }

    pub(super) fn think(&mut self, at: Position) {
        self.with_agent(at, |agent, seen, ask| agent.think(seen, ask));
    }

    pub(super) fn tell_expired(&mut self, at: Position, request: RequestId) {
        self.with_agent(at, |agent, seen, ask| agent.expired(request, seen, ask));
    }

    /// A person wants something done, or put back.
    pub(super) fn tell_own(&mut self, at: Position, decision: &Decision) {
        self.with_agent(at, |agent, seen, ask| match decision {
            Decision::Act(own) => agent.act(own, seen, ask),
            Decision::Undo { of } => agent.undo_on_request(*of, seen, ask),
            Decision::Approve { .. } | Decision::Deny { .. } | Decision::Accept(_) => {}
        });
    }

    pub(super) fn tell_agent(&mut self, at: Position, answer: &Answer) {
        self.with_agent(at, |agent, seen, ask| match answer {
            Answer::ActionOutcome(done) => {
                agent.done(done.request, done.outcome, done.reason.as_deref(), seen, ask);
            }
            Answer::OperatorDecision(operator) => match &operator.decision {
                Decision::Approve { request } => agent.answered(*request, true, seen, ask),
                Decision::Deny { request } => agent.answered(*request, false, seen, ask),
                Decision::Accept(_) | Decision::Act(_) | Decision::Undo { .. } => {}
            },
            Answer::ModelReply(reply) => agent.replied(reply, seen, ask),
        });
    }
}
