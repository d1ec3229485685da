//! The five tools, answered from what the engine has said and read, and never from later.

mod bounded;
mod look;
mod propose;
mod signals;
mod simulate;
mod trends;

pub use look::reads;
pub(crate) use propose::{is_held_back, is_own};

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::decision::{AgentConfig, PartyTold, ToolAnswer, ToolCall};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::time::WallTime;
use regex::Regex;

use crate::facts::{Facts, Those};
use crate::guard::{Guard, Look};
use crate::handles::Handles;
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::outcomes::Outcomes;
use crate::policy::TextPolicy;

/// Digits of a number that a reasoner is told: what the last ones are depends on the order in which
/// things were added up, and that on their names.
const DIGITS: f64 = 4.0;

/// A number to as many digits as are told.
fn told(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let places = DIGITS - 1.0 - libm::floor(libm::log10(libm::fabs(value)));
    // A power of ten below one is not exact, and neither is what is divided by it.
    let shift = libm::pow(10.0, libm::fabs(places));
    if places < 0.0 {
        libm::round(value / shift) * shift
    } else {
        libm::round(value * shift) / shift
    }
}

/// What the tools look at.
#[expect(missing_debug_implementations, reason = "it lends what has its own")]
pub struct Tools<'a> {
    /// The host.
    pub facts: &'a dyn Facts,
    /// The time of day.
    pub wall: WallTime,
    /// What the engine has said.
    pub ledger: &'a Ledger,
    /// What entities are called.
    pub handles: &'a mut Handles,
    /// How the agent works.
    pub config: &'a AgentConfig,
    /// The policy on texts, with what the site forbids on top.
    pub texts: &'a TextPolicy,
    /// See `texts`.
    pub forbidden: &'a [Regex],
    /// What was done so far.
    pub limits: &'a Limits,
    /// What came of it.
    pub outcomes: &'a Outcomes,
    /// The guard, which says what it would say.
    pub guard: &'a mut Guard,
    /// Nothing is done any more.
    pub stopped: bool,
    /// The incident that is worked on.
    pub incident: u64,
    /// Seed of what is drawn.
    pub seed: u64,
}

impl<'a> Tools<'a> {
    /// Answers a call, in no more than a reasoner can use. The error is what is wrong with it.
    pub fn answer(&mut self, call: &ToolCall) -> Result<ToolAnswer, String> {
        self.answer_whole(call).map(bounded::bounded)
    }

    fn answer_whole(&mut self, call: &ToolCall) -> Result<ToolAnswer, String> {
        match call {
            ToolCall::QuerySignals { severity_min, lookback_minutes, signal_types, limit } => {
                let asked = signals::Asked {
                    severity_min: *severity_min,
                    lookback_minutes: *lookback_minutes,
                    kinds: signal_types,
                    limit: *limit,
                };
                Ok(ToolAnswer::Signals(self.signals(&asked)))
            }
            ToolCall::SummarizeTrends { signal_type, entity, .. } => {
                self.trends(*signal_type, entity.as_deref()).map(ToolAnswer::Trends)
            }
            ToolCall::SimulateScenario { signal_type, duration_minutes, action_type, target } => {
                let told = self.simulated(
                    *signal_type,
                    *duration_minutes,
                    *action_type,
                    target.as_deref(),
                );
                told.map(ToolAnswer::Simulated)
            }
            ToolCall::ProposeAction { failure_mode, target, .. } => {
                self.candidates(*failure_mode, target.as_deref()).map(ToolAnswer::Candidates)
            }
            ToolCall::ExecuteRemediation(asked) => {
                self.closer(&asked.action).map(|told| ToolAnswer::Looked(Box::new(told)))
            }
        }
    }

    /// What a proposal is held against. It borrows nothing of the tools themselves, so that the
    /// guard can judge beside it.
    pub fn look(&self) -> Look<'a> {
        Look {
            facts: self.facts,
            wall: self.wall,
            config: self.config,
            texts: self.texts,
            forbidden: self.forbidden,
            limits: self.limits,
            outcomes: self.outcomes,
            ledger: self.ledger,
            stopped: self.stopped,
        }
    }

    fn entity(&self, handle: &str) -> Result<Entity, String> {
        let found = self.handles.entity(handle).cloned();
        found.ok_or_else(|| alloc::format!("handle `{handle}` was not issued"))
    }

    fn parties(&mut self, all: &[Culprit]) -> Vec<PartyTold> {
        all.iter().map(|one| self.party(one)).collect()
    }

    /// Whether a process, or one of a group, listens on a socket.
    fn serves(&self, entity: &Entity) -> Option<bool> {
        if let Entity::Process(pid, start) | Entity::ForkTree(pid, start) = entity {
            return Some(self.facts.process((*pid, *start))?.listening? > 0);
        }
        let Entity::Cgroup(group) = entity else { return None };
        let mut members = self.facts.processes(Those::Within(&group.path)).into_iter();
        members.try_fold(false, |serves, process| Some(serves || process.listening? > 0))
    }

    /// The control group of a process. The topmost holds whoever is in none: those have nothing in
    /// common.
    fn group_of(&self, entity: &Entity) -> Option<Entity> {
        let (Entity::Process(pid, start) | Entity::ForkTree(pid, start)) = entity else {
            return None;
        };
        let own = self.facts.process((*pid, *start)).and_then(|process| process.group)?;
        let group = self.facts.group(own).filter(|group| group.path != b"/")?;
        Some(Entity::Cgroup(group.entity()))
    }

    fn party(&mut self, one: &Culprit) -> PartyTold {
        let group = self.group_of(&one.entity);
        PartyTold {
            entity: self.handles.of(&one.entity),
            group: group.map(|group| self.handles.of(&group)),
            metric: one.metric,
            share: told(one.share),
            convicted: one.convicted,
            resident: one.resident,
            serves: self.serves(&one.entity),
        }
    }
}
