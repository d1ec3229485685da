//! Tables of memory: use, paging counters, swap areas, zone watermarks.

use super::record::record;

record! {
    /// Memory use, from `/proc/meminfo`, in bytes.
    pub struct Memory, MemoryCell, MemoryName {
        key [] [];
        cell total_bytes: u64, Gauge, "bytes", "`MemTotal`";
        cell free_bytes: u64, Gauge, "bytes", "`MemFree`: unused, says nothing of pressure";
        cell available_bytes: u64, Gauge, "bytes", "`MemAvailable`: usable without swapping";
        cell buffers_bytes: u64, Gauge, "bytes", "`Buffers`";
        cell cached_bytes: u64, Gauge, "bytes", "`Cached`: page cache and shared memory";
        cell swap_cached_bytes: u64, Gauge, "bytes", "`SwapCached`";
        cell active_bytes: u64, Gauge, "bytes", "`Active`";
        cell inactive_bytes: u64, Gauge, "bytes", "`Inactive`";
        cell active_anon_bytes: u64, Gauge, "bytes", "`Active(anon)`";
        cell inactive_anon_bytes: u64, Gauge, "bytes", "`Inactive(anon)`";
        cell active_file_bytes: u64, Gauge, "bytes", "`Active(file)`";
        cell inactive_file_bytes: u64, Gauge, "bytes", "`Inactive(file)`";
        cell unevictable_bytes: u64, Gauge, "bytes", "`Unevictable`";
        cell mlocked_bytes: u64, Gauge, "bytes", "`Mlocked`";
        cell swap_total_bytes: u64, Gauge, "bytes", "`SwapTotal`";
        cell swap_free_bytes: u64, Gauge, "bytes", "`SwapFree`";
        cell zswap_bytes: u64, Gauge, "bytes", "`Zswap`";
        cell dirty_bytes: u64, Gauge, "bytes", "`Dirty`: waits to be written";
        cell writeback_bytes: u64, Gauge, "bytes", "`Writeback`: is being written";
        cell anon_bytes: u64, Gauge, "bytes", "`AnonPages`";
        cell mapped_bytes: u64, Gauge, "bytes", "`Mapped`";
        cell shmem_bytes: u64, Gauge, "bytes", "`Shmem`";
        cell slab_reclaimable_bytes: u64, Gauge, "bytes", "`SReclaimable`";
        cell slab_unreclaimable_bytes: u64, Gauge, "bytes", "`SUnreclaim`";
        cell kernel_stack_bytes: u64, Gauge, "bytes", "`KernelStack`";
        cell page_tables_bytes: u64, Gauge, "bytes", "`PageTables`";
        cell commit_limit_bytes: u64, Gauge, "bytes", "`CommitLimit`";
        cell committed_bytes: u64, Gauge, "bytes", "`Committed_AS`";
        cell vmalloc_used_bytes: u64, Gauge, "bytes", "`VmallocUsed`";
        cell percpu_bytes: u64, Gauge, "bytes", "`Percpu`";
        cell anon_huge_pages_bytes: u64, Gauge, "bytes", "`AnonHugePages`";
        cell huge_pages: u64, Gauge, "pages", "`HugePages_Total`";
        cell huge_pages_free: u64, Gauge, "pages", "`HugePages_Free`";
        cell huge_page_bytes: u64, Gauge, "bytes", "`Hugepagesize`";
        cell hugetlb_bytes: u64, Gauge, "bytes", "`Hugetlb`: huge pages of all sizes, since 4.19";
        cell huge_pages_reserved: u64, Gauge, "pages", "`HugePages_Rsvd`: promised, not taken yet";
        cell balloon_bytes: u64, Gauge, "bytes", "`Balloon`: given back to a hypervisor, since 6.16";
    }
}

