//! Tables of the host as a whole: CPU, load, pressure, limits, file handles, blocked tasks.

use super::record::record;

record! {
    /// CPU time and task counts of the whole host, from `/proc/stat`. Times are in clock ticks
    /// (`user_hz` of `Start`), summed over all CPUs.
    pub struct Cpu, CpuCell, CpuName {
        key [] [];
        cell user_ticks: u64, Counter, "ticks", "`cpu` field 1: user mode; includes guest time";
        cell nice_ticks: u64, Counter, "ticks", "`cpu` field 2: user mode at nice above 0";
        cell system_ticks: u64, Counter, "ticks", "`cpu` field 3: kernel mode";
        cell idle_ticks: u64, Counter, "ticks", "`cpu` field 4: idle with no I/O outstanding";
        cell iowait_ticks: u64, Counter, "ticks", "`cpu` field 5: idle with I/O outstanding";
        cell irq_ticks: u64, Counter, "ticks", "`cpu` field 6: hard interrupts";
        cell softirq_ticks: u64, Counter, "ticks", "`cpu` field 7: soft interrupts";
        cell steal_ticks: u64, Counter, "ticks", "`cpu` field 8: taken by the hypervisor";
        cell guest_ticks: u64, Counter, "ticks", "`cpu` field 9: running guests, part of user";
        cell guest_nice_ticks: u64, Counter, "ticks", "`cpu` field 10: niced guests, part of nice";
        cell cpus_online: u64, Gauge, "1", "number of `cpuN` lines";
        cell interrupts: u64, Counter, "1", "`intr` field 1: interrupts serviced";
        cell softirqs: u64, Counter, "1", "`softirq` field 1: soft interrupts serviced";
        cell context_switches: u64, Counter, "1", "`ctxt`: context switches";
        cell forks: u64, Counter, "1", "`processes`: tasks created";
        cell procs_running: u64, Gauge, "1", "`procs_running`: runnable tasks, the reader included";
        cell procs_blocked: u64, Gauge, "1", "`procs_blocked`: tasks waiting for I/O";
    }
}

record! {
    /// CPU time of one online CPU, from `/proc/stat`.
    pub struct CpuTimes, CpuTimesCell, CpuTimesName {
        key [] [cpu];
        cell cpu: u64, Key, "1", "CPU number, the N of `cpuN`";
        cell user_ticks: u64, Counter, "ticks", "`cpuN` field 1: user mode";
        cell nice_ticks: u64, Counter, "ticks", "`cpuN` field 2: user mode at nice above 0";
        cell system_ticks: u64, Counter, "ticks", "`cpuN` field 3: kernel mode";
        cell idle_ticks: u64, Counter, "ticks", "`cpuN` field 4: idle";
        cell iowait_ticks: u64, Counter, "ticks", "`cpuN` field 5: idle with I/O outstanding";
        cell irq_ticks: u64, Counter, "ticks", "`cpuN` field 6: hard interrupts";
        cell softirq_ticks: u64, Counter, "ticks", "`cpuN` field 7: soft interrupts";
        cell steal_ticks: u64, Counter, "ticks", "`cpuN` field 8: taken by the hypervisor";
    }
}

record! {
    /// Load averages, from `/proc/loadavg`.
    pub struct Load, LoadCell, LoadName {
        key [] [];
        cell load1: f64, Gauge, "1", "field 1: runnable and uninterruptible tasks, 1-minute mean";
        cell load5: f64, Gauge, "1", "field 2: the same over 5 minutes";
        cell load15: f64, Gauge, "1", "field 3: the same over 15 minutes";
        cell tasks_runnable: u64, Gauge, "1", "field 4 before the slash: runnable tasks";
        cell tasks: u64, Gauge, "1", "field 4 after the slash: tasks that exist, threads counted";
    }
}

record! {
    /// Pressure stall information, from `/proc/pressure/*`. Totals are microseconds of stall.
    pub struct Pressure, PressureCell, PressureName {
        key [] [];
        cell cpu_some_total_us: u64, Counter, "us", "cpu `some total`: at least one task waited for a CPU";
        cell cpu_some_avg10: f64, Gauge, "percent", "cpu `some avg10`, for people";
        cell cpu_some_avg60: f64, Gauge, "percent", "cpu `some avg60`, for people";
        cell cpu_some_avg300: f64, Gauge, "percent", "cpu `some avg300`, for people";
        cell cpu_full_total_us: u64, Counter, "us", "cpu `full total`, 0 at host level on most kernels";
        cell memory_some_total_us: u64, Counter, "us", "memory `some total`: at least one task stalled";
        cell memory_some_avg10: f64, Gauge, "percent", "memory `some avg10`, for people";
        cell memory_some_avg60: f64, Gauge, "percent", "memory `some avg60`, for people";
        cell memory_some_avg300: f64, Gauge, "percent", "memory `some avg300`, for people";
        cell memory_full_total_us: u64, Counter, "us", "memory `full total`: all non-idle tasks stalled";
        cell memory_full_avg10: f64, Gauge, "percent", "memory `full avg10`, for people";
        cell io_some_total_us: u64, Counter, "us", "io `some total`: at least one task stalled";
        cell io_some_avg10: f64, Gauge, "percent", "io `some avg10`, for people";
        cell io_some_avg60: f64, Gauge, "percent", "io `some avg60`, for people";
        cell io_some_avg300: f64, Gauge, "percent", "io `some avg300`, for people";
        cell io_full_total_us: u64, Counter, "us", "io `full total`: all non-idle tasks stalled";
        cell io_full_avg10: f64, Gauge, "percent", "io `full avg10`, for people";
        cell irq_full_total_us: u64, Counter, "us", "irq `full total`: tasks held up by interrupts";
    }
}

