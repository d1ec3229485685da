//! What an action is done to. A reference is typed by what it names: by a handle that was issued,
//! by the exact entity that stands behind one, or, on a modelled host, by a plain name. Whoever
//! performs an action resolves it; the canonical text names what is resolved, and no plain name.

mod text;

use alloc::string::String;

use super::bad_value::BadValue;
use super::spec::Spec;

const HANDLE: Spec = Spec::plain("handle", 1, 999_999_999);
/// The kernel's init and its thread of threads are no targets.
const PID: Spec = Spec::plain("process id", 3, 4_194_304);
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

impl Handle {
    /// One that was issued.
    pub fn new(number: u64) -> Result<Self, BadValue> {
        HANDLE.check(number).map(Self)
    }

    /// Its number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Device {
    /// A device of these numbers.
    pub fn new(major: u64, minor: u64) -> Result<Self, BadValue> {
        Ok(Self { major: MAJOR.check(major)?, minor: MINOR.check(minor)? })
    }

    /// Its major and minor number.
    pub fn get(self) -> (u64, u64) {
        (self.major, self.minor)
    }
}

impl Pid {
    /// A process id that may be acted on.
    pub fn new(number: u64) -> Result<Self, BadValue> {
        PID.check(number).map(Self)
    }

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
