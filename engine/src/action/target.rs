//! What an action is done to. A reference is typed by what it names: by a handle that was issued,
//! by the exact entity that stands behind one, or, on a modelled host, by a plain name. Whoever
//! performs an action resolves it; the canonical text names what is resolved, and no plain name.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use super::bad_value::BadValue;
use super::number::Spec;
use super::parameter::as_text;

const HANDLE: Spec = Spec::plain("handle", 1, 999_999_999);
/// The kernel's init and its thread of threads are no targets.
const PID: Spec = Spec::plain("process id", 3, 4_194_304);
const START: Spec = Spec::plain("start of a process", 0, u64::MAX);
const MAJOR: Spec = Spec::plain("major number", 1, 4095);
const MINOR: Spec = Spec::plain("minor number", 0, 1_048_575);
/// Bytes that a name or a path may have.
const NAME_BYTES_MAX: usize = 255;

/// Number of a handle that was issued in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle(u64);

/// A process id that may be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pid(u64);

/// Major and minor number of a block device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    major: u64,
    minor: u64,
}

/// A plain name: no control character is in it. It is looked up, and never part of a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

/// Path of a control group below the root, in the letters of the grammar. It begins with a slash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupPath(String);

/// A process: `proc#7`, `process:PID:START`, or the name of a modelled one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessRef {
    /// One that was issued.
    Handle(Handle),
    /// One that is known exactly.
    Exact {
        /// Its id.
        pid: Pid,
        /// Its start in clock ticks after boot.
        start: u64,
    },
    /// One of a modelled host.
    Name(Name),
}

/// A control group: `cg#4`, or its path, which may begin with `cgroup:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupRef {
    /// One that was issued.
    Handle(Handle),
    /// One that is known.
    Path(GroupPath),
}

/// A whole block device: `disk#3`, `8:0`, or its name, which may begin with `disk:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskRef {
    /// One that was issued.
    Handle(Handle),
    /// One that is known.
    Device(Device),
    /// One of a modelled host.
    Name(Name),
}

/// A network interface: `if#1`, or its name, which may begin with `nic:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NicRef {
    /// One that was issued.
    Handle(Handle),
    /// One of a modelled host.
    Name(Name),
}

/// A mounted filesystem: `mnt#2`, or its mount point, which may begin with `filesystem:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountRef {
    /// One that was issued.
    Handle(Handle),
    /// One of a modelled host.
    Path(Name),
}

/// What an action names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A process.
    Process(&'a ProcessRef),
    /// A control group.
    Group(&'a GroupRef),
    /// A block device.
    Disk(&'a DiskRef),
    /// A network interface.
    Nic(&'a NicRef),
    /// A mounted filesystem.
    Mount(&'a MountRef),
}

impl Pid {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupPath {
    /// The path, which begins with a slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
