//! One tick of telemetry: every table that was read, and the registry of all tables.

use super::cgroup::{Cgroup, CgroupSettings};
use super::host::{
    BlockedTask, Cpu, CpuSched, CpuTimes, FileHandles, Limits, Load, Pressure, Sysctls,
};
use super::memory::{Memory, Swap, Vm, Zone};
use super::network::{Listener, Netns, Nic, PortUse, SocketOwner, Softnet};
use super::process::{Process, ProcessFacts, ProcessGone};
use super::record::{Record, Schema, Shape};
use super::rows::{Rows, Rowset};
use super::storage::{Disk, Filesystem};
use super::tracers::{
    BlockTrace, Bucket, Caller, Cost, Event, FaultTrace, LifetimeTrace, MemoryTrace,
    SchedulerTrace, ShortLived, SyscallCount, SyscallTrace, TcpTrace,
};

macro_rules! sample {
    ($( #[doc = $doc:literal] $field:ident: $shape:ident $ty:ident from $source:literal; )+) => {
        /// Raw readings of one tick. Tables that were not due or could not be read are absent.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Sample {
            $( #[doc = $doc] pub $field: Rows<$ty>, )+
            /// Whether `processes` holds every process (a keyframe), not just those that changed.
            pub processes_complete: bool,
        }

        /// Every table, in the order of the columns under `sample`.
        pub const SCHEMAS: &[Schema] = &[$(
            Schema {
                table: stringify!($field),
                source: $source,
                shape: Shape::$shape,
                doc: $doc,
                names: <$ty as Record>::NAMES,
                cells: <$ty as Record>::CELLS,
            },
        )+];

        impl Sample {
            /// Every table, in the order of [`SCHEMAS`].
            pub fn tables(&self) -> [&dyn Rowset; SCHEMAS.len()] {
                [$( &self.$field, )+]
            }

            /// Every table for writing, in the order of [`SCHEMAS`].
            pub fn tables_mut(&mut self) -> [&mut dyn Rowset; SCHEMAS.len()] {
                [$( &mut self.$field, )+]
            }
        }
    };
}

sample! {
    /// CPU time and task counts of the whole host.
    cpu: One Cpu from "stat";
    /// CPU time of each online CPU.
    cpus: Many CpuTimes from "stat";
    /// Load averages, for people.
    load: One Load from "loadavg";
    /// Memory use of the host.
    memory: One Memory from "meminfo";
    /// Paging and reclaim counters.
    vm: One Vm from "vmstat";
    /// Pressure stall information of the host.
    pressure: One Pressure from "pressure/memory";
    /// Run-queue delay of each CPU.
    sched: Many CpuSched from "schedstat";
    /// Whole block devices.
    disks: Many Disk from "diskstats";
    /// Mounted filesystems that can fill up.
    filesystems: Many Filesystem from "filesystems";
    /// Network interfaces of each network namespace.
    nics: Many Nic from "net/dev";
    /// TCP, UDP and socket counters of each network namespace.
    netns: Many Netns from "net/snmp";
    /// Listening TCP sockets with their accept queues.
    listeners: Many Listener from "listeners";
    /// Destinations that use most local ports.
    ports: Many PortUse from "ports";
    /// Packet processing of each CPU.
    softnet: Many Softnet from "net/softnet_stat";
    /// File handles of the host.
    file_handles: One FileHandles from "sys/fs/file-nr";
    /// Configured limits; a row at `Start` and whenever one changed.
    limits: One Limits from "limits";
    /// Swap areas.
    swaps: Many Swap from "swaps";
    /// Watermarks of each memory zone.
    zones: Many Zone from "zoneinfo";
    /// Control groups, each with its hierarchy.
    cgroups: Many Cgroup from "cgroups";
    /// Processes that changed since their last row; all of them in a keyframe.
    processes: Many Process from "processes";
    /// Processes that ended since the last sample.
    processes_gone: Many ProcessGone from "processes";
    /// Tasks in uninterruptible sleep.
    blocked: Many BlockedTask from "blocked";
    /// Switches and run-queue waits of each CPU.
    bpf_scheduler: Many SchedulerTrace from "bpf/scheduler";
    /// Requests of each block device and operation.
    bpf_block_io: Many BlockTrace from "bpf/block_io";
    /// System calls of the host.
    bpf_syscall: One SyscallTrace from "bpf/syscall";
    /// System calls by number; those called since their last row.
    bpf_syscalls: Many SyscallCount from "bpf/syscall";
    /// Processes whose calls were slow or refused since their last row.
    bpf_callers: Many Caller from "bpf/syscall";
    /// Page faults of the host.
    bpf_page_fault: One FaultTrace from "bpf/page_fault";
    /// Reclaim and page-cache turnover.
    bpf_memory: One MemoryTrace from "bpf/memory";
    /// TCP of all network namespaces together.
    bpf_tcp: One TcpTrace from "bpf/tcp";
    /// Beginnings and ends of processes.
    bpf_lifetime: One LifetimeTrace from "bpf/lifetime";
    /// Processes too short-lived to be seen at a tick.
    bpf_short_lived: Many ShortLived from "bpf/lifetime";
    /// Histograms of the tracers: the buckets that are not empty.
    bpf_histograms: Many Bucket from "bpf/scheduler";
    /// Rare events.
    bpf_events: Many Event from "bpf/memory";
    /// What the recorder itself costs.
    cost: One Cost from "cost";
    /// Processes that own TCP sockets; of the namespaces whose sockets this sample lists.
    socket_owners: Many SocketOwner from "socket_owners";
    /// Facts of processes that changed since their last row; of all of them in a keyframe.
    process_facts: Many ProcessFacts from "processes";
    /// Settings of control groups that changed since their last row; of all in a keyframe.
    cgroup_settings: Many CgroupSettings from "cgroups";
    /// Settings of the host that actions change; a row at `Start` and whenever one changed.
    sysctls: One Sysctls from "limits";
}

impl Sample {
    /// Makes every table absent, keeping the buffers.
    pub fn clear(&mut self) {
        for table in self.tables_mut() {
            table.clear();
        }
        self.processes_complete = false;
    }
}
