//! Settings of a group of version 1, told as version 2 would: who acts on both needs one form.

use std::collections::BTreeMap;
use std::path::Path;

use ks_vocabulary::model::{
    CgroupSettings, CgroupSettingsCell as Cell, CgroupSettingsName as Name,
};

use super::parse_weight;
use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::text::{fields, lines, parse_only_u64, parse_u64};

/// Files with a limit for each device, in the order of their keys in `io.max`.
const LIMITS: [(&str, &str); 4] = [
    ("rbps", "blkio.throttle.read_bps_device"),
    ("wbps", "blkio.throttle.write_bps_device"),
    ("riops", "blkio.throttle.read_iops_device"),
    ("wiops", "blkio.throttle.write_iops_device"),
];

/// Reads those of the hierarchy that the group is in.
pub(super) fn read(
    hierarchy: &[u8],
    folder: &Path,
    host: &HostFs,
    buffer: &mut Buffer,
    row: &mut CgroupSettings,
) {
    let has = |name: &[u8]| hierarchy.split(|byte| *byte == b',').any(|own| own == name);
    if has(b"blkio") {
        let mut file = HostFile::single(folder.join("blkio.bfq.weight"));
        let text = file.read(host, buffer);
        row.set_some(Cell::io_bfq_weight, text.ok().and_then(parse_weight));
        if let Some(text) = limits(folder, host, buffer) {
            row.set_name(Name::io_max, text.as_bytes());
        }
    }
    if has(b"freezer") {
        // Its `freezer.state` is that of the groups above it as well.
        let mut file = HostFile::single(folder.join("freezer.self_freezing"));
        let asked = file.read(host, buffer).ok().and_then(parse_only_u64);
        row.set_some(Cell::frozen, asked.map(|asked| asked != 0));
    }
}

/// The limits of all devices as `io.max` has them; nothing where one of the files cannot be read:
/// what is not known is not none.
fn limits(folder: &Path, host: &HostFs, buffer: &mut Buffer) -> Option<String> {
    let mut devices: BTreeMap<(u64, u64), [Option<u64>; 4]> = BTreeMap::new();
    for (at, (_, name)) in LIMITS.iter().enumerate() {
        // A line for each device can be more than a page.
        let mut file = HostFile::new(folder.join(name));
        for (device, limit) in file.read(host, buffer).ok().map(parse)? {
            if let Some(own) = devices.entry(device).or_default().get_mut(at) {
                *own = Some(limit);
            }
        }
    }
    let line = |((major, minor), limits): (&(u64, u64), &[Option<u64>; 4])| {
        let pairs = LIMITS.iter().zip(limits).map(|((key, _), limit)| {
            let limit = limit.map_or_else(|| "max".to_owned(), |limit| limit.to_string());
            format!(" {key}={limit}")
        });
        format!("{major}:{minor}{}", pairs.collect::<String>())
    };
    Some(devices.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// Devices with their limits: lines of `MAJ:MIN` and a number. 0 is none, and a line that is no
/// such has none.
fn parse(text: &[u8]) -> Vec<((u64, u64), u64)> {
    let each = lines(text).filter_map(|line| {
        let mut parts = fields(line);
        let (device, limit) = (parts.next()?, parts.next().and_then(parse_u64)?);
        let at = device.iter().position(|byte| *byte == b':')?;
        let (major, minor) = (device.get(..at)?, device.get(at + 1..)?);
        Some(((parse_only_u64(major)?, parse_only_u64(minor)?), limit))
    });
    each.filter(|(_, limit)| *limit > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A group with these files.
    fn read_with(hierarchy: &[u8], files: &[(&str, &str)]) -> CgroupSettings {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(root.path().join(name), text).unwrap();
        }
        let mut row = CgroupSettings::default();
        let host = HostFs::new(root.path());
        read(hierarchy, Path::new(""), &host, &mut Buffer::default(), &mut row);
        row
    }

    #[test]
    fn limits_of_devices_are_lines_as_of_version_2() {
        let [reads, writes, read_ops, write_ops] = LIMITS.map(|(_, name)| name);
        let files = [
            (reads, "8:0 1048576\n253:1 7\n"),
            (writes, ""),
            (read_ops, "8:0 100\ngarbage\n8:x 1\n9:0 0\n"),
            (write_ops, "8:16 9\n"),
        ];
        let row = read_with(b"blkio", &files);
        let wanted = "8:0 rbps=1048576 wbps=max riops=100 wiops=max\n\
                      8:16 rbps=max wbps=max riops=max wiops=9\n\
                      253:1 rbps=7 wbps=max riops=max wiops=max";
        assert_eq!(row.io_max().map(String::from_utf8_lossy).as_deref(), Some(wanted));
        let none =
            read_with(b"blkio", &[(reads, ""), (writes, ""), (read_ops, ""), (write_ops, "")]);
        assert_eq!(none.io_max(), Some(&b""[..]), "no limit is known to be none");
        assert_eq!(read_with(b"blkio", &files[1..]).io_max(), None, "one cannot be read");
        assert_eq!(read_with(b"cpu", &files).io_max(), None, "another hierarchy");
    }

    #[test]
    fn frozen_is_what_was_asked_of_the_group_itself() {
        let of = |text: &str| read_with(b"freezer", &[("freezer.self_freezing", text)]).frozen();
        assert_eq!((of("1\n"), of("0\n"), of("")), (Some(true), Some(false), None));
        assert_eq!(read_with(b"freezer", &[("freezer.state", "FROZEN\n")]).frozen(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
