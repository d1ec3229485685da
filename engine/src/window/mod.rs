//! Stage 1: raw readings become the rates and histories that classifiers judge.

mod history;
mod process_table;
mod series;

use alloc::vec::Vec;

pub use history::{Counters, Growth, LONGEST_NS, Levels};
pub use process_table::{Consumption, Known, PROCESS_CAP, ProcessTable};
pub use series::{EntityId, HOST, Missing, Series, Step};

use crate::input::HostFacts;
use crate::model::{
    Cgroup, Cpu, Disk, FileHandles, Filesystem, Limits, Listener, Load, Memory, Netns, Nic,
    PortUse, Pressure, Sample, Softnet, Vm,
};
use crate::time::Timestamp;

/// Control groups kept; more are left out, with a defect.
pub const CGROUP_CAP: usize = 1024;
/// Entities of any other table.
const ENTITY_CAP: usize = 1024;

/// Counters of [`PressureTrack::totals_us`], by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// At least one task waits for a CPU.
    CpuSome,
    /// At least one task stalls for memory.
    MemorySome,
    /// All tasks stall for memory.
    MemoryFull,
    /// At least one task stalls for I/O.
    IoSome,
    /// All tasks stall for I/O.
    IoFull,
}

/// Stall totals of the host or a cgroup.
#[derive(Debug, Clone, Default)]
pub struct PressureTrack {
    totals_us: Counters<5>,
    /// Which of the five the kernel gives.
    given: [bool; 5],
}

impl PressureTrack {
    fn push(&mut self, at: Timestamp, totals: [Option<u64>; 5]) {
        self.given = totals.map(|total| total.is_some());
        self.totals_us.push(at, totals.map(|total| total.unwrap_or(0)));
    }

    /// Share of the time stalled, over the shortest run of last intervals of at least `ns`.
    pub fn share(&self, stall: Stall, ns: u64) -> Result<f64, Missing> {
        let index = stall as usize;
        if !self.given[index] {
            return Err(Missing::Field("pressure"));
        }
        self.totals_us.over(ns).map(|growth| growth.share_of_us(index)).ok_or(Missing::NoEarlier)
    }

    /// Whether the kernel gives this total.
    pub fn is_given(&self, stall: Stall) -> bool {
        self.given[stall as usize]
    }
}

/// Counters of a disk: reads + writes, their ms, busy ms, queue ms.
pub type DiskTrack = Counters<4>;

/// Packets, drops and errors of an interface by direction, for ratios over a window.
#[derive(Debug, Clone, Default)]
pub struct NicTrack {
    /// Receive: packets, dropped, errors, bytes; transmit: the same.
    pub counters: Counters<8>,
    /// Last seen carrier.
    pub carrier: Option<bool>,
    /// Whether it carried traffic while it had carrier.
    pub carried: bool,
    /// Carrier was lost between the last two readings.
    pub lost_carrier: bool,
}

/// Segments of a namespace: sent, sent again.
pub type NetnsTrack = Counters<2>;

/// Memory and CPU history of a cgroup.
#[derive(Debug, Clone, Default)]
pub struct CgroupTrack {
    /// Stall totals.
    pub pressure: PressureTrack,
    /// Periods, throttled periods.
    pub periods: Counters<2>,
    /// Charged memory at the start of this and the previous bucket of ten seconds.
    memory_buckets: [u64; 2],
    counters_at_bucket: [[u64; 3]; 2],
    bucket: u64,
}

