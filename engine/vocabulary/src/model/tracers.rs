//! Tables of the tracers. Their names begin with `bpf_`; each is fed by the source `bpf/...`.

use super::record::record;

record! {
    /// What the scheduler did on one CPU.
    pub struct SchedulerTrace, SchedulerTraceCell, SchedulerTraceName {
        key [] [cpu];
        cell cpu: u64, Key, "1", "number of the CPU";
        cell voluntary: u64, Counter, "1", "switches from a task that blocked";
        cell involuntary: u64, Counter, "1", "switches from a task that could have gone on";
        cell wakeups: u64, Counter, "1", "tasks woken";
        cell wakeups_new: u64, Counter, "1", "new tasks woken";
        cell migrations: u64, Counter, "1", "tasks moved to another CPU";
        cell wait_ns: u64, Counter, "ns", "run-queue waits of tasks switched to, summed";
        cell depth_sum: u64, Counter, "1", "runnable tasks at each switch, summed";
        cell depth_max: u64, Gauge, "1", "most runnable tasks at any switch so far";
    }
}

record! {
    /// Requests of one block device and operation.
    pub struct BlockTrace, BlockTraceCell, BlockTraceName {
        key [disk, operation] [];
        name disk: Key, "device name, or major:minor where it is not known";
        name operation: Key, "read, write, flush, discard or other";
        cell issued: u64, Counter, "1", "requests given to the driver";
        cell completed: u64, Counter, "1", "requests completed";
        cell errors: u64, Counter, "1", "those that failed";
        cell no_start: u64, Counter, "1", "completions whose issue was not seen";
        cell bytes: u64, Counter, "bytes", "bytes of completed requests";
        cell latency_ns: u64, Counter, "ns", "issue to complete, summed";
        cell queued_ns: u64, Counter, "ns", "queued to issue, summed";
        cell depth_max: u64, Gauge, "1", "most requests in flight so far";
    }
}

record! {
    /// System calls of the host.
    pub struct SyscallTrace, SyscallTraceCell, SyscallTraceName {
        key [] [];
        cell calls: u64, Counter, "1", "calls that returned";
        cell failed: u64, Counter, "1", "those that failed, whatever the error";
        cell measured: u64, Counter, "1", "those whose latency is in a histogram";
        cell lost: u64, Counter, "1", "measurements that another task overwrote";
        cell enomem: u64, Counter, "1", "calls that failed with ENOMEM";
        cell enfile: u64, Counter, "1", "calls that failed with ENFILE";
        cell emfile: u64, Counter, "1", "calls that failed with EMFILE";
        cell enospc: u64, Counter, "1", "calls that failed with ENOSPC";
        cell connect_eaddrnotavail: u64, Counter, "1", "calls of connect without a free port";
        cell timed: bool, Gauge, "1", "whether latency is measured";
    }
}

record! {
    /// One system call, where it was called since its last row.
    pub struct SyscallCount, SyscallCountCell, SyscallCountName {
        key [] [number];
        cell number: u64, Key, "1", "number of the call on this architecture";
        cell calls: u64, Counter, "1", "calls that returned";
        cell failed: u64, Counter, "1", "those that failed, whatever the error";
    }
}

record! {
    /// A process whose calls were slow or refused since its last row.
    pub struct Caller, CallerCell, CallerName {
        key [] [pid];
        name comm: Label, "name of the process";
        cell pid: u64, Key, "1", "process id";
        cell slow: u64, Counter, "1", "storage and metadata calls of at least 10 ms";
        cell slow_ns: u64, Counter, "ns", "what those took, summed";
        cell refused: u64, Counter, "1", "EMFILE, ENFILE, ENOSPC, ENOMEM; no port for connect";
    }
}

record! {
    /// Page faults of the host.
    pub struct FaultTrace, FaultTraceCell, FaultTraceName {
        key [] [];
        cell user: u64, Counter, "1", "faults in user mode";
        cell kernel: u64, Counter, "1", "faults in kernel mode";
        cell minor: u64, Counter, "1", "timed faults without I/O; absent where none is timed";
        cell major: u64, Counter, "1", "timed faults with I/O; absent where none is timed";
        cell major_ns: u64, Counter, "ns", "what those took, summed; absent where none is timed";
        cell lost: u64, Counter, "1", "measurements that another task overwrote";
    }
}

record! {
    /// Reclaim and page-cache turnover of the host.
    pub struct MemoryTrace, MemoryTraceCell, MemoryTraceName {
        key [] [];
        cell cache_adds: u64, Counter, "1", "folios added to the page cache";
        cell cache_deletes: u64, Counter, "1", "folios removed from the page cache";
        cell direct: u64, Counter, "1", "direct reclaims that ended";
        cell direct_ns: u64, Counter, "ns", "time tasks stalled in them, summed";
        cell memcg: u64, Counter, "1", "reclaims of control groups at their limit";
        cell memcg_ns: u64, Counter, "ns", "time tasks stalled in them, summed";
        cell lost: u64, Counter, "1", "reclaims and victims that found no room";
    }
}

