//! The agent at work: one incident at a time, from what stands to what was learned.
//!
//! The engine tells it what it says ([`Agent::hear`]), lets it think after each input
//! ([`Agent::think`]), and hands on what it asks for. Everything it decides is said, step by step.
//! Reasoners may be wrong in any way: what they answer passes the tools' bounds, the loop breaker,
//! the budgets and the guard, and one that errs too often is replaced by the rules.

mod aside;
mod by_person;
mod case;
mod conclude;
mod execute;
mod lasting;
mod steps;
mod thinking;
mod turns;
mod undoing;
mod verifying;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::decision::{AgentConfig, DecisionSaid, Reasoner as Named, Upshot};
use ks_vocabulary::input::{Asks, Carry, OpenChange, Outcome, RequestId};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::output::Said;
use ks_vocabulary::time::{ClockAnchor, Timestamp};
use regex::Regex;

use crate::facts::Facts;
use crate::guard::{ApprovedPlan, EffectRequest, Guard, Proposal};
use crate::handles::Handles;
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::outcomes::Outcomes;
use crate::policy::TextPolicy;
use crate::reasoner::rules::Rules;
use crate::reasoner::{Elsewhere, Reasoner};
use crate::verify::{Guards, Kept, Measured};

use by_person::Own;
use case::{Handled, Spent};
use thinking::Thought;

/// Makes a request, whose answer comes too late after a time.
pub type Ask<'a> = dyn FnMut(Asks, Timestamp) -> RequestId + 'a;

/// A proposal that waits for an operator.
#[derive(Debug)]
struct Pending {
    proposal: Proposal,
    decision: DecisionSaid,
    signal: u64,
}

/// Something that is being done.
#[derive(Debug)]
struct Carried {
    decision: DecisionSaid,
    approved: ApprovedPlan,
    request: RequestId,
    measured: Measured,
    /// The other quantities of the host.
    guards: Guards,
    /// What it wrote was read of the host.
    is_written: bool,
    /// The signal that it is verified by.
    signal: u64,
    /// How bad each signal was when it was done.
    severities: BTreeMap<u64, Severity>,
    done: Timestamp,
    /// What was told of it before it is put back.
    before_undo: Option<String>,
    /// What had come of it then.
    told_before_undo: Upshot,
}

/// Where the agent is.
#[derive(Debug, Default)]
enum Stage {
    /// It waits for an incident.
    #[default]
    Idle,
    /// It waits for whoever performs the action.
    Executing(Box<Carried>),
    /// It waits for what comes of it.
    Verifying(Box<Carried>),
    /// It waits for the action to be put back.
    Undoing(Box<Carried>),
    /// It waits for what comes of that.
    Undone(Box<Carried>),
    /// It waits for whoever performs what a person asked for.
    Asked(Box<Own>),
}

/// See the module.
#[derive(Debug)]
pub struct Agent {
    config: AgentConfig,
    clock: ClockAnchor,
    seed: u64,
    texts: TextPolicy,
    forbidden: Vec<Regex>,
    reasoner: Box<dyn Reasoner>,
    /// What a model is asked, while it thinks.
    thought: Option<Thought>,
    /// Nothing can be done to a recording.
    rehearses: bool,
    stopped: bool,
    ledger: Ledger,
    handles: Handles,
    limits: Limits,
    outcomes: Outcomes,
    guard: Guard,
    stage: Stage,
    /// What helped, and is watched further.
    kept: Vec<Kept>,
    /// What was done and stays, so that a person can have it put back.
    standing: VecDeque<(DecisionSaid, ApprovedPlan)>,
    /// When something was done or put back last.
    touched: Option<Timestamp>,
    handled: BTreeMap<u64, Handled>,
    spent: BTreeMap<u64, Spent>,
    pending: BTreeMap<RequestId, Pending>,
    asked: BTreeMap<RequestId, EffectRequest>,
    last_decision: u64,
    last_work: u64,
    said: VecDeque<Said>,
}

impl Agent {
    /// One that works as it is configured; `None` where nobody advises it.
    ///
    /// A pattern of the site that is none is refused where the configuration is read; one that came
    /// through all the same forbids everything.
    pub fn new(config: &AgentConfig, clock: ClockAnchor, seed: u64) -> Option<Self> {
        if config.reasoner == Named::Off {
            return None;
        }
        Some(Self {
            forbidden: compiled(config),
            config: config.clone(),
            clock,
            seed,
            texts: TextPolicy::new(),
            reasoner: named(config.reasoner),
            thought: None,
            rehearses: false,
            stopped: false,
            ledger: Ledger::default(),
            handles: Handles::default(),
            limits: Limits::default(),
            outcomes: Outcomes::default(),
            guard: Guard::default(),
            stage: Stage::Idle,
            kept: Vec::new(),
            standing: VecDeque::new(),
            touched: None,
            handled: BTreeMap::new(),
            spent: BTreeMap::new(),
            pending: BTreeMap::new(),
            asked: BTreeMap::new(),
            last_decision: 0,
            last_work: 0,
            said: VecDeque::new(),
        })
    }

    /// Goes on with another configuration.
    pub fn configure(&mut self, config: &AgentConfig) {
        self.forbidden = compiled(config);
        if config.reasoner != self.config.reasoner {
            self.reasoner = named(config.reasoner);
        }
        self.config = config.clone();
    }

