//! The tables of processes. A process is a thread group.

use super::record::record;

record! {
    /// A process, from the kernel's iterator over tasks (source `bpf/processes`), or else from
    /// `/proc/PID/{stat,status,io,schedstat,cgroup,oom_score_adj}`, whose fields of the leading
    /// thread alone are named `leader_*`.
    pub struct Process, ProcessCell, ProcessName {
        key [] [pid, start_ticks];
        name comm: Label, "`stat` field 2";
        name cgroup: Label, "`cgroup`: the v2 path, or that of the v1 memory or cpu controller";
        cell pid: u64, Key, "1", "process id";
        cell start_ticks: u64, Key, "ticks", "`stat` field 22: start after boot";
        cell ppid: u64, Label, "1", "`stat` field 4";
        cell state: u64, Gauge, "1", "`stat` field 3, as its ASCII code";
        cell nice: i64, Label, "1", "`stat` field 19";
        cell threads: u64, Gauge, "1", "`stat` field 20";
        cell utime_ticks: u64, Counter, "ticks", "`stat` field 14: user CPU time of all threads";
        cell stime_ticks: u64, Counter, "ticks", "`stat` field 15: kernel CPU time of all threads";
        cell minflt: u64, Counter, "1", "`stat` field 10: minor faults of all threads";
        cell majflt: u64, Counter, "1", "`stat` field 12: major faults of all threads";
        cell delayacct_blkio_ticks: u64, Counter, "ticks", "`stat` field 42: waits for block I/O";
        cell policy: u64, Label, "1", "`stat` field 41: scheduling policy, 5 is idle";
        cell rss_bytes: u64, Gauge, "bytes", "`status` VmRSS";
        cell rss_anon_bytes: u64, Gauge, "bytes", "`status` RssAnon";
        cell swap_bytes: u64, Gauge, "bytes", "`status` VmSwap";
        cell leader_voluntary_switches: u64, Counter, "1", "`status` voluntary_ctxt_switches";
        cell leader_involuntary_switches: u64, Counter, "1", "`status` nonvoluntary_ctxt_switches";
        cell read_bytes: u64, Counter, "bytes", "`io` read_bytes: fetched from storage";
        cell write_bytes: u64, Counter, "bytes", "`io` write_bytes: sent to storage";
        cell cancelled_write_bytes: u64, Counter, "bytes", "`io` cancelled_write_bytes";
        cell leader_cpu_ns: u64, Counter, "ns", "`schedstat` field 1: the leader ran";
        cell leader_wait_ns: u64, Counter, "ns", "`schedstat` field 2: the leader waited for a CPU";
        cell oom_score_adj: i64, Label, "1", "`oom_score_adj`";
        cell netns: u64, Label, "1", "inode of the network namespace";
        cell open_files: u64, Gauge, "1", "entries of `fd`; top processes while a signal stands";
        cell open_files_max: u64, Label, "1", "`limits`: soft `Max open files`, read with `open_files`";
        cell close_wait: u64, Gauge, "1", "its sockets in CLOSE_WAIT, read with `open_files`";
        cell cpu_ns: u64, Counter, "ns", "time on a CPU of all threads; by the iterator";
        cell wait_ns: u64, Counter, "ns", "waits for a CPU of all threads; by the iterator";
        cell voluntary_switches: u64, Counter, "1", "of all threads; by the iterator";
        cell involuntary_switches: u64, Counter, "1", "of all threads; by the iterator";
        cell rss_file_bytes: u64, Gauge, "bytes", "`status` RssFile";
        cell rss_shmem_bytes: u64, Gauge, "bytes", "`status` RssShmem";
    }
}

record! {
    /// What of a process seldom changes and says whether an action on it can work. A row when any
    /// of it differs from the last row, and all of them in a keyframe. What the iterator does not
    /// tell is read once and then seldom: see `recorder/src/samplers/processes/facts.rs`.
    pub struct ProcessFacts, ProcessFactsCell, ProcessFactsName {
        key [] [pid, start_ticks];
        name cpus_allowed: Label, "`status` Cpus_allowed_list: CPUs that its leader may use";
        cell pid: u64, Key, "1", "process id";
        cell start_ticks: u64, Key, "ticks", "`stat` field 22: start after boot";
        cell session: u64, Label, "1", "`stat` field 6: process id of who leads its session";
        cell uid: u64, Label, "1", "`status` Uid field 2: effective user id";
        cell is_kernel: bool, Label, "1", "`stat` field 9, bit 0x200000: a thread of the kernel";
        cell exe_device: u64, Label, "1", "`stat` of `exe`: major number << 20 | minor number";
        cell exe_inode: u64, Label, "1", "`stat` of `exe`: inode of the executable";
        cell autogroup: u64, Label, "1", "`autogroup`: its number; absent outside of any";
        cell autogroup_nice: i64, Label, "1", "`autogroup`: nice level of the whole session";
        cell reset_on_fork: bool, Label, "1", "sched_getscheduler(2): children are not as nice";
        cell io_priority: u64, Label, "1", "ioprio_get(2): class << 13 | level; class 0 is none";
    }
}

record! {
    /// A process that ended since the last sample.
    pub struct ProcessGone, ProcessGoneCell, ProcessGoneName {
        key [] [pid, start_ticks];
        cell pid: u64, Key, "1", "process id";
        cell start_ticks: u64, Key, "ticks", "`stat` field 22 of the process that ended";
    }
}
