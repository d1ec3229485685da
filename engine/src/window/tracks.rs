//! What the window remembers of each entity: counters and levels of the last half minute.
//!
//! A track turns a row into numbers that classifiers ask for; it judges nothing.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{Cpu, CpuSched, FileHandles, Filesystem, Load, Pressure, Softnet, Vm};
use ks_vocabulary::time::Timestamp;

use super::history::{Counters, Growth, Told};
use super::levels::{Levels, Mean};
use super::series::{Missing, Track};
use super::trend::Trend;

/// A total of stall time.
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
pub struct PressureTrack(Counters<5>);

impl PressureTrack {
    /// Takes the totals, in the order of [`Stall`].
    pub(super) fn push(&mut self, at: Timestamp, totals_us: [Option<u64>; 5]) -> bool {
        self.0.push(at, totals_us)
    }

    /// Share of the time stalled, over the shortest run of last intervals of at least `ns`.
    pub fn share(&self, stall: Stall, ns: u64) -> Result<f64, Missing> {
        self.0.over(stall as usize, "pressure", ns).map(|growth| growth.share_of_us())
    }

    /// How many readings of the last `ns` tell of a stall for at least so much of their time.
    pub fn told(&self, stall: Stall, share: f64, ns: u64) -> Told {
        self.0.told(stall as usize, share * 1e6, ns)
    }

    /// Whether the kernel gives this total.
    pub fn is_given(&self, stall: Stall) -> bool {
        self.0.is_given(stall as usize)
    }
}

impl Track<Pressure> for PressureTrack {
    fn feed(&mut self, at: Timestamp, row: &Pressure, _: &HostFacts) -> bool {
        let totals_us = [
            row.cpu_some_total_us(),
            row.memory_some_total_us(),
            row.memory_full_total_us(),
            row.io_some_total_us(),
            row.io_full_total_us(),
        ];
        self.push(at, totals_us)
    }
}

/// Runnable and blocked tasks per CPU, the recorder's own left out, and the CPU time that was asked
/// for.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    tasks: Levels,
    /// Clock ticks that were stolen, and that were worked.
    ticks: Counters<2>,
}

impl Demand {
    /// Mean over at least `ns`, of readings that usually come every `usual_ns`; as
    /// [`Levels::mean`].
    pub fn mean(&self, ns: u64, usual_ns: u64) -> Option<Mean> {
        self.tasks.mean(ns, usual_ns)
    }

    /// Share of the CPU time asked for that the hypervisor gave to others, over the shortest run of
    /// last intervals of at least `ns`.
    pub fn stolen_share(&self, ns: u64) -> Result<f64, Missing> {
        let stolen = self.ticks.over(0, "steal", ns)?.by as f64;
        let asked = stolen + self.ticks.over(1, "stat", ns)?.by as f64;
        Ok(if asked == 0.0 { 0.0 } else { stolen / asked })
    }
}

/// Clock ticks that CPUs worked, guests with them; `None` where only idle time is told.
fn worked(row: &Cpu) -> Option<u64> {
    let own = row.user_ticks().or(row.system_ticks()).and(Some(0));
    let parts = [
        row.user_ticks(),
        row.nice_ticks(),
        row.system_ticks(),
        row.irq_ticks(),
        row.softirq_ticks(),
    ];
    parts.into_iter().flatten().fold(own, |sum, part| Some(sum?.saturating_add(part)))
}

impl Track<Cpu> for Demand {
    fn feed(&mut self, at: Timestamp, row: &Cpu, host: &HostFacts) -> bool {
        let ticks = row.steal_ticks().zip(worked(row));
        self.ticks.push(at, [ticks.map(|(stolen, _)| stolen), ticks.map(|(_, worked)| worked)]);
        let recorders = u64::from(host.recorder_pid != 0);
        if let (Some(running), Some(blocked), Some(cpus @ 1..)) =
            (row.procs_running(), row.procs_blocked(), row.cpus_online())
        {
            let tasks = running.saturating_sub(recorders).saturating_add(blocked);
            self.tasks.push(at, tasks as f64 / cpus as f64);
        }
        false
    }
}

/// A counter of `/proc/vmstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Pages swapped out, to a device or into zswap.
    SwapOut,
    /// Pages swapped in.
    SwapIn,
    /// Faults that waited for I/O.
    MajorFault,
    /// Refaults of anonymous pages.
    RefaultAnon,
    /// Refaults of file pages.
    RefaultFile,
    /// Entries into direct reclaim.
    DirectReclaim,
    /// Pages looked at to make room on the host; what a group does at its own limit is not here.
    Scan,
    /// Those of them that could be had at once.
    Steal,
    /// Tasks that moved pages themselves to have a run of free ones.
    Compaction,
    /// Processes killed for lack of memory.
    OomKill,
    /// Tasks found to sleep uninterruptibly for longer than the kernel puts up with.
    HungTask,
}

impl Paging {
    fn name(self) -> &'static str {
        match self {
            Self::SwapOut => "pswpout",
            Self::SwapIn => "pswpin",
            Self::MajorFault => "pgmajfault",
            Self::RefaultAnon => "workingset_refault_anon",
            Self::RefaultFile => "workingset_refault_file",
            Self::DirectReclaim => "allocstall",
            Self::Scan => "pgscan",
            Self::Steal => "pgsteal",
            Self::Compaction => "compact_stall",
            Self::OomKill => "oom_kill",
            Self::HungTask => "hung_task_detect_count",
        }
    }
}

