//! Stage 1: raw readings become the rates and histories that classifiers judge.

mod account;
mod cgroup_track;
mod close_waits;
mod disk_track;
mod disk_tree;
mod ended;
mod history;
mod host_past;
mod known;
mod latency_table;
mod leaders;
mod levels;
mod newest;
mod nic_track;
mod owner_table;
mod process_table;
mod series;
mod silence;
mod socket_use;
mod sufferers;
mod tcp_track;
mod tracer_tracks;
mod tracks;
mod trend;
mod waited;

use alloc::string::String;
use alloc::vec::Vec;

pub use account::{Account, BUCKET_NS, Consumption, GroupConsumption};
pub use cgroup_track::{CgroupTrack, Group, GroupLeaders};
pub use close_waits::CloseWaits;
pub use disk_track::{DiskTrack, DiskWork};
pub use ended::{Bundle, Ended};
pub use history::{Counters, Growth, LONGEST_NS, Told};
pub use host_past::{HostAccount, HostPast};
pub use known::{Known, ProcessKey};
pub use latency_table::{CallClass, Latency, LatencyTable, Span};
pub use leaders::{Leaders, RING_BUCKETS, Ring};
pub use levels::{Levels, Mean};
pub use newest::Newest;
pub use nic_track::{LostCarrier, NicTrack, Traffic};
pub use owner_table::OwnerTable;
pub use process_table::{PROCESS_CAP, ProcessTable};
pub use series::{EntityId, HOST, Missing, Series, Step, Track};
pub use socket_use::{SocketTable, SocketUse, accept_room};
pub use sufferers::{Calls, Killed, Sufferers};
pub use tcp_track::{Tcp, TcpTrack};
pub use tracer_tracks::{Call, CallTrack, CompletionTrack, FaultTrack, ReclaimTrack};
pub use tracks::{
    Demand, Paging, PagingTrack, PressureTrack, RunQueueTrack, SoftnetTrack, SpaceTrack, Stall,
    files_open,
};
pub use trend::Trend;

pub use waited::{Waited, is_batch};

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{
    BlockTrace, Cgroup, Cpu, CpuSched, Disk, FaultTrace, FileHandles, Filesystem, Limits, Load,
    Memory, MemoryTrace, Netns, Nic, Pressure, Sample, Softnet, SyscallTrace, Vm,
};
use ks_vocabulary::time::Timestamp;

use series::Ledger;

/// Control groups kept; more are left out, with a defect.
pub const CGROUP_CAP: usize = 1024;
/// Entities of any other table.
const ENTITY_CAP: usize = 1024;

