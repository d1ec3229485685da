//! One control group: its files, and the row that they make.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::model::{Cgroup, CgroupCell, CgroupName, Rows};

use super::disks::Disks;
use super::hierarchy::{FileOf, Hierarchy};
use super::labels::set_labels;
use super::settings::Settings;
use crate::absence::Absence;
use crate::host_fs::{Buffer, HostFile, HostFs};

/// See the module.
#[derive(Debug)]
pub(super) struct Group {
    /// Inode of the directory: a new one is a new group.
    pub(super) inode: u64,
    /// Its directory, from the root without a leading slash.
    pub(super) folder: PathBuf,
    directory: PathBuf,
    /// Key and labels, and what the files that seldom change say.
    template: Cgroup,
    /// Key and labels alone.
    pub(super) key: Cgroup,
    /// What is in a table of its own.
    pub(super) settings: Settings,
    files: Vec<Slot>,
    /// A file is opened by its path at the next reading, and may be that of another group.
    reopens: bool,
}

#[derive(Debug)]
struct Slot {
    of: FileOf,
    file: HostFile,
    state: SlotState,
}

/// What groups are read with at one tick.
#[derive(Debug)]
pub(super) struct Means<'a> {
    pub(super) host: &'a HostFs,
    pub(super) buffer: &'a mut Buffer,
    /// The devices whose I/O is counted.
    pub(super) disks: &'a Disks,
    /// How many more files may stay open.
    pub(super) spare: usize,
}

/// What a file was last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SlotState {
    Unknown,
    Delivers,
    /// This group has no such file; it is asked again with the list of groups.
    Missing,
}

impl Group {
    /// The group in the directory `path` below the mount of `hierarchy`.
    pub(super) fn new(host: &HostFs, hierarchy: &Hierarchy, path: &[u8], inode: u64) -> Self {
        let mut key = Cgroup::default();
        key.set_name(CgroupName::hierarchy, hierarchy.name.as_bytes());
        key.set_name(CgroupName::path, path);
        key.set(CgroupCell::inode, inode);
        set_labels(path, &mut key);
        let folder = folder(hierarchy, path);
        let folder = Path::new(OsStr::from_bytes(&folder));
        let directory = host.root().join(folder);
        let slot = |of: &FileOf| {
            let path = folder.join(name_in(&directory, of));
            let file = if may_be_long(of) { HostFile::new(path) } else { HostFile::single(path) };
            Slot { of: *of, file, state: SlotState::Unknown }
        };
        let files = hierarchy.files.iter().map(slot).collect();
        Self {
            inode,
            folder: folder.to_owned(),
            directory,
            template: key.clone(),
            key,
            settings: Settings::default(),
            files,
            reopens: false,
        }
    }

    /// Reads what seldom changes, and asks again for files that were missing.
    pub(super) fn refresh(&mut self, means: &mut Means<'_>) {
        self.template.clone_from(&self.key);
        for slot in &mut self.files {
            if slot.of.seldom {
                if let Ok(text) = slot.file.read(means.host, means.buffer) {
                    slot.of.parse(text, means.disks, &mut self.template);
                }
                slot.file.close();
            } else if slot.state == SlotState::Missing {
                slot.state = SlotState::Unknown;
            }
        }
    }

    /// Appends the group's row. False says that the group is gone: it has no row.
    pub(super) fn read(&mut self, means: &mut Means<'_>, rows: &mut Rows<Cgroup>) -> bool {
        if self.reopens && !is_there(&self.directory, self.inode) {
            return false;
        }
        rows.push_copy(&self.template);
        let Some(row) = rows.as_mut_slice().last_mut() else { return false };
        self.reopens = false;
        let mut any = false;
        for slot in self.files.iter_mut().filter(|slot| !slot.of.seldom) {
            if slot.state == SlotState::Missing {
                continue;
            }
            match slot.file.read(means.host, means.buffer) {
                Ok(text) => {
                    slot.of.parse(text, means.disks, row);
                    slot.state = SlotState::Delivers;
                    any = true;
                    self.reopens |= !slot.keep(&mut means.spare);
                }
                // A file goes with its directory, or with a controller that is switched off.
                Err(Absence::NotFound)
                    if slot.state == SlotState::Delivers
                        && !is_there(&self.directory, self.inode) =>
                {
                    any = false;
                    break;
                }
                Err(Absence::NotFound | Absence::Denied | Absence::Unsupported) => {
                    slot.state = SlotState::Missing;
                }
                Err(_) => self.reopens = true,
            }
        }
        if !any {
            rows.pop();
        }
        any
    }
}

impl Slot {
    /// Takes one of the `spare` descriptors, or closes the file. Returns whether it stays open.
    fn keep(&mut self, spare: &mut usize) -> bool {
        if !self.file.is_open() {
            return false;
        }
        let Some(left) = spare.checked_sub(1) else {
            self.file.close();
            return false;
        };
        *spare = left;
        true
    }
}

/// Whether the group is the one it was: a directory made again has another inode.
fn is_there(directory: &Path, inode: u64) -> bool {
    std::fs::metadata(directory).is_ok_and(|about| about.ino() == inode)
}

/// The name of the file in `directory`: not every kernel has sums over the groups below.
fn name_in(directory: &Path, of: &FileOf) -> &'static str {
    match of.name.strip_suffix("_recursive") {
        Some(own) if !directory.join(of.name).exists() => own,
        Some(_) | None => of.name,
    }
}

/// Files with a line for each device or many keys can be longer than a page; others come in one
/// read.
fn may_be_long(of: &FileOf) -> bool {
    ["memory.stat", "io.stat"].contains(&of.name) || of.name.starts_with("blkio.")
}

/// The directory of a group, from the root without a leading slash.
pub(super) fn folder(hierarchy: &Hierarchy, path: &[u8]) -> Vec<u8> {
    let mut folder = hierarchy.mount.clone();
    if path != b"/" {
        folder.extend_from_slice(path);
    }
    folder
}