record! {
    /// Paging and reclaim, from `/proc/vmstat`. Where the kernel splits a counter by zone or kind,
    /// the sum is stored. Hung tasks are counted in `/proc/sys/kernel`.
    pub struct Vm, VmCell, VmName {
        key [] [];
        cell pgpgin_kb: u64, Counter, "kB", "`pgpgin`: read from block devices";
        cell pgpgout_kb: u64, Counter, "kB", "`pgpgout`: written to block devices";
        cell pswpin: u64, Counter, "pages", "`pswpin`: swapped in";
        cell pswpout: u64, Counter, "pages", "`pswpout`: swapped out";
        cell pgfault: u64, Counter, "1", "`pgfault`: page faults, minor and major";
        cell pgmajfault: u64, Counter, "1", "`pgmajfault`: page faults that waited for I/O";
        cell pgalloc: u64, Counter, "pages", "sum of `pgalloc_*`";
        cell pgfree: u64, Counter, "pages", "`pgfree`";
        cell pgactivate: u64, Counter, "pages", "`pgactivate`";
        cell pgdeactivate: u64, Counter, "pages", "`pgdeactivate`";
        cell pgscan_kswapd: u64, Counter, "pages", "`pgscan_kswapd`, or the sum by zone";
        cell pgscan_direct: u64, Counter, "pages", "`pgscan_direct`, or the sum by zone";
        cell pgsteal_kswapd: u64, Counter, "pages", "`pgsteal_kswapd`, or the sum by zone";
        cell pgsteal_direct: u64, Counter, "pages", "`pgsteal_direct`, or the sum by zone";
        cell allocstall: u64, Counter, "1", "sum of `allocstall*`: entries into direct reclaim";
        cell refault_anon: u64, Counter, "pages", "`workingset_refault_anon`";
        cell refault_file: u64, Counter, "pages", "`workingset_refault_file`, or `workingset_refault`";
        cell activate: u64, Counter, "pages", "sum of `workingset_activate*`";
        cell oom_kill: u64, Counter, "1", "`oom_kill`: processes killed, in control groups too";
        cell compact_stall: u64, Counter, "1", "`compact_stall`: direct compactions";
        cell thp_fault_alloc: u64, Counter, "1", "`thp_fault_alloc`";
        cell drop_pagecache: u64, Counter, "1", "`drop_pagecache`";
        cell numa_miss: u64, Counter, "pages", "`numa_miss`: not from the intended node";
        cell nr_dirtied: u64, Counter, "pages", "`nr_dirtied`";
        cell nr_written: u64, Counter, "pages", "`nr_written`";
        cell nr_dirty: u64, Gauge, "pages", "`nr_dirty`";
        cell nr_writeback: u64, Gauge, "pages", "`nr_writeback`";
        cell nr_dirty_threshold: u64, Gauge, "pages", "`nr_dirty_threshold`: writers are throttled";
        cell nr_dirty_background_threshold: u64, Gauge, "pages", "`nr_dirty_background_threshold`";
        cell zswpin: u64, Counter, "pages", "`zswpin`: read back from zswap, since 5.19";
        cell zswpout: u64, Counter, "pages", "`zswpout`: compressed into zswap, since 5.19";
        cell zswpwb: u64, Counter, "pages", "`zswpwb`: written from zswap to swap, since 6.8";
        cell balloon_inflate: u64, Counter, "pages", "`balloon_inflate`: given to a hypervisor, 3.19";
        cell balloon_deflate: u64, Counter, "pages", "`balloon_deflate`: taken back from it, 3.19";
        cell hung_tasks: u64, Counter, "1", "`kernel/hung_task_detect_count`, since 6.13";
    }
}

record! {
    /// A swap area, from `/proc/swaps`.
    pub struct Swap, SwapCell, SwapName {
        key [name] [];
        name name: Key, "field 1: device or file";
        cell size_bytes: u64, Gauge, "bytes", "field 3";
        cell used_bytes: u64, Gauge, "bytes", "field 4";
        cell priority: i64, Gauge, "1", "field 5";
    }
}

record! {
    /// Watermarks of a memory zone, from `/proc/zoneinfo`; zones without pages are left out.
    pub struct Zone, ZoneCell, ZoneName {
        key [zone] [node];
        name zone: Key, "zone name";
        cell node: u64, Key, "1", "NUMA node";
        cell free_pages: u64, Gauge, "pages", "`pages free`";
        cell min_pages: u64, Gauge, "pages", "`min`: below it allocations reclaim directly";
        cell low_pages: u64, Gauge, "pages", "`low`: below it kswapd runs";
        cell high_pages: u64, Gauge, "pages", "`high`: above it kswapd sleeps";
        cell managed_pages: u64, Gauge, "pages", "`managed`";
    }
}