impl CgroupTrack {
    fn push(&mut self, at: Timestamp, row: &Cgroup) {
        let stalls = [
            row.cpu_some_total_us(),
            row.memory_some_total_us(),
            row.memory_full_total_us(),
            row.io_some_total_us(),
            row.io_full_total_us(),
        ];
        self.pressure.push(at, stalls);
        if let (Some(periods), Some(throttled)) = (row.nr_periods(), row.nr_throttled()) {
            self.periods.push(at, [periods, throttled]);
        }
        let bucket = at.0 / 10_000_000_000;
        if bucket != self.bucket {
            let fresh = self.bucket == 0;
            let amounts = cgroup_amounts(row);
            let memory = row.memory_bytes().unwrap_or(0);
            self.memory_buckets = [if fresh { memory } else { self.memory_buckets[1] }, memory];
            let previous = if fresh { amounts } else { self.counters_at_bucket[1] };
            self.counters_at_bucket = [previous, amounts];
            self.bucket = bucket;
        }
    }

    /// Growth of memory, and of CPU time, I/O bytes and major faults, in the last ten to twenty
    /// seconds.
    pub fn recent(&self, row: &Cgroup) -> (u64, [u64; 3]) {
        let memory = row.memory_bytes().unwrap_or(0).saturating_sub(self.memory_buckets[0]);
        let mut grown = cgroup_amounts(row);
        for (amount, before) in grown.iter_mut().zip(self.counters_at_bucket[0]) {
            *amount = amount.saturating_sub(before);
        }
        (memory, grown)
    }
}

fn cgroup_amounts(row: &Cgroup) -> [u64; 3] {
    let io = row.io_read_bytes().unwrap_or(0).saturating_add(row.io_write_bytes().unwrap_or(0));
    [row.cpu_usage_us().unwrap_or(0), io, row.pgmajfault().unwrap_or(0)]
}

/// What the classifiers see: the last readings, rates and histories.
#[derive(Debug)]
pub struct Window {
    /// Facts of the host.
    pub host: HostFacts,
    /// Nominal time between samples.
    pub interval_ns: u64,
    /// Time of the last sample.
    pub mono: Timestamp,
    /// `/proc/stat`; the track is demand beside the recorder's own, per CPU.
    pub cpu: Series<Cpu, Levels>,
    /// Load averages.
    pub load: Series<Load, ()>,
    /// Memory use.
    pub memory: Series<Memory, ()>,
    /// Paging counters; the track is (swapped out, swapped in).
    pub vm: Series<Vm, Counters<2>>,
    /// Pressure of the host.
    pub pressure: Series<Pressure, PressureTrack>,
    /// Disks.
    pub disks: Series<Disk, DiskTrack>,
    /// Filesystems; the track is the space available before, and when it fell last.
    pub filesystems: Series<Filesystem, FilesystemTrack>,
    /// Interfaces.
    pub nics: Series<Nic, NicTrack>,
    /// Network namespaces.
    pub netns: Series<Netns, NetnsTrack>,
    /// Listening sockets.
    pub listeners: Series<Listener, ()>,
    /// Busy destinations.
    pub ports: Series<PortUse, ()>,
    /// Packet processing.
    pub softnet: Series<Softnet, ()>,
    /// File handles.
    pub file_handles: Series<FileHandles, ()>,
    /// Configured limits.
    pub limits: Series<Limits, ()>,
    /// Control groups.
    pub cgroups: Series<Cgroup, CgroupTrack>,
    /// Processes.
    pub processes: ProcessTable,
    next_id: u32,
    gone: Vec<EntityId>,
}

/// Space of a filesystem over time.
#[derive(Debug, Clone, Default)]
pub struct FilesystemTrack {
    available_bytes: Option<u64>,
    /// When the available space was last seen to have fallen.
    pub fell_at: Option<Timestamp>,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            host: HostFacts::default(),
            interval_ns: crate::time::SECOND_NS,
            mono: Timestamp::default(),
            cpu: Series::new("stat"),
            load: Series::new("loadavg"),
            memory: Series::new("meminfo"),
            vm: Series::new("vmstat"),
            pressure: Series::new("pressure/memory"),
            disks: Series::new("diskstats"),
            filesystems: Series::new("filesystems"),
            nics: Series::new("net/dev"),
            netns: Series::new("net/snmp"),
            listeners: Series::new("listeners"),
            ports: Series::new("ports"),
            softnet: Series::new("net/softnet_stat"),
            file_handles: Series::new("sys/fs/file-nr"),
            limits: Series::new("limits"),
            cgroups: Series::new("cgroups"),
            processes: ProcessTable::default(),
            next_id: 0,
            gone: Vec::new(),
        }
    }
}