record! {
    /// TCP of all network namespaces together.
    pub struct TcpTrace, TcpTraceCell, TcpTraceName {
        key [] [];
        cell retransmits: u64, Counter, "1", "segments sent again";
        cell established: u64, Counter, "1", "sockets that came to ESTABLISHED";
        cell syn_sent: u64, Counter, "1", "sockets that came to SYN_SENT";
        cell syn_recv: u64, Counter, "1", "sockets that came to SYN_RECV";
        cell close_wait: u64, Counter, "1", "sockets that came to CLOSE_WAIT";
        cell time_wait: u64, Counter, "1", "sockets that came to TIME_WAIT";
        cell closed: u64, Counter, "1", "sockets that came to CLOSE";
        cell listen: u64, Counter, "1", "sockets that came to LISTEN";
    }
}

record! {
    /// Beginnings and ends of processes.
    pub struct LifetimeTrace, LifetimeTraceCell, LifetimeTraceName {
        key [] [];
        cell forks: u64, Counter, "1", "processes begun, without threads";
        cell execs: u64, Counter, "1", "programs started";
        cell exits: u64, Counter, "1", "processes ended";
        cell lost: u64, Counter, "1", "short lives that found no room";
    }
}

record! {
    /// Processes that lived shorter than an interval, since the source's last row.
    pub struct ShortLived, ShortLivedCell, ShortLivedName {
        key [comm] [cgroup_inode];
        name comm: Key, "name of the process at its end";
        cell cgroup_inode: u64, Key, "1", "its control group: version 2, else memory; 0 unknown";
        cell count: u64, Gauge, "1", "how many";
        cell failed: u64, Gauge, "1", "ended by a signal or with another code than 0";
        cell cpu_ns: u64, Gauge, "ns", "CPU time of all";
        cell resident_max_bytes: u64, Gauge, "bytes", "most resident memory of any";
        cell read_bytes: u64, Gauge, "bytes", "read from storage by all";
        cell write_bytes: u64, Gauge, "bytes", "written to storage by all";
    }
}

record! {
    /// A bucket of a histogram: how many since the source's last row. Of system calls of the
    /// classes `wait`, `other` and `net_send` all of a power of two are in its first bucket.
    pub struct Bucket, BucketCell, BucketName {
        key [metric, entity, operation] [bucket];
        name metric: Key, "what is counted, unit last, such as `run_queue_ns`";
        name entity: Key, "of what: a CPU, a device, a class of calls; empty for the host";
        name operation: Key, "of which operation; empty where there is none";
        cell bucket: u64, Key, "1", "log-linear: below 8 the value, then 8 for each power of two";
        cell count: u64, Gauge, "1", "how many fell into it since the source's last row";
    }
}

record! {
    /// Something rare that happened.
    pub struct Event, EventCell, EventName {
        key [kind] [at_ns, pid, tid];
        name kind: Key, "`oom_kill`, or `long_block`: uninterruptible sleep of 5 s";
        name comm: Label, "name of the process";
        name cgroup: Label, "path of its control group, or the last part of it";
        name wchan: Label, "kernel function that the task sleeps in";
        cell at_ns: u64, Key, "ns", "CLOCK_BOOTTIME";
        cell pid: u64, Key, "1", "process id";
        cell start_ns: u64, Label, "ns", "start of the process, CLOCK_BOOTTIME";
        cell cgroup_inode: u64, Label, "1", "inode of its control group's directory";
        cell resident_bytes: u64, Gauge, "bytes", "resident memory when it was chosen";
        cell tid: u64, Key, "1", "thread id";
        cell blocked_ns: u64, Gauge, "ns", "how long the task was seen asleep";
    }
}

record! {
    /// What the recorder itself costs, and what it leaves out to keep to its share.
    pub struct Cost, CostCell, CostName {
        key [] [];
        cell cpu_ns: u64, Counter, "ns", "CPU time of the recorder's process";
        cell bpf_ns: u64, Counter, "ns", "run time of its programs: measured for 5 s, then by their runs";
        cell rss_bytes: u64, Gauge, "bytes", "`/proc/self/statm` field 2";
        cell maps_bytes: u64, Gauge, "bytes", "`memlock` of its maps in `/proc/self/fdinfo`";
        cell shed_steps: u64, Gauge, "1", "steps of the order of shedding that are taken";
    }
}
