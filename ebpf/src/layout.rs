//! The Rust twins of the structs in the C headers, which are their home. A test compares each with
//! the types that the compiled objects carry.
#![expect(unsafe_code, reason = "plain bytes: fields of integers only, without padding")]
#![expect(missing_docs, reason = "the fields are described in the C headers")]

use aya::Pod;

/// `HISTOGRAM_BUCKETS`.
pub const BUCKETS: usize = 288;
/// `SYSCALL_NUMBERS`.
pub const SYSCALL_NUMBERS: usize = 512;
/// `SYSCALL_ERRORS`.
pub const SYSCALL_ERRORS: usize = 136;
/// `SYSCALL_CLASSES`.
pub const SYSCALL_CLASSES: usize = 8;
/// `TCP_STATES`.
pub const TCP_STATES: usize = 16;
/// `CGROUP_NAME_BYTES`.
pub const CGROUP_NAME_BYTES: usize = 64;
/// `MARK_KERNEL`.
pub const MARK_KERNEL: u32 = 1;
/// `MARK_RESET_ON_FORK`.
pub const MARK_RESET_ON_FORK: u32 = 2;

/// Declares twins with the fields' offsets, for the test that compares them.
macro_rules! twins {
    ($(
        $(#[doc = $doc:literal])+
        struct $name:ident = $c_name:literal { $($field:ident: $ty:ty,)+ }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            #[repr(C)]
            pub struct $name { $(pub $field: $ty,)+ }

            // SAFETY: integers and arrays of them, without padding: any bytes are a value.
            unsafe impl Pod for $name {}
        )+

        /// Name in C, size, and each field's name and offset.
        pub const TWINS: &[(&str, usize, &[(&str, usize)])] = &[$(
            ($c_name, size_of::<$name>(),
             &[$((stringify!($field), core::mem::offset_of!($name, $field)),)+]),
        )+];
    };
}

twins! {
    /// `processes.h`
    struct TaskUse = "task_use" {
        user_ns: u64, system_ns: u64, run_ns: u64, wait_ns: u64, minor_faults: u64,
        major_faults: u64, voluntary: u64, involuntary: u64, read_bytes: u64, write_bytes: u64,
        cancelled_write_bytes: u64,
    }
    /// `processes.h`
    struct TaskRow = "task_row" {
        process: u32, task: u32, state: u32, leads: u32, usage: TaskUse,
    }
    /// `processes.h`
    struct ProcessRow = "process_row" {
        ended: TaskUse, start_ns: u64, groups: u64, file_pages: u64, anon_pages: u64,
        swap_pages: u64, shared_pages: u64, netns_inode: u64, blkio_delay_ns: u64, parent: u32,
        threads: u32, policy: u32, nice: i32, oom_score_adj: i32, has_memory: u32, session: u32,
        user: u32, autogroup: u32, autogroup_nice: i32, io_priority: u32, marks: u32,
        comm: [u8; 16],
    }
    /// `scheduler.h`
    struct SchedulerCpu = "scheduler_cpu" {
        voluntary: u64, involuntary: u64, wakeups: u64, wakeups_new: u64, migrations: u64,
        wait_ns: u64, depth_sum: u64, depth_max: u64, waits: [u32; BUCKETS],
    }
    /// `block_io.h`
    struct BlockKey = "block_key" { device: u32, operation: u32, }
    /// `block_io.h`
    struct BlockValue = "block_value" {
        issued: u64, completed: u64, errors: u64, no_start: u64, bytes: u64, latency_ns: u64,
        queued_ns: u64, depth_max: u64, latency: [u32; BUCKETS], queued: [u32; BUCKETS],
        sizes: [u32; BUCKETS],
    }
    /// `block_io.h`
    struct BlockLosses = "block_losses" { starts: u64, devices: u64, }
    /// `syscall.h`
    struct SyscallCpu = "syscall_cpu" {
        calls: u64, failed: u64, measured: u64, lost: u64, counts: [u32; SYSCALL_NUMBERS],
        failures: [u32; SYSCALL_NUMBERS],
        errors: [u32; SYSCALL_ERRORS], latency: [u32; SYSCALL_CLASSES * BUCKETS],
    }
    /// `syscall.h`
    struct SyscallClasses = "syscall_classes" { class: [u8; SYSCALL_NUMBERS], }
    /// `syscall.h`
    struct SyscallCulprit = "syscall_culprit" {
        slow: u64, slow_ns: u64, refused: u64, comm: [u8; 16],
    }
    /// `page_fault.h`
    struct PageFaultCpu = "page_fault_cpu" {
        user: u64, kernel: u64, minor: u64, major: u64, major_ns: u64, lost: u64,
        latency: [u32; BUCKETS],
    }
    /// `memory.h`
    struct MemoryCpu = "memory_cpu" {
        cache_adds: u64, cache_deletes: u64, direct: u64, direct_ns: u64, memcg: u64, memcg_ns: u64,
        lost_starts: u64, lost_events: u64, stalls: [u32; BUCKETS],
    }
    /// `memory.h`
    struct OomVictim = "oom_victim" {
        at_ns: u64, start_ns: u64, cgroup_inode: u64, resident_pages: u64, pid: u32, known: u32,
        comm: [u8; 16], cgroup: [u8; CGROUP_NAME_BYTES],
    }
    /// `events.h`
    struct Event = "event" {
        at_ns: u64, numbers: [u64; 4], kind: u32, aux: u32, process: u32, task: u32,
        comm: [u8; 16], other_comm: [u8; 16],
    }
    /// `tcp.h`
    struct TcpCpu = "tcp_cpu" { retransmits: u64, states: [u64; TCP_STATES], }
    /// `lifetime.h`
    struct LifetimeCpu = "lifetime_cpu" { forks: u64, execs: u64, exits: u64, lost: u64, }
    /// `lifetime.h`
    struct LifetimeKey = "lifetime_key" { cgroup_inode: u64, comm: [u8; 16], }
    /// `lifetime.h`
    struct LifetimeValue = "lifetime_value" {
        count: u64, failed: u64, cpu_ns: u64, resident_pages: u64, read_bytes: u64,
        write_bytes: u64,
    }
}

/// The value at the start of `bytes`, if they are enough. They need not be aligned.
pub fn read<T: Pod>(bytes: &[u8]) -> Option<T> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    // SAFETY: there are enough bytes, and any bytes are a value of such a type.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}
