//! The texts of control-group files: bytes in, cells out.
//!
//! A number that is missing, is no number or does not fit leaves its cell absent. Which files there
//! are is not known here.

use ks_vocabulary::model::{Cgroup, CgroupCell as Cell};

use super::disks::Disks;
use crate::text::{fields, lines, parse_i64, parse_only_u64, parse_u64};

/// A cell with the key of its line.
pub(super) type Key = (&'static [u8], Cell);

/// One number.
pub(super) fn number(text: &[u8], cell: Cell, row: &mut Cgroup) {
    row.set_some(cell, parse_only_u64(text));
}

/// One number of nanoseconds.
pub(super) fn nanoseconds(text: &[u8], cell: Cell, row: &mut Cgroup) {
    row.set_some(cell, parse_only_u64(text).map(|ns| ns / 1000));
}

/// One number that is unlimited from here on: version 1 has no word for that, but the largest
/// whole page below 2^63.
const UNLIMITED_BYTES: u64 = i64::MAX.unsigned_abs() - 0xffff;

/// One limit, absent where there is none (`max`, or the largest number).
pub(super) fn limit(text: &[u8], cell: Cell, row: &mut Cgroup) {
    row.set_some(cell, parse_only_u64(text).filter(|limit| *limit < UNLIMITED_BYTES));
}

/// Lines of a key and a number.
pub(super) fn keyed(text: &[u8], keys: &[Key], row: &mut Cgroup) {
    for line in lines(text) {
        let mut parts = fields(line);
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        if let Some((_, cell)) = keys.iter().find(|(key, _)| *key == name) {
            row.set_some(*cell, parse_u64(value));
        }
    }
}

/// `cpu.stat` of version 2.
pub(super) fn cpu_stat(text: &[u8], row: &mut Cgroup) {
    const KEYS: &[Key] = &[
        (b"usage_usec", Cell::cpu_usage_us),
        (b"user_usec", Cell::cpu_user_us),
        (b"system_usec", Cell::cpu_system_us),
        (b"nr_periods", Cell::nr_periods),
        (b"nr_throttled", Cell::nr_throttled),
        (b"throttled_usec", Cell::throttled_us),
        (b"nr_bursts", Cell::nr_bursts),
        (b"burst_usec", Cell::burst_us),
    ];
    keyed(text, KEYS, row);
}

/// `cpu.stat.local`: what the group itself waited, for its own limit or for one above it.
pub(super) fn cpu_stat_local(text: &[u8], row: &mut Cgroup) {
    keyed(text, &[(b"throttled_usec", Cell::throttled_local_us)], row);
}

/// `cpu.stat` of version 1, whose time is in nanoseconds.
pub(super) fn cpu_stat_v1(text: &[u8], row: &mut Cgroup) {
    cpu_stat(text, row);
    let time = lines(text).find_map(|line| line.strip_prefix(b"throttled_time "));
    row.set_some(Cell::throttled_us, time.and_then(parse_only_u64).map(|ns| ns / 1000));
}

/// `cpu.max`: quota and period.
pub(super) fn cpu_max(text: &[u8], row: &mut Cgroup) {
    let mut parts = fields(text);
    let quota = parts.next().and_then(|quota| match quota {
        b"max" => Some(-1),
        other => parse_i64(other),
    });
    row.set_some(Cell::cpu_quota_us, quota);
    row.set_some(Cell::cpu_period_us, parts.next().and_then(parse_u64));
}

/// `cpu.cfs_quota_us`: -1 is unlimited.
pub(super) fn quota_v1(text: &[u8], row: &mut Cgroup) {
    row.set_some(Cell::cpu_quota_us, parse_i64(text.trim_ascii()));
}

/// `memory.stat` of version 2.
pub(super) fn memory_stat(text: &[u8], row: &mut Cgroup) {
    const KEYS: &[Key] = &[
        (b"anon", Cell::anon_bytes),
        (b"file", Cell::file_bytes),
        (b"inactive_file", Cell::inactive_file_bytes),
        (b"active_file", Cell::active_file_bytes),
        (b"shmem", Cell::shmem_bytes),
        (b"slab", Cell::slab_bytes),
        (b"slab_reclaimable", Cell::slab_reclaimable_bytes),
        (b"pgfault", Cell::pgfault),
        (b"pgmajfault", Cell::pgmajfault),
        (b"pgscan", Cell::pgscan),
        (b"pswpin", Cell::pswpin),
        (b"pswpout", Cell::pswpout),
        (b"zswpin", Cell::zswpin),
        (b"zswpout", Cell::zswpout),
        (b"zswpwb", Cell::zswpwb),
    ];
    keyed(text, KEYS, row);
    set_refaults(text, row);
}

/// `memory.stat` of version 1: the sums over the group and those below it.
pub(super) fn memory_stat_v1(text: &[u8], row: &mut Cgroup) {
    const KEYS: &[Key] = &[
        (b"total_rss", Cell::anon_bytes),
        (b"total_cache", Cell::file_bytes),
        (b"total_inactive_file", Cell::inactive_file_bytes),
        (b"total_active_file", Cell::active_file_bytes),
        (b"total_shmem", Cell::shmem_bytes),
        // The last line counts, and `total_` lines come after those of the group alone.
        (b"swap", Cell::swap_bytes),
        (b"total_swap", Cell::swap_bytes),
        (b"total_pgfault", Cell::pgfault),
        (b"total_pgmajfault", Cell::pgmajfault),
    ];
    keyed(text, KEYS, row);
    set_refaults(text, row);
}

/// Refaults are one counter on old kernels and two on later ones; version 1 has sums of both.
fn set_refaults(text: &[u8], row: &mut Cgroup) {
    let of = |prefix: &[u8]| {
        let named = lines(text).filter(|line| line.starts_with(prefix));
        sum(named.map(|line| fields(line).nth(1).and_then(parse_u64)))
    };
    let total = of(b"total_workingset_refault");
    row.set_some(Cell::refault, total.or_else(|| of(b"workingset_refault")));
}

/// The sum of all values: absent where there is none, one is no number, or the sum does not fit.
fn sum(mut values: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let first = values.next()??;
    values.try_fold(first, |sum, value| sum.checked_add(value?))
}

/// `memory.events`.
pub(super) fn memory_events(text: &[u8], row: &mut Cgroup) {
    const KEYS: &[Key] = &[
        (b"high", Cell::memory_high),
        (b"max", Cell::memory_fail),
        (b"oom", Cell::oom),
        (b"oom_kill", Cell::oom_kill),
        (b"sock_throttled", Cell::sock_throttled),
    ];
    keyed(text, KEYS, row);
}

/// `pids.events` of both versions.
pub(super) fn pids_events(text: &[u8], row: &mut Cgroup) {
    keyed(text, &[(b"max", Cell::pids_fail)], row);
}

/// `memory.oom_control` of version 1.
pub(super) fn oom_control(text: &[u8], row: &mut Cgroup) {
    keyed(text, &[(b"oom_kill", Cell::oom_kill)], row);
}

/// `io.stat`: a line for each device, summed over those of `disks` that count.
pub(super) fn io_stat(text: &[u8], disks: &Disks, row: &mut Cgroup) {
    const KEYS: [(&[u8], Cell); 4] = [
        (b"rbytes=", Cell::io_read_bytes),
        (b"wbytes=", Cell::io_write_bytes),
        (b"rios=", Cell::io_reads),
        (b"wios=", Cell::io_writes),
    ];
    for (prefix, cell) in KEYS {
        let values = counted(text, disks).flat_map(fields);
        let values = values.filter_map(|field| field.strip_prefix(prefix));
        row.set_some(cell, sum(values.map(parse_u64)));
    }
}

/// The lines of the devices that count.
fn counted<'t>(text: &'t [u8], disks: &Disks) -> impl Iterator<Item = &'t [u8]> {
    lines(text).filter(|line| fields(line).next().is_some_and(|device| disks.counts(device, text)))
}