macro_rules! each_series {
    ($window:ident, $series:ident => $body:expr) => {{
        {
            let $series = &mut $window.cpu;
            $body;
        }
        {
            let $series = &mut $window.load;
            $body;
        }
        {
            let $series = &mut $window.memory;
            $body;
        }
        {
            let $series = &mut $window.vm;
            $body;
        }
        {
            let $series = &mut $window.pressure;
            $body;
        }
        {
            let $series = &mut $window.disks;
            $body;
        }
        {
            let $series = &mut $window.filesystems;
            $body;
        }
        {
            let $series = &mut $window.nics;
            $body;
        }
        {
            let $series = &mut $window.netns;
            $body;
        }
        {
            let $series = &mut $window.listeners;
            $body;
        }
        {
            let $series = &mut $window.ports;
            $body;
        }
        {
            let $series = &mut $window.softnet;
            $body;
        }
        {
            let $series = &mut $window.file_handles;
            $body;
        }
        {
            let $series = &mut $window.limits;
            $body;
        }
        {
            let $series = &mut $window.cgroups;
            $body;
        }
    }};
}

impl Window {
    /// Takes a sample. The return value names each table that had more entities than are kept,
    /// with the number left out.
    pub fn update(&mut self, sample: &Sample, mono: Timestamp) -> Vec<(&'static str, usize)> {
        self.mono = mono;
        let mut over = Vec::new();
        let (next, gone) = (&mut self.next_id, &mut self.gone);
        let mut take = |table: &'static str, left_out: usize| {
            if left_out > 0 {
                over.push((table, left_out));
            }
        };
        self.cpu.update(&sample.cpu, mono, 1, next, gone);
        self.load.update(&sample.load, mono, 1, next, gone);
        self.memory.update(&sample.memory, mono, 1, next, gone);
        self.vm.update(&sample.vm, mono, 1, next, gone);
        self.pressure.update(&sample.pressure, mono, 1, next, gone);
        self.file_handles.update(&sample.file_handles, mono, 1, next, gone);
        self.limits.update(&sample.limits, mono, 1, next, gone);
        take("disks", self.disks.update(&sample.disks, mono, ENTITY_CAP, next, gone));
        take(
            "filesystems",
            self.filesystems.update(&sample.filesystems, mono, ENTITY_CAP, next, gone),
        );
        take("nics", self.nics.update(&sample.nics, mono, ENTITY_CAP, next, gone));
        take("netns", self.netns.update(&sample.netns, mono, ENTITY_CAP, next, gone));
        take("listeners", self.listeners.update(&sample.listeners, mono, ENTITY_CAP, next, gone));
        take("ports", self.ports.update(&sample.ports, mono, ENTITY_CAP, next, gone));
        take("softnet", self.softnet.update(&sample.softnet, mono, ENTITY_CAP, next, gone));
        take("cgroups", self.cgroups.update(&sample.cgroups, mono, CGROUP_CAP, next, gone));
        take("processes", self.processes.update(sample, mono));
        self.feed_tracks();
        over
    }

    fn feed_tracks(&mut self) {
        self.feed_host();
        if let (true, Some(at)) = (self.disks.is_fresh(), self.disks.at()) {
            for (row, track) in self.disks.tracks_mut() {
                feed_disk(at, row, track);
            }
        }
        if let (true, Some(at)) = (self.nics.is_fresh(), self.nics.at()) {
            for (row, track) in self.nics.tracks_mut() {
                feed_nic(at, row, track);
            }
        }
        if let (true, Some(at)) = (self.netns.is_fresh(), self.netns.at()) {
            for (row, track) in self.netns.tracks_mut() {
                if let (Some(sent), Some(again)) = (row.tcp_out_segs(), row.tcp_retrans_segs()) {
                    track.push(at, [sent, again]);
                }
            }
        }
        if let (true, Some(at)) = (self.filesystems.is_fresh(), self.filesystems.at()) {
            for (row, track) in self.filesystems.tracks_mut() {
                if row.available_bytes() < track.available_bytes {
                    track.fell_at = Some(at);
                }
                track.available_bytes = row.available_bytes();
            }
        }
        if let (true, Some(at)) = (self.cgroups.is_fresh(), self.cgroups.at()) {
            for (row, track) in self.cgroups.tracks_mut() {
                track.push(at, row);
            }
        }
    }

    fn feed_host(&mut self) {
        let recorders = u64::from(self.host.recorder_pid != 0);
        if let (true, Some(at)) = (self.cpu.is_fresh(), self.cpu.at()) {
            for (row, demand) in self.cpu.tracks_mut() {
                if let Some(ratio) = demand_per_cpu(row, recorders) {
                    demand.push(at, ratio);
                }
            }
        }
        if let (true, Some(at)) = (self.vm.is_fresh(), self.vm.at()) {
            for (row, swapped) in self.vm.tracks_mut() {
                if let (Some(out), Some(back)) = (row.pswpout(), row.pswpin()) {
                    swapped.push(at, [out, back]);
                }
            }
        }
        if let (true, Some(at)) = (self.pressure.is_fresh(), self.pressure.at()) {
            for (row, track) in self.pressure.tracks_mut() {
                let totals = [
                    row.cpu_some_total_us(),
                    row.memory_some_total_us(),
                    row.memory_full_total_us(),
                    row.io_some_total_us(),
                    row.io_full_total_us(),
                ];
                track.push(at, totals);
            }
        }
    }

    /// Forgets all readings: no rate is taken across a suspend or a new boot.
    pub fn restart(&mut self) {
        each_series!(self, series => series.restart());
        self.processes.restart();
    }

    /// Takes the ids of entities that are gone since the last call.
    pub fn take_gone(&mut self) -> Vec<EntityId> {
        core::mem::take(&mut self.gone)
    }
}

