//! What nobody objects to is done, or needs an operator: by mode, risk, grants, and what is known
//! of such actions.

use alloc::format;
use alloc::string::String;

use ks_vocabulary::action::Risk;
use ks_vocabulary::decision::{Grant, Mode, Scope, Verdict};
use ks_vocabulary::kind::Entity;

use super::{Look, Origin, Proposal};
use crate::protected::{holds, told};

/// What a tier says.
pub(super) struct Tier {
    pub(super) verdict: Verdict,
    pub(super) rule: &'static str,
    pub(super) reason: String,
}

pub(super) fn decide(proposal: &Proposal, look: &Look<'_>) -> Tier {
    let action = proposal.action.kind();
    if proposal.origin == Origin::Person {
        return allow("person", "a person asks for it".into());
    }
    if look.config.mode == Mode::Propose {
        return ask("mode", "the mode is to propose".into());
    }
    if look.config.policy.approve.contains(&action) {
        return ask("site", format!("the site wants to be asked for `{}`", action.name()));
    }
    let record = look.outcomes.of(action);
    let surely =
        format!("P(success > 0.6) = {:.2} after {:.0} outcomes", record.surely(), record.trials);
    match action.form().risk {
        Risk::Info | Risk::Reversible if record.is_exploring() => allow(
            "gate: exploring",
            format!("it can be undone, and {:.0} outcomes are too few to judge", record.trials),
        ),
        Risk::Info | Risk::Reversible if record.opens() => allow("gate", surely),
        Risk::Info | Risk::Reversible => ask("gate", surely),
        Risk::Disruptive => match granted(proposal, look) {
            Some(scope) => allow("grant", format!("an operator grants it to {}", told(scope))),
            None if record.opens() && !record.is_exploring() => allow("gate", surely),
            None => {
                let grant = if was_granted(proposal, look) {
                    "its grant has expired"
                } else {
                    "nobody grants it"
                };
                ask("disruptive", format!("it disrupts, {grant}, and {surely}"))
            }
        },
    }
}

fn allow(rule: &'static str, reason: String) -> Tier {
    Tier { verdict: Verdict::Allowed, rule, reason }
}

fn ask(rule: &'static str, reason: String) -> Tier {
    Tier { verdict: Verdict::NeedsApproval, rule, reason }
}

/// The scope of a grant that holds for a proposal.
fn granted<'a>(proposal: &Proposal, look: &Look<'a>) -> Option<&'a Scope> {
    grants(proposal, look).find(|grant| look.wall < grant.expires_ns).map(|grant| &grant.on)
}

/// Whether a grant held for it once.
fn was_granted(proposal: &Proposal, look: &Look<'_>) -> bool {
    grants(proposal, look).next().is_some()
}

/// Grants for what is proposed, expired or not.
fn grants<'a>(proposal: &Proposal, look: &Look<'a>) -> impl Iterator<Item = &'a Grant> {
    let (kind, group) = (proposal.action.kind(), group_of(proposal, look));
    let all = look.config.grants.iter();
    all.filter(move |grant| {
        grant.action == kind && group.is_some_and(|group| holds(&grant.on, group))
    })
}

/// The control group of what an action is done to.
fn group_of<'a>(proposal: &Proposal, look: &Look<'a>) -> Option<&'a [u8]> {
    let group = match &proposal.target {
        Entity::Process(pid, start) => look.facts.process((*pid, *start))?.group?,
        Entity::Cgroup(group) => look.facts.group(&group.path)?.path,
        Entity::Host
        | Entity::Disk(_)
        | Entity::Nic(_)
        | Entity::NicOf(..)
        | Entity::Filesystem(_)
        | Entity::Netns(_)
        | Entity::ForkTree(..)
        | Entity::Executable(_) => return None,
    };
    Some(group)
}
