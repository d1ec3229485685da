//! Every process as last seen, and what each consumed lately.
//!
//! Only changed rows arrive; the table keeps the rest. Consumption is measured from the reading at
//! the start of the previous bucket of ten seconds, so it covers the last ten to twenty: that costs
//! one copy of seven counters per process and bucket, and nothing for those that do not change.

use alloc::format;
use alloc::vec::Vec;

use crate::input::HostFacts;
use crate::model::{Process, ProcessGone, Record, Sample};
use crate::time::{SECOND_NS, Timestamp};

use super::series::{EntityId, Ledger};

/// Processes kept; more are left out, with a defect.
pub const PROCESS_CAP: usize = 8192;
const BUCKET_NS: u64 = 10 * SECOND_NS;

/// What a process consumed lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consumption {
    /// CPU time in clock ticks.
    pub cpu_ticks: u64,
    /// Bytes moved from and to storage.
    pub io_bytes: u64,
    /// Growth of resident and swapped memory.
    pub memory_bytes: u64,
    /// Major faults.
    pub majflt: u64,
    /// Growth of swapped memory.
    pub swap_bytes: u64,
    /// Waits for a CPU of all threads, in ns; 0 where they are not known.
    pub wait_ns: u64,
}

impl Consumption {
    fn total(row: &Process) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| {
            one.unwrap_or(0).saturating_add(other.unwrap_or(0))
        };
        Self {
            cpu_ticks: sum(row.utime_ticks(), row.stime_ticks()),
            io_bytes: sum(row.read_bytes(), row.write_bytes()),
            memory_bytes: sum(row.rss_bytes(), row.swap_bytes()),
            majflt: row.majflt().unwrap_or(0),
            swap_bytes: row.swap_bytes().unwrap_or(0),
            wait_ns: row.wait_ns().unwrap_or(0),
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            cpu_ticks: self.cpu_ticks.saturating_sub(earlier.cpu_ticks),
            io_bytes: self.io_bytes.saturating_sub(earlier.io_bytes),
            memory_bytes: self.memory_bytes.saturating_sub(earlier.memory_bytes),
            majflt: self.majflt.saturating_sub(earlier.majflt),
            swap_bytes: self.swap_bytes.saturating_sub(earlier.swap_bytes),
            wait_ns: self.wait_ns.saturating_sub(earlier.wait_ns),
        }
    }
}

/// One process.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its number within the run.
    pub id: EntityId,
    /// Its last row.
    pub row: Process,
    /// When it was first seen.
    pub since: Timestamp,
    /// From when on what it consumed is counted: its start, if that was during the recording.
    counted: Timestamp,
    bucket: u64,
    at_bucket: Consumption,
    at_previous: Consumption,
}

impl Known {
    fn new(id: EntityId, row: &Process, at: Timestamp, started: Option<Timestamp>) -> Self {
        // What a process that started during the recording consumed so far, it consumed lately.
        let (begin, counted) = match started {
            Some(started) => (Consumption::default(), started.min(at)),
            None => (Consumption::total(row), at),
        };
        let bucket = at.0 / BUCKET_NS;
        let row = row.clone();
        Self { id, row, since: at, counted, bucket, at_bucket: begin, at_previous: begin }
    }

    fn roll(&mut self, bucket: u64) {
        match bucket.saturating_sub(self.bucket) {
            0 => return,
            1 => {
                self.at_previous = self.at_bucket;
                self.at_bucket = Consumption::total(&self.row);
            }
            _ => {
                self.at_bucket = Consumption::total(&self.row);
                self.at_previous = self.at_bucket;
            }
        }
        self.bucket = bucket;
    }

    /// Over what time [`Known::consumption`] counts, in ns.
    pub fn consumption_ns(&self, at: Timestamp) -> u64 {
        let begin = Timestamp((at.0 / BUCKET_NS).saturating_sub(1) * BUCKET_NS);
        at.since_ns(begin.max(self.counted))
    }

    /// What it consumed in the last ten to twenty seconds before `at`.
    pub fn consumption(&self, at: Timestamp) -> Consumption {
        let total = Consumption::total(&self.row);
        match (at.0 / BUCKET_NS).saturating_sub(self.bucket) {
            0 => total.since(self.at_previous),
            1 => total.since(self.at_bucket),
            _ => Consumption::default(),
        }
    }
}

/// Every process, by pid and start.
#[derive(Debug, Default)]
pub struct ProcessTable {
    known: Vec<Known>,
    at: Option<Timestamp>,
    seen_before: bool,
}

impl ProcessTable {
    /// Takes a sample's rows.
    pub(super) fn update(&mut self, sample: &Sample, ledger: &mut Ledger) {
        let Some(read) = sample.processes.read() else { return };
        let at = ledger.mono.offset_ns(read.middle_ns());
        let bucket = at.0 / BUCKET_NS;
        self.at = Some(at);
        for gone in sample.processes_gone.iter() {
            ledger.gone.extend(self.remove(gone));
        }
        if sample.processes_complete {
            self.known.retain(|known| {
                let stays = sample.processes.find(&known.row).is_some();
                if !stays {
                    ledger.gone.push(known.id);
                }
                stays
            });
        }
        let mut left_out = 0;
        let mut hint = 0;
        for row in sample.processes.iter() {
            match self.position(row, hint) {
                Ok(at) => {
                    let known = &mut self.known[at];
                    known.roll(bucket);
                    known.row.row_mut().copy_from(row.row());
                    hint = at + 1;
                }
                Err(_) if self.known.len() >= PROCESS_CAP => left_out += 1,
                Err(index) => {
                    ledger.last_id += 1;
                    let id = EntityId(ledger.last_id);
                    let started = self.seen_before.then(|| started(row, &ledger.host));
                    self.known.insert(index, Known::new(id, row, at, started));
                    hint = index + 1;
                }
            }
        }
        self.seen_before = true;
        if left_out > 0 {
            ledger.defects.push(("processes", format!("{left_out} rows more than are kept")));
        }
    }

