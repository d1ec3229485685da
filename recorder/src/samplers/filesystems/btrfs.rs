//! What Btrfs tells of its chunks in `/sys/fs/btrfs/UUID/allocation`, since Linux 3.14.
//!
//! It takes space from its devices in chunks, of data or of metadata. Where all is taken, files are
//! refused when the chunks of metadata are full, however much is free in those of data; `statvfs`
//! tells of the latter.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::model::{Filesystem, FilesystemCell};

use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::text::parse_only_u64;

const ROOT: &str = "sys/fs/btrfs";
/// What counts as used of a kind of chunks (`fs/btrfs/space-info.c`, `btrfs_space_info_used`).
const USED: [&str; 5] =
    ["bytes_used", "bytes_reserved", "bytes_pinned", "bytes_readonly", "bytes_may_use"];
/// A sector of a device's size.
const SECTOR: u64 = 512;

/// Adds what is known of the filesystem on `device` to its row.
pub(super) fn fill(host: &HostFs, buffer: &mut Buffer, device: &[u8], row: &mut Filesystem) {
    let Some(folder) = folder_of(host, device) else { return };
    let mut read = |path: &str| {
        let file = HostFile::single(folder.join(path)).read(host, buffer);
        file.ok().and_then(parse_only_u64)
    };
    row.set_some(FilesystemCell::metadata_bytes, read("allocation/metadata/total_bytes"));
    let parts = USED.map(|part| read(&format!("allocation/metadata/{part}")));
    let used = parts.into_iter().try_fold(0u64, |sum, part| sum.checked_add(part?));
    row.set_some(FilesystemCell::metadata_used_bytes, used);
    let kinds = ["data", "metadata", "system"];
    let taken = kinds.map(|kind| read(&format!("allocation/{kind}/disk_total")));
    let taken = taken.into_iter().try_fold(0u64, |sum, part| sum.checked_add(part?));
    let sizes = names(host, &folder.join("devices")).map(|name| {
        let sectors = read(&format!("devices/{}/size", name.display()));
        sectors.and_then(|sectors| sectors.checked_mul(SECTOR))
    });
    let all = sizes.into_iter().try_fold(0u64, |sum, size| sum.checked_add(size?));
    let left = all.zip(taken).map(|(all, taken)| all.saturating_sub(taken));
    row.set_some(FilesystemCell::unallocated_bytes, left);
}

/// The folder of the filesystem that has `device`, by its name in `/dev`; of several names of one
/// device, such as those of the device mapper, only the kernel's is known here.
fn folder_of(host: &HostFs, device: &[u8]) -> Option<PathBuf> {
    let name = device.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty())?;
    let name = OsStr::from_bytes(name);
    let mut folders = names(host, Path::new(ROOT)).map(|uuid| Path::new(ROOT).join(uuid));
    folders.find(|folder| host.root().join(folder).join("devices").join(name).exists())
}

/// Names in a folder; none where it cannot be read.
fn names(host: &HostFs, folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let listed = std::fs::read_dir(host.root().join(folder)).into_iter().flatten();
    listed.flatten().map(|entry| entry.file_name().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_metadata_and_what_is_in_none_are_read_by_the_device() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(ROOT).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("features/raid1c34", "0\n");
        for (kind, disk) in [("data", 400_000), ("metadata", 64_000), ("system", 16_000)] {
            write(&format!("u-1/allocation/{kind}/disk_total"), &format!("{disk}\n"));
        }
        write("u-1/allocation/metadata/total_bytes", "32000\n");
        for part in USED {
            write(&format!("u-1/allocation/metadata/{part}"), "1000\n");
        }
        write("u-1/devices/sda1/size", "500\n");
        write("u-1/devices/sdb1/size", "500\n");
        let (host, mut buffer) = (HostFs::new(root.path()), Buffer::default());
        let mut read = |device: &[u8]| {
            let mut row = Filesystem::default();
            fill(&host, &mut buffer, device, &mut row);
            (row.metadata_bytes(), row.metadata_used_bytes(), row.unallocated_bytes())
        };
        assert_eq!(read(b"/dev/sdb1"), (Some(32_000), Some(5_000), Some(32_000)));
        assert_eq!(read(b"/dev/sdc1"), (None, None, None));
        write("u-1/devices/sdb1/size", "\n");
        assert_eq!(read(b"/dev/sda1"), (Some(32_000), Some(5_000), None), "one is not known");
    }
}
