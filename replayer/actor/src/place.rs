//! Where a file is, opened so that no other is meant: below a directory that is held, without
//! links.
//!
//! A control group that was made anew under the same path is another one, which its inode tells;
//! what is opened of one that is gone answers nothing (`kernel.md`, section 3).

use std::fs;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::decision::{GroupFile, Sysctl};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;
use ks_vocabulary::membership::is_hierarchy;
use rustix::fs::{Mode, OFlags, ResolveFlags, fstat, openat2};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::meaning::Form;

/// Texts of files that are read here; the longest has a line for each device.
const TEXT_BYTES_MAX: u64 = 64 << 10;

/// A file that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Of a control group.
    Group {
        /// Which, with its inode.
        group: Exact,
        /// Which file.
        file: GroupFile,
    },
    /// Of a kernel parameter.
    Sysctl(Sysctl),
    /// `queue/read_ahead_kb` of a disk.
    ReadAhead(Exact),
}

impl Place {
    /// What its text means.
    pub fn form(&self) -> Form {
        match self {
            Self::Group { file, .. } => Form::Group(*file),
            Self::Sysctl(key) => Form::Sysctl(*key),
            Self::ReadAhead(_) => Form::ReadAhead,
        }
    }

    /// The file, for people.
    pub fn told(&self) -> String {
        match self {
            Self::Group { group, file } => format!("`{file}` of {}", group.0),
            Self::Sysctl(key) => format!("`{key}`"),
            Self::ReadAhead(disk) => format!("read-ahead of {}", disk.0),
        }
    }

    /// What it holds; nothing for one that does not say.
    pub fn text(&self) -> Result<Option<String>, Failure> {
        if !self.form().is_kept() {
            return Ok(None);
        }
        let file = self.open(OFlags::RDONLY)?;
        let mut bytes = Vec::new();
        let refused = |error| Failure::refused(self.told(), error);
        file.take(TEXT_BYTES_MAX).read_to_end(&mut bytes).map_err(refused)?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| refused(io::ErrorKind::InvalidData.into()))?;
        Ok(Some(match (self, text.trim()) {
            (Self::Group { file: GroupFile::FreezerState, .. }, "1") => "FROZEN".to_owned(),
            (Self::Group { file: GroupFile::FreezerState, .. }, "0") => "THAWED".to_owned(),
            (Self::Group { .. } | Self::Sysctl(_) | Self::ReadAhead(_), _) => text,
        }))
    }

    /// Opens it to be written.
    pub(crate) fn to_write(&self) -> Result<File, Failure> {
        self.open(OFlags::WRONLY)
    }

    /// Writes at its begin, in one call: a second write behind the first changes nothing in
    /// `/proc/sys`, and says that it did (`kernel.md`, section 3).
    pub(crate) fn write_to(&self, file: &File, text: &str) -> Result<(), Failure> {
        let what = || format!("`{text}` to {}", self.told());
        let wrote = file.write_at(text.as_bytes(), 0);
        match wrote.map_err(|error| Failure::refused(what(), error))? {
            len if len == text.len() => Ok(()),
            _ => Err(Failure::refused(what(), io::Error::from(io::ErrorKind::WriteZero))),
        }
    }

    fn open(&self, flags: OFlags) -> Result<File, Failure> {
        let refused = |error| Failure::refused(self.told(), error);
        let gone = || Failure::Gone { what: self.told() };
        let (folder, name) = match self {
            Self::Group { group: Exact(Entity::Cgroup(group)), file } => {
                (open_group(group).map_err(refused)?.ok_or_else(gone)?, name(*file, flags))
            }
            Self::Sysctl(key) => {
                let root = open_root(Path::new("/proc/sys")).map_err(refused)?;
                (root, key.to_string().replace('.', "/"))
            }
            Self::ReadAhead(Exact(Entity::Disk(name))) => {
                let name = str::from_utf8(name).map_err(|_| gone())?;
                // Disks are links there; what they point at is below `/sys` too.
                let folder = fs::canonicalize(format!("/sys/block/{name}/queue"));
                let folder = folder.map_err(|_| gone())?;
                if name.contains('/') || !folder.starts_with("/sys/devices") {
                    return Err(gone());
                }
                (open_root(&folder).map_err(refused)?, "read_ahead_kb".to_owned())
            }
            Self::Group { .. } | Self::ReadAhead(_) => return Err(gone()),
        };
        beneath(&folder, Path::new(&name), flags).map_err(refused)
    }
}