    fn position(&self, row: &Process, hint: usize) -> Result<usize, usize> {
        if self.known.get(hint).is_some_and(|known| known.row.cmp_key(row).is_eq()) {
            return Ok(hint);
        }
        self.known.binary_search_by(|known| known.row.cmp_key(row))
    }

    fn remove(&mut self, gone: &ProcessGone) -> Option<EntityId> {
        let key = (gone.pid(), gone.start_ticks());
        let found = self
            .known
            .binary_search_by(|known| (known.row.pid(), known.row.start_ticks()).cmp(&key));
        found.ok().map(|at| self.known.remove(at).id)
    }

    /// Forgets everything.
    pub fn restart(&mut self) {
        self.known.clear();
        self.at = None;
        self.seen_before = false;
    }

    /// Every process, by pid and start.
    pub fn iter(&self) -> core::slice::Iter<'_, Known> {
        self.known.iter()
    }

    /// The process of this id and start.
    pub fn find(&self, key: (u64, u64)) -> Option<&Known> {
        let key = (Some(key.0), Some(key.1));
        let found = self
            .known
            .binary_search_by(|known| (known.row.pid(), known.row.start_ticks()).cmp(&key));
        found.ok().map(|at| &self.known[at])
    }

    /// When the process of this id started, in clock ticks after boot.
    pub fn start_of(&self, pid: u64) -> Option<u64> {
        let at = self.known.partition_point(|known| known.row.pid() < Some(pid));
        let row = &self.known.get(at)?.row;
        row.start_ticks().filter(|_| row.pid() == Some(pid))
    }

    /// When the table was read last; `None` if it never was.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }
}

/// When a process started; the time that nothing precedes where that is not known.
fn started(row: &Process, host: &HostFacts) -> Timestamp {
    let tick_ns = SECOND_NS.checked_div(host.user_hz).unwrap_or(0);
    Timestamp(row.start_ticks().unwrap_or(0).saturating_mul(tick_ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ProcessCell, ProcessGoneCell, ReadTimes};

    fn sample(complete: bool, rows: &[(u64, u64, u64)]) -> Sample {
        let mut sample = Sample { processes_complete: complete, ..Sample::default() };
        for (pid, start, ticks) in rows {
            let row = sample.processes.push();
            row.set(ProcessCell::pid, *pid);
            row.set(ProcessCell::start_ticks, *start);
            row.set(ProcessCell::utime_ticks, *ticks);
        }
        sample.processes.set_read(ReadTimes::default());
        sample.processes_gone.set_read(ReadTimes::default());
        sample
    }

    fn feed(table: &mut ProcessTable, sample: &Sample, second: u64) {
        let mut ledger = Ledger { mono: at(second), ..Ledger::default() };
        table.update(sample, &mut ledger);
    }

    fn at(second: u64) -> Timestamp {
        Timestamp(second * SECOND_NS)
    }

    #[test]
    fn consumption_covers_the_last_ten_to_twenty_seconds() {
        let mut table = ProcessTable::default();
        for second in 0..35 {
            feed(&mut table, &sample(second == 0, &[(1, 5, 100 + second * 10)]), second);
        }
        let known = table.iter().next().unwrap();
        assert_eq!(known.consumption(at(34)).cpu_ticks, (34 - 19) * 10);
        assert_eq!(known.consumption(at(45)).cpu_ticks, (34 - 29) * 10);
        assert_eq!(known.consumption(at(60)).cpu_ticks, 0, "it did not change since");
    }

    #[test]
    fn a_process_that_starts_later_consumed_all_of_it_lately_and_a_reused_pid_is_another() {
        let mut table = ProcessTable::default();
        feed(&mut table, &sample(true, &[(1, 5, 1000)]), 0);
        feed(&mut table, &sample(false, &[(2, 90, 30)]), 1);
        let spent: Vec<u64> = table.iter().map(|k| k.consumption(at(1)).cpu_ticks).collect();
        assert_eq!(spent, [0, 30]);
        let mut next = sample(false, &[(2, 95, 4)]);
        let gone = next.processes_gone.push();
        gone.set(ProcessGoneCell::pid, 2u64);
        gone.set(ProcessGoneCell::start_ticks, 90u64);
        feed(&mut table, &next, 2);
        let starts: Vec<_> = table.iter().filter_map(|known| known.row.start_ticks()).collect();
        assert_eq!(starts, [5, 95]);
        feed(&mut table, &sample(true, &[(1, 5, 1001)]), 3);
        assert_eq!(table.iter().count(), 1, "a keyframe is everything there is");
    }
}
