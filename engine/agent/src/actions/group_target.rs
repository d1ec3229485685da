//! What actions on control groups have in common: which is meant, and how a file of it is written.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use ks_vocabulary::action::GroupRef;
use ks_vocabulary::decision::{Effect, GroupFile, Plan, UndoStep};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;

use crate::facts::{Facts, GroupFacts, Part};
use crate::unfit::{Unfit, need};

/// Where a file of a group is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// In its directory of version 2.
    Second(Exact),
    /// In that of the hierarchy of version 1 that has the controller.
    First(Exact),
}

/// The group that is meant.
pub(super) fn find<'a>(group: &GroupRef, facts: &'a dyn Facts) -> Result<GroupFacts<'a>, Unfit> {
    let GroupRef::Path(path) = group else {
        return Err(Unfit::Gone(Cow::Borrowed("the target is no control group that was issued")));
    };
    let path = path.as_str();
    let gone = || Unfit::Gone(Cow::Owned(format!("control group {path} is gone")));
    facts.group(path.as_bytes()).ok_or_else(gone)
}

/// Where the file of a controller is, whose group in a hierarchy of version 1 is `first`.
pub(super) fn by(
    group: &GroupFacts<'_>,
    controller: &str,
    first: Option<Part<'_>>,
) -> Result<At, Unfit> {
    match first {
        Some(part) => in_part(group, part).map(At::First),
        None => second(group, controller).map(At::Second),
    }
}

/// The group as version 2 has it, with a controller that what is written has there alone.
pub(super) fn second(group: &GroupFacts<'_>, controller: &str) -> Result<Exact, Unfit> {
    let is_of_first = group.first.parts().next().is_some();
    let absent = || {
        let which = if is_of_first { " of version 2" } else { "" };
        Err(Unfit::Absent(Cow::Owned(format!("the group has no {controller} controller{which}"))))
    };
    if group.inode.is_none() && is_of_first {
        return absent();
    }
    let exact = itself(group)?;
    let controllers = need(group.controllers, "the controllers of the control group")?;
    let mut each = controllers.split(u8::is_ascii_whitespace);
    if each.any(|one| one == controller.as_bytes()) { Ok(exact) } else { absent() }
}

/// The group as version 2 has it. One made anew under the same path is told by its inode alone.
pub(super) fn itself(group: &GroupFacts<'_>) -> Result<Exact, Unfit> {
    let inode = need(group.inode, "the inode of the control group")?;
    let entity = Group { inode: Some(inode), ..Group::at(group.path) };
    Ok(Exact(Entity::Cgroup(entity)))
}

/// The directory of a group in a hierarchy of version 1, which is one of its own.
pub(super) fn in_part(group: &GroupFacts<'_>, part: Part<'_>) -> Result<Exact, Unfit> {
    let inode = need(part.inode, "the inode of the control group")?;
    let (hierarchy, path) = (part.hierarchy.to_vec(), group.path.to_vec());
    Ok(Exact(Entity::Cgroup(Group { hierarchy, path, inode: Some(inode) })))
}

/// Writes a file, and can put back what was in it.
pub(super) fn write(group: &Exact, file: GroupFile, old: &str, new: &dyn ToString) -> Plan {
    let of = |text: String| Effect::GroupFile { group: group.clone(), file, text };
    let written = of(new.to_string());
    Plan {
        effects: vec![written.clone()],
        undo: vec![UndoStep { restore: of(old.into()), written }],
        lasts_s: None,
    }
}

/// A limit as its file has it.
pub(super) fn limit_text(limit: Option<u64>) -> String {
    limit.map_or_else(|| "max".into(), |limit| limit.to_string())
}

/// A new limit has to be lower.
pub(super) fn lower(old: Option<u64>, new: u64) -> Result<(), Unfit> {
    match old {
        Some(old) if new >= old => {
            Err(Unfit::Direction(Cow::Owned(format!("{new} is no lower limit than {old}"))))
        }
        Some(_) | None => Ok(()),
    }
}
