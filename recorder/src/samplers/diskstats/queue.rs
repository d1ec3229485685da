//! Settings of a device, which seldom change.

use ks_vocabulary::model::{Disk, DiskCell, DiskName};

use super::folder::sysfs_folder;
use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::text::{fields, parse_only_u64};

/// The settings.
#[derive(Debug, Default)]
pub(super) struct Queue {
    scheduler: Option<Vec<u8>>,
    rotational: Option<bool>,
    nr_requests: Option<u64>,
    size_sectors: Option<u64>,
    queue_depth: Option<u64>,
    read_ahead_kb: Option<u64>,
}

impl Queue {
    /// Reads them of the device `name`.
    pub(super) fn read(host: &HostFs, buffer: &mut Buffer, name: &[u8]) -> Self {
        let folder = sysfs_folder(name);
        let scheduler = HostFile::single(folder.join("queue/scheduler")).read(host, buffer);
        let scheduler = scheduler.ok().and_then(parse_scheduler).map(<[u8]>::to_vec);
        let mut number = |file: &str| {
            let text = HostFile::single(folder.join(file)).read(host, buffer);
            text.ok().and_then(parse_only_u64)
        };
        Self {
            scheduler,
            rotational: number("queue/rotational").map(|value| value != 0),
            nr_requests: number("queue/nr_requests"),
            size_sectors: number("size"),
            queue_depth: number("device/queue_depth"),
            read_ahead_kb: number("queue/read_ahead_kb"),
        }
    }

    /// Adds them to its row.
    pub(super) fn write(&self, row: &mut Disk) {
        if let Some(scheduler) = &self.scheduler {
            row.set_name(DiskName::scheduler, scheduler);
        }
        row.set_some(DiskCell::rotational, self.rotational);
        row.set_some(DiskCell::nr_requests, self.nr_requests);
        row.set_some(DiskCell::size_sectors, self.size_sectors);
        row.set_some(DiskCell::queue_depth, self.queue_depth);
        row.set_some(DiskCell::read_ahead_kb, self.read_ahead_kb);
    }
}

/// The scheduler in brackets, or the only one.
pub(super) fn parse_scheduler(text: &[u8]) -> Option<&[u8]> {
    let chosen =
        fields(text).find_map(|field| field.strip_prefix(b"[").and_then(|f| f.strip_suffix(b"]")));
    let mut all = fields(text);
    match (chosen, all.next(), all.next()) {
        (None, Some(only), None) => Some(only),
        (chosen, _, _) => chosen,
    }
}
