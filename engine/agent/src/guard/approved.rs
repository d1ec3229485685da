//! What may be done. Only the guard makes one, and only one of these becomes a request.

use alloc::vec::Vec;

use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{Effect, Plan, UndoStep};
use ks_vocabulary::kind::Entity;

use super::Proposal;

/// A plan that every rule has passed. Nobody outside of the guard can make one:
///
/// ```compile_fail,E0451
/// use ks_agent::guard::ApprovedPlan;
/// use ks_vocabulary::{action::Action, decision::Plan, kind::Entity};
/// fn forged(action: Action, target: Entity, plan: Plan) -> ApprovedPlan {
///     ApprovedPlan { action, target, exe: None, plan }
/// }
/// ```
///
/// ```compile_fail,E0624
/// use ks_agent::guard::{ApprovedPlan, Proposal};
/// use ks_vocabulary::decision::Plan;
/// fn forged(proposal: &Proposal, plan: Plan) -> ApprovedPlan {
///     ApprovedPlan::new(proposal, plan)
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedPlan {
    action: Action,
    target: Entity,
    exe: Option<(u64, u64)>,
    plan: Plan,
}

impl ApprovedPlan {
    pub(super) fn new(proposal: &Proposal, plan: Plan) -> Self {
        let (action, target) = (proposal.action.clone(), proposal.target.clone());
        Self { action, target, exe: proposal.exe, plan }
    }

    /// What puts it back.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Asks for it to be done, as part of a decision.
    pub fn request(&self, decision: u64) -> EffectRequest {
        EffectRequest { decision, asked: Asked::Do(self.clone()) }
    }

    /// Asks for it to be put back. `None` where nothing can be.
    pub fn undo(&self, decision: u64) -> Option<EffectRequest> {
        let is_possible = !self.plan.undo.is_empty();
        is_possible.then(|| EffectRequest { decision, asked: Asked::Undo(self.clone()) })
    }
}

/// What whoever performs actions is asked for. It is made of an [`ApprovedPlan`] and of nothing
/// else:
///
/// ```compile_fail,E0451
/// use ks_agent::guard::EffectRequest;
/// fn forged(of: EffectRequest) -> EffectRequest {
///     EffectRequest { decision: 1, ..of }
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EffectRequest {
    decision: u64,
    asked: Asked,
}

#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Do(ApprovedPlan),
    Undo(ApprovedPlan),
}

impl EffectRequest {
    /// The decision that it is part of.
    pub fn decision(&self) -> u64 {
        self.decision
    }

    /// What is done; `None` where something is put back.
    pub fn to_do(&self) -> Option<(&Action, &[Effect])> {
        match &self.asked {
            Asked::Do(approved) => Some((&approved.action, &approved.plan.effects)),
            Asked::Undo(_) => None,
        }
    }

    /// What is put back; `None` where something is done.
    pub fn to_undo(&self) -> Option<(&Action, &[UndoStep])> {
        match &self.asked {
            Asked::Do(_) => None,
            Asked::Undo(approved) => Some((&approved.action, &approved.plan.undo)),
        }
    }

    /// What it is done to.
    pub fn target(&self) -> &Entity {
        match &self.asked {
            Asked::Do(approved) | Asked::Undo(approved) => &approved.target,
        }
    }

    /// Device and inode of the executable that the target ran when it was decided.
    pub fn exe(&self) -> Option<(u64, u64)> {
        match &self.asked {
            Asked::Do(approved) | Asked::Undo(approved) => approved.exe,
        }
    }

    /// Whether it can be put back once it is done.
    pub fn can_undo(&self) -> bool {
        match &self.asked {
            Asked::Do(approved) | Asked::Undo(approved) => !approved.plan.undo.is_empty(),
        }
    }

    /// Seconds after which it is undone by whoever performs it.
    pub fn lasts_s(&self) -> Option<u64> {
        self.to_do().and(match &self.asked {
            Asked::Do(approved) => approved.plan.lasts_s,
            Asked::Undo(_) => None,
        })
    }

    /// Every effect of it, done or put back, for the audit.
    pub fn effects(&self) -> Vec<&Effect> {
        match &self.asked {
            Asked::Do(approved) => approved.plan.effects.iter().collect(),
            Asked::Undo(approved) => approved.plan.undo.iter().map(|step| &step.restore).collect(),
        }
    }
}

#[cfg(test)]
impl ApprovedPlan {
    /// One for tests of what comes after the guard.
    pub(crate) fn of(action: Action, target: Entity, plan: Plan) -> Self {
        Self { action, target, exe: None, plan }
    }
}