/// Runnable and blocked tasks per CPU, the recorder's own left out.
fn demand_per_cpu(row: &Cpu, recorders: u64) -> Option<f64> {
    let running = row.procs_running()?.saturating_sub(recorders);
    let tasks = running.saturating_add(row.procs_blocked()?);
    let cpus = row.cpus_online().filter(|cpus| *cpus > 0)?;
    Some(tasks as f64 / cpus as f64)
}

fn feed_disk(at: Timestamp, row: &Disk, track: &mut DiskTrack) {
    let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
    if let (Some(done), Some(spent), Some(busy), Some(queue)) = (
        sum(row.reads(), row.writes()),
        sum(row.read_ms(), row.write_ms()),
        row.io_ms(),
        row.queue_ms(),
    ) {
        track.push(at, [done, spent, busy, queue]);
    }
}

fn feed_nic(at: Timestamp, row: &Nic, track: &mut NicTrack) {
    let counters = [
        row.rx_packets(),
        row.rx_dropped(),
        row.rx_errors(),
        row.rx_bytes(),
        row.tx_packets(),
        row.tx_dropped(),
        row.tx_errors(),
        row.tx_bytes(),
    ];
    track.counters.push(at, counters.map(|counter| counter.unwrap_or(0)));
    let moved = track.counters.last().is_some_and(|growth| growth.by[0] + growth.by[4] > 0);
    track.lost_carrier =
        track.carried && track.carrier == Some(true) && row.carrier() != Some(true);
    track.carried |= moved && row.carrier() == Some(true);
    track.carrier = row.carrier();
}
