//! Entities as text that can be read back to the byte, and which of them a boot leaves the same.
//!
//! [`Entity`]'s own text is for people: it replaces what a terminal could be steered by. This one
//! is for what one run leaves to another.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::kind::{Entity, Group, text};

/// What a byte's two hexadecimal digits follow. People read it where a byte is no text, and of the
/// texts of earlier versions only those hold it that lost a byte. A backslash is none: systemd
/// writes those into names.
const LOST: char = char::REPLACEMENT_CHARACTER;
/// What ends a name that has more after it.
const NETNS: &str = "@netns:";
const INODE: &str = "@inode:";

/// An entity as a run leaves it to the next one of the same boot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Exact(pub Entity);

/// An entity that means the same after a boot: pids and namespaces are other ones then, and so are
/// the directories of control groups, which are known by their paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lasting(Entity);

impl Lasting {
    /// What lasts of an entity, if it does.
    pub fn of(entity: &Entity) -> Option<Self> {
        match entity {
            Entity::Host
            | Entity::Disk(_)
            | Entity::Nic(_)
            | Entity::Filesystem(_)
            | Entity::Executable(_) => Some(Self(entity.clone())),
            Entity::Cgroup(group) => {
                Some(Self(Entity::Cgroup(Group { inode: None, ..group.clone() })))
            }
            Entity::NicOf(..) | Entity::Netns(_) | Entity::Process(..) | Entity::ForkTree(..) => {
                None
            }
        }
    }
}

impl AsRef<Entity> for Lasting {
    fn as_ref(&self) -> &Entity {
        &self.0
    }
}

/// Whose something is that an earlier run learned, as it stands in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Whose {
    /// Of an entity that is the same still.
    Known(Lasting),
    /// Of one that means nothing here, as it was written.
    Stranger(String),
}

impl Whose {
    /// Whose it is, where that can be known.
    pub fn known(&self) -> Option<&Lasting> {
        if let Self::Known(lasting) = self { Some(lasting) } else { None }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(Lasting(entity)) => entity.fmt(out),
            Self::Stranger(written) => out.write_str(&text(written.as_bytes())),
        }
    }
}

impl From<String> for Whose {
    fn from(written: String) -> Self {
        let lasting = read(&written).and_then(|entity| Lasting::of(&entity));
        lasting.map_or(Self::Stranger(written), Self::Known)
    }
}

impl From<Whose> for String {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Known(Lasting(entity)) => written(&entity),
            Whose::Stranger(written) => written,
        }
    }
}

impl TryFrom<String> for Exact {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        read(&written).map(Self).ok_or_else(|| format!("`{written}` is no entity"))
    }
}

impl From<Exact> for String {
    fn from(exact: Exact) -> Self {
        written(&exact.0)
    }
}

fn written(entity: &Entity) -> String {
    match entity {
        Entity::Disk(name) => format!("disk:{}", escaped(name)),
        Entity::Nic(name) => format!("nic:{}", escaped(name)),
        Entity::NicOf(netns, name) => format!("nic:{}{NETNS}{netns}", escaped(name)),
        Entity::Filesystem(mount) => format!("filesystem:{}", escaped(mount)),
        Entity::Executable(name) => format!("executable:{}", escaped(name)),
        Entity::Cgroup(group) => {
            let path = escaped(&group.path);
            let inode = group.inode.map_or_else(String::new, |inode| format!("{INODE}{inode}"));
            if group.hierarchy == b"v2" && group.path.starts_with(b"/") {
                return format!("cgroup:{path}{inode}");
            }
            let mut hierarchy = escaped(&group.hierarchy);
            for (end, symbol) in [(":", b':'), ("/", b'/')] {
                hierarchy = hierarchy.replace(end, &hex(symbol));
            }
            format!("cgroup:{hierarchy}:{path}{inode}")
        }
        Entity::Host | Entity::Netns(_) | Entity::Process(..) | Entity::ForkTree(..) => {
            entity.to_string()
        }
    }
}

fn read(written: &str) -> Option<Entity> {
    if written == "host" {
        return Some(Entity::Host);
    }
    let (word, rest) = written.split_once(':')?;
    Some(match word {
        "disk" => Entity::Disk(bytes(rest)?),
        "nic" => match tail(rest, NETNS) {
            (name, Some(netns)) => Entity::NicOf(netns, bytes(name)?),
            (name, None) => Entity::Nic(bytes(name)?),
        },
        "filesystem" => Entity::Filesystem(bytes(rest)?),
        "executable" => Entity::Executable(bytes(rest)?),
        "netns" => Entity::Netns(rest.parse().ok()?),
        "process" | "fork_tree" => {
            let (pid, start) = rest.split_once(':')?;
            let (pid, start) = (pid.parse().ok()?, start.parse().ok()?);
            if word == "process" {
                Entity::Process(pid, start)
            } else {
                Entity::ForkTree(pid, start)
            }
        }
        "cgroup" => Entity::Cgroup(group(rest)?),
        _ => return None,
    })
}

/// Where no hierarchy is named the path's slash is first, and the hierarchy is that of version 2.
fn group(rest: &str) -> Option<Group> {
    let (rest, inode) = tail(rest, INODE);
    if rest.starts_with('/') {
        return Some(Group { inode, ..Group::at(&bytes(rest)?) });
    }
    let (hierarchy, path) = rest.split_once(':')?;
    Some(Group { hierarchy: bytes(hierarchy)?, path: bytes(path)?, inode })
}

