//! What the window remembers of each entity: counters and levels of the last half minute.
//!
//! A track turns a row into numbers that classifiers ask for; it judges nothing.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{Cpu, CpuSched, Filesystem, Pressure, Softnet, Vm};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::history::{Counters, Growth, Told};
use super::levels::{Levels, Mean};
use super::series::{Missing, Track};

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

/// Runnable and blocked tasks per CPU, the recorder's own left out.
#[derive(Debug, Clone, Default)]
pub struct Demand(Levels);

impl Demand {
    /// Mean over at least `ns`, of readings that usually come every `usual_ns`; as
    /// [`Levels::mean`].
    pub fn mean(&self, ns: u64, usual_ns: u64) -> Option<Mean> {
        self.0.mean(ns, usual_ns)
    }
}

impl Track<Cpu> for Demand {
    fn feed(&mut self, at: Timestamp, row: &Cpu, host: &HostFacts) -> bool {
        let recorders = u64::from(host.recorder_pid != 0);
        if let (Some(running), Some(blocked), Some(cpus @ 1..)) =
            (row.procs_running(), row.procs_blocked(), row.cpus_online())
        {
            let tasks = running.saturating_sub(recorders).saturating_add(blocked);
            self.0.push(at, tasks as f64 / cpus as f64);
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

/// How long tasks waited for one CPU.
#[derive(Debug, Clone, Default)]
pub struct RunQueueTrack(Counters<1>);

impl RunQueueTrack {
    /// The mean number that waited over the shortest run of last intervals of at least `ns`, by
    /// Little's law.
    pub fn waiting(&self, ns: u64) -> Result<f64, Missing> {
        Ok(self.0.over(0, "schedstat", ns)?.per_second() / 1e9)
    }
}

impl Track<CpuSched> for RunQueueTrack {
    fn feed(&mut self, at: Timestamp, row: &CpuSched, _: &HostFacts) -> bool {
        self.0.push(at, [row.wait_ns()])
    }
}

/// Space of a filesystem over time.
#[derive(Debug, Clone, Default)]
pub struct SpaceTrack {
    /// Readings that begin the last two spans of [`SPACE_NS`], the older one first, and the last.
    begins: [Option<(Timestamp, u64)>; 2],
    last: Option<(Timestamp, u64)>,
}

/// What was written in ten minutes says how fast space goes; a moment does not (our judgement).
const SPACE_NS: u64 = 600 * SECOND_NS;
/// Less is no time to tell a trend from a file.
const SPACE_LEAST_NS: u64 = 60 * SECOND_NS;

impl SpaceTrack {
    /// Whether less is available than ten to twenty minutes ago, or when it was first read.
    pub fn falls(&self) -> bool {
        let began = self.begins[0].or(self.begins[1]);
        began.zip(self.last).is_some_and(|((_, before), (_, available))| available < before)
    }

    /// Time until nothing is available, at the pace of the last ten to twenty minutes, or of all
    /// that is known; `None` where it does not fall.
    pub fn full_in_ns(&self) -> Option<u64> {
        let (began, before) = self.begins[0].or(self.begins[1])?;
        let (at, available) = self.last?;
        let ns = at.since_ns(began);
        let gone = before.checked_sub(available).filter(|gone| *gone > 0)?;
        let left = u128::from(available) * u128::from(ns) / u128::from(gone);
        (ns >= SPACE_LEAST_NS).then(|| u64::try_from(left).unwrap_or(u64::MAX))
    }
}

impl Track<Filesystem> for SpaceTrack {
    fn feed(&mut self, at: Timestamp, row: &Filesystem, _: &HostFacts) -> bool {
        let Some(available) = row.available_bytes() else { return false };
        let reading = Some((at, available));
        match self.begins[1] {
            Some((began, _)) if at.since_ns(began) < SPACE_NS => {}
            was => self.begins = [was, reading],
        }
        self.last = reading;
        false
    }
}
