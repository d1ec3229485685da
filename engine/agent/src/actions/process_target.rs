//! What actions on processes have in common: who is meant, and who competes with it.

use alloc::borrow::Cow;
use alloc::format;

use ks_vocabulary::action::ProcessRef;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::facts::{Facts, ProcessFacts, Those};
use crate::unfit::{Unfit, need};

/// Path of the control group that has no limits.
const ROOT_GROUP: &[u8] = b"/";
/// State of a process that has ended and is not reaped: it accepts everything and does nothing.
const ZOMBIE: u64 = b'Z' as u64;
const DEAD: u64 = b'X' as u64;

/// The process that is meant, alive, with its entity.
pub(super) fn find<'a>(
    process: &ProcessRef,
    facts: &'a dyn Facts,
) -> Result<(Exact, ProcessFacts<'a>), Unfit> {
    let ProcessRef::Exact { pid, start } = process else {
        return Err(Unfit::Gone(Cow::Borrowed("the target is no process that was issued")));
    };
    let key = (pid.get(), *start);
    let gone = || Unfit::Gone(Cow::Owned(format!("process {} is gone, or another", key.0)));
    let found = facts.process(key).ok_or_else(gone)?;
    if matches!(found.state, Some(ZOMBIE | DEAD)) {
        return Err(Unfit::Gone(Cow::Owned(format!("process {} has ended", key.0))));
    }
    Ok((Exact(Entity::Process(key.0, key.1)), found))
}

/// Whether a nice level or a class of this process counts against others: only among tasks of one
/// autogroup, or of one control group with the CPU controller. Across them shares stay 50 to 50
/// whatever the levels are (`kernel.md`, section 7).
pub(super) fn competes_inside(process: &ProcessFacts<'_>, facts: &dyn Facts) -> Result<(), Unfit> {
    let own = need(process.group, "the control group of the process")?;
    let others = |those| {
        let all = facts.processes(those).into_iter();
        all.filter(|other| other.key != process.key)
    };
    if let Some(shared) = cpu_group(own, facts)? {
        let is_inside = |group| cpu_group(group, facts) == Ok(Some(shared));
        let inside = others(Those::Within(shared)).any(|other| other.group.is_some_and(is_inside));
        return none_alone(inside, "its control group");
    }
    let is_on = need(facts.host().autogroup, "the switch of autogroups")?;
    if !is_on {
        let inside = others(Those::Within(own)).any(|other| other.group == Some(own));
        return none_alone(inside, "the host");
    }
    let session = need(process.session, "the session of the process")?;
    none_alone(others(Those::Session(session)).next().is_some(), "its session")
}

/// The control group of whose CPU share the tasks of a group are a part: the nearest with the CPU
/// controller, itself or above it. Nothing for that of the whole host.
pub(super) fn cpu_group<'a>(path: &'a [u8], facts: &dyn Facts) -> Result<Option<&'a [u8]>, Unfit> {
    let mut path = path;
    while path != ROOT_GROUP && !path.is_empty() {
        let group = need(facts.group(path), "the control group")?;
        if group.first.cpu.is_some() {
            return Ok(Some(path));
        }
        // A group that version 1 alone has, and has no part with this controller of.
        let is_of_first = group.inode.is_none() && group.first.parts().next().is_some();
        if !is_of_first {
            let controllers = need(group.controllers, "the controllers of the control group")?;
            if controllers.split(u8::is_ascii_whitespace).any(|one| one == b"cpu") {
                return Ok(Some(path));
            }
        }
        path = path.iter().rposition(|byte| *byte == b'/').map_or(&[][..], |at| &path[..at]);
    }
    Ok(None)
}

fn none_alone(has_others: bool, place: &str) -> Result<(), Unfit> {
    if has_others {
        return Ok(());
    }
    Err(Unfit::NoEffect(Cow::Owned(format!(
        "{place} holds no other process, and across sessions and control groups no level counts"
    ))))
}