/// The file that is opened. A freezer says in `freezer.state` what the groups above it were told
/// as well, and that it has not come to all members yet: what it was told itself, which is what is
/// put back, it says in a file of its own.
fn name(file: GroupFile, flags: OFlags) -> String {
    if file == GroupFile::FreezerState && !flags.contains(OFlags::WRONLY) {
        return "freezer.self_freezing".to_owned();
    }
    file.to_string()
}

fn open_root(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file below a folder, and never one that a link leads to.
pub(crate) fn beneath(folder: &File, path: &Path, flags: OFlags) -> io::Result<File> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let opened = openat2(folder, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve)?;
    Ok(opened.into())
}

/// The directory of a control group, where it is the one that is meant.
fn open_group(group: &Group) -> io::Result<Option<File>> {
    let Some(mount) = mount_of(&fs::read("/proc/self/mountinfo")?, &group.hierarchy) else {
        return Ok(None);
    };
    let root = open_root(&mount)?;
    let Ok(path) = str::from_utf8(&group.path) else { return Ok(None) };
    let path = path.trim_start_matches('/');
    if path.is_empty() {
        return Ok(None);
    }
    let folder = match beneath(&root, Path::new(path), OFlags::RDONLY | OFlags::DIRECTORY) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let inode = fstat(&folder)?.st_ino;
    Ok((group.inode == Some(inode)).then_some(folder))
}

/// Its path, where it is the one that is meant.
pub(crate) fn folder_of(group: &Group) -> io::Result<Option<PathBuf>> {
    if open_group(group)?.is_none() {
        return Ok(None);
    }
    let mount = mount_of(&fs::read("/proc/self/mountinfo")?, &group.hierarchy);
    let path = str::from_utf8(&group.path).unwrap_or_default();
    Ok(mount.map(|mount| mount.join(path.trim_start_matches('/'))))
}

/// Whether two names are those of one hierarchy, as `cpu` and `cpu,cpuacct` may be. Where that
/// cannot be told they are.
pub(crate) fn is_one_hierarchy(one: &[u8], other: &[u8]) -> bool {
    if one == other {
        return true;
    }
    let Ok(mounts) = fs::read("/proc/self/mountinfo") else { return true };
    mount_of(&mounts, one).is_some_and(|mount| mount_of(&mounts, other) == Some(mount))
}

/// The controllers among the options of a mount.
fn controllers(options: &str) -> String {
    let is_one = |option: &&str| !matches!(*option, "rw" | "ro") && !option.contains('=');
    options.split(',').filter(is_one).collect::<Vec<_>>().join(",")
}

/// Where a hierarchy is mounted: `v2`, or the controllers of one of version 1.
pub(crate) fn mount_of(mountinfo: &[u8], hierarchy: &[u8]) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(mountinfo);
    text.lines().find_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let mut back = back.split(' ');
        let (kind, options) = (back.next()?, back.nth(1)?);
        let is_it = match (kind, hierarchy) {
            ("cgroup2", b"v2") => true,
            // One of a name alone has no controllers either.
            ("cgroup", b"v2") => false,
            ("cgroup", hierarchy) => is_hierarchy(hierarchy, controllers(options).as_bytes()),
            _ => false,
        };
        let fields: Vec<&str> = front.split(' ').collect();
        (is_it && fields.get(3) == Some(&"/")).then(|| PathBuf::from(fields[4]))
    })
}

#[cfg(test)]
mod tests;
