//! Who would suffer more by what is proposed.

use alloc::vec::Vec;

use ks_vocabulary::action::Blast;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::{is_below, is_within};
use ks_vocabulary::output::Signal;
use ks_vocabulary::subtype::Subtype;

use super::{Look, Proposal};

/// Who suffers within a control group that is to be held back, though he is not to blame: a group
/// below it in which nobody is, a process beside who is, or one that cannot keep up with those who
/// connect to it. Of what reaches a session, another process of it.
pub(super) fn sufferer(proposal: &Proposal, look: &Look<'_>) -> Option<Entity> {
    let known = proposal.evidence.iter().filter_map(|id| look.ledger.signal(*id));
    let signals: Vec<&Signal> = known.map(|known| &known.signal).collect();
    let convicted = |signal: &&Signal| signal.subtype != Some(Subtype::AcceptQueue);
    let blamed: Vec<&Entity> = signals
        .iter()
        .filter(|signal| convicted(signal))
        .flat_map(|signal| signal.culprits.iter().filter(|one| one.convicted))
        .map(|one| &one.entity)
        .collect();
    let victims = signals.iter().flat_map(|signal| &signal.victims).map(|one| &one.entity);
    // Who is told of a full queue is who does not get to empty it.
    let queues = look.ledger.signals().filter(|known| known.stands()).map(|known| &known.signal);
    let queues = queues.filter(|signal| signal.subtype == Some(Subtype::AcceptQueue));
    let behind = queues.flat_map(|signal| &signal.culprits).map(|one| &one.entity);
    let mut suffers = victims.chain(behind);
    let Entity::Cgroup(target) = &proposal.target else {
        return suffers.find(|victim| is_of_session(victim, proposal, look)).cloned();
    };
    let suffers = suffers.find(|victim| {
        let Some(path) = path_of(victim, look) else { return false };
        let is_inside = if matches!(victim, Entity::Process(..)) {
            is_within(&path, &target.path)
        } else {
            is_below(&path, &target.path)
        };
        is_inside && !blamed.iter().any(|one| is_part(victim, &path, one, look))
    });
    suffers.cloned()
}

/// Whether what is done to the session of who is to blame is done to who suffers as well: whatever
/// he runs, he does not wait less for it.
fn is_of_session(victim: &Entity, proposal: &Proposal, look: &Look<'_>) -> bool {
    let session = |entity: &Entity| {
        let Entity::Process(pid, start) = entity else { return None };
        look.facts.process((*pid, *start))?.session
    };
    proposal.action.kind().form().blast == Blast::Session
        && *victim != proposal.target
        && session(victim).is_some_and(|of| session(&proposal.target) == Some(of))
}

/// Whether who suffers is part of who is to blame: the same, a group that he is in, a process of
/// his group or tree, or one that runs his program.
fn is_part(victim: &Entity, path: &[u8], blamed: &Entity, look: &Look<'_>) -> bool {
    let own = path_of(blamed, look);
    let exe = |entity: &Entity| Proposal::exe_of(entity, look.facts);
    match (victim, blamed) {
        _ if victim == blamed => true,
        (Entity::Process(..), Entity::Process(..)) => {
            exe(victim).is_some_and(|of| exe(blamed) == Some(of))
        }
        (Entity::Process(..), _) => own.is_some_and(|own| is_within(path, &own)),
        _ => own.is_some_and(|own| is_within(&own, path)),
    }
}

/// The control group of who has a part in something.
fn path_of(entity: &Entity, look: &Look<'_>) -> Option<Vec<u8>> {
    match entity {
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
    }
}