    /// Decides as it would, and asks for nothing to be done: a recording is over.
    pub fn rehearse(&mut self) {
        self.rehearses = true;
    }

    /// Takes another reasoner.
    pub fn advise_by(&mut self, reasoner: Box<dyn Reasoner>) {
        self.reasoner = reasoner;
    }

    /// Takes what the engine said at `at`.
    pub fn hear(&mut self, said: &Said, at: Timestamp) {
        self.ledger.hear(said, at);
    }

    /// Goes on with what there is to do.
    pub fn think(&mut self, facts: &dyn Facts, ask: &mut Ask<'_>) {
        let is_advised = self.config.reasoner != Named::Person;
        if is_advised {
            self.set_aside(facts.now());
        }
        self.watch_kept(facts);
        match core::mem::take(&mut self.stage) {
            Stage::Idle if is_advised => self.go_on(facts, ask),
            Stage::Idle => {}
            Stage::Verifying(carried) => self.watch(carried, facts, ask),
            Stage::Undone(carried) => self.watch_undone(carried, facts),
            waiting @ (Stage::Executing(_) | Stage::Undoing(_) | Stage::Asked(_)) => {
                self.stage = waiting;
            }
        }
    }

    /// An operator stops all acting, or lets it go on. What was done may still be put back.
    pub fn stop(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    /// Whoever performs actions says what became of one.
    pub fn done(
        &mut self,
        request: RequestId,
        outcome: Outcome,
        reason: Option<&str>,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        self.asked.remove(&request);
        match core::mem::take(&mut self.stage) {
            Stage::Executing(carried) if carried.request == request => {
                self.performed(carried, outcome, reason, facts);
            }
            Stage::Undoing(carried) if carried.request == request => {
                self.put_back(*carried, outcome, reason, facts);
            }
            Stage::Asked(own) if own.request == request => {
                self.performed_own(*own, outcome, reason, facts);
            }
            other @ (Stage::Idle
            | Stage::Executing(_)
            | Stage::Verifying(_)
            | Stage::Undoing(_)
            | Stage::Undone(_)
            | Stage::Asked(_)) => self.stage = other,
        }
        self.think(facts, ask);
    }

    /// Nobody answered a request in time.
    pub fn expired(&mut self, request: RequestId, facts: &dyn Facts, ask: &mut Ask<'_>) {
        if let Some(pending) = self.pending.remove(&request) {
            self.not_approved(pending, "nobody answered in time");
            return;
        }
        if self.is_late(request) {
            return self.think(facts, ask);
        }
        self.done(request, Outcome::Indeterminate, Some("nobody answered in time"), facts, ask);
    }

    /// What is handed on of a request for an effect.
    pub fn take_effect(&mut self, request: RequestId) -> Option<EffectRequest> {
        self.asked.remove(&request)
    }

    /// What a request for an effect is done to.
    pub fn target(&self, request: RequestId) -> Option<Entity> {
        self.asked.get(&request).map(|asked| asked.target().clone())
    }

    /// Which change of the host a request asks for.
    pub fn change(&self, request: RequestId) -> Option<OpenChange> {
        let asked = self.asked.get(&request)?;
        Some(OpenChange { decision: asked.decision(), undo: asked.to_do().is_none() })
    }

    /// The next thing it has to say.
    pub fn poll(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// When it wants to be woken.
    pub fn deadline(&self) -> Option<Timestamp> {
        let looked = match &self.stage {
            Stage::Verifying(carried) | Stage::Undone(carried) => {
                Some(carried.measured.ends().plus_ns(1))
            }
            Stage::Idle | Stage::Executing(_) | Stage::Undoing(_) | Stage::Asked(_) => None,
        };
        looked.into_iter().chain(self.kept.iter().map(Kept::until)).min()
    }

    /// How often each rule of the guard was looked at.
    pub fn evaluated(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.guard.evaluated()
    }

    /// How often each rule of the guard was the one that refused.
    pub fn objected(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.guard.objected()
    }

    /// What the next run has to know.
    pub fn carry(&self, carry: &mut Carry) {
        carry.actions = self.limits.carry(self.clock);
        carry.outcomes = self.outcomes.carry();
        carry.last_decision = self.last_decision;
    }

    /// Goes on with what the run before did.
    pub fn resume(&mut self, carry: &Carry, now: Timestamp) {
        self.limits.resume(&carry.actions, now, self.clock);
        self.outcomes.resume(&carry.outcomes);
        self.touched = self.limits.deeds().map(|deed| deed.at).max();
        self.last_decision = carry.last_decision;
    }

    fn decide_on(&mut self, decision: DecisionSaid) {
        self.said.push_back(Said::Decision(Box::new(decision)));
    }
}

/// Whoever is named advises.
fn named(reasoner: Named) -> Box<dyn Reasoner> {
    if reasoner.is_model() { Box::new(Elsewhere) } else { Box::new(Rules) }
}

/// What a site forbids of texts.
fn compiled(config: &AgentConfig) -> Vec<Regex> {
    let each = config.policy.forbid.iter().map(|pattern| {
        let whole = alloc::format!(r"\A(?:{pattern})\z");
        Regex::new(&whole).unwrap_or_else(|_| Regex::new("").expect("an empty pattern is one"))
    });
    each.collect()
}

#[cfg(test)]
mod tests;
