//! What the window remembers of a disk.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::Disk;
use ks_vocabulary::time::Timestamp;

use super::history::{Counters, Growth};
use super::host_past::SECTOR_BYTES;
use super::series::{Missing, Track};

/// A counter of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskWork {
    /// Reads and writes completed.
    Done,
    /// Milliseconds that they took, summed.
    Spent,
    /// Milliseconds with a request in flight.
    Busy,
    /// Milliseconds times requests in flight.
    Queued,
    /// Requests of any sort completed, discards and flushes as well where they are counted.
    Completed,
    /// Milliseconds that discards and flushes took, summed: they are in `Queued` as well.
    Others,
    /// Reads completed.
    Reads,
    /// Milliseconds that they took, summed.
    ReadSpent,
}

/// Work of a disk.
#[derive(Debug, Clone, Default)]
pub struct DiskTrack {
    counters: Counters<8>,
    busy: BusyTime,
    in_flight: Option<u64>,
    /// Readings at which another number was in flight than at the one before.
    changes: u64,
    changed: Counters<1>,
    /// Sectors read and written.
    moved: Counters<2>,
}

impl DiskTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: DiskWork, ns: u64) -> Result<Growth, Missing> {
        self.counters.over(what as usize, "diskstats", ns)
    }

    /// Bytes read and written.
    pub fn moved(&self, ns: u64) -> Result<(Growth, Growth), Missing> {
        let bytes = |at: usize| {
            let sectors = self.moved.over(at, "diskstats", ns)?;
            Ok(Growth { by: sectors.by.saturating_mul(SECTOR_BYTES), ..sectors })
        };
        Ok((bytes(0)?, bytes(1)?))
    }

    /// Mean wait of reads and writes in ms. Without a request in the span there is no mean.
    pub fn mean_wait_ms(&self, ns: u64) -> Option<f64> {
        let done = self.over(DiskWork::Done, ns).ok()?.by;
        let spent_ms = self.over(DiskWork::Spent, ns).ok()?.by;
        (done > 0).then(|| spent_ms as f64 / done as f64)
    }

    /// Whether readings of the last `ns` found different numbers in flight; `None` where they do
    /// not tell.
    pub fn varies(&self, ns: u64) -> Option<bool> {
        self.changed.over(0, "diskstats", ns).ok().map(|changes| changes.by > 0)
    }
}

impl Track<Disk> for DiskTrack {
    fn feed(&mut self, at: Timestamp, row: &Disk, _: &HostFacts) -> bool {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        let both = |one: Option<u64>, other: Option<u64>| {
            one.unwrap_or(0).saturating_add(other.unwrap_or(0))
        };
        let done = sum(row.reads(), row.writes());
        let completed = sum(done, Some(both(row.discards(), row.flushes())));
        let values = [
            done,
            sum(row.read_ms(), row.write_ms()),
            self.busy.total_ms(at, row, completed),
            row.queue_ms(),
            completed,
            row.queue_ms().map(|_| both(row.discard_ms(), row.flush_ms())),
            row.reads(),
            row.read_ms(),
        ];
        self.moved.push(at, [row.read_sectors(), row.write_sectors()]);
        self.changes += u64::from(self.in_flight != row.in_flight());
        self.in_flight = row.in_flight();
        self.changed.push(at, [row.in_flight().map(|_| self.changes)]);
        self.counters.push(at, values)
    }
}

/// Time with a request in flight, told while it passes.
///
/// Linux 5.0 to 5.17 counts it when a request is done: in a hang the counter stands still, and all
/// of the time is in the second after it. Where requests were in flight at two readings and none
/// was done between them, the device was busy all along; what is told of it later is not counted
/// again.
#[derive(Debug, Clone, Copy, Default)]
struct BusyTime {
    last: Option<Reading>,
    /// What was counted and the kernel did not tell.
    early_ms: u64,
    /// Of that, what it may tell when the next request is done.
    owed_ms: u64,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Timestamp,
    told_ms: u64,
    completed: Option<u64>,
    is_asked: bool,
}

