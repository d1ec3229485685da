//! `/proc/diskstats` and what `statvfs` says of the root filesystem.

use ks_vocabulary::model::{DiskCell, DiskName, FilesystemCell, FilesystemName, Sample};

use crate::grain::{Counter, whole};
use crate::host::Host;
use crate::host::disk::Service;
use crate::shape::ROOT;

const SECTOR_BYTES: f64 = 512.0;

pub(super) fn fill(host: &mut Host, sample: &mut Sample) {
    use DiskCell as Cell;
    let (disk, shape) = (&host.disk, &host.shape);
    let ms = |counter: Counter| whole(counter.exact() * 1000.0);
    let row = sample.disks.push();
    row.set_name(DiskName::name, shape.disk.name().as_bytes());
    row.set_name(DiskName::scheduler, shape.scheduler().name().as_bytes());
    row.set(Cell::reads, disk.reads.value());
    row.set(Cell::reads_merged, 0u64);
    row.set(Cell::read_sectors, disk.read_bytes.by(SECTOR_BYTES));
    row.set(Cell::read_ms, ms(disk.read_s));
    row.set(Cell::writes, disk.writes.value());
    row.set(Cell::writes_merged, 0u64);
    row.set(Cell::write_sectors, disk.write_bytes.by(SECTOR_BYTES));
    row.set(Cell::write_ms, ms(disk.write_s));
    row.set(Cell::in_flight, whole(disk.last.in_flight + host.random.next_f64()));
    row.set(Cell::io_ms, ms(disk.busy_s));
    row.set(Cell::queue_ms, ms(disk.queue_s));
    row.set(Cell::discards, 0u64);
    row.set(Cell::discard_sectors, 0u64);
    row.set(Cell::discard_ms, 0u64);
    row.set(Cell::flushes, 0u64);
    row.set(Cell::flush_ms, 0u64);
    row.set(Cell::rotational, shape.disk.is_rotating());
    row.set(Cell::nr_requests, whole(Service::of(shape.disk).nr_requests));
    row.set(Cell::size_sectors, whole(shape.filesystem.bytes as f64 / SECTOR_BYTES));
    row.set(Cell::queue_depth, 32u64);
    row.set(Cell::stacked, false);
    row.set(Cell::major, shape.disk.major());
    row.set(Cell::minor, 0u64);
    row.set(Cell::read_ahead_kb, whole(disk.read_ahead_bytes / 1024.0));
}

pub(super) fn fill_space(host: &Host, sample: &mut Sample) {
    use FilesystemCell as Cell;
    let space = &host.space;
    let row = sample.filesystems.push();
    row.set_name(FilesystemName::mount, ROOT.as_bytes());
    row.set_name(FilesystemName::fstype, b"ext4");
    let device = format!("/dev/{}p1", host.shape.disk.name());
    row.set_name(FilesystemName::device, device.as_bytes());
    row.set(Cell::total_bytes, space.total_bytes);
    row.set(Cell::free_bytes, space.free_bytes());
    row.set(Cell::available_bytes, space.available_bytes());
    row.set(Cell::inodes, space.inodes);
    row.set(Cell::inodes_free, space.inodes_free());
    row.set(Cell::read_only, false);
    row.set(Cell::limited, true);
}