/// Paging and reclaim of the host.
#[derive(Debug, Clone, Default)]
pub struct PagingTrack {
    counters: Counters<10>,
    /// Another file than `/proc/vmstat`, which not every kernel has.
    hung: Counters<1>,
}

impl PagingTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: Paging, ns: u64) -> Result<Growth, Missing> {
        if what == Paging::HungTask {
            return self.hung.over(0, what.name(), ns);
        }
        self.counters.over(what as usize, what.name(), ns)
    }

    /// Share of the time in which a counter grew by at least so much a second, over at least so
    /// many intervals and so long.
    pub fn share_of_time(
        &self,
        what: Paging,
        per_second: f64,
        over: (usize, u64),
    ) -> Result<f64, Missing> {
        self.counters.share_of_time(what as usize, what.name(), per_second, over)
    }
}

impl Track<Vm> for PagingTrack {
    fn feed(&mut self, at: Timestamp, row: &Vm, _: &HostFacts) -> bool {
        // What goes into zswap and comes back is swapped too, and the kernel counts it apart.
        let with = |device: Option<u64>, zswap: Option<u64>| {
            Some(device?.saturating_add(zswap.unwrap_or(0)))
        };
        let values = [
            with(row.pswpout(), row.zswpout()),
            with(row.pswpin(), row.zswpin()),
            row.pgmajfault(),
            row.refault_anon(),
            row.refault_file(),
            row.allocstall(),
            with(row.pgscan_direct(), row.pgscan_kswapd()),
            with(row.pgsteal_direct(), row.pgsteal_kswapd()),
            row.compact_stall(),
            row.oom_kill(),
        ];
        self.hung.push(at, [row.hung_tasks()]);
        self.counters.push(at, values)
    }
}

/// Packet processing of one CPU: processed and dropped.
#[derive(Debug, Clone, Default)]
pub struct SoftnetTrack(Counters<2>);

impl SoftnetTrack {
    /// Packets processed and dropped over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, ns: u64) -> Result<(Growth, Growth), Missing> {
        Ok((self.0.over(0, "softnet_stat", ns)?, self.0.over(1, "softnet_stat", ns)?))
    }
}

impl Track<Softnet> for SoftnetTrack {
    fn feed(&mut self, at: Timestamp, row: &Softnet, _: &HostFacts) -> bool {
        self.0.push(at, [row.processed(), row.dropped()])
    }
}

/// How long tasks ran on one CPU, and waited for it.
#[derive(Debug, Clone, Default)]
pub struct RunQueueTrack(Counters<3>);

impl RunQueueTrack {
    /// The mean number that waited over the shortest run of last intervals of at least `ns`, by
    /// Little's law.
    pub fn waiting(&self, ns: u64) -> Result<f64, Missing> {
        Ok(self.0.over(0, "schedstat", ns)?.per_second() / 1e9)
    }

    /// Share of the time in which a task ran.
    pub fn running(&self, ns: u64) -> Result<f64, Missing> {
        Ok(self.0.over(2, "running_ns", ns)?.per_second() / 1e9)
    }

    /// How long they waited in the mean for each time slice that was run, in seconds.
    pub fn wait_s(&self, ns: u64) -> Result<f64, Missing> {
        let waited_ns = self.0.over(0, "schedstat", ns)?.by as f64;
        let slices = self.0.over(1, "timeslices", ns)?.by;
        Ok(waited_ns / 1e9 / slices.max(1) as f64)
    }
}

impl Track<CpuSched> for RunQueueTrack {
    fn feed(&mut self, at: Timestamp, row: &CpuSched, _: &HostFacts) -> bool {
        self.0.push(at, [row.wait_ns(), row.timeslices(), row.running_ns()])
    }
}

/// Space of a filesystem over time.
#[derive(Debug, Clone, Default)]
pub struct SpaceTrack(Trend);

impl SpaceTrack {
    /// Whether less is available than ten to twenty minutes ago, or when it was first read.
    pub fn falls(&self) -> bool {
        self.0.falls()
    }

    /// Time until nothing is available; as [`Trend::gone_in_ns`].
    pub fn full_in_ns(&self) -> Option<u64> {
        self.0.gone_in_ns()
    }
}

impl Track<Filesystem> for SpaceTrack {
    fn feed(&mut self, at: Timestamp, row: &Filesystem, _: &HostFacts) -> bool {
        if let Some(available) = row.available_bytes() {
            self.0.push(at, available);
        }
        false
    }
}

impl Track<Load> for Trend {
    fn feed(&mut self, at: Timestamp, row: &Load, _: &HostFacts) -> bool {
        if let Some(tasks) = row.tasks() {
            self.push(at, tasks);
        }
        false
    }
}

/// File handles in use. Where none are told to be unused those that are allocated are in use:
/// kernels since 2.6 leave none, and `sar` takes them off.
pub fn files_open(row: &FileHandles) -> Option<u64> {
    Some(row.allocated()?.saturating_sub(row.unused().unwrap_or(0)))
}

impl Track<FileHandles> for Trend {
    fn feed(&mut self, at: Timestamp, row: &FileHandles, _: &HostFacts) -> bool {
        if let Some(open) = files_open(row) {
            self.push(at, open);
        }
        false
    }
}
