//! An agent, the host for tests, and a reasoner that answers from a list.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::decision::{
    AgentConfig, DecisionSaid, Ending, Finish, Mode, ModelRequest, Reasoner as Named, Reply,
    StepSaid,
};
use ks_vocabulary::input::{Asks, RequestId};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::output::{Cause, Incident, IncidentChange, Said};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp};
use serde_json::{Value, json};

use crate::desk::{Desk, HOG};
use crate::guard::tests::bench::signal;
use crate::reasoner::{Advised, Reasoner};
use crate::work::{Agent, Ask};

/// The signal of the first incident.
pub(super) const SIGNAL: u64 = 1;

/// Answers from a list, and ends the work when that is empty.
#[derive(Debug)]
struct Script(VecDeque<String>);

impl Reasoner for Script {
    fn advise(&mut self, _: &ModelRequest) -> Advised {
        if let Some(text) = self.0.pop_front() {
            return Advised::Text(text);
        }
        let reason = "the script is over".into();
        Advised::Reply(Reply::Finish(Finish::new(Ending::CannotTell, reason)))
    }
}

/// See the module.
pub(super) struct Bench {
    pub(super) desk: Desk,
    pub(super) config: AgentConfig,
    /// What was asked of others.
    pub(super) asked: Vec<(Asks, RequestId)>,
    /// Decisions that were said.
    pub(super) decisions: Vec<DecisionSaid>,
    agent: Option<Agent>,
}

impl Default for Bench {
    fn default() -> Self {
        let config =
            AgentConfig { mode: Mode::Auto, reasoner: Named::Rules, ..AgentConfig::default() };
        let (asked, decisions) = (Vec::new(), Vec::new());
        Self { desk: Desk::default(), config, asked, decisions, agent: None }
    }
}

impl Bench {
    /// Begins with an incident that the hog is the likeliest cause of.
    pub(super) fn begin(&mut self, script: &[Value]) {
        self.begin_as_configured();
        let script = Script(script.iter().map(Value::to_string).collect());
        self.agent().advise_by(Box::new(script));
    }

    /// The same, advised by whoever is configured.
    pub(super) fn begin_as_configured(&mut self) {
        let agent = Agent::new(&self.config, ClockAnchor::default(), 1);
        self.agent = Some(agent.expect("someone advises"));
        self.open(1, SIGNAL, &hog());
    }

    /// What was asked of a model last, and its number.
    pub(super) fn question(&mut self) -> Option<(RequestId, ModelRequest)> {
        let (_, id) = *self.asked.iter().rev().find(|(asks, _)| *asks == Asks::Model)?;
        let question = self.agent().question(id).cloned()?;
        Some((id, question))
    }

    /// Lets the agent hear something so much later, and gives what it did.
    pub(super) fn hear(
        &mut self,
        later_s: u64,
        what: impl FnOnce(&mut Agent, &Desk, &mut Ask<'_>),
    ) -> Vec<StepSaid> {
        self.desk.now = self.desk.now.plus_ns(later_s * SECOND_NS);
        self.desk.sampled = self.desk.sampled.map(|at| at.plus_ns(later_s * SECOND_NS));
        let (mut agent, asked) = (self.agent.take().expect("it began"), &mut self.asked);
        what(&mut agent, &self.desk, &mut |asks, _| {
            let request = RequestId(asked.len() as u64 + 1);
            asked.push((asks, request));
            request
        });
        self.agent = Some(agent);
        self.said()
    }

    pub(super) fn agent(&mut self) -> &mut Agent {
        self.agent.as_mut().expect("it began")
    }

    /// Opens an incident of one signal.
    pub(super) fn open(&mut self, incident: u64, of: u64, cause: &Entity) {
        let cause = Cause {
            entity: cause.clone(),
            comm: None,
            kind: Kind::LoadMismatch,
            score: 0.9,
            evidence: Vec::new(),
        };
        let opened = Incident {
            id: incident,
            change: IncidentChange::Opened,
            merged_into: None,
            start_ns: Timestamp(SECOND_NS),
            end_ns: None,
            severity: Some(Severity::High),
            episodes: [of].to_vec(),
            causes: [cause].to_vec(),
        };
        let now = self.desk.now;
        let agent = self.agent();
        agent.hear(&Said::Signal(signal(of, Kind::LoadMismatch)), now);
        agent.hear(&Said::Incident(opened), now);
    }

    /// Lets the agent think so much later, and gives what it did.
    pub(super) fn think(&mut self, later_s: u64) -> Vec<StepSaid> {
        self.hear(later_s, |agent, desk, ask| agent.think(desk, ask))
    }

    /// What the agent has said since.
    pub(super) fn said(&mut self) -> Vec<StepSaid> {
        let mut steps = Vec::new();
        while let Some(said) = self.agent().poll() {
            if let Said::Step(step) = said {
                steps.push(*step);
            } else if let Said::Decision(decision) = said {
                self.decisions.push(*decision);
            }
        }
        steps
    }
}

/// The process that is at fault.
pub(super) fn hog() -> Entity {
    Entity::Process(HOG.0, HOG.1)
}

/// A call of `query_signals`, which issues handles for the hog and its group.
pub(super) fn query() -> Value {
    json!({"call": {"tool": "query_signals", "arguments":
        {"severity_min": "low", "lookback_minutes": 60}}})
}

/// A call of `execute_remediation`.
pub(super) fn remedy(action: &str, params: &Value) -> Value {
    json!({"call": {"tool": "execute_remediation", "arguments": {
        "action_type": action, "params": params, "confidence": 0.5, "evidence": [SIGNAL],
        "justification": "It tells who takes what the others want."}}})
}

/// The end of a step's work, with its reason.
pub(super) fn ended(steps: &[StepSaid]) -> Vec<(u64, Ending, String)> {
    let ends =
        steps.iter().filter_map(|step| Some((step.incident, step.ending?, step.answer.clone()?)));
    ends.collect()
}
