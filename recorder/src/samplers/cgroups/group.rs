//! One control group: its files, and the row that they make.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ks_engine::model::{Cgroup, CgroupCell, CgroupName, Rows};

use super::hierarchy::{FileOf, Hierarchy};
use super::labels::set_labels;
use crate::absence::Absence;
use crate::host_fs::{Buffer, HostFile, HostFs};

/// See the module.
#[derive(Debug)]
pub(super) struct Group {
    /// Inode of the directory: a new one is a new group.
    pub(super) inode: u64,
    /// Key and labels, and what the files that seldom change say.
    template: Cgroup,
    key: Cgroup,
    files: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    of: FileOf,
    file: HostFile,
    state: SlotState,
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
    pub(super) fn new(hierarchy: &Hierarchy, path: &[u8], inode: u64) -> Self {
        let mut key = Cgroup::default();
        key.set_name(CgroupName::hierarchy, hierarchy.name.as_bytes());
        key.set_name(CgroupName::path, path);
        key.set(CgroupCell::inode, inode);
        set_labels(path, &mut key);
        let folder = folder(hierarchy, path);
        let folder = Path::new(OsStr::from_bytes(&folder));
        let files = hierarchy.files.iter().map(|of| Slot {
            of: *of,
            file: HostFile::new(folder.join(of.name)),
            state: SlotState::Unknown,
        });
        Self { inode, template: key.clone(), key, files: files.collect() }
    }

    /// Reads what seldom changes, and asks again for files that were missing.
    pub(super) fn refresh(&mut self, host: &HostFs, buffer: &mut Buffer) {
        self.template.clone_from(&self.key);
        for slot in &mut self.files {
            if slot.of.seldom {
                if let Ok(text) = slot.file.read(host, buffer) {
                    (slot.of.parse)(text, &mut self.template);
                }
                slot.file.close();
            } else if slot.state == SlotState::Missing {
                slot.state = SlotState::Unknown;
            }
        }
    }

    /// Appends the group's row. False says that the group is gone: it has no row.
    pub(super) fn read(
        &mut self,
        host: &HostFs,
        buffer: &mut Buffer,
        rows: &mut Rows<Cgroup>,
    ) -> bool {
        rows.push_copy(&self.template);
        let Some(row) = rows.as_mut_slice().last_mut() else { return false };
        let mut any = false;
        for slot in self.files.iter_mut().filter(|slot| !slot.of.seldom) {
            if slot.state == SlotState::Missing {
                continue;
            }
            match slot.file.read(host, buffer) {
                Ok(text) => {
                    (slot.of.parse)(text, row);
                    slot.state = SlotState::Delivers;
                    any = true;
                }
                // A file that was there and is not any more went with its directory.
                Err(Absence::NotFound) if slot.state == SlotState::Delivers => {
                    any = false;
                    break;
                }
                Err(Absence::NotFound | Absence::Unsupported) => slot.state = SlotState::Missing,
                Err(_) => {}
            }
        }
        if !any {
            rows.pop();
        }
        any
    }
}

/// The directory of a group, from the root without a leading slash.
pub(super) fn folder(hierarchy: &Hierarchy, path: &[u8]) -> Vec<u8> {
    let mut folder = hierarchy.mount.clone();
    if path != b"/" {
        folder.extend_from_slice(path);
    }
    folder
}
