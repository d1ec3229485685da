//! The guard: every rule that a proposal has to pass, in one order, and the only place that makes
//! an [`ApprovedPlan`].
//!
//! A rule says why not, or nothing. The first that objects decides; what none objects to is allowed
//! where its tier says so, and else needs an operator. How often each rule was looked at is
//! counted: one that never is guards nothing.

mod approved;
mod rules;
mod sufferer;
mod target;
#[cfg(any(test, feature = "mutants"))]
pub(crate) mod tests;
mod tier;

pub use approved::{ApprovedPlan, EffectRequest};
pub use rules::{RULES, Rule};

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{AgentConfig, FailureMode, Plan, Verdict};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::time::{Timestamp, WallTime};
use regex::Regex;

use crate::actions::About;
use crate::facts::Facts;
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::mutation;
use crate::outcomes::Outcomes;
use crate::policy::TextPolicy;
use crate::unfit::Unfit;

/// Who wants something done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The agent, because of what stands.
    Agent,
    /// A person, for reasons of his own: nothing has to stand, and what came of such actions before
    /// is his to know.
    Person,
}

/// What is proposed.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Who wants it.
    pub origin: Origin,
    /// On which incident.
    pub incident: u64,
    /// What, with entities for its targets.
    pub action: Action,
    /// To what.
    pub target: Entity,
    /// The diagnosis.
    pub failure_mode: FailureMode,
    /// Who is at fault by it.
    pub diagnosed: Option<Entity>,
    /// Kinds of the signals that it rests on.
    pub kinds: Vec<Kind>,
    /// Numbers of those signals.
    pub evidence: Vec<u64>,
    /// The disk of the condition.
    pub disk: Option<Vec<u8>>,
    /// The filesystem of the condition.
    pub mount: Option<Vec<u8>>,
    /// Device and inode of the executable that the target ran when it was decided.
    pub exe: Option<(u64, u64)>,
    /// When it was decided.
    pub decided: Timestamp,
    /// The plan as it was decided on, where it is looked at again.
    pub planned: Option<Plan>,
}

impl Proposal {
    /// Device and inode of the executable that a target runs.
    pub fn exe_of(target: &Entity, facts: &dyn Facts) -> Option<(u64, u64)> {
        let Entity::Process(pid, start) = target else { return None };
        facts.process((*pid, *start))?.exe
    }

    /// What the action is about.
    pub fn about(&self) -> About<'_> {
        About { disk: self.disk.as_deref(), mount: self.mount.as_deref() }
    }
}

/// All that a proposal is held against.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The host.
    pub facts: &'a dyn Facts,
    /// The time of day.
    pub wall: WallTime,
    /// How the agent works.
    pub config: &'a AgentConfig,
    /// The policy on texts.
    pub texts: &'a TextPolicy,
    /// What the site forbids of them.
    pub forbidden: &'a [Regex],
    /// What was done so far.
    pub limits: &'a Limits,
    /// What came of it.
    pub outcomes: &'a Outcomes,
    /// What the engine has said.
    pub ledger: &'a Ledger,
    /// Nothing is done any more.
    pub stopped: bool,
}

impl core::fmt::Debug for Look<'_> {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.debug_struct("Look").field("stopped", &self.stopped).finish_non_exhaustive()
    }
}

/// What the guard says.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Whether it may be done.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: &'static str,
    /// Why, for people.
    pub reason: String,
    /// The same without a word of the host, for a reasoner.
    pub plain: String,
    /// What would be done, where it can be planned.
    pub plan: Option<Plan>,
}

/// See the module.
#[derive(Debug)]
pub struct Guard {
    evaluated: [u64; RULES.len()],
    objected: [u64; RULES.len()],
}

impl Default for Guard {
    fn default() -> Self {
        Self { evaluated: [0; RULES.len()], objected: [0; RULES.len()] }
    }
}

impl Guard {
    /// Judges a proposal. Nothing is done by it.
    pub fn judge(&mut self, proposal: &Proposal, look: &Look<'_>) -> Judged {
        let planned = crate::actions::plan(&proposal.action, proposal.about(), look.facts);
        if let Some((rule, reason)) = self.objection(proposal, look, &planned) {
            let plain = rule.plain(&planned);
            let rule = rule.word(&planned);
            let plan = planned.ok();
            return Judged { verdict: Verdict::Denied, rule, reason, plain, plan };
        }
        let tier = tier::decide(proposal, look);
        let (verdict, rule, reason) = (tier.verdict, tier.rule, tier.reason);
        // A grant names a unit or a group of the host.
        let plain = if rule == "grant" { "an operator grants it".into() } else { reason.clone() };
        Judged { verdict, rule, reason, plain, plan: planned.ok() }
    }

    /// Judges a proposal once more, as it is carried out, and approves of it if it is allowed, or
    /// an operator has said so. The error is why not.
    pub fn approve(
        &mut self,
        proposal: &Proposal,
        look: &Look<'_>,
        by_operator: bool,
    ) -> Result<ApprovedPlan, Box<Judged>> {
        let judged = self.judge(proposal, look);
        let may = match judged.verdict {
            Verdict::Allowed => true,
            Verdict::NeedsApproval => by_operator,
            Verdict::Denied => false,
        };
        match &judged.plan {
            Some(plan) if may => Ok(ApprovedPlan::new(proposal, plan.clone())),
            Some(_) | None => Err(Box::new(judged)),
        }
    }

    fn objection(
        &mut self,
        proposal: &Proposal,
        look: &Look<'_>,
        planned: &Result<Plan, Unfit>,
    ) -> Option<(&'static Rule, String)> {
        for (at, rule) in RULES.iter().enumerate() {
            if proposal.origin == Origin::Person && rule.is_of_evidence {
                continue;
            }
            self.evaluated[at] += 1;
            let found = (rule.objects)(proposal, look, planned);
            if let Some(found) = found.filter(|_| mutation::is_on(at)) {
                self.objected[at] += 1;
                return Some((rule, found));
            }
        }
        None
    }

    /// How often each rule was looked at.
    pub fn evaluated(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RULES.iter().map(|rule| rule.name).zip(self.evaluated)
    }

    /// How often each rule was the one that refused.
    pub fn objected(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RULES.iter().map(|rule| rule.name).zip(self.objected)
    }
}