/// `blkio.throttle.*` of version 1: device, operation, value; summed over devices. Without a device
/// nothing was counted, which `Total 0` alone says of a host that does much I/O (Linux 6.18).
pub(super) fn blkio(text: &[u8], disks: &Disks, cells: [Cell; 2], row: &mut Cgroup) {
    for (operation, cell) in [b"Read".as_slice(), b"Write"].into_iter().zip(cells) {
        let values = counted(text, disks).filter_map(|line| {
            let mut parts = fields(line).skip(1);
            (parts.next()? == operation).then(|| parts.next().and_then(parse_u64))
        });
        row.set_some(cell, sum(values));
    }
}

/// `*.pressure`: the totals of both lines.
pub(super) fn pressure(text: &[u8], some: Cell, full: Cell, row: &mut Cgroup) {
    for line in lines(text) {
        let (cell, rest) = match (line.strip_prefix(b"some "), line.strip_prefix(b"full ")) {
            (Some(rest), _) => (some, rest),
            (None, Some(rest)) => (full, rest),
            (None, None) => continue,
        };
        let total = fields(rest).find_map(|field| field.strip_prefix(b"total="));
        row.set_some(cell, total.and_then(parse_u64));
    }
}

/// `cgroup.events`.
pub(super) fn events(text: &[u8], row: &mut Cgroup) {
    let populated = lines(text).find_map(|line| line.strip_prefix(b"populated "));
    let populated = populated.and_then(|value| match value {
        b"0" => Some(false),
        b"1" => Some(true),
        _ => None,
    });
    row.set_some(Cell::populated, populated);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BYTES: [Cell; 2] = [Cell::io_read_bytes, Cell::io_write_bytes];

    fn row(parse: impl Fn(&mut Cgroup)) -> Cgroup {
        let mut row = Cgroup::default();
        parse(&mut row);
        row
    }

    #[test]
    fn files_of_version_2() {
        let text = b"usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 3\nnr_throttled 2\n\
            throttled_usec 1\nnr_bursts 7\nburst_usec 8\n";
        let cpu = row(|row| cpu_stat(text, row));
        assert_eq!((cpu.cpu_usage_us(), cpu.nr_throttled()), (Some(9), Some(2)));
        assert_eq!((cpu.nr_periods(), cpu.throttled_us()), (Some(3), Some(1)));
        assert_eq!((cpu.nr_bursts(), cpu.burst_us()), (Some(7), Some(8)));
        let local = row(|row| cpu_stat_local(b"throttled_usec 6\n", row));
        assert_eq!((local.throttled_local_us(), local.throttled_us()), (Some(6), None));
        let text = b"anon 1\nfile 2\nslab 3\ninactive_file 4\npgfault 5\npgmajfault 6\npgscan 7\n\
            workingset_refault_anon 8\nworkingset_refault_file 9\nworkingset_activate_anon 99\n";
        let memory = row(|row| memory_stat(text, row));
        assert_eq!((memory.anon_bytes(), memory.inactive_file_bytes()), (Some(1), Some(4)));
        assert_eq!((memory.pgscan(), memory.refault()), (Some(7), Some(17)));
        let text = b"low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 9\nsock_throttled 5\n";
        let events = row(|row| memory_events(text, row));
        assert_eq!((events.memory_high(), events.memory_fail()), (Some(1), Some(2)));
        assert_eq!((events.oom(), events.oom_kill()), (Some(3), Some(4)));
        assert_eq!(events.sock_throttled(), Some(5));
        assert_eq!(row(|row| pids_events(b"max 3\n", row)).pids_fail(), Some(3));
        let io = row(|row| {
            io_stat(
                b"8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9\n8:16 rbytes=10 wbytes=20\n",
                &Disks::default(),
                row,
            );
        });
        assert_eq!((io.io_read_bytes(), io.io_write_bytes()), (Some(11), Some(22)));
        assert_eq!((io.io_reads(), io.io_writes()), (Some(3), Some(4)));
        let text = b"some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 total=6\n";
        let stall = row(|row| {
            pressure(text, Cell::io_some_total_us, Cell::io_full_total_us, row);
        });
        assert_eq!((stall.io_some_total_us(), stall.io_full_total_us()), (Some(5), Some(6)));
    }

    #[test]
    fn pages_swapped_and_what_files_and_shared_memory_take_are_those_of_memory_stat() {
        let text = b"file 9\nshmem 1\nactive_file 2\nslab_reclaimable 3\nslab_unreclaimable 9\n\
            slab 12\npswpin 4\npswpout 5\nzswpin 6\nzswpout 7\nzswpwb 8\n";
        let memory = row(|row| memory_stat(text, row));
        assert_eq!((memory.shmem_bytes(), memory.active_file_bytes()), (Some(1), Some(2)));
        assert_eq!((memory.slab_reclaimable_bytes(), memory.slab_bytes()), (Some(3), Some(12)));
        assert_eq!((memory.pswpin(), memory.pswpout()), (Some(4), Some(5)));
        let zswap = (memory.zswpin(), memory.zswpout(), memory.zswpwb());
        assert_eq!(zswap, (Some(6), Some(7), Some(8)));
        let old = b"active_file 9\nshmem 9\ntotal_shmem 1\ntotal_active_file 2\n";
        let memory = row(|row| memory_stat_v1(old, row));
        assert_eq!((memory.shmem_bytes(), memory.active_file_bytes()), (Some(1), Some(2)));
    }

    #[test]
    fn files_of_version_1() {
        let cpu = row(|row| {
            cpu_stat_v1(b"nr_periods 3\nnr_throttled 2\nthrottled_time 5000\n", row);
        });
        assert_eq!((cpu.nr_throttled(), cpu.throttled_us()), (Some(2), Some(5)));
        let text = b"cache 1\nrss 1\ntotal_cache 2\ntotal_rss 3\ntotal_swap 4\n\
            workingset_refault_file 7\ntotal_inactive_file 5\ntotal_workingset_refault_file 8\n";
        let memory = row(|row| memory_stat_v1(text, row));
        assert_eq!((memory.file_bytes(), memory.anon_bytes()), (Some(2), Some(3)));
        assert_eq!((memory.swap_bytes(), memory.refault()), (Some(4), Some(8)));
        let text = b"oom_kill_disable 0\nunder_oom 0\noom_kill 6\n";
        assert_eq!(row(|row| oom_control(text, row)).oom_kill(), Some(6));
        let text = b"8:0 Read 10\n8:0 Write 5\n8:0 Total 15\n8:16 Read 1\nTotal 16\n";
        let io = row(|row| blkio(text, &Disks::default(), BYTES, row));
        assert_eq!((io.io_read_bytes(), io.io_write_bytes()), (Some(11), Some(5)));
    }

    #[test]
    fn limits_are_absent_where_there_is_none() {
        let max = |text: &[u8]| row(|row| limit(text, Cell::memory_max_bytes, row));
        assert_eq!(max(b"max\n").memory_max_bytes(), None);
        assert_eq!(max(b"9223372036854771712\n").memory_max_bytes(), None);
        assert_eq!(max(b"268435456\n").memory_max_bytes(), Some(268_435_456));
        assert_eq!(max(b"99999999999999999999\n").memory_max_bytes(), None);
        let cpu = row(|row| cpu_max(b"max 100000\n", row));
        assert_eq!((cpu.cpu_quota_us(), cpu.cpu_period_us()), (Some(-1), Some(100_000)));
        assert_eq!(row(|row| quota_v1(b"50000\n", row)).cpu_quota_us(), Some(50_000));
        assert_eq!(row(|row| events(b"populated 1\nfrozen 0\n", row)).populated(), Some(true));
    }

    #[test]
    fn a_sum_that_is_not_known_is_absent() {
        let io = |text: &[u8]| row(|row| io_stat(text, &Disks::default(), row)).io_read_bytes();
        assert_eq!(io(b""), None);
        assert_eq!(io(b"8:0 rbytes=1\n8:16 rbytes=x\n"), None);
        assert_eq!(io(b"8:0 rbytes=18446744073709551615\n8:16 rbytes=1\n"), None);
        let v1 =
            |text: &[u8]| row(|row| blkio(text, &Disks::default(), BYTES, row)).io_read_bytes();
        assert_eq!((v1(b"Total 0\n"), v1(b"8:0 Read\n")), (None, None));
        let refault = |text: &[u8]| row(|row| memory_stat(text, row)).refault();
        assert_eq!(refault(b"workingset_refault 7\n"), Some(7));
        assert_eq!(refault(b"workingset_refault_anon 7\nworkingset_refault_file\n"), None);
        assert_eq!(row(|row| memory_stat_v1(b"swap 4\n", row)).swap_bytes(), Some(4));
        assert_eq!(row(|row| events(b"populated x\n", row)).populated(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let mut row = Cgroup::default();
            for parse in [
                cpu_stat, cpu_stat_local, cpu_stat_v1, cpu_max, quota_v1, memory_stat,
                memory_stat_v1, memory_events, oom_control, events, pids_events,
            ] {
                parse(&bytes, &mut row);
            }
            io_stat(&bytes, &Disks::default(), &mut row);
            blkio(&bytes, &Disks::default(), BYTES, &mut row);
            pressure(&bytes, Cell::io_some_total_us, Cell::io_full_total_us, &mut row);
        }
    }
}
