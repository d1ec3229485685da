//! What is part of what on a host: control groups by their paths, and the processes in them.

use crate::kind::{Entity, Group};
use crate::model::{Cgroup, Process};

/// The entity of a control group's row.
pub fn cgroup_entity(row: &Cgroup) -> Entity {
    let bytes = |name: Option<&[u8]>| name.unwrap_or_default().to_vec();
    Entity::Cgroup(Group {
        hierarchy: bytes(row.hierarchy()),
        path: bytes(row.path()),
        inode: row.inode(),
    })
}

/// Whether a process is part of an entity.
pub fn belongs(row: &Process, entity: &Entity) -> bool {
    let is_group = matches!(entity, Entity::Cgroup(..));
    row.cgroup().map_or(!is_group, |own| is_in(own, entity))
}

/// Whether a control group is part of an entity.
pub fn is_in(path: &[u8], entity: &Entity) -> bool {
    if let Entity::Cgroup(group) = entity { is_within(path, &group.path) } else { true }
}

/// Whether a control group is another or lies below it, by their paths.
pub fn is_within(path: &[u8], group: &[u8]) -> bool {
    let rest = path.strip_prefix(group);
    rest.is_some_and(|rest| rest.is_empty() || group == b"/" || rest.starts_with(b"/"))
}

/// Whether a control group lies below another, by their paths.
pub fn is_below(path: &[u8], group: &[u8]) -> bool {
    path != group && is_within(path, group)
}

/// Whether a group is directly below `parent`, or below the root where there is none.
pub fn is_child(row: &Cgroup, parent: Option<&Cgroup>) -> bool {
    let above = parent.and_then(Cgroup::path).unwrap_or_default();
    let same = parent.is_none_or(|parent| parent.hierarchy() == row.hierarchy());
    let rest = row.path().and_then(|path| path.strip_prefix(above)?.strip_prefix(b"/"));
    same && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_group_is_within_it_and_not_it_itself() {
        let both = |path: &[u8], group: &[u8]| (is_within(path, group), is_below(path, group));
        assert_eq!(both(b"/a", b"/a"), (true, false));
        assert_eq!(both(b"/a/b", b"/a"), (true, true));
        assert_eq!(both(b"/ab", b"/a"), (false, false), "a name that begins alike is another");
        assert_eq!(both(b"/a", b"/"), (true, true));
        assert_eq!(both(b"/", b"/"), (true, false));
        assert_eq!(both(b"/a", b"/a/b"), (false, false));
    }
}
