//! A unit of systemd that owns a control group.

use std::fmt;

use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;
use serde::{Deserialize, Serialize};

/// A longer name is none (`systemd.unit(5)`).
const NAME_BYTES_MAX: usize = 255;

/// What has a group of its own, and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// Processes that systemd starts.
    Service,
    /// Processes that others started.
    Scope,
    /// What holds these.
    Slice,
}

impl UnitKind {
    const ALL: [Self; 3] = [Self::Service, Self::Scope, Self::Slice];

    fn suffix(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Scope => "scope",
            Self::Slice => "slice",
        }
    }

    /// The interface that has its limits.
    pub(crate) fn interface(self) -> &'static str {
        match self {
            Self::Service => "org.freedesktop.systemd1.Service",
            Self::Scope => "org.freedesktop.systemd1.Scope",
            Self::Slice => "org.freedesktop.systemd1.Slice",
        }
    }
}

/// The group of a unit. Whether it is one of this systemd's it says itself: a container may have
/// units of the same names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit {
    path: String,
    name: String,
    kind: UnitKind,
}

/// A path that is no unit's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no group of a service, scope or slice")]
pub struct NoUnit(String);

impl Unit {
    /// The unit that a group is named after, if it is.
    pub fn of(group: &Exact) -> Option<Self> {
        let Entity::Cgroup(group) = &group.0 else { return None };
        Self::named(group).filter(|_| group.hierarchy == b"v2")
    }

    /// The same of a group in a hierarchy of version 1.
    pub(crate) fn of_version_1(group: &Exact) -> Option<Self> {
        let Entity::Cgroup(group) = &group.0 else { return None };
        Self::named(group).filter(|_| group.hierarchy != b"v2")
    }

    fn named(group: &Group) -> Option<Self> {
        String::from_utf8(group.path.clone()).ok().and_then(|path| Self::try_from(path).ok())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of its group below the mount point.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it is.
    pub fn kind(&self) -> UnitKind {
        self.kind
    }
}

impl TryFrom<String> for Unit {
    type Error = NoUnit;

    fn try_from(path: String) -> Result<Self, NoUnit> {
        let last = path.rsplit_once('/').map(|(_, last)| last).unwrap_or_default();
        // A name that the kernel could take for one of its files has this before it.
        let name = last.strip_prefix('_').unwrap_or(last).to_owned();
        match kind_of(&name).filter(|_| path.starts_with('/')) {
            Some(kind) => Ok(Self { path, name, kind }),
            None => Err(NoUnit(path)),
        }
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.path
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "unit {}", self.name)
    }
}

/// What a valid name says. A template has no group.
fn kind_of(name: &str) -> Option<UnitKind> {
    let (before, suffix) = name.rsplit_once('.')?;
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
    let is_plain = !before.is_empty() && before.bytes().all(is_of_a_name);
    let is_template = before.starts_with('@') || before.ends_with('@');
    if !is_plain || is_template || name.len() > NAME_BYTES_MAX {
        return None;
    }
    UnitKind::ALL.into_iter().find(|kind| kind.suffix() == suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(path: &str) -> Option<Unit> {
        Unit::of(&Exact(Entity::Cgroup(Group::at(path.as_bytes()))))
    }

    #[test]
    fn a_group_is_a_units_by_its_last_name() {
        for (path, name, kind) in [
            ("/system.slice/nginx.service", "nginx.service", UnitKind::Service),
            ("/system.slice", "system.slice", UnitKind::Slice),
            ("/user.slice/user-0.slice/session-2.scope", "session-2.scope", UnitKind::Scope),
            (r"/a.slice/dev\x2dsda@7:x.service", r"dev\x2dsda@7:x.service", UnitKind::Service),
            ("/system.slice/_cpu.service", "cpu.service", UnitKind::Service),
        ] {
            let unit = unit(path).unwrap();
            assert_eq!((unit.name(), unit.path(), unit.kind()), (name, path, kind));
        }
    }

    #[test]
    fn no_other_kind_of_unit_and_no_other_name_is_one() {
        let long = format!("/{}.service", "a".repeat(NAME_BYTES_MAX));
        for path in [
            "/system.slice/a.socket",
            "/system.slice/a.mount",
            "/system.slice/a.timer",
            "/docker/0123",
            "/a b.service",
            "/a\n.service",
            "/a;id.service",
            "/ä.service",
            "/.service",
            "/a@.service",
            "/@a.service",
            "/service",
            "a.service",
            "/a.service/",
            "/",
            "",
            &long,
        ] {
            assert_eq!(unit(path), None, "{path}");
            let text = serde_json::to_string(path).unwrap();
            assert!(serde_json::from_str::<Unit>(&text).is_err(), "{path}");
        }
        let first = Group { hierarchy: b"memory".to_vec(), ..Group::at(b"/a.service") };
        let first = Exact(Entity::Cgroup(first));
        assert_eq!(Unit::of(&first), None);
        assert_eq!(Unit::of_version_1(&first).unwrap().name(), "a.service");
        let second = Exact(Entity::Cgroup(Group::at(b"/a.service")));
        assert_eq!(Unit::of_version_1(&second), None);
        assert_eq!(Unit::of(&Exact(Entity::Process(1, 1))), None);
    }
}