/// Declares the window's series once: what they are, which source feeds them, how many rows are
/// kept. Update, restart and construction follow.
macro_rules! window {
    ($( #[doc = $doc:literal] $field:ident: $row:ty, $track:ty, $source:literal, $cap:expr; )+) => {
        /// What the classifiers see: the last readings, rates and histories.
        #[derive(Debug)]
        pub struct Window {
            /// Nominal time between samples.
            pub interval_ns: u64,
            /// Processes of others are hidden from the recorder: one of them may be to blame.
            pub hides_processes: bool,
            /// Processes.
            pub processes: ProcessTable,
            /// Accept queues and ports.
            pub sockets: SocketTable,
            /// Sockets in CLOSE_WAIT of each network namespace.
            pub close_waits: CloseWaits,
            /// Whose sockets they are.
            pub owners: OwnerTable,
            /// Histograms of the tracers.
            pub latencies: LatencyTable,
            /// Who was seen to suffer.
            pub sufferers: Sufferers,
            /// The past of the control groups that consume or grow most.
            pub group_leaders: GroupLeaders,
            /// The past of the host as a whole.
            pub host_past: HostPast,
            ledger: Ledger,
            $( #[doc = $doc] pub $field: Series<$row, $track>, )+
        }

        impl Default for Window {
            fn default() -> Self {
                Self {
                    interval_ns: ks_vocabulary::time::SECOND_NS,
                    hides_processes: false,
                    processes: ProcessTable::default(),
                    sockets: SocketTable::default(),
                    close_waits: CloseWaits::default(),
                    owners: OwnerTable::default(),
                    latencies: LatencyTable::default(),
                    sufferers: Sufferers::default(),
                    group_leaders: GroupLeaders::default(),
                    host_past: HostPast::default(),
                    ledger: Ledger::default(),
                    $( $field: Series::new($source), )+
                }
            }
        }

        impl Window {
            fn update_series(&mut self, sample: &Sample) {
                $( self.$field.update(&sample.$field, $cap, &mut self.ledger); )+
            }

            /// Forgets the readings of one source, which was not watched for a time.
            pub fn restart_source(&mut self, source: &str) {
                $( if $source == source { self.$field.restart(); } )+
                if source.starts_with("bpf/") {
                    self.latencies.restart();
                }
                if source == self.cgroups.source() {
                    self.group_leaders.restart();
                }
            }

            /// Forgets all readings: no rate is taken across a suspend.
            pub fn restart(&mut self) {
                $( self.$field.restart(); )+
                self.processes.restart();
                self.sockets.restart();
                self.close_waits.restart();
                self.owners.restart();
                self.latencies.restart();
                self.sufferers.restart();
                self.group_leaders.restart();
                self.host_past = HostPast::default();
            }
        }
    };
}

window! {
    /// `/proc/stat`.
    cpu: Cpu, Demand, "stat", 1;
    /// Waits for each CPU.
    sched: CpuSched, RunQueueTrack, "schedstat", ENTITY_CAP;
    /// Load averages.
    load: Load, Trend, "loadavg", 1;
    /// Memory use.
    memory: Memory, (), "meminfo", 1;
    /// Paging counters.
    vm: Vm, PagingTrack, "vmstat", 1;
    /// Pressure of the host.
    pressure: Pressure, PressureTrack, "pressure/memory", 1;
    /// Disks.
    disks: Disk, DiskTrack, "diskstats", ENTITY_CAP;
    /// Filesystems.
    filesystems: Filesystem, SpaceTrack, "filesystems", ENTITY_CAP;
    /// Interfaces.
    nics: Nic, NicTrack, "net/dev", ENTITY_CAP;
    /// Network namespaces.
    netns: Netns, TcpTrack, "net/snmp", ENTITY_CAP;
    /// Packet processing.
    softnet: Softnet, SoftnetTrack, "net/softnet_stat", ENTITY_CAP;
    /// File handles.
    file_handles: FileHandles, Trend, "sys/fs/file-nr", 1;
    /// Configured limits.
    limits: Limits, (), "limits", 1;
    /// Control groups.
    cgroups: Cgroup, CgroupTrack, "cgroups", CGROUP_CAP;
    /// Requests of block devices, by operation.
    bpf_block_io: BlockTrace, CompletionTrack, "bpf/block_io", ENTITY_CAP;
    /// System calls of the host.
    bpf_syscall: SyscallTrace, CallTrack, "bpf/syscall", 1;
    /// Page faults of the host.
    bpf_page_fault: FaultTrace, FaultTrack, "bpf/page_fault", 1;
    /// Reclaim of the host.
    bpf_memory: MemoryTrace, ReclaimTrack, "bpf/memory", 1;
}

impl Window {
    /// Takes a sample.
    pub fn update(&mut self, sample: &Sample, mono: Timestamp) {
        self.ledger.mono = mono;
        self.update_series(sample);
        self.group_leaders.update(&self.cgroups);
        let totals = host_past::totals(
            self.cpu.one().ok(),
            self.memory.one().ok(),
            self.vm.one().ok(),
            self.disks.rows().unwrap_or_default(),
        );
        self.host_past.update(mono, totals);
        // A victim's row is there until the sample that tells of its end is taken.
        self.sufferers.update(sample, mono, &self.ledger.host, &self.processes);
        self.processes.update(sample, &mut self.ledger);
        self.processes.ended.update(sample, mono, &self.ledger.host);
        self.sockets.update(sample);
        self.close_waits.update(sample, mono);
        self.owners.update(sample, mono);
        self.latencies.update(sample, mono);
    }

    /// Facts of the host.
    pub fn host(&self) -> &HostFacts {
        &self.ledger.host
    }

    /// Sets the facts of the host.
    pub fn set_host(&mut self, host: HostFacts) {
        self.ledger.host = host;
    }

    /// Time of the last sample.
    pub fn mono(&self) -> Timestamp {
        self.ledger.mono
    }

    /// Takes the ids of entities that are gone since the last call.
    pub fn take_gone(&mut self) -> Vec<EntityId> {
        core::mem::take(&mut self.ledger.gone)
    }

    /// Takes what was wrong with the last sample: the table and the problem.
    pub fn take_defects(&mut self) -> Vec<(&'static str, String)> {
        core::mem::take(&mut self.ledger.defects)
    }
}