/// A name and the number after its end.
fn tail<'a>(text: &'a str, end: &str) -> (&'a str, Option<u64>) {
    let found = text.rsplit_once(end);
    let number = found.and_then(|(name, number)| Some((name, number.parse().ok()?)));
    number.map_or((text, None), |(name, number)| (name, Some(number)))
}

/// A name as text: what is no text, and an end that is part of the name, are written as
/// hexadecimal numbers.
fn escaped(name: &[u8]) -> String {
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        for (at, symbol) in chunk.valid().char_indices() {
            let rest = &chunk.valid()[at..];
            let is_end = rest.starts_with(NETNS) || rest.starts_with(INODE);
            if symbol == LOST || symbol.is_control() || is_end {
                let mut room = [0; 4];
                out.extend(symbol.encode_utf8(&mut room).bytes().map(hex));
            } else {
                out.push(symbol);
            }
        }
        out.extend(chunk.invalid().iter().copied().map(hex));
    }
    out
}

fn hex(byte: u8) -> String {
    format!("{LOST}{byte:02x}")
}

fn bytes(escaped: &str) -> Option<Vec<u8>> {
    let mut parts = escaped.split(LOST);
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        out.extend(rest.as_bytes());
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> impl Strategy<Value = Vec<u8>> {
        let odd = prop::sample::select(alloc::vec![
            &b"@netns:7"[..],
            b"@inode:7",
            b"\\x41",
            "\u{fffd}41".as_bytes(),
            b"\xff",
            b"\x1b[2J",
            b":",
            b"a",
            "\u{e9}".as_bytes(),
        ]);
        prop::collection::vec(odd, 0..5).prop_map(|parts| parts.concat())
    }

    fn entities() -> impl Strategy<Value = Entity> {
        let path = || prop_oneof![names(), names().prop_map(|name| [b"/".to_vec(), name].concat())];
        let hierarchy =
            prop::sample::select(alloc::vec!["v2", "memory", "cpu,cpuacct", "a:/b", "/b", ""]);
        let inode = prop::option::of(any::<u64>());
        let group = (hierarchy, path(), inode).prop_map(|(hierarchy, path, inode)| {
            Entity::Cgroup(Group { hierarchy: hierarchy.into(), path, inode })
        });
        prop_oneof![
            Just(Entity::Host),
            names().prop_map(Entity::Disk),
            names().prop_map(Entity::Nic),
            (any::<u64>(), names()).prop_map(|(netns, name)| Entity::NicOf(netns, name)),
            path().prop_map(Entity::Filesystem),
            any::<u64>().prop_map(Entity::Netns),
            (any::<u64>(), any::<u64>()).prop_map(|(pid, start)| Entity::Process(pid, start)),
            (any::<u64>(), any::<u64>()).prop_map(|(pid, start)| Entity::ForkTree(pid, start)),
            names().prop_map(Entity::Executable),
            group,
        ]
    }

    proptest! {
        #[test]
        fn every_entity_is_read_back_as_it_was(entity in entities()) {
            let exact = Exact(entity);
            let json = serde_json::to_string(&exact).unwrap();
            prop_assert_eq!(serde_json::from_str::<Exact>(&json).unwrap(), exact);
        }

        #[test]
        fn what_lasts_is_known_again(entity in entities()) {
            let Some(lasting) = Lasting::of(&entity) else { return Ok(()) };
            let whose = Whose::Known(lasting);
            prop_assert_eq!(Whose::from(String::from(whose.clone())), whose);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,40}") {
            let _ = (Whose::from(text.clone()), Exact::try_from(text));
        }
    }

    #[test]
    fn what_a_boot_makes_anew_is_a_stranger_after_it() {
        for written in ["process:7:99", "fork_tree:7:99", "netns:4", "nic:eth0@netns:4", "else:1"] {
            assert_eq!(Whose::from(written.to_string()), Whose::Stranger(written.into()));
        }
    }

    #[test]
    fn a_group_made_anew_is_another_and_what_is_known_of_it_is_its_paths() {
        let of = |inode| Entity::Cgroup(Group { inode: Some(inode), ..Group::at(b"/a") });
        assert_ne!(of(1), of(2));
        assert_eq!(Lasting::of(&of(1)), Lasting::of(&of(2)));
        assert_eq!(written(&of(1)), "cgroup:/a@inode:1");
    }

    #[test]
    fn the_texts_of_earlier_versions_are_read() {
        let check = |written: &str, expected| assert_eq!(read(written), Some(expected));
        check("cgroup:/system.slice/getty@tty1.service", {
            Entity::Cgroup(Group::at(b"/system.slice/getty@tty1.service"))
        });
        let memory = Group { hierarchy: b"memory".to_vec(), ..Group::at(b"/a") };
        check("cgroup:memory:/a", Entity::Cgroup(memory));
        check("filesystem:/var/lib:x", Entity::Filesystem(b"/var/lib:x".to_vec()));
        let slice = br"/system.slice/system-systemd\x2dfsck.slice";
        check(r"cgroup:/system.slice/system-systemd\x2dfsck.slice", {
            Entity::Cgroup(Group::at(slice))
        });
        check(r"executable:a\b", Entity::Executable(br"a\b".to_vec()));
        assert_eq!(read("executable:a\u{fffd}b"), None, "what it was is lost");
    }
}
