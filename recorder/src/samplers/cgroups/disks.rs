//! Which devices count in a group's I/O: a request that passes a device mapper and the disk below
//! it has a line for each of them.
//!
//! Devices are known by the table of disks, which is read before the groups are.

use std::collections::BTreeMap;

use ks_vocabulary::model::{Disk, Rows};

use crate::text::{fields, lines};

/// The devices, by their numbers as they stand in a line: `8:0`.
#[derive(Debug, Default)]
pub(super) struct Disks(BTreeMap<Vec<u8>, Known>);

#[derive(Debug, PartialEq, Eq)]
enum Known {
    Lowest,
    /// It lies on these, and on no device where there are none.
    On(Vec<Vec<u8>>),
}

impl Disks {
    /// Learns of the devices from a reading of them.
    pub(super) fn update(&mut self, rows: &Rows<Disk>) {
        if rows.read().is_none() {
            return;
        }
        let numbers: BTreeMap<&[u8], Vec<u8>> =
            rows.iter().filter_map(|row| Some((row.name()?, number(row)?))).collect();
        self.0.clear();
        for row in rows.iter() {
            let Some(number) = number(row) else { continue };
            let names = row.slaves().unwrap_or_default().split(|byte| *byte == b',');
            let slaves = names.filter_map(|name| numbers.get(name).cloned());
            let known = match row.stacked() {
                Some(true) => Known::On(slaves.collect()),
                Some(false) | None => Known::Lowest,
            };
            self.0.insert(number, known);
        }
    }

    /// Whether the line of `device` in `text` is counted. One that lies on devices is left out
    /// where one of those has a line too, which those of a multipath have not; one that is not
    /// known, such as one without a row, where any other is.
    pub(super) fn counts(&self, device: &[u8], text: &[u8]) -> bool {
        let mut others = lines(text).filter_map(|line| fields(line).next());
        match self.0.get(device) {
            Some(Known::Lowest) => true,
            Some(Known::On(slaves)) => {
                !slaves.is_empty() && !others.any(|other| slaves.iter().any(|one| one == other))
            }
            None => !others.any(|other| self.0.contains_key(other)),
        }
    }
}

fn number(row: &Disk) -> Option<Vec<u8>> {
    Some(format!("{}:{}", row.major()?, row.minor()?).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{DiskCell, DiskName, ReadTimes};

    /// Devices with their minor number, what they lie on, and whether they lie on anything.
    fn disks(devices: &[(&str, u64, &str, bool)]) -> Disks {
        let mut rows = Rows::default();
        for (name, minor, slaves, stacked) in devices {
            let row: &mut Disk = rows.push();
            row.set_name(DiskName::name, name.as_bytes());
            row.set_name(DiskName::slaves, slaves.as_bytes());
            row.set(DiskCell::major, 8u64);
            row.set(DiskCell::minor, *minor);
            row.set(DiskCell::stacked, *stacked);
        }
        rows.set_read(ReadTimes::default());
        let mut disks = Disks::default();
        disks.update(&rows);
        disks
    }

    fn counted(disks: &Disks, text: &str) -> Vec<String> {
        let devices = lines(text.as_bytes()).filter_map(|line| fields(line).next());
        let counted = devices.filter(|device| disks.counts(device, text.as_bytes()));
        counted.map(|device| String::from_utf8_lossy(device).into_owned()).collect()
    }

    #[test]
    fn a_request_that_passes_several_devices_is_counted_at_the_lowest() {
        let disks = disks(&[
            ("dm-0", 1, "sda", true),
            ("dm-1", 2, "dm-0", true),
            ("loop0", 3, "", true),
            ("sda", 0, "", false),
            ("sdb", 16, "", false),
        ]);
        assert_eq!(counted(&disks, "8:2 r=1\n8:1 r=1\n8:0 r=1\n8:16 r=1\n"), ["8:0", "8:16"]);
        assert_eq!(counted(&disks, "8:3 r=1\n8:0 r=1\n"), ["8:0"]);
        assert_eq!(counted(&disks, "254:0 r=1\n8:0 r=1\n"), ["8:0"], "one without a row");
    }

    #[test]
    fn a_device_counts_where_none_below_it_has_a_line() {
        let disks = disks(&[("nvme1c0n1", 1, "", false), ("nvme1n1", 0, "nvme1c0n1", true)]);
        assert_eq!(counted(&disks, "8:0 r=1\n"), ["8:0"], "paths are hidden from groups");
        assert_eq!(counted(&disks, "254:0 r=1\n"), ["254:0"]);
        assert_eq!(counted(&Disks::default(), "8:0 r=1\n8:1 r=1\n"), ["8:0", "8:1"]);
    }
}
