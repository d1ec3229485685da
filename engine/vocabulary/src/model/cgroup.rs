//! The tables of control groups, of both versions.

use super::record::record;

record! {
    /// A control group within one hierarchy. A new directory inode is a new entity.
    /// I/O is summed over devices, each request once: at the lowest device that has a line.
    pub struct Cgroup, CgroupCell, CgroupName {
        key [hierarchy, path] [inode];
        name hierarchy: Key, "`v2`, or the v1 controllers joined by commas, such as `cpu,cpuacct`";
        name path: Key, "path below the hierarchy's mount point";
        name unit: Label, "systemd unit or slice, parsed from the path";
        name container: Label, "container id, parsed from the path";
        name pod: Label, "pod uid, parsed from the path";
        cell inode: u64, Key, "1", "inode of the directory";
        cell cpu_usage_us: u64, Counter, "us", "v2 `cpu.stat usage_usec`; v1 `cpuacct.usage`";
        cell cpu_user_us: u64, Counter, "us", "v2 `cpu.stat user_usec`";
        cell cpu_system_us: u64, Counter, "us", "v2 `cpu.stat system_usec`";
        cell nr_periods: u64, Counter, "1", "`cpu.stat nr_periods`";
        cell nr_throttled: u64, Counter, "1", "`cpu.stat nr_throttled`";
        cell throttled_us: u64, Counter, "us", "`cpu.stat throttled_usec`, v1 `throttled_time`";
        cell cpu_quota_us: i64, Label, "us", "`cpu.max` or `cpu.cfs_quota_us`; -1 is unlimited";
        cell cpu_period_us: u64, Label, "us", "`cpu.max` or `cpu.cfs_period_us`";
        cell cpu_weight: u64, Label, "1", "v2 `cpu.weight`, v1 `cpu.shares`";
        cell memory_bytes: u64, Gauge, "bytes", "v2 `memory.current`, v1 `memory.usage_in_bytes`";
        cell memory_max_bytes: u64, Label, "bytes", "`memory.max`, v1 limit; absent when unlimited";
        cell memory_high_bytes: u64, Label, "bytes", "v2 `memory.high`; absent when unlimited";
        cell swap_bytes: u64, Gauge, "bytes", "v2 `memory.swap.current`; v1 `memory.stat swap`";
        cell swap_max_bytes: u64, Label, "bytes", "v2 `memory.swap.max`; absent when unlimited";
        cell anon_bytes: u64, Gauge, "bytes", "`memory.stat anon`, v1 `total_rss`";
        cell file_bytes: u64, Gauge, "bytes", "`memory.stat file`, v1 `total_cache`";
        cell inactive_file_bytes: u64, Gauge, "bytes", "`memory.stat inactive_file`, v1 `total_`";
        cell slab_bytes: u64, Gauge, "bytes", "v2 `memory.stat slab`";
        cell pgfault: u64, Counter, "1", "`memory.stat pgfault`, v1 `total_`";
        cell pgmajfault: u64, Counter, "1", "`memory.stat pgmajfault`, v1 `total_`";
        cell pgscan: u64, Counter, "pages", "v2 `memory.stat pgscan`";
        cell refault: u64, Counter, "pages", "`memory.stat workingset_refault*`, summed";
        cell memory_fail: u64, Counter, "1", "v2 `memory.events max`, v1 `memory.failcnt`";
        cell oom: u64, Counter, "1", "v2 `memory.events oom`";
        cell oom_kill: u64, Counter, "1", "`memory.events oom_kill`, v1 `memory.oom_control`";
        cell io_read_bytes: u64, Counter, "bytes", "`io.stat rbytes`, v1 `blkio` bytes, summed";
        cell io_write_bytes: u64, Counter, "bytes", "`io.stat wbytes`, v1 `blkio` bytes, summed";
        cell io_reads: u64, Counter, "1", "`io.stat rios`, v1 `blkio` operations, summed";
        cell io_writes: u64, Counter, "1", "`io.stat wios`, v1 `blkio` operations, summed";
        cell pids: u64, Gauge, "1", "`pids.current`";
        cell pids_max: u64, Label, "1", "`pids.max`; absent when unlimited";
        cell cpu_some_total_us: u64, Counter, "us", "v2 `cpu.pressure some total`";
        cell cpu_full_total_us: u64, Counter, "us", "v2 `cpu.pressure full total`";
        cell memory_some_total_us: u64, Counter, "us", "v2 `memory.pressure some total`";
        cell memory_full_total_us: u64, Counter, "us", "v2 `memory.pressure full total`";
        cell io_some_total_us: u64, Counter, "us", "v2 `io.pressure some total`";
        cell io_full_total_us: u64, Counter, "us", "v2 `io.pressure full total`";
        cell populated: bool, Gauge, "1", "v2 `cgroup.events populated`";
        cell memory_high: u64, Counter, "1", "v2 `memory.events high`: held up at `memory.high`";
        cell sock_throttled: u64, Counter, "1", "v2 `memory.events sock_throttled`, since 6.18";
        cell active_file_bytes: u64, Gauge, "bytes", "`memory.stat active_file`, v1 `total_`";
        cell shmem_bytes: u64, Gauge, "bytes", "`memory.stat shmem`, v1 `total_shmem`";
        cell slab_reclaimable_bytes: u64, Gauge, "bytes", "v2 `memory.stat slab_reclaimable`";
        cell pswpin: u64, Counter, "pages", "v2 `memory.stat pswpin`: swapped in, since 6.18";
        cell pswpout: u64, Counter, "pages", "v2 `memory.stat pswpout`: swapped out, since 6.18";
        cell zswpin: u64, Counter, "pages", "v2 `memory.stat zswpin`: back from zswap, since 5.19";
        cell zswpout: u64, Counter, "pages", "v2 `memory.stat zswpout`: into zswap, since 5.19";
        cell zswpwb: u64, Counter, "pages", "v2 `memory.stat zswpwb`: zswap to swap, since 6.8";
        cell pids_fail: u64, Counter, "1", "`pids.events max`: forks refused at `pids.max`, since 4.8";
        cell nr_bursts: u64, Counter, "1", "v2 `cpu.stat nr_bursts`: periods above quota, since 5.15";
        cell burst_us: u64, Counter, "us", "v2 `cpu.stat burst_usec`: time above quota, since 5.15";
        cell throttled_local_us: u64, Counter, "us", "v2 `cpu.stat.local throttled_usec`, since 6.6";
    }
}

record! {
    /// What of a control group is set and seldom changes, with what its systemd unit says. A row
    /// when any of it differs from the last row, and all of them in a keyframe; it is read again
    /// after a minute, or after ten seconds while a signal stands.
    pub struct CgroupSettings, CgroupSettingsCell, CgroupSettingsName {
        key [hierarchy, path] [inode];
        name hierarchy: Key, "as in `cgroups`";
        name path: Key, "path below the hierarchy's mount point";
        name controllers: Label, "v2 `cgroup.controllers`: those that can be set in it";
        name io_max: Label, "`io.max`, v1 `blkio.throttle.*` alike: a line for each limited device";
        name restart: Label, "`Restart=` of the service that owns the group; `no` where not said";
        cell inode: u64, Key, "1", "inode of the directory";
        cell frozen: bool, Label, "1", "v2 `cgroup.freeze`, v1 `freezer.self_freezing`: asked to be frozen";
        cell io_weight: u64, Label, "1", "v2 `io.weight`: the default";
        cell io_bfq_weight: u64, Label, "1", "`io.bfq.weight`, v1 `blkio.bfq.weight`: the default";
        cell watchdog_us: u64, Label, "us", "`WatchdogSec=` of that service; 0 is off";
    }
}
