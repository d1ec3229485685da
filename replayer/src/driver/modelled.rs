//! A modelled host as a world, and as the recording of one.

use std::collections::BTreeMap;

use ks_agent::guard::EffectRequest;
use ks_recorder::error::Error;
use ks_scenarios::action::Refused;
use ks_scenarios::settings::Prior;
use ks_scenarios::simulation::{Simulation, Step};
use ks_vocabulary::action::Action;
use ks_vocabulary::decision::ModelRequest;
use ks_vocabulary::input::{ActionOutcome, Answer, Asks, Body, Input, Outcome, RequestId, Stamp};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::Request;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::recorded::Source;
use super::words::Words;
use super::world::{Answers, Arrival, Performs, Thinks, Wants, World};

/// Seconds between two reports of progress.
const TOLD_S: u64 = 60;

/// A scenario while it runs. It stops where the machine wants to be woken.
#[expect(missing_debug_implementations, reason = "it lends a closure")]
pub struct Modelled<'a> {
    simulation: &'a mut Simulation,
    progress: &'a mut dyn FnMut(u64, u64),
    begin: Option<Timestamp>,
    at: Timestamp,
    /// What became of what was asked for, the next last.
    answers: Vec<Body>,
    given: Body,
    /// What each decision overwrote.
    priors: BTreeMap<u64, Prior>,
    /// What operators are still to say.
    words: Words,
    /// Whoever is asked in place of a model.
    model: Option<Box<dyn Answers>>,
}

impl<'a> Modelled<'a> {
    /// `progress` is told seconds done and seconds in all.
    pub fn new(simulation: &'a mut Simulation, progress: &'a mut dyn FnMut(u64, u64)) -> Self {
        let (begin, at) = (None, Timestamp::default());
        let (answers, given, priors) = (Vec::new(), Body::Tick, BTreeMap::new());
        let words = Words::default();
        let model = None;
        Self { simulation, progress, begin, at, answers, given, priors, words, model }
    }

    /// Lets a model be asked; it answers at once.
    #[must_use]
    pub fn advised(mut self, model: Option<Box<dyn Answers>>) -> Self {
        self.model = model;
        self
    }

    /// Gives back who was asked.
    pub fn into_model(self) -> Option<Box<dyn Answers>> {
        self.model
    }
}

impl World for Modelled<'_> {
    fn performer(&mut self) -> Option<&mut dyn Performs> {
        Some(self)
    }

    fn thinker(&mut self) -> Option<&mut dyn Thinks> {
        self.model.is_some().then_some(self)
    }

    fn ask(&mut self, request: &Request) {
        if request.asks == Asks::Approval && !request.again {
            self.words.proposed(request.id, self.at, self.simulation.operators());
        }
    }

    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        if let Some(answer) = self.answers.pop() {
            self.given = answer;
            return Ok(Arrival::Learned(self.at, &mut self.given));
        }
        let all_s = self.simulation.duration_s();
        // At one time, what is due is over first.
        let word_at = self.words.next_at().filter(|at| wants.until.is_none_or(|due| *at < due));
        Ok(match self.simulation.wait(word_at.or(wants.until)) {
            Step::Due(at) if word_at == Some(at) => {
                self.at = at;
                self.given = self.words.take().unwrap_or(Body::Tick);
                Arrival::Learned(at, &mut self.given)
            }
            Step::Due(at) => {
                self.at = at;
                Arrival::Due(at)
            }
            Step::Over => Arrival::Over,
            Step::Learned(at, body) => {
                self.at = at;
                let done_s = at.since_ns(*self.begin.get_or_insert(at)) / SECOND_NS;
                if done_s.is_multiple_of(TOLD_S) {
                    (self.progress)(done_s, all_s);
                }
                Arrival::Learned(at, body)
            }
        })
    }
}

impl Thinks for Modelled<'_> {
    fn think(&mut self, at: Timestamp, request: RequestId, question: &ModelRequest) {
        self.at = at;
        if let Some(model) = &mut self.model {
            let reply = model.answer(request, question);
            self.answers.push(Body::Answer(Box::new(Answer::ModelReply(reply))));
        }
    }
}

impl Performs for Modelled<'_> {
    fn perform(&mut self, request: RequestId, effect: &EffectRequest) {
        let (outcome, reason) = match self.done(effect) {
            Ok(()) => (Outcome::Applied, None),
            Err(refused @ Refused::Superseded { .. }) => {
                (Outcome::Superseded, Some(refused.to_string()))
            }
            Err(refused) => (Outcome::NotApplied, Some(refused.to_string())),
        };
        let outcome = ActionOutcome { request, outcome, reason };
        self.answers.push(Body::Answer(Box::new(Answer::ActionOutcome(outcome))));
    }
}

impl Modelled<'_> {
    fn done(&mut self, effect: &EffectRequest) -> Result<(), Refused> {
        if let Some((action, _)) = effect.to_do() {
            let action = named(action, effect.target());
            if let Some(prior) = self.simulation.settings(&action) {
                self.priors.insert(effect.decision(), prior);
            }
            return self.simulation.act(&action);
        }
        match self.priors.remove(&effect.decision()) {
            Some(prior) => self.simulation.restore(&prior),
            None => {
                Err(Refused::Missing { what: "value before", name: effect.target().to_string() })
            }
        }
    }
}

/// An action as the model names its targets: an interface and a mount have handles in it, which are
/// nothing to a host.
fn named(action: &Action, target: &Entity) -> Action {
    let by_name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    match (action, target) {
        (Action::FlushBuffers { .. }, Entity::Filesystem(mount)) => match by_name(mount).parse() {
            Ok(mount) => Action::FlushBuffers { mount },
            Err(_) => action.clone(),
        },
        (Action::ForceNetworkSpeed { mbit, .. }, Entity::Nic(nic)) => match by_name(nic).parse() {
            Ok(nic) => Action::ForceNetworkSpeed { nic, mbit: *mbit },
            Err(_) => action.clone(),
        },
        _ => action.clone(),
    }
}

/// What a recorder without an engine would have recorded of a scenario.
#[derive(Debug)]
pub struct Stamped<'a> {
    simulation: &'a mut Simulation,
    stamp: Stamp,
    begin: Option<Timestamp>,
    at: Timestamp,
}

impl<'a> Stamped<'a> {
    /// See the type.
    pub fn new(simulation: &'a mut Simulation) -> Self {
        Self { simulation, stamp: Stamp::default(), begin: None, at: Timestamp::default() }
    }
}

impl Source for Stamped<'_> {
    fn advance(&mut self) -> Result<bool, Error> {
        let Some((at, body)) = self.simulation.next() else { return Ok(false) };
        self.begin.get_or_insert(at);
        self.at = at;
        self.stamp.put(at, body);
        Ok(true)
    }

    fn input(&self) -> Option<&Input> {
        self.begin.map(|_| self.stamp.last())
    }

    fn progress(&self) -> (u64, u64) {
        let done_ns = self.begin.map_or(0, |begin| self.at.since_ns(begin));
        (done_ns / SECOND_NS, self.simulation.duration_s())
    }
}
