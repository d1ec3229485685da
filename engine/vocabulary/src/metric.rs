//! The quantities by which verdicts are told: their words, their units, and who witnesses them.

use crate::time::SECOND_NS;
use crate::unit::Unit;
use crate::words::words;

/// Where the number of a quantity comes from. Two witnesses see a host by different means, so that
/// what both tell is hardly the error of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// Pressure stall information: the time in which tasks waited, as the kernel's scheduler adds
    /// it up for the host and for each control group.
    Psi,
    /// Accounting of single tasks: what the kernel keeps of each process and thread, summed up for
    /// their groups.
    Accounting,
    /// Our tracers: what happened at the kernel's own hooks, counted there.
    Tracer,
    /// The kernel's counters and levels of the host, its devices, sockets and control groups, and
    /// what is worked out from them alone, as a forecast is.
    Counters,
}

/// A row for each quantity: its name, its word, its unit, its witness.
macro_rules! metrics {
    ($($name:ident $word:literal $unit:ident $witness:ident,)*) => {
        words! {
            /// A quantity that is noted as evidence, that convicts a culprit or names a victim, or
            /// that a baseline, a trend or a forecast is about. Their order is that of their words.
            Metric {
                $(#[doc = concat!("`", $word, "`.")] $name $word,)*
            }
        }

        impl Metric {
            /// The unit of its value. An amount that a culprit has of it can have one of its own:
            /// it was counted over a time.
            pub fn unit(self) -> Unit {
                match self {
                    $(Self::$name => Unit::$unit,)*
                }
            }

            /// Where its number comes from.
            pub fn source(self) -> Witness {
                match self {
                    $(Self::$name => Witness::$witness,)*
                }
            }
        }
    };
}

metrics! {
    AcceptQueueOverflows "accept_queue_overflows" One Counters,
    AcceptQueueShare "accept_queue_share" Ratio Counters,
    AcceptQueueWaiting "accept_queue_waiting" One Counters,
    AvailableBytes "available_bytes" Bytes Counters,
    BlockedShare "blocked_share" Ratio Counters,
    BlockedShare5s "blocked_share_5s" Ratio Accounting,
    BlockedTasks "blocked_tasks" Tasks Counters,
    BusyShare "busy_share" Ratio Counters,
    Calls5s "calls_5s" PerSecond Tracer,
    CarrierLost "carrier_lost" One Counters,
    CloseWait "close_wait" One Counters,
    CloseWaitGrowth "close_wait_growth" One Counters,
    ConnectsWithoutPort "connects_without_port" One Tracer,
    ConntrackDrops "conntrack_drops" One Counters,
    ConntrackInsertsFailed10s "conntrack_inserts_failed_10s" PerSecond Counters,
    ConntrackShare "conntrack_share" Ratio Counters,
    CpuSome10s "cpu_some_10s" Ratio Psi,
    CpuSome30s "cpu_some_30s" Ratio Psi,
    CpuSome5s "cpu_some_5s" Ratio Psi,
    CpuTime "cpu_time" Ticks Accounting,
    CpuWaitShare "cpu_wait_share" Ratio Accounting,
    DemandPerCpu "demand_per_cpu" TasksPerCpu Counters,
    DiskUtilisation5s "disk_utilisation_5s" Ratio Counters,
    ErrorRatio10s "error_ratio_10s" Ratio Counters,
    Errors10s "errors_10s" PerSecond Counters,
    Errors5s "errors_5s" PerSecond Counters,
    EtaHighS "eta_high_s" Seconds Counters,
    EtaMedianS "eta_median_s" Seconds Counters,
    FailedRequests "failed_requests" One Tracer,
    FaultStall10s "fault_stall_10s" Ratio Tracer,
    FaultStall30s "fault_stall_30s" Ratio Tracer,
    FaultStall5s "fault_stall_5s" Ratio Tracer,
    FileHandlesShare "file_handles_share" Ratio Counters,
    ForksRefused "forks_refused" One Counters,
    HungTasks "hung_tasks" Tasks Counters,
    InodesUsedShare "inodes_used_share" Ratio Counters,
    IoBytes "io_bytes" Bytes Accounting,
    IoFull10s "io_full_10s" Ratio Psi,
    IoFull30s "io_full_30s" Ratio Psi,
    IoFull5s "io_full_5s" Ratio Psi,
    IoSome5s "io_some_5s" Ratio Psi,
    IowaitShare "iowait_share" Ratio Counters,
    LatencyP99Over5s "latency_p99_5s" Milliseconds Tracer,
    Load1 "load1" Tasks Counters,
    LocalPorts "local_ports" One Counters,
    LocalPortsNew "local_ports_new" One Counters,
    Majflt "majflt" Faults Accounting,
    Majflt10s "majflt_10s" PerSecond Counters,
    Majflt30s "majflt_30s" PerSecond Counters,
    Majflt5s "majflt_5s" PerSecond Counters,
    Memory "memory" Bytes Accounting,
    MemoryAndSwapUsedShare "memory_and_swap_used_share" Ratio Counters,
    MemoryFull10s "memory_full_10s" Ratio Psi,
    MemoryFull30s "memory_full_30s" Ratio Psi,
    MemoryGrowth "memory_growth" Bytes Accounting,
    MemoryP99Over10s "memory_p99_10s" Milliseconds Tracer,
    MemoryP99Over30s "memory_p99_30s" Milliseconds Tracer,
    MemoryP99Over5s "memory_p99_5s" Milliseconds Tracer,
    MemorySome5s "memory_some_5s" Ratio Psi,
    MemoryWhenKilled "memory_when_killed" Bytes Tracer,
    MetadataP99Over10s "metadata_p99_10s" Milliseconds Tracer,
    MetadataP99Over30s "metadata_p99_30s" Milliseconds Tracer,
    MetadataP99Over5s "metadata_p99_5s" Milliseconds Tracer,
    MetadataUsedShare "metadata_used_share" Ratio Counters,
    OomKilled "oom_killed" Bytes Tracer,
    OomKills "oom_kills" One Counters,
    OpenFiles "open_files" One Accounting,
    OpenFilesShare "open_files_share" Ratio Accounting,
    OrphansShare "orphans_share" Ratio Counters,
    Overflows10s "overflows_10s" PerSecond Counters,
    Overflows30s "overflows_30s" PerSecond Counters,
    PidsUsedShare "pids_used_share" Ratio Counters,
    PortsUsedShare "ports_used_share" Ratio Counters,
    ProcessP99Over10s "process_p99_10s" Milliseconds Tracer,
    ProcessP99Over30s "process_p99_30s" Milliseconds Tracer,
    ProcessP99Over5s "process_p99_5s" Milliseconds Tracer,
    Queue10s "queue_10s" Requests Counters,
    QueueDropRatio5s "queue_drop_ratio_5s" Ratio Counters,
    ReclaimStall5s "reclaim_stall_5s" Ratio Tracer,
    Refaults5s "refaults_5s" Pages Counters,
    RefusedCalls "refused_calls" PerSecond Tracer,
    RefusedEmfile "refused_emfile" PerSecond Tracer,
    RefusedEnfile "refused_enfile" PerSecond Tracer,
    RefusedEnomem "refused_enomem" PerSecond Tracer,
    RefusedEnospc "refused_enospc" PerSecond Tracer,
    RetransmitRatio10s "retransmit_ratio_10s" Ratio Counters,
    RetransmitRatio30s "retransmit_ratio_30s" Ratio Counters,
    RetransmitRatio5s "retransmit_ratio_5s" Ratio Counters,
    RssAndSwapBytes "rss_and_swap_bytes" Bytes Accounting,
    RunQueueP99Over10s "run_queue_p99_10s" Milliseconds Tracer,
    RunQueueP99Over30s "run_queue_p99_30s" Milliseconds Tracer,
    RunQueueP99Over5s "run_queue_p99_5s" Milliseconds Tracer,
    RxDropRatio10s "rx_drop_ratio_10s" Ratio Counters,
    RxDropRatio30s "rx_drop_ratio_30s" Ratio Counters,
    RxDropRatio5s "rx_drop_ratio_5s" Ratio Counters,
    RxUtilisation5s "rx_utilisation_5s" Ratio Counters,
    SlowCalls "slow_calls" Nanoseconds Tracer,
    SoftnetDropRatio10s "softnet_drop_ratio_10s" Ratio Counters,
    SoftnetDropRatio30s "softnet_drop_ratio_30s" Ratio Counters,
    SoftnetDropRatio5s "softnet_drop_ratio_5s" Ratio Counters,
    SpaceUsedShare "space_used_share" Ratio Counters,
    StalledShare5s "stalled_share_5s" Ratio Psi,
    StealShare "steal_share" Ratio Counters,
    StorageP99Over10s "storage_p99_10s" Milliseconds Tracer,
    StorageP99Over30s "storage_p99_30s" Milliseconds Tracer,
    StorageP99Over5s "storage_p99_5s" Milliseconds Tracer,
    StuckTasks30s "stuck_tasks_30s" Tasks Accounting,
    Swap "swap" Bytes Accounting,
    SwapFreeShare "swap_free_share" Ratio Counters,
    SwapGrowth "swap_growth" Bytes Accounting,
    SwapIn10s "swap_in_10s" PagesPerSecond Counters,
    SwapOut5s "swap_out_5s" PagesPerSecond Counters,
    SwapUsedShare "swap_used_share" Ratio Counters,
    SwappingOutShare10s "swapping_out_share_10s" Ratio Counters,
    SwitchesPerCpu "switches_per_cpu" PerSecond Counters,
    SynQueueCookies "syn_queue_cookies" One Counters,
    SynQueueDrops "syn_queue_drops" One Counters,
    SynQueueDrops10s "syn_queue_drops_10s" PerSecond Counters,
    SynRetransmitRatio5s "syn_retransmit_ratio_5s" Ratio Counters,
    TcpMemoryAborts "tcp_memory_aborts" One Counters,
    TcpMemoryPressures "tcp_memory_pressures" One Counters,
    TcpMemoryShare "tcp_memory_share" Ratio Counters,
    Thrash10s "thrash_10s" PagesPerSecond Counters,
    Thrash30s "thrash_30s" PagesPerSecond Counters,
    Threads "threads" Tasks Accounting,
    ThrottledShare10s "throttled_share_10s" Ratio Counters,
    ThrottledShare5s "throttled_share_5s" Ratio Counters,
    TimeWaitShare "time_wait_share" Ratio Counters,
    TxDropRatio10s "tx_drop_ratio_10s" Ratio Counters,
    TxDropRatio30s "tx_drop_ratio_30s" Ratio Counters,
    TxDropRatio5s "tx_drop_ratio_5s" Ratio Counters,
    TxUtilisation5s "tx_utilisation_5s" Ratio Counters,
    UdpErrorRatio5s "udp_error_ratio_5s" Ratio Counters,
    UnansweredS "unanswered_s" Seconds Counters,
    Unwritten "unwritten" Bytes Counters,
    UsedShare "used_share" Ratio Counters,
    Utilisation10s "utilisation_10s" Ratio Counters,
    Utilisation30s "utilisation_30s" Ratio Counters,
    Utilisation5s "utilisation_5s" Ratio Counters,
    Wait10s "wait_10s" Milliseconds Counters,
    Wait30s "wait_30s" Milliseconds Counters,
    Wait5s "wait_5s" Milliseconds Counters,
    WrittenBytes "written_bytes" Bytes Accounting,
}

impl Metric {
    /// The one that is written so.
    pub fn of_word(word: &str) -> Option<Self> {
        let at = Self::ALL.binary_search_by(|metric| metric.word().cmp(word)).ok()?;
        Some(Self::ALL[at])
    }

    /// Over how many seconds a value was taken in truth, where samples are `interval_ns` apart and
    /// that is longer than its word says: what is named after 5 s is over 120 s where samples come
    /// every minute, since a rate asks for two intervals.
    pub fn window_s(self, interval_ns: u64) -> Option<u64> {
        let (_, last) = self.word().rsplit_once('_')?;
        let named_s: u64 = last.strip_suffix('s')?.parse().ok()?;
        let intervals = named_s.saturating_mul(SECOND_NS).div_ceil(interval_ns.max(1));
        let true_ns = intervals.max(self.intervals_least()).saturating_mul(interval_ns);
        let true_s = true_ns.saturating_add(SECOND_NS / 2) / SECOND_NS;
        (true_s > named_s).then_some(true_s)
    }

    /// How many intervals a value asks for that is named after a time.
    fn intervals_least(self) -> u64 {
        // What a tracer timed is all of the interval in which it was counted.
        let is_timed = self.unit() == Unit::Milliseconds && self.source() == Witness::Tracer;
        if self == Self::SwappingOutShare10s {
            10
        } else if is_timed || self == Self::StuckTasks30s {
            1
        } else {
            2
        }
    }

    /// Largest value that it can have, where it is bounded.
    pub fn max(self) -> Option<f64> {
        (self.unit() == Unit::Ratio).then_some(1.0)
    }

    /// Whether its limits are reached from above: of what is left, little is bad.
    pub fn is_of_what_is_left(self) -> bool {
        matches!(self, Self::SwapFreeShare | Self::AvailableBytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_is_longer_than_its_word_says_is_told() {
        let table = [
            (Metric::Majflt5s, 1_000, None),
            (Metric::Majflt5s, 333, None),
            (Metric::Majflt5s, 2_000, Some(6)),
            (Metric::Majflt5s, 5_000, Some(10)),
            (Metric::Majflt30s, 10_000, None),
            (Metric::Majflt5s, 60_000, Some(120)),
            (Metric::Majflt30s, 60_000, Some(120)),
            (Metric::SwappingOutShare10s, 1_000, None),
            (Metric::SwappingOutShare10s, 60_000, Some(600)),
            (Metric::RunQueueP99Over5s, 60_000, Some(60)),
            (Metric::StuckTasks30s, 60_000, Some(60)),
            (Metric::Load1, 60_000, None),
            (Metric::EtaHighS, 60_000, None),
        ];
        for (metric, interval_ms, expected) in table {
            let found = metric.window_s(interval_ms * 1_000_000);
            assert_eq!(found, expected, "{metric} {interval_ms}");
        }
    }

    #[test]
    fn they_are_in_the_order_of_their_words_and_found_by_them() {
        assert!(Metric::ALL.is_sorted_by_key(|metric| metric.word()));
        for metric in Metric::ALL {
            assert_eq!(Metric::of_word(metric.word()), Some(*metric));
            let json = serde_json::to_string(metric).unwrap();
            assert_eq!(json, format!("\"{}\"", metric.word()));
            assert_eq!(serde_json::from_str::<Metric>(&json).unwrap(), *metric);
        }
        assert_eq!(Metric::of_word("unheard_of"), None);
    }
}