impl BusyTime {
    /// Takes a reading; a counter that went back begins anew.
    fn total_ms(&mut self, at: Timestamp, row: &Disk, completed: Option<u64>) -> Option<u64> {
        let is_asked = row.in_flight() > Some(0);
        let after = row.io_ms().map(|told_ms| Reading { at, told_ms, completed, is_asked });
        if let (Some(before), Some(after)) = (core::mem::replace(&mut self.last, after), after) {
            let elapsed_ms = at.since_ns(before.at) / 1_000_000;
            let stood = before.is_asked
                && after.is_asked
                && completed.is_some()
                && completed == before.completed;
            match after.told_ms.checked_sub(before.told_ms) {
                None => (self.early_ms, self.owed_ms) = (0, 0),
                Some(told_ms) if stood => {
                    let early_ms = elapsed_ms.saturating_sub(told_ms);
                    self.early_ms = self.early_ms.saturating_add(early_ms);
                    self.owed_ms = self.owed_ms.saturating_add(early_ms);
                }
                Some(told_ms) => {
                    let late_ms = core::mem::take(&mut self.owed_ms).min(told_ms);
                    self.early_ms = self.early_ms.saturating_sub(late_ms);
                }
            }
        }
        Some(after?.told_ms.saturating_add(self.early_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use ks_vocabulary::model::DiskCell;
    use ks_vocabulary::time::SECOND_NS;

    /// Reads, busy time as told and requests in flight of each second, and busy time as counted.
    fn counted(readings: &[(u64, u64, u64)]) -> Vec<u64> {
        let mut track = DiskTrack::default();
        let mut busy = Vec::new();
        for (second, (reads, told_ms, in_flight)) in (1..).zip(readings) {
            let mut row = Disk::default();
            row.set(DiskCell::reads, *reads);
            row.set(DiskCell::writes, 0u64);
            row.set(DiskCell::io_ms, *told_ms);
            row.set(DiskCell::in_flight, *in_flight);
            track.feed(Timestamp(second * SECOND_NS), &row, &HostFacts::default());
            busy.extend(track.over(DiskWork::Busy, 1).map(|growth| growth.by));
        }
        busy
    }

    #[test]
    fn a_hang_is_counted_while_it_lasts_and_once() {
        let late =
            [(5, 100, 0), (5, 100, 2), (5, 100, 2), (5, 100, 2), (7, 2_600, 0), (8, 2_700, 0)];
        assert_eq!(counted(&late), [0, 1000, 1000, 500, 100]);
        let told = [(5, 100, 2), (5, 1_100, 2), (5, 2_100, 2), (7, 2_600, 0)];
        assert_eq!(counted(&told), [1000, 1000, 500], "kernels that count it at once");
        let done = [(5, 100, 2), (6, 100, 2), (6, 100, 0), (6, 100, 2)];
        assert_eq!(counted(&done), [0, 0, 0], "one was done, none was left, none was there");
    }

    #[test]
    fn a_counter_that_goes_back_begins_anew() {
        let readings = [(5, 100, 2), (5, 100, 2), (0, 30, 1), (1, 40, 1)];
        assert_eq!(counted(&readings), [1000, 10]);
    }

    #[test]
    fn numbers_in_flight_vary_or_do_not() {
        let mut track = DiskTrack::default();
        let mut feed = |second: u64, in_flight: u64| {
            let mut row = Disk::default();
            row.set(DiskCell::in_flight, in_flight);
            track.feed(Timestamp(second * SECOND_NS), &row, &HostFacts::default());
            track.varies(2 * SECOND_NS)
        };
        assert_eq!([feed(1, 3), feed(2, 3), feed(3, 3)], [None, None, Some(false)]);
        assert_eq!([feed(4, 2), feed(5, 2), feed(6, 2)], [Some(true), Some(true), Some(false)]);
    }
}
