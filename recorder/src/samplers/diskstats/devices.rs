//! What is known of each device by name. Devices come and go, and names are used again.

use std::collections::BTreeMap;
use std::path::Path;

use ks_vocabulary::model::{Disk, Rows};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::folder::sysfs_folder;
use super::queue::Queue;
use super::stack::{self, Stack};
use crate::absence::Absence;
use crate::host_fs::{Buffer, HostFs};

/// How long what `/sys/block` says of a device is taken to hold.
const FACTS_AGE_NS: u64 = 60 * SECOND_NS;

/// The devices of the text read last.
#[derive(Debug, Default)]
pub(super) struct Devices(BTreeMap<Vec<u8>, Device>);

#[derive(Debug)]
struct Device {
    whole: bool,
    /// Since when `whole` and `facts` hold.
    learned: Timestamp,
    /// Whether the text being read has the device.
    seen: bool,
    /// Read at first use.
    facts: Option<(Queue, Stack)>,
}

impl Devices {
    /// Whether `name` is that of a device and not of a part of one.
    pub(super) fn is_whole(&mut self, host: &HostFs, tick: Timestamp, name: &[u8]) -> bool {
        if let Some(device) = self.0.get_mut(name)
            && tick.since_ns(device.learned) < FACTS_AGE_NS
        {
            device.seen = true;
            return device.whole;
        }
        let whole = host.open(&sysfs_folder(name)).is_ok();
        let device = Device { whole, learned: tick, seen: true, facts: None };
        self.0.insert(name.to_vec(), device);
        whole
    }

    /// Where no device is whole, it may be that `/sys` is not there to say so.
    pub(super) fn check(&self, host: &HostFs) -> Result<(), Absence> {
        let unclear = !self.0.is_empty() && !self.0.values().any(|device| device.whole);
        if unclear && host.open(Path::new("sys/block")).is_err() {
            return Err(Absence::Off("no /sys/block to tell disks from partitions"));
        }
        Ok(())
    }

    /// Adds to each row what `/sys/block` says of its device.
    pub(super) fn describe(&mut self, host: &HostFs, buffer: &mut Buffer, rows: &mut Rows<Disk>) {
        let whole = |(name, device): (&Vec<u8>, &Device)| device.whole.then(|| name.clone());
        let is_unread = |row: &Disk| {
            row.name().and_then(|name| self.0.get(name)).is_some_and(|one| one.facts.is_none())
        };
        if rows.iter().any(is_unread) {
            let names: Vec<Vec<u8>> = self.0.iter().filter_map(whole).collect();
            for (name, device) in self.0.iter_mut().filter(|(_, device)| device.whole) {
                device.facts.get_or_insert_with(|| {
                    (Queue::read(host, buffer, name), Stack::read(host, buffer, name, &names))
                });
            }
        }
        let hidden: Vec<Vec<u8>> = self
            .0
            .iter()
            .filter(|(_, one)| one.is_hidden())
            .map(|(name, _)| name.clone())
            .collect();
        for row in rows.as_mut_slice() {
            let Some(device) = row.name().and_then(|name| self.0.get(name)) else { continue };
            let Some((queue, stack)) = &device.facts else { continue };
            let paths = stack::paths_of(row.name().unwrap_or_default(), &hidden);
            queue.write(row);
            stack.write(&paths, row);
        }
    }

    /// Forgets the devices that the text read last does not have.
    pub(super) fn forget_gone(&mut self) {
        self.0.retain(|_, device| std::mem::take(&mut device.seen));
    }
}

impl Device {
    fn is_hidden(&self) -> bool {
        self.facts.as_ref().is_some_and(|(_, stack)| stack.hidden == Some(true))
    }
}
