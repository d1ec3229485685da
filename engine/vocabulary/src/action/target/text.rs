//! References as text: what they are read from and written as.

use core::fmt;
use core::str::FromStr;

use super::{
    Device, DiskRef, GroupPath, GroupRef, HANDLE, Handle, MAJOR, MINOR, MountRef, NAME_BYTES_MAX,
    Name, NicRef, PID, Pid, ProcessRef,
};
use crate::action::bad_value::BadValue;
use crate::action::spec::Spec;
use crate::action::text::as_text;

const START: Spec = Spec::plain("start of a process", 0, u64::MAX);

fn handle(text: &str) -> Result<Handle, BadValue> {
    HANDLE.parse(text).map(Handle)
}

fn name(text: &str, what: &'static str) -> Result<Name, BadValue> {
    let is_plain = !text.is_empty() && !text.contains(char::is_control);
    if is_plain && text.len() <= NAME_BYTES_MAX {
        return Ok(Name(text.into()));
    }
    Err(BadValue::new(text, what, "1 to 255 bytes without control characters"))
}

impl FromStr for ProcessRef {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(number) = text.strip_prefix("proc#") {
            return handle(number).map(Self::Handle);
        }
        let Some(exact) = text.strip_prefix("process:") else {
            return name(text, "process").map(Self::Name);
        };
        let (pid, start) = exact
            .split_once(':')
            .ok_or_else(|| BadValue::new(text, "process", "write it as `process:PID:START`"))?;
        Ok(Self::Exact { pid: Pid(PID.parse(pid)?), start: START.parse(start)? })
    }
}

impl FromStr for GroupPath {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_@:.-".contains(&byte);
        let is_segment = |segment: &str| {
            !segment.is_empty()
                && !segment.starts_with(['-', '.'])
                && segment.bytes().all(is_letter)
        };
        let below = text.strip_prefix('/');
        let is_path = below.is_some_and(|below| below.split('/').all(is_segment));
        if is_path && !text.contains("..") && text.len() <= NAME_BYTES_MAX {
            return Ok(Self(text.into()));
        }
        let remedy =
            "a path begins with a slash, is not the root, and has letters, digits and _@:.-";
        Err(BadValue::new(text, "control group", remedy))
    }
}

impl FromStr for GroupRef {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(number) = text.strip_prefix("cg#") {
            return handle(number).map(Self::Handle);
        }
        text.strip_prefix("cgroup:").unwrap_or(text).parse().map(Self::Path)
    }
}

impl FromStr for DiskRef {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(number) = text.strip_prefix("disk#") {
            return handle(number).map(Self::Handle);
        }
        if let Some(disk) = text.strip_prefix("disk:") {
            return name(disk, "disk").map(Self::Name);
        }
        let Some((major, minor)) = text.split_once(':') else {
            return name(text, "disk").map(Self::Name);
        };
        Ok(Self::Device(Device { major: MAJOR.parse(major)?, minor: MINOR.parse(minor)? }))
    }
}

impl FromStr for NicRef {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(number) = text.strip_prefix("if#") {
            return handle(number).map(Self::Handle);
        }
        let plain = text.strip_prefix("nic:").unwrap_or(text);
        if plain == "lo" {
            return Err(BadValue::new(text, "interface to act on", "`lo` is none"));
        }
        name(plain, "interface").map(Self::Name)
    }
}

impl FromStr for MountRef {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(number) = text.strip_prefix("mnt#") {
            return handle(number).map(Self::Handle);
        }
        let path = text.strip_prefix("filesystem:").unwrap_or(text);
        if !path.starts_with('/') {
            return Err(BadValue::new(text, "mount point", "it begins with a slash"));
        }
        name(path, "mount point").map(Self::Path)
    }
}

impl fmt::Display for ProcessRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(Handle(number)) => write!(out, "proc#{number}"),
            Self::Exact { pid: Pid(pid), start } => write!(out, "process:{pid}:{start}"),
            Self::Name(Name(name)) => out.write_str(name),
        }
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(Handle(number)) => write!(out, "cg#{number}"),
            Self::Path(GroupPath(path)) => out.write_str(path),
        }
    }
}

impl fmt::Display for DiskRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(Handle(number)) => write!(out, "disk#{number}"),
            Self::Device(Device { major, minor }) => write!(out, "{major}:{minor}"),
            Self::Name(Name(name)) => write!(out, "disk:{name}"),
        }
    }
}

impl fmt::Display for NicRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(Handle(number)) => write!(out, "if#{number}"),
            Self::Name(Name(name)) => write!(out, "nic:{name}"),
        }
    }
}

impl fmt::Display for MountRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(Handle(number)) => write!(out, "mnt#{number}"),
            Self::Path(Name(path)) => out.write_str(path),
        }
    }
}

as_text!(ProcessRef, "process");
as_text!(GroupRef, "control group");
as_text!(DiskRef, "disk");
as_text!(NicRef, "network interface");
as_text!(MountRef, "mounted filesystem");
