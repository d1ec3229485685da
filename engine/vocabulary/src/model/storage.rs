//! Tables of storage: block devices and filesystems.

use super::record::record;

record! {
    /// A whole block device, from `/proc/diskstats` (fields counted after the name) and
    /// `/sys/block/DEV`. Partitions and unused loop and ram devices are left out.
    pub struct Disk, DiskCell, DiskName {
        key [name] [];
        name name: Key, "device name";
        name scheduler: Label, "`queue/scheduler`: the one in brackets";
        name slaves: Label, "devices it lies on, by commas: `slaves/`, or a multipath's hidden paths";
        cell reads: u64, Counter, "1", "field 1: reads completed";
        cell reads_merged: u64, Counter, "1", "field 2";
        cell read_sectors: u64, Counter, "sectors", "field 3: of 512 bytes";
        cell read_ms: u64, Counter, "ms", "field 4: time reads took, summed";
        cell writes: u64, Counter, "1", "field 5: writes completed";
        cell writes_merged: u64, Counter, "1", "field 6";
        cell write_sectors: u64, Counter, "sectors", "field 7: of 512 bytes";
        cell write_ms: u64, Counter, "ms", "field 8: time writes took, summed";
        cell in_flight: u64, Gauge, "1", "field 9: requests in flight";
        cell io_ms: u64, Counter, "ms", "field 10: time with a request in flight";
        cell queue_ms: u64, Counter, "ms", "field 11: requests in flight times time";
        cell discards: u64, Counter, "1", "field 12, since 4.18";
        cell discard_sectors: u64, Counter, "sectors", "field 14";
        cell discard_ms: u64, Counter, "ms", "field 15";
        cell flushes: u64, Counter, "1", "field 16, since 5.5";
        cell flush_ms: u64, Counter, "ms", "field 17";
        cell rotational: bool, Label, "1", "`queue/rotational`";
        cell nr_requests: u64, Label, "1", "`queue/nr_requests`";
        cell size_sectors: u64, Label, "sectors", "`size`: of 512 bytes";
        cell queue_depth: u64, Label, "1", "`device/queue_depth`";
        cell stacked: bool, Label, "1", "it lies on others, a file or memory: its I/O is theirs too";
        cell hidden: bool, Label, "1", "`hidden`: a path of a multipath device, since 4.15";
        cell major: u64, Label, "1", "major device number";
        cell minor: u64, Label, "1", "minor device number";
        cell read_ahead_kb: u64, Label, "kB", "`queue/read_ahead_kb`";
    }
}

record! {
    /// A mounted filesystem, from `/proc/self/mountinfo` and `statvfs`.
    pub struct Filesystem, FilesystemCell, FilesystemName {
        key [mount] [];
        name mount: Key, "`mountinfo` field 5: mount point";
        name fstype: Label, "`mountinfo`: type after the dash";
        name device: Label, "`mountinfo`: source after the type";
        cell total_bytes: u64, Gauge, "bytes", "`f_blocks` times `f_frsize`";
        cell free_bytes: u64, Gauge, "bytes", "`f_bfree` times `f_frsize`: root's reserve included";
        cell available_bytes: u64, Gauge, "bytes", "`f_bavail` times `f_frsize`: for users";
        cell inodes: u64, Gauge, "1", "`f_files`; 0 where the filesystem has no fixed number";
        cell inodes_free: u64, Gauge, "1", "`f_ffree`";
        cell read_only: bool, Label, "1", "mounted or gone read-only";
        cell limited: bool, Label, "1", "has a size; absent where it could not be asked";
        cell metadata_bytes: u64, Gauge, "bytes", "Btrfs `allocation/metadata/total_bytes`, since 3.14";
        cell metadata_used_bytes: u64, Gauge, "bytes", "the same, used, pinned and promised";
        cell unallocated_bytes: u64, Gauge, "bytes", "Btrfs: of the devices, in no chunk";
    }
}
