//! The columns of a recording that the engine reads, and those that only decisions rest on. Others
//! are for people, and a replay need not decode them.
//!
//! Keys are always read. What is used and not listed would be absent in a replay and there live:
//! the tidy tests compare this list with the source, and the parity tests with what comes out.

use crate::model::{Class, SCHEMAS};

/// A table with the columns that are read of it beside its keys.
pub type Need = (&'static str, &'static [&'static str]);

/// See the module.
pub const NEEDS: &[Need] = &[
    (
        "cpu",
        &[
            "user_ticks",
            "nice_ticks",
            "system_ticks",
            "idle_ticks",
            "iowait_ticks",
            "irq_ticks",
            "softirq_ticks",
            "steal_ticks",
            "cpus_online",
            "context_switches",
            "procs_running",
            "procs_blocked",
        ],
    ),
    ("load", &["load1", "tasks"]),
    (
        "memory",
        &[
            "total_bytes",
            "free_bytes",
            "available_bytes",
            "inactive_file_bytes",
            "anon_bytes",
            "shmem_bytes",
            "slab_unreclaimable_bytes",
            "kernel_stack_bytes",
            "page_tables_bytes",
            "huge_pages",
            "huge_page_bytes",
            "hugetlb_bytes",
            "swap_total_bytes",
            "swap_free_bytes",
            "dirty_bytes",
            "writeback_bytes",
        ],
    ),
    (
        "vm",
        &[
            "pswpin",
            "pswpout",
            "zswpin",
            "zswpout",
            "pgmajfault",
            "allocstall",
            "pgscan_direct",
            "pgscan_kswapd",
            "pgsteal_direct",
            "pgsteal_kswapd",
            "compact_stall",
            "refault_anon",
            "refault_file",
            "oom_kill",
            "hung_tasks",
        ],
    ),
    (
        "pressure",
        &[
            "cpu_some_total_us",
            "memory_some_total_us",
            "memory_full_total_us",
            "io_some_total_us",
            "io_full_total_us",
        ],
    ),
    (
        "disks",
        &[
            "discards",
            "discard_ms",
            "flushes",
            "flush_ms",
            "reads",
            "read_sectors",
            "read_ms",
            "writes",
            "write_sectors",
            "write_ms",
            "in_flight",
            "io_ms",
            "queue_ms",
            "rotational",
            "slaves",
            "stacked",
            "hidden",
            "major",
            "minor",
            "scheduler",
            "read_ahead_kb",
        ],
    ),
    (
        "filesystems",
        &[
            "fstype",
            "total_bytes",
            "free_bytes",
            "available_bytes",
            "inodes",
            "inodes_free",
            "read_only",
            "limited",
            "metadata_bytes",
            "metadata_used_bytes",
            "unallocated_bytes",
        ],
    ),
    (
        "nics",
        &[
            "rx_bytes",
            "rx_packets",
            "rx_errors",
            "rx_dropped",
            "rx_fifo",
            "rx_missed",
            "has_device",
            "tx_bytes",
            "tx_packets",
            "tx_errors",
            "tx_dropped",
            "speed_mbit",
            "carrier",
            "device_type",
        ],
    ),
    (
        "netns",
        &[
            "pid",
            "own",
            "tcp_passive_opens",
            "tcp_attempt_fails",
            "tcp_inuse",
            "tcp6_inuse",
            "tcp_out_segs",
            "tcp_retrans_segs",
            "tcp_syn_retrans",
            "udp_in_errors",
            "udp6_in_errors",
            "ip_in_receives",
            "ip6_in_receives",
            "listen_overflows",
            "listen_drops",
            "req_q_full_drop",
            "req_q_full_do_cookies",
            "tcp_orphan",
            "tcp_tw",
            "tcp_mem_pages",
            "listen",
            "tcp_in_segs",
            "tcp_backlog_drop",
            "tcp_rcvq_drop",
            "tcp_memory_pressures",
            "tcp_abort_on_memory",
            "close_wait",
            "conntrack_drop",
            "conntrack_early_drop",
            "conntrack_insert_failed",
            "conntrack",
            "conntrack_max",
        ],
    ),
    ("listeners", &["queue", "backlog"]),
    ("ports", &["local_ports"]),
    (
        "socket_owners",
        &[
            "sockets",
            "established",
            "listening",
            "full_queues",
            "port",
            "close_wait",
            "inode",
            "queue",
            "backlog",
            "local_ports",
            "local_ports_new",
        ],
    ),
    ("sched", &["running_ns", "wait_ns", "timeslices"]),
    ("softnet", &["processed", "dropped"]),
    ("file_handles", &["allocated", "unused", "max"]),
    (
        "limits",
        &[
            "pid_max",
            "threads_max",
            "local_port_first",
            "local_port_last",
            "tcp_max_tw_buckets",
            "tcp_max_orphans",
            "tcp_mem_pressure_pages",
            "tcp_mem_max_pages",
            "somaxconn",
            "tcp_max_syn_backlog",
        ],
    ),
    (
        "cgroups",
        &[
            "cpu_usage_us",
            "unit",
            "cpu_quota_us",
            "cpu_period_us",
            "cpu_weight",
            "nr_periods",
            "nr_throttled",
            "throttled_us",
            "memory_bytes",
            "anon_bytes",
            "file_bytes",
            "memory_max_bytes",
            "memory_high_bytes",
            "swap_bytes",
            "swap_max_bytes",
            "inactive_file_bytes",
            "active_file_bytes",
            "slab_reclaimable_bytes",
            "pgmajfault",
            "refault",
            "memory_fail",
            "oom",
            "oom_kill",
            "io_read_bytes",
            "io_write_bytes",
            "pids",
            "pids_max",
            "pids_fail",
            "pswpin",
            "pswpout",
            "cpu_some_total_us",
            "cpu_full_total_us",
            "memory_some_total_us",
            "memory_full_total_us",
            "io_some_total_us",
            "io_full_total_us",
        ],
    ),
    (
        "processes",
        &[
            "comm",
            "cgroup",
            "netns",
            "state",
            "ppid",
            "threads",
            "nice",
            "policy",
            "oom_score_adj",
            "utime_ticks",
            "stime_ticks",
            "majflt",
            "rss_bytes",
            "swap_bytes",
            "read_bytes",
            "write_bytes",
            "wait_ns",
            "leader_wait_ns",
            "open_files",
            "open_files_max",
        ],
    ),
    (
        "process_facts",
        &[
            "cpus_allowed",
            "session",
            "uid",
            "is_kernel",
            "exe_device",
            "exe_inode",
            "autogroup_nice",
            "reset_on_fork",
            "io_priority",
        ],
    ),
    (
        "cgroup_settings",
        &[
            "controllers",
            "io_max",
            "restart",
            "frozen",
            "io_weight",
            "io_bfq_weight",
            "watchdog_us",
        ],
    ),
    (
        "sysctls",
        &[
            "swappiness",
            "dirty_background_ratio",
            "dirty_background_bytes",
            "tcp_fin_timeout",
            "tcp_tw_reuse",
            "tcp_syncookies",
            "nf_conntrack_max",
            "netdev_max_backlog",
            "sched_autogroup_enabled",
        ],
    ),
    ("processes_gone", &[]),
    ("blocked", &["comm", "wchan"]),
    ("bpf_scheduler", &["wait_ns"]),
    ("bpf_block_io", &["errors"]),
    (
        "bpf_syscall",
        &["calls", "enomem", "enfile", "emfile", "enospc", "connect_eaddrnotavail", "timed"],
    ),
    ("bpf_callers", &["comm", "slow_ns", "refused"]),
    ("bpf_short_lived", &["count", "cpu_ns", "read_bytes", "write_bytes"]),
    ("bpf_page_fault", &["major_ns"]),
    ("bpf_memory", &["direct_ns", "memcg_ns"]),
    ("bpf_histograms", &["count"]),
    ("bpf_events", &["comm", "cgroup", "start_ns", "resident_bytes"]),
];

/// Those of [`NEEDS`] that only decisions rest on: without an agent nobody reads them. Of tables
/// that are listed with all of their columns the keys are not read either.
pub const OF_DECISIONS: &[Need] = &[
    ("disks", &["major", "minor", "scheduler", "read_ahead_kb"]),
    ("socket_owners", &["sockets", "established", "full_queues"]),
    ("limits", &["somaxconn", "tcp_max_syn_backlog"]),
    ("cgroups", &["unit", "cpu_quota_us", "anon_bytes", "file_bytes"]),
    ("processes", &["netns", "state", "oom_score_adj"]),
    ("process_facts", &[]),
    ("cgroup_settings", &[]),
    ("sysctls", &[]),
    ("blocked", &["wchan"]),
];

/// Whether the engine or a decision reads `column` of `table`.
pub fn is_needed(table: &str, column: &str) -> bool {
    let Some(columns) = of(NEEDS, table) else { return false };
    columns.contains(&column) || is_key(table, column)
}

/// Whether the engine reads `column` of `table` where no agent takes part.
pub fn is_needed_to_judge(table: &str, column: &str) -> bool {
    let is_extra = of(OF_DECISIONS, table)
        .is_some_and(|columns| columns.is_empty() || columns.contains(&column));
    is_needed(table, column) && !is_extra
}

fn of(needs: &[Need], table: &str) -> Option<&'static [&'static str]> {
    needs.iter().find(|(name, _)| *name == table).map(|(_, columns)| *columns)
}

fn is_key(table: &str, column: &str) -> bool {
    let Some(schema) = SCHEMAS.iter().find(|schema| schema.table == table) else { return false };
    let cells = schema.cells.iter().map(|cell| (cell.name, cell.class));
    let mut columns = cells.chain(schema.names.iter().map(|name| (name.name, name.class)));
    columns.any(|(name, class)| name == column && class == Class::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_listed_exists() {
        for (table, columns) in NEEDS {
            let schema = SCHEMAS.iter().find(|schema| schema.table == *table).unwrap();
            for column in *columns {
                let known = schema.cells.iter().any(|cell| cell.name == *column)
                    || schema.names.iter().any(|name| name.name == *column);
                assert!(known, "{table}.{column}");
            }
        }
        assert!(is_needed("disks", "name") && !is_needed("disks", "writes_merged"));
        assert!(!is_needed("zones", "node"));
    }

    #[test]
    fn what_decisions_alone_read_is_listed_and_is_no_key() {
        for (table, columns) in OF_DECISIONS {
            for column in *columns {
                assert!(of(NEEDS, table).unwrap().contains(column), "{table}.{column}");
                assert!(!is_key(table, column), "{table}.{column}");
            }
        }
        assert!(is_needed("sysctls", "swappiness") && !is_needed_to_judge("sysctls", "swappiness"));
        assert!(is_needed_to_judge("processes", "pid") && is_needed_to_judge("disks", "reads"));
        assert!(!is_needed_to_judge("processes", "state") && !is_needed_to_judge("zones", "node"));
    }
}
