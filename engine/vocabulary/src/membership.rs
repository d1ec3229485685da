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

/// Whether a hierarchy with these controllers, which are none for version 2, is the one of a name:
/// `v2`, or controllers of version 1. One that is mounted may have more than its name says, which
/// is those that are read.
pub fn is_hierarchy(name: &[u8], controllers: &[u8]) -> bool {
    if name == b"v2" || controllers.is_empty() {
        return name == b"v2" && controllers.is_empty();
    }
    let has = |one: &[u8]| controllers.split(|byte| *byte == b',').any(|own| own == one);
    name.split(|byte| *byte == b',').all(|one| !one.is_empty() && has(one))
}

/// Controllers and path of each hierarchy that a process is in, by its `/proc/PID/cgroup`.
fn places(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut parts = line.splitn(3, |byte| *byte == b':');
        Some((parts.nth(1)?, parts.next()?))
    })
}

/// The path of the hierarchy of a name in the same text.
pub fn path_in<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    places(text).find(|(controllers, _)| is_hierarchy(name, controllers)).map(|(_, path)| path)
}

/// The control group that a process is said to be in, by the same text: that of version 2 where it
/// is in use, else that of the memory or cpu controller, which is the finest that version 1 has.
pub fn group_of(text: &[u8]) -> Option<&[u8]> {
    let (mut v2, mut memory, mut cpu) = (None, None, None);
    for (controllers, path) in places(text) {
        if controllers.is_empty() {
            v2 = Some(path);
        }
        for controller in controllers.split(|byte| *byte == b',') {
            match controller {
                b"memory" => memory = Some(path),
                b"cpu" => cpu = Some(path),
                _ => {}
            }
        }
    }
    let paths = || [v2, memory, cpu].into_iter().flatten();
    paths().find(|path| *path != b"/").or_else(|| paths().next())
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
    fn the_finest_control_group_of_a_process_is_named() {
        let check = |text: &[u8], path: Option<&str>| {
            assert_eq!(group_of(text), path.map(str::as_bytes));
        };
        check(b"0::/system.slice/a.service\n", Some("/system.slice/a.service"));
        check(b"4:memory:/m\n2:cpu,cpuacct:/c\n0::/\n", Some("/m"));
        check(b"4:memory:/\n2:cpu,cpuacct:/c\n0::/\n", Some("/c"));
        check(b"4:memory:/\n0::/\n", Some("/"));
        check(b"1:name=systemd:/x\n", None);
        check(b"0::/odd:name\n", Some("/odd:name"));
        check(b"garbage", None);
    }

    #[test]
    fn where_a_process_is_stands_in_a_line_of_its_hierarchy() {
        let text = b"5:cpuset,cpu,cpuacct:/x\n3:freezer:/y\n1:name=systemd:/z\n0::/a/b\n";
        for (name, expected) in [
            ("v2", Some("/a/b")),
            ("cpu,cpuacct", Some("/x")),
            ("cpu", Some("/x")),
            ("freezer", Some("/y")),
            ("cpu,freezer", None),
            ("cp", None),
            ("", None),
        ] {
            assert_eq!(path_in(text, name.as_bytes()), expected.map(str::as_bytes), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text: Vec<u8>, name: Vec<u8>) {
            let _ = (group_of(&text), path_in(&text, &name));
        }
    }

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
