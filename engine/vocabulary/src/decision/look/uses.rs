//! Numbers of the host, of processes and of control groups.

use super::numbers::{Numbers, numbers};
use super::{IoClass, Policy, ProcessState, Wait};

numbers! {
    /// What a process holds, and took lately.
    ProcessUse {
        /// Resident memory.
        rss_bytes,
        /// What of it is in swap.
        swap_bytes,
        /// Its threads.
        threads,
        /// CPUs that it used in the mean.
        cpus,
        /// Read from storage.
        read_bytes_per_s,
        /// Written to storage.
        written_bytes_per_s,
        /// Over how long that was counted.
        over_s,
    }
}

numbers! {
    /// Memory of the host.
    MemoryUse {
        /// All of it.
        total_bytes,
        /// What can be had of it.
        available_bytes,
        /// Swap.
        swap_total_bytes,
        /// Of that, what is free.
        swap_free_bytes,
    }
}

numbers! {
    /// Swapping of the host.
    SwapUse {
        /// Pages that went out.
        out_pages_per_s,
        /// Pages that came back.
        in_pages_per_s,
        /// Faults that waited for I/O.
        major_faults_per_s,
        /// Swap.
        swap_total_bytes,
        /// Of that, what is free.
        swap_free_bytes,
        /// Over how long that was counted.
        over_s,
    }
}

numbers! {
    /// Tasks of a process that sleep uninterruptibly.
    Blocked {
        /// How many.
        tasks,
    } {
        /// What the first of them waits for.
        waits_for: Wait,
    }
}

numbers! {
    /// What a control group uses, and may.
    GroupUse {
        /// CPUs that it used in the mean.
        cpus,
        /// CPUs that its quota allows; absent without one.
        cpus_max,
        /// `cpu.weight`.
        cpu_weight,
        /// Share of the periods in which its quota held it up.
        throttled_share,
        /// Memory that it is charged with.
        memory_bytes,
        /// Of that, anonymous.
        anon_bytes,
        /// Of that, page cache.
        file_bytes,
        /// `memory.high`; absent without one.
        memory_high_bytes,
        /// `memory.max`; absent without one.
        memory_max_bytes,
        /// What of it is in swap.
        swap_bytes,
        /// `memory.swap.max`; absent without one.
        swap_max_bytes,
        /// Its tasks.
        pids,
        /// `pids.max`; absent without one.
        pids_max,
        /// Read from storage.
        read_bytes_per_s,
        /// Written to storage.
        written_bytes_per_s,
        /// Over how long what it took was counted.
        over_s,
    } {
        /// It is frozen.
        frozen: bool,
    }
}

numbers! {
    /// How a process is set, and what it may.
    ProcessSettings {
        /// Nice level of its leader.
        nice,
        /// Nice level of its autogroup.
        autogroup_nice,
        /// Level within its I/O class.
        io_level,
        /// CPUs that it may use.
        cpus_allowed,
        /// `oom_score_adj`.
        oom_score_adj,
        /// Open files.
        open_files,
        /// How many there may be.
        open_files_max,
        /// Seconds since it started.
        runs_s,
    } {
        /// What it does.
        state: ProcessState,
        /// How it is scheduled.
        policy: Policy,
        /// Class of its I/O priority.
        io_class: IoClass,
        /// It is a thread of the kernel.
        is_kernel: bool,
    }
}

numbers! {
    /// TCP sockets of a process.
    Sockets {
        /// All of them.
        all,
        /// In ESTABLISHED.
        established,
        /// In CLOSE_WAIT: the peer has closed, the process has not.
        close_wait,
        /// Those that listen.
        listening,
        /// Of those, with a full accept queue.
        full_queues,
    }
}

numbers! {
    /// Shares of the time in which tasks stalled.
    Stalls {
        /// Some for a CPU.
        cpu_some_share,
        /// Some for memory.
        memory_some_share,
        /// All for memory.
        memory_full_share,
        /// Some for I/O.
        io_some_share,
        /// All for I/O.
        io_full_share,
    }
}
