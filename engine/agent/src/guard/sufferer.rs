//! Who would suffer more by what is proposed.

use alloc::vec::Vec;

use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::{is_below, is_within};
use ks_vocabulary::output::Signal;

use super::{Look, Proposal};

/// Who suffers within a control group that is to be held back, though nobody in it is to blame.
pub(super) fn sufferer(proposal: &Proposal, look: &Look<'_>) -> Option<Entity> {
    let Entity::Cgroup(target) = &proposal.target else { return None };
    let known = proposal.evidence.iter().filter_map(|id| look.ledger.signal(*id));
    let signals: Vec<&Signal> = known.map(|known| &known.signal).collect();
    let path_of = |entity: &Entity| match entity {
        Entity::Cgroup(group) => Some(group.path.clone()),
        Entity::Process(pid, start) | Entity::ForkTree(pid, start) => {
            let process = look.facts.process((*pid, *start))?;
            process.group.map(<[u8]>::to_vec)
        }
        Entity::Host
        | Entity::Disk(_)
        | Entity::Nic(_)
        | Entity::NicOf(..)
        | Entity::Filesystem(_)
        | Entity::Netns(_)
        | Entity::Executable(_) => None,
    };
    let blamed: Vec<Vec<u8>> = signals
        .iter()
        .flat_map(|signal| signal.culprits.iter().filter(|one| one.convicted))
        .filter_map(|one| path_of(&one.entity))
        .collect();
    let victims = signals.iter().flat_map(|signal| &signal.victims);
    let suffers = victims.map(|victim| &victim.entity).find(|victim| {
        path_of(victim).is_some_and(|path| {
            is_below(&path, &target.path) && !blamed.iter().any(|own| is_within(own, &path))
        })
    });
    suffers.cloned()
}
