//! What a device lies on: other devices, a file, memory. Its I/O is theirs too, or work of a CPU.
//!
//! Sysfs says so, and no name does: but for the paths of a multipath NVMe device, which the kernel
//! hides and links from nowhere before 6.15, and names by its own rule after their head. Loop
//! devices are known by their number.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use ks_vocabulary::model::{Disk, DiskCell, DiskName};

use super::folder::sysfs_folder;
use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::text::parse_only_u64;

/// Files and folders that only a device has which lies on something: made by the device mapper, by
/// md, by zram.
const SIGNS: [&str; 3] = ["dm", "md", "mm_stat"];

/// Major number of loop devices (`include/uapi/linux/major.h`). They get their files and lose them
/// at any time, so what sysfs says of one would soon be out of date.
const LOOP_MAJOR: u64 = 7;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Stack {
    /// Whole devices, in the order of their names.
    slaves: Vec<Vec<u8>>,
    /// `None` where nothing says so, as in a copy without empty folders.
    stacked: Option<bool>,
    /// No program can open it: it is a path of a multipath device.
    pub(super) hidden: Option<bool>,
}

impl Stack {
    /// Reads what is said of the device `name`; `whole` are the names of all whole devices.
    pub(super) fn read(host: &HostFs, buffer: &mut Buffer, name: &[u8], whole: &[Vec<u8>]) -> Self {
        let folder = sysfs_folder(name);
        let listed = list(host, &folder.join("slaves"));
        let is_told = listed.is_some();
        let named = listed.unwrap_or_default().into_iter();
        let mut slaves: Vec<Vec<u8>> = named.map(|slave| whole_of(host, slave, whole)).collect();
        slaves.sort();
        slaves.dedup();
        let is_signed = SIGNS.iter().any(|sign| host.open(&folder.join(sign)).is_ok());
        let hidden = HostFile::single(folder.join("hidden")).read(host, buffer);
        Self {
            stacked: (is_told || is_signed).then_some(is_signed || !slaves.is_empty()),
            slaves,
            hidden: hidden.ok().and_then(parse_only_u64).map(|value| value != 0),
        }
    }

    /// Adds it to the row of the device, which has hidden `paths`.
    pub(super) fn write(&self, paths: &[&[u8]], row: &mut Disk) {
        let slaves: Vec<&[u8]> =
            self.slaves.iter().map(Vec::as_slice).chain(paths.iter().copied()).collect();
        if !slaves.is_empty() {
            row.set_name(DiskName::slaves, &slaves.join(&b','));
        }
        let is_certain = !paths.is_empty() || row.major() == Some(LOOP_MAJOR);
        row.set_some(DiskCell::stacked, if is_certain { Some(true) } else { self.stacked });
        row.set_some(DiskCell::hidden, self.hidden);
    }
}

/// The names in a folder of links; `None` where there is no such folder. A copy may keep an empty
/// folder by a hidden file.
fn list(host: &HostFs, folder: &Path) -> Option<Vec<Vec<u8>>> {
    let entries = std::fs::read_dir(host.root().join(folder)).ok()?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().into_vec()));
    Some(names.filter(|name| !name.starts_with(b".")).collect())
}

/// The device of which `slave` is a part, or itself. The folder of a part is in that of its device.
fn whole_of(host: &HostFs, slave: Vec<u8>, whole: &[Vec<u8>]) -> Vec<u8> {
    // `!` stands for `/` in the names of folders.
    let slave: Vec<u8> =
        slave.into_iter().map(|byte| if byte == b'!' { b'/' } else { byte }).collect();
    if whole.contains(&slave) {
        return slave;
    }
    let part = sysfs_folder(&slave);
    let part = part.file_name().unwrap_or(OsStr::from_bytes(&slave));
    let holds = |device: &&Vec<u8>| {
        slave.starts_with(device) && host.open(&sysfs_folder(device).join(part)).is_ok()
    };
    whole.iter().find(holds).cloned().unwrap_or(slave)
}

/// Those of the `hidden` devices that are paths of the device `name`: `nvme1c0n2` is one of
/// `nvme1n2` (`nvme_mpath_set_disk_name` in `drivers/nvme/host/multipath.c`).
pub(super) fn paths_of<'h>(name: &[u8], hidden: &'h [Vec<u8>]) -> Vec<&'h [u8]> {
    let is_path = |path: &&[u8]| head_of(path).is_some_and(|head| head == name);
    hidden.iter().map(Vec::as_slice).filter(is_path).collect()
}

/// The name of a path without its controller.
fn head_of(path: &[u8]) -> Option<Vec<u8>> {
    let after_kind = path.strip_prefix(b"nvme")?;
    let controller = after_kind.iter().position(|byte| *byte == b'c')?;
    let rest = &after_kind[controller..];
    let namespace = rest.iter().position(|byte| *byte == b'n')?;
    Some([b"nvme", &after_kind[..controller], &rest[namespace..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_name_of_its_head_and_a_controller() {
        assert_eq!(head_of(b"nvme10c3n12").as_deref(), Some(b"nvme10n12".as_slice()));
        for other in [&b"nvme0n1"[..], b"sda", b"nvme1c2", b""] {
            assert_eq!(head_of(other), None);
        }
    }
}