record! {
    /// Scheduler statistics of one CPU, from `/proc/schedstat`.
    pub struct CpuSched, CpuSchedCell, CpuSchedName {
        key [] [cpu];
        cell cpu: u64, Key, "1", "CPU number";
        cell running_ns: u64, Counter, "ns", "`cpuN` field 7: tasks ran";
        cell wait_ns: u64, Counter, "ns", "`cpuN` field 8: tasks waited on the run queue";
        cell timeslices: u64, Counter, "1", "`cpuN` field 9: time slices run";
    }
}

record! {
    /// File handles, from `/proc/sys/fs/file-nr`.
    pub struct FileHandles, FileHandlesCell, FileHandlesName {
        key [] [];
        cell allocated: u64, Gauge, "1", "field 1: allocated file handles";
        cell unused: u64, Gauge, "1", "field 2: allocated but unused";
        cell max: u64, Gauge, "1", "field 3: `file-max`";
    }
}

record! {
    /// Limits that rates and levels are held against, from `/proc/sys`.
    pub struct Limits, LimitsCell, LimitsName {
        key [] [];
        cell pid_max: u64, Gauge, "1", "`kernel/pid_max`";
        cell threads_max: u64, Gauge, "1", "`kernel/threads-max`";
        cell local_port_first: u64, Gauge, "1", "`net/ipv4/ip_local_port_range` field 1";
        cell local_port_last: u64, Gauge, "1", "`net/ipv4/ip_local_port_range` field 2";
        cell tcp_max_tw_buckets: u64, Gauge, "1", "`net/ipv4/tcp_max_tw_buckets`";
        cell tcp_max_orphans: u64, Gauge, "1", "`net/ipv4/tcp_max_orphans`";
        cell tcp_mem_low_pages: u64, Gauge, "pages", "`net/ipv4/tcp_mem` field 1";
        cell tcp_mem_pressure_pages: u64, Gauge, "pages", "`net/ipv4/tcp_mem` field 2";
        cell tcp_mem_max_pages: u64, Gauge, "pages", "`net/ipv4/tcp_mem` field 3";
        cell somaxconn: u64, Gauge, "1", "`net/core/somaxconn`";
        cell tcp_max_syn_backlog: u64, Gauge, "1", "`net/ipv4/tcp_max_syn_backlog`";
    }
}

record! {
    /// Settings that actions change or rest on, from `/proc/sys`. A row when any of them differs
    /// from the last row, and in a keyframe.
    pub struct Sysctls, SysctlsCell, SysctlsName {
        key [] [];
        cell swappiness: u64, Label, "1", "`vm/swappiness`: 0 to 200";
        cell dirty_ratio: u64, Label, "percent", "`vm/dirty_ratio`; 0 where bytes are set";
        cell dirty_background_ratio: u64, Label, "percent", "the same: `vm/dirty_background_ratio`";
        cell dirty_background_bytes: u64, Label, "bytes", "the same; 0 where the ratio is set";
        cell tcp_fin_timeout: u64, Label, "s", "`net/ipv4/tcp_fin_timeout`";
        cell tcp_tw_reuse: u64, Label, "1", "`net/ipv4/tcp_tw_reuse`: 2 is for loopback only";
        cell tcp_syncookies: u64, Label, "1", "`net/ipv4/tcp_syncookies`: 2 is always";
        cell nf_conntrack_max: u64, Label, "1", "`net/netfilter/nf_conntrack_max`, where it is";
        cell netdev_max_backlog: u64, Label, "1", "`net/core/netdev_max_backlog`: frames of a CPU";
        cell sched_autogroup_enabled: u64, Label, "1", "`kernel/sched_autogroup_enabled`, where it is";
    }
}

record! {
    /// A task in uninterruptible sleep, from the kernel's iterator or `/proc/PID/stat`, with its
    /// `wchan`. Without the iterator these are leaders of their processes only.
    pub struct BlockedTask, BlockedTaskCell, BlockedTaskName {
        key [] [pid, start_ticks, tid];
        name comm: Label, "`stat` field 2 of the process";
        name wchan: Label, "`wchan`: kernel function the task sleeps in, absent where hidden";
        cell pid: u64, Key, "1", "process id";
        cell start_ticks: u64, Key, "ticks", "`stat` field 22: start after boot";
        cell tid: u64, Key, "1", "thread id; by the iterator";
    }
}
