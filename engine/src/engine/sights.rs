//! What the agent may look at more closely: the window's last readings, and what it counted just
//! before them.

mod devices;
mod groups;
mod processes;

use alloc::vec::Vec;

use ks_agent::sights::{Listing, Reading, Sights};
use ks_vocabulary::decision::{
    Blocked, DiskUse, GroupUse, MemoryUse, NicUse, ProcessSettings, ProcessUse, Sockets, Space,
    Stalls, SwapUse, TcpUse,
};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::facts::Seen;
use crate::window::{Growth, Missing, Paging, PressureTrack, Stall};

/// Rates are taken over so long.
const SPAN_NS: u64 = 10 * SECOND_NS;

fn number(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}

fn per_s(growth: Result<Growth, Missing>) -> Option<f64> {
    growth.ok().map(|growth| growth.per_second())
}

/// Over how long something was counted.
fn over_s(growth: Result<Growth, Missing>) -> Option<f64> {
    growth.ok().map(|growth| growth.ns as f64 / SECOND_NS as f64)
}

fn listing<T>(
    at: Option<Timestamp>,
    of: impl Iterator<Item = (Entity, T)>,
) -> Option<Reading<Vec<(Entity, T)>>> {
    at.map(|at| Reading { at, of: of.collect() })
}

/// Shares of the time in which tasks stalled, as far as they are given.
fn stalls(pressure: &PressureTrack) -> Stalls {
    let share = |stall| pressure.share(stall, SPAN_NS).ok();
    Stalls {
        cpu_some_share: share(Stall::CpuSome),
        memory_some_share: share(Stall::MemorySome),
        memory_full_share: share(Stall::MemoryFull),
        io_some_share: share(Stall::IoSome),
        io_full_share: share(Stall::IoFull),
    }
}

impl Sights for Seen<'_> {
    fn process_uses(&self) -> Listing<ProcessUse> {
        processes::uses(self.window)
    }

    fn process_use(&self, key: (u64, u64)) -> Option<Reading<ProcessUse>> {
        let (at, known) = (self.window.processes.at()?, self.window.processes.find(key)?);
        Some(Reading { at, of: processes::usage(self.window, known, at) })
    }

    fn process_settings(&self, key: (u64, u64)) -> Option<Reading<ProcessSettings>> {
        let (at, known) = (self.window.processes.at()?, self.window.processes.find(key)?);
        let runs_from = known.started(self.window.host());
        let facts = self.tables.process(key);
        let of = processes::settings(&known.row, facts, runs_from.map(|from| at.since_ns(from)));
        Some(Reading { at, of })
    }

    fn memory_use(&self) -> Option<Reading<MemoryUse>> {
        let row = self.window.memory.one().ok()?;
        let of = MemoryUse {
            total_bytes: number(row.total_bytes()),
            available_bytes: number(row.available_bytes()),
            swap_total_bytes: number(row.swap_total_bytes()),
            swap_free_bytes: number(row.swap_free_bytes()),
        };
        Some(Reading { at: self.window.memory.at()?, of })
    }

    fn disk_uses(&self) -> Listing<DiskUse> {
        devices::disks(self.window)
    }

    fn nic_uses(&self) -> Listing<NicUse> {
        devices::nics(self.window)
    }

    fn tcp_uses(&self) -> Listing<TcpUse> {
        devices::namespaces(self.window)
    }

    fn swap_use(&self, ns: u64) -> Option<Reading<SwapUse>> {
        let track = self.window.vm.track().ok()?;
        let memory = self.memory_use().map(|memory| memory.of).unwrap_or_default();
        let of = SwapUse {
            out_pages_per_s: per_s(track.over(Paging::SwapOut, ns)),
            in_pages_per_s: per_s(track.over(Paging::SwapIn, ns)),
            major_faults_per_s: per_s(track.over(Paging::MajorFault, ns)),
            swap_total_bytes: memory.swap_total_bytes,
            swap_free_bytes: memory.swap_free_bytes,
            over_s: over_s(track.over(Paging::SwapOut, ns)),
        };
        Some(Reading { at: self.window.vm.at()?, of })
    }

    fn blocked(&self) -> Listing<Blocked> {
        let (at, rows) = self.tables.blocked()?;
        listing(Some(*at), processes::blocked(rows))
    }

    fn group_use(&self, group: &Group) -> Option<Reading<GroupUse>> {
        groups::usage(self.window, self.tables, group)
    }

    fn spaces(&self) -> Listing<Space> {
        devices::spaces(self.window)
    }

    fn sockets(&self, key: (u64, u64)) -> Option<Reading<Sockets>> {
        let netns = self.window.processes.find(key)?.row.netns()?;
        let (at, row) = self.window.owners.find(netns, key)?;
        let of = Sockets {
            all: number(row.sockets()),
            established: number(row.established()),
            close_wait: number(row.close_wait()),
            listening: number(row.listening()),
            full_queues: number(row.full_queues()),
        };
        Some(Reading { at, of })
    }

    fn stalls(&self) -> Option<Reading<Stalls>> {
        let track = self.window.pressure.track().ok()?;
        Some(Reading { at: self.window.pressure.at()?, of: stalls(track) })
    }

    fn group_stalls(&self) -> Listing<Stalls> {
        groups::stalls_of_all(self.window)
    }
}
