//! What actions on control groups have in common: which is meant, and how a file of it is written.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use ks_vocabulary::action::GroupRef;
use ks_vocabulary::decision::{Effect, GroupFile, Plan, UndoStep};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;

use crate::facts::{Facts, GroupFacts};
use crate::unfit::{Unfit, need};

/// The group that is meant, with its entity.
pub(super) fn find<'a>(
    group: &GroupRef,
    facts: &'a dyn Facts,
) -> Result<(Exact, GroupFacts<'a>), Unfit> {
    let GroupRef::Path(path) = group else {
        return Err(Unfit::Gone(Cow::Borrowed("the target is no control group that was issued")));
    };
    let path = path.as_str();
    let gone = || Unfit::Gone(Cow::Owned(format!("control group {path} is gone")));
    let found = facts.group(path.as_bytes()).ok_or_else(gone)?;
    // A group made anew under the same path is told by its inode alone.
    let inode = need(found.inode, "the inode of the control group")?;
    let entity = Group { inode: Some(inode), ..Group::at(path.as_bytes()) };
    Ok((Exact(Entity::Cgroup(entity)), found))
}

/// Whether the group has a controller: without one it has no such file.
pub(super) fn controlled(group: &GroupFacts<'_>, controller: &str) -> Result<(), Unfit> {
    let controllers = need(group.controllers, "the controllers of the control group")?;
    let mut each = controllers.split(u8::is_ascii_whitespace);
    if each.any(|one| one == controller.as_bytes()) {
        return Ok(());
    }
    Err(Unfit::Absent(Cow::Owned(format!("the group has no {controller} controller"))))
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
