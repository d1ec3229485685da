//! The work on one incident, and what is remembered of it between two times that it is looked at.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::decision::{
    Budgets, Ending, Exchange, FailureMode, ModelBudget, ModelUse, Phase, TriedTold,
};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::output::Incident;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::breaker::Breaker;
use crate::ledger::Ledger;

/// An incident that changed is looked at again after so long at the soonest.
pub(super) const AGAIN_NS: u64 = 5 * SECOND_NS;

/// After an action that did not help it is looked at again once another may be done.
const REST_NS: u64 = 15 * SECOND_NS;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Number of the work, from 1.
    pub(super) work: u64,
    /// Number of the incident.
    pub(super) incident: u64,
    /// When the work on it began.
    pub(super) began: Timestamp,
    /// Where the agent is with it.
    pub(super) phase: Phase,
    /// What was called and answered.
    pub(super) history: Vec<Exchange>,
    /// What was diagnosed, with the signals' kinds.
    pub(super) diagnosis: Option<(FailureMode, Option<Entity>)>,
    /// What was called, to break loops: a shorter history changes nothing about it.
    pub(super) breaker: Breaker,
    /// Answers in a row that were no answers.
    pub(super) errors: u32,
    /// What the model's reply took that is followed, until that is said.
    pub(super) used: Option<ModelUse>,
    /// Why the last answer was not taken.
    pub(super) refused: Option<String>,
    /// The rules have taken over.
    pub(super) fallen_back: bool,
    /// What was asked to be done of it: one action a case.
    pub(super) decided: bool,
}

impl Case {
    /// `fallen_back` where whoever advises failed at this incident before.
    pub(super) fn new((work, incident): (u64, u64), began: Timestamp, fallen_back: bool) -> Self {
        Self {
            work,
            incident,
            began,
            phase: Phase::Observe,
            history: Vec::new(),
            diagnosis: None,
            breaker: Breaker::default(),
            errors: 0,
            used: None,
            refused: None,
            fallen_back,
            decided: false,
        }
    }

    /// Begins again by the rules: what was asked before was another's.
    pub(super) fn begin_again(&mut self) {
        (self.errors, self.refused, self.fallen_back) = (0, None, true);
        (self.breaker, self.phase) = (Breaker::default(), Phase::Observe);
        self.history.clear();
    }
}

/// What was spent on an incident.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent {
    /// Turns of a reasoner.
    pub(super) turns: u32,
    /// Calls of tools.
    pub(super) calls: u32,
    /// What a model took.
    pub(super) model: SpentOnModel,
    /// Whoever advises failed at it: the rules have taken over.
    pub(super) fallen_back: bool,
    /// Decisions that are over, with what came of them.
    pub(super) tried: Vec<TriedTold>,
}

/// What a model took of an incident.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpentOnModel {
    requests: u32,
    calls: u32,
    tokens: u64,
    micro_dollars: u64,
}

impl SpentOnModel {
    /// Counts a reply. One whose price is not known counts by its tokens alone.
    pub(super) fn count(&mut self, used: &ModelUse) {
        self.requests = self.requests.saturating_add(used.requests);
        let tokens = used.prompt_tokens.saturating_add(used.output_tokens);
        self.tokens = self.tokens.saturating_add(tokens);
        let cost = used.micro_dollars.unwrap_or(0);
        self.micro_dollars = self.micro_dollars.saturating_add(cost);
    }

    /// Counts a call of a tool.
    pub(super) fn call(&mut self) {
        self.calls += 1;
    }

    /// What is used up, if anything is. What is asked for next would be beyond it.
    pub(super) fn is_over(&self, budgets: &Budgets) -> Option<String> {
        let ModelBudget { requests, tool_calls } = budgets.model;
        if self.requests >= requests {
            return Some(format!("{requests} requests were made to the model"));
        }
        if self.calls >= tool_calls {
            return Some(format!("{tool_calls} calls of tools were made by the model"));
        }
        if self.tokens >= budgets.tokens {
            return Some(format!("{} tokens were used by the model", self.tokens));
        }
        let spent = self.micro_dollars;
        (spent >= budgets.micro_dollars)
            .then(|| format!("{spent} millionths of a dollar were spent on the model"))
    }
}

/// An incident that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Handled {
    /// How it ended.
    pub(super) ending: Ending,
    pub(super) at: Timestamp,
    seen: Seen,
    /// It is looked at again, whatever it is like.
    pub(super) again: bool,
    /// It was set aside for this incident, whose cause it has.
    pub(super) belongs_to: Option<u64>,
}

/// What an incident was like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    severity: Option<Severity>,
    /// Conditions that users may feel: they stand, medium or worse.
    felt: usize,
    cause: Option<String>,
}

impl Seen {
    pub(super) fn of(incident: &Incident, ledger: &Ledger) -> Self {
        let standing = ledger.standing(incident.id);
        Self {
            severity: incident.severity,
            felt: standing.filter(|known| known.signal.severity >= Severity::Medium).count(),
            cause: incident.causes.first().map(|cause| cause.entity.to_string()),
        }
    }
}

#[cfg(test)]
impl Seen {
    /// One of which nothing stands.
    pub(super) fn none() -> Self {
        Self { severity: None, felt: 0, cause: None }
    }
}

impl Handled {
    pub(super) fn new(seen: Seen, ending: Ending, at: Timestamp) -> Self {
        Self { ending, at, seen, again: false, belongs_to: None }
    }

    /// Whether it is worth another look: it changed, and it was not looked at just now.
    pub(super) fn is_due(&self, seen: &Seen, now: Timestamp) -> bool {
        if self.ending == Ending::BudgetUsedUp {
            return false;
        }
        let ago_ns = now.since_ns(self.at);
        self.again && ago_ns >= REST_NS || ago_ns >= AGAIN_NS && self.seen != *seen
    }
}
