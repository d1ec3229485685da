//! Every quantity that a kind is defined by is read by it, as far as it is recorded.
//!
//! A made host on which everything grows is judged once as it is and once with one column changed
//! in several ways: what makes no difference to what a kind says is not read by it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::board::Board;
use crate::classifiers::of;
use crate::window::Window;
use ks_vocabulary::input::HostFacts;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::model::{CellType, Class, Column, ReadTimes, SCHEMAS, Sample};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp};

/// The columns of a table by which a kind is defined, beside those that only say who is to blame.
type Listed = (Kind, &'static str, &'static [&'static str]);

/// `netns.close_wait` is read over ten minutes, which no host here lives for.
const LISTED: &[Listed] = &[
    (Kind::MemoryPressure, "memory", &["total_bytes", "available_bytes", "swap_free_bytes"]),
    (Kind::MemoryPressure, "vm", &["allocstall", "oom_kill"]),
    (Kind::MemoryPressure, "pressure", &["memory_some_total_us", "memory_full_total_us"]),
    (Kind::MemoryPressure, "cgroups", &["memory_some_total_us", "memory_bytes", "oom_kill"]),
    (Kind::LoadMismatch, "cpu", &["procs_running", "procs_blocked", "cpus_online", "idle_ticks"]),
    (Kind::LoadMismatch, "cpu", &["user_ticks", "system_ticks", "iowait_ticks"]),
    (Kind::IoCongestion, "pressure", &["io_some_total_us", "io_full_total_us"]),
    (Kind::IoCongestion, "cgroups", &["io_some_total_us", "io_full_total_us"]),
    (Kind::IoCongestion, "memory", &["dirty_bytes", "writeback_bytes"]),
    (Kind::IoCongestion, "cpu", &["iowait_ticks"]),
    (Kind::IoCongestion, "vm", &["hung_tasks"]),
    (Kind::NetworkDegradation, "nics", &["rx_errors", "tx_errors", "rx_dropped", "tx_dropped"]),
    (Kind::NetworkDegradation, "nics", &["rx_packets", "tx_packets", "rx_bytes", "tx_bytes"]),
    (Kind::NetworkDegradation, "nics", &["speed_mbit", "rx_missed", "rx_fifo"]),
    (Kind::NetworkDegradation, "netns", &["tcp_out_segs", "tcp_retrans_segs", "tcp_in_segs"]),
    (Kind::NetworkDegradation, "netns", &["tcp_backlog_drop", "tcp_rcvq_drop"]),
    (Kind::NetworkDegradation, "netns", &["tcp_syn_retrans", "udp_in_errors", "udp6_in_errors"]),
    (Kind::NetworkDegradation, "netns", &["ip_in_receives", "ip6_in_receives"]),
    (Kind::NetworkDegradation, "softnet", &["processed", "dropped"]),
    (Kind::TcpExhaustion, "netns", &["listen_overflows", "listen_drops", "req_q_full_drop"]),
    (Kind::TcpExhaustion, "netns", &["req_q_full_do_cookies", "tcp_tw", "tcp_orphan"]),
    (Kind::TcpExhaustion, "netns", &["tcp_mem_pages", "conntrack", "conntrack_max"]),
    (Kind::TcpExhaustion, "netns", &["conntrack_drop", "conntrack_early_drop"]),
    (Kind::TcpExhaustion, "netns", &["conntrack_insert_failed", "tcp_memory_pressures"]),
    (Kind::TcpExhaustion, "netns", &["tcp_abort_on_memory", "tcp_passive_opens"]),
    (Kind::TcpExhaustion, "listeners", &["queue", "backlog"]),
    (Kind::TcpExhaustion, "ports", &["local_ports"]),
    (Kind::TcpExhaustion, "file_handles", &["allocated", "unused", "max"]),
    (Kind::TcpExhaustion, "limits", &["local_port_first", "local_port_last"]),
    (Kind::TcpExhaustion, "limits", &["tcp_max_tw_buckets", "tcp_max_orphans"]),
    (Kind::TcpExhaustion, "limits", &["tcp_mem_pressure_pages", "tcp_mem_max_pages"]),
    (Kind::TcpExhaustion, "bpf_syscall", &["connect_eaddrnotavail"]),
    (Kind::SwapThrashing, "vm", &["pswpin", "pswpout", "zswpin", "zswpout"]),
    (Kind::SwapThrashing, "memory", &["swap_total_bytes", "swap_free_bytes"]),
    (Kind::SwapThrashing, "pressure", &["memory_full_total_us"]),
    (Kind::BlockDeviceSaturation, "disks", &["reads", "writes", "read_ms", "write_ms"]),
    (Kind::BlockDeviceSaturation, "disks", &["io_ms", "queue_ms"]),
    (Kind::BlockDeviceSaturation, "bpf_block_io", &["errors"]),
    (Kind::Scheduler, "pressure", &["cpu_some_total_us"]),
    (Kind::Scheduler, "cpu", &["context_switches", "steal_ticks"]),
    (Kind::Scheduler, "cgroups", &["nr_periods", "nr_throttled", "throttled_us"]),
    (Kind::Syscall, "bpf_syscall", &["calls", "emfile", "enfile", "enospc", "enomem"]),
    (Kind::Syscall, "filesystems", &["total_bytes", "available_bytes", "free_bytes"]),
    (Kind::Syscall, "filesystems", &["inodes", "inodes_free", "read_only"]),
    (Kind::Syscall, "load", &["tasks"]),
    (Kind::Syscall, "limits", &["pid_max", "threads_max"]),
    (Kind::Syscall, "cgroups", &["pids", "pids_max", "pids_fail"]),
    (Kind::Syscall, "processes", &["open_files", "open_files_max"]),
    (Kind::PageFault, "vm", &["pgmajfault", "refault_file", "refault_anon"]),
    (Kind::PageFault, "cgroups", &["pgmajfault", "refault"]),
    (Kind::PageFault, "bpf_page_fault", &["major_ns"]),
];

/// What is recorded and near a kind, that it does not judge, and why.
const NOT_JUDGED: &[(Kind, &str, &str, &str)] = &[
    (
        Kind::NetworkDegradation,
        "nics",
        "rx_nohandler",
        "frames for an idle member of a bond; the kernel keeps them apart from `rx_dropped`",
    ),
    (
        Kind::NetworkDegradation,
        "netns",
        "prune_called",
        "a queue was squeezed, and what was lost by it is in `tcp_rcvq_drop`",
    ),
    (
        Kind::NetworkDegradation,
        "netns",
        "tcp_zero_window_drop",
        "the reader said that it has no room: flow control at work",
    ),
    (
        Kind::TcpExhaustion,
        "netns",
        "tw_overflow",
        "a socket left TIME_WAIT early, which costs nothing by itself; the used share tells",
    ),
    (
        Kind::MemoryPressure,
        "cgroups",
        "memory_high",
        "held up at `memory.high` is a stall, which the pressure of the group measures",
    ),
    (
        Kind::MemoryPressure,
        "cgroups",
        "sock_throttled",
        "senders are slowed down, nobody waits for memory and nothing is lost",
    ),
    (Kind::PageFault, "vm", "pgfault", "minor faults are normal work"),
    (Kind::Scheduler, "cgroups", "nr_bursts", "above the quota by permission"),
];

/// How a column is changed: into nothing, standing still, or growing or holding so much.
const CHANGES: [Option<u64>; 6] =
    [None, Some(0), Some(1), Some(400), Some(1_000_000), Some(1 << 40)];
/// Seconds that the made host is watched for.
const SECONDS: u64 = 12;
/// What everything grows by in a second, or holds, on each of the made hosts, and whether it is a
/// calm one: on others some quantities drown.
const HOSTS: [(u64, bool); 4] = [(3, false), (100, false), (100, true), (2_000, false)];
/// What stands still on a calm host.
const CALM: [&str; 5] = ["tcp_retrans_segs", "dropped", "tx_dropped", "rx_missed", "rx_fifo"];

/// A column that is changed, by its table.
type Changed = (&'static str, &'static str, Option<u64>);

/// What a cell grows by or holds where nothing is changed. Totals leave something in use, and
/// limits of a calm host are far; what would keep a row from being judged is not there.
fn usual(column: &Column, (value, is_calm): (u64, bool)) -> u64 {
    let name = column.name;
    if matches!(name, "read_only" | "stacked" | "hidden") || name.starts_with("huge") {
        return 0;
    }
    if is_calm && CALM.contains(&name) {
        return 0;
    }
    match (name.ends_with("total_bytes"), name.contains("max")) {
        (true, _) => value * if is_calm { 16 } else { 8 },
        (false, true) if is_calm => value * 2,
        (false, _) => value,
    }
}

fn bits(column: &Column, value: u64, second: u64) -> u64 {
    match (column.cell_type, column.class) {
        (CellType::Bool, _) => u64::from(value > 0),
        (CellType::F64, _) => (value as f64).to_bits(),
        (_, Class::Counter) => 10 + value * second,
        (_, Class::Key) => 7,
        (_, Class::Gauge | Class::Label) => value,
    }
}

/// One row of each table.
fn sample(host: (u64, bool), second: u64, changed: Option<Changed>) -> Sample {
    let mut sample = Sample { processes_complete: second == 0, ..Sample::default() };
    for (schema, table) in SCHEMAS.iter().zip(sample.tables_mut()) {
        let mut row = table.push_row();
        for (at, name) in schema.names.iter().enumerate() {
            row.set_name(at, if name.class == Class::Key { b"/x" } else { b"v2" });
        }
        for (at, cell) in schema.cells.iter().enumerate() {
            let own = changed.filter(|(of, name, _)| (*of, *name) == (schema.table, cell.name));
            match own.map_or(Some(usual(cell, host)), |(.., value)| value) {
                Some(value) => row.set_cell(at, bits(cell, value, second)),
                None => row.unset_cell(at),
            }
        }
        table.set_read(ReadTimes::default());
    }
    sample
}

/// What a kind says of a made host.
fn said(kind: Kind, host: (u64, bool), changed: Option<Changed>) -> String {
    let (mut window, mut board) = (Window::default(), Board::default());
    window.set_host(HostFacts { user_hz: 100, page_bytes: 4096, ..HostFacts::default() });
    let mut coverage = Vec::new();
    for second in 0..SECONDS {
        let mono = Timestamp((1_000 + second) * SECOND_NS);
        window.update(&sample(host, second, changed), mono);
        board.begin(mono, SECOND_NS, ClockAnchor::default());
        of(kind).evaluate(&window, &mut board);
        coverage.extend(board.take_coverage(|missing| format!("{missing:?}")));
    }
    format!("{} {coverage:?} {:?}", board.take_hash(), board.take_changed())
}

fn reads(kind: Kind, table: &'static str, column: &'static str) -> bool {
    HOSTS.iter().any(|host| {
        let as_it_is = said(kind, *host, None);
        CHANGES.iter().any(|value| said(kind, *host, Some((table, column, *value))) != as_it_is)
    })
}

#[test]
fn every_quantity_that_defines_a_kind_is_read_by_it() {
    let mut unread = Vec::new();
    for (kind, table, columns) in LISTED {
        for column in *columns {
            if !reads(*kind, table, column) {
                unread.push(format!("{kind:?} does not read {table}.{column}"));
            }
        }
    }
    assert!(unread.is_empty(), "{unread:#?}");
}

#[test]
fn what_is_not_judged_is_read_by_nothing_and_says_why() {
    for (kind, table, column, why) in NOT_JUDGED {
        let schema = SCHEMAS.iter().find(|schema| schema.table == *table);
        let is_known = schema.is_some_and(|of| of.cells.iter().any(|cell| cell.name == *column));
        assert!(is_known && !why.is_empty(), "{table}.{column}");
        assert!(!reads(*kind, table, column), "{kind:?} reads {table}.{column}");
    }
}

#[test]
fn what_a_kind_does_not_read_is_found() {
    assert!(!reads(Kind::LoadMismatch, "memory", "mapped_bytes"));
    assert!(!reads(Kind::Syscall, "nics", "rx_errors"));
    assert!(reads(Kind::NetworkDegradation, "nics", "rx_errors"));
}
