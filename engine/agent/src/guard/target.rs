//! The rule on targets: what is said to be done to, what the action names, and who is at fault have
//! to be one and the same.

use alloc::format;
use alloc::string::String;

use ks_vocabulary::action::{DiskRef, GroupRef, ProcessRef, Target};
use ks_vocabulary::decision::Plan;
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::membership::is_within;

use super::sufferer::sufferer;
use super::{Look, Origin, Proposal};
use crate::unfit::Unfit;

pub(super) fn target(
    proposal: &Proposal,
    look: &Look<'_>,
    _: &Result<Plan, Unfit>,
) -> Option<String> {
    let targets = proposal.action.targets();
    if let Some(why) = names_another(proposal, look, &targets) {
        return Some(why);
    }
    if proposal.origin == Origin::Person {
        return None;
    }
    let Some(diagnosed) = &proposal.diagnosed else {
        return targets
            .iter()
            .any(|target| matches!(target, Target::Process(_) | Target::Group(_)))
            .then(|| "nobody is convicted, and it is done to someone".into());
    };
    let is_meant = match (&proposal.target, diagnosed) {
        (Entity::Host | Entity::Disk(_) | Entity::Filesystem(_), _) => true,
        (Entity::Cgroup(group), Entity::Process(pid, start)) => {
            let own = look.facts.process((*pid, *start)).and_then(|process| process.group);
            own == Some(&group.path[..])
        }
        (Entity::Process(pid, start), Entity::Cgroup(group)) => {
            let own = look.facts.process((*pid, *start)).and_then(|process| process.group);
            own.is_some_and(|own| is_within(own, &group.path))
        }
        (Entity::Process(..), Entity::ForkTree(pid, start)) => {
            proposal.target == Entity::Process(*pid, *start)
        }
        (Entity::Cgroup(one), Entity::Cgroup(other)) => {
            one.path == other.path && !is_made_anew(other, look)
        }
        (one, other) => one == other,
    };
    if !is_meant {
        return Some(format!("{} is at fault, and {} is meant", diagnosed, proposal.target));
    }
    sufferer(proposal, look).map(|who| format!("it holds {who}, which suffers"))
}

/// Whether a group that was diagnosed was removed since and made again under its path.
fn is_made_anew(diagnosed: &Group, look: &Look<'_>) -> bool {
    let present = look.facts.group(&diagnosed.path);
    let present = present.and_then(|group| group.inode_in(&diagnosed.hierarchy));
    diagnosed.inode.is_some() && present.is_some() && diagnosed.inode != present
}

/// The action has to name what it is said to be done to: protection and fault are judged of the
/// latter, and the plan is made of the former.
fn names_another(proposal: &Proposal, look: &Look<'_>, targets: &[Target<'_>]) -> Option<String> {
    let names = |target: &Target<'_>| match (target, &proposal.target) {
        (Target::Process(ProcessRef::Exact { pid, start }), Entity::Process(id, began)) => {
            (pid.get(), *start) == (*id, *began)
        }
        (Target::Group(GroupRef::Path(path)), Entity::Cgroup(group)) => {
            path.as_str().as_bytes() == group.path
        }
        (Target::Disk(DiskRef::Device(device)), Entity::Disk(name)) => {
            let is_of_condition = proposal.disk.as_ref() == Some(name);
            let own = look.facts.disk(name).and_then(|disk| disk.device);
            is_of_condition && own == Some(device.get())
        }
        // Filesystems and interfaces are named by their handles in texts.
        (Target::Mount(_), Entity::Filesystem(mount)) => {
            proposal.mount.as_ref().is_none_or(|own| own == mount)
        }
        (Target::Nic(_), Entity::Nic(_)) => true,
        _ => false,
    };
    let is_named = targets.first().map_or(proposal.target == Entity::Host, names);
    (!is_named).then(|| format!("{} is meant, and the action names another", proposal.target))
}
