//! Every process as last seen, and what each consumed lately.
//!
//! Only changed rows arrive; the table keeps the rest. When a bucket is over, what each process did
//! in it goes to [`Leaders`]; what those did that ended goes to [`Ended`].

use alloc::format;
use alloc::vec::Vec;

use ks_vocabulary::model::{Process, Record, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::account::{Account, BUCKET_NS, FLOWS};
use super::ended::Ended;
use super::known::{Known, ProcessKey, started};
use super::leaders::{Entry, Leaders};
use super::series::{EntityId, Ledger};
use super::waited::Waited;

/// Processes kept; more are left out, with a defect.
pub const PROCESS_CAP: usize = 8192;

/// Every process, by pid and start.
#[derive(Debug, Default)]
pub struct ProcessTable {
    known: Vec<Known>,
    at: Option<Timestamp>,
    seen_before: bool,
    /// The readings from which the present bucket and the one before it count: the last ones before
    /// they began.
    begins: [Timestamp; 2],
    /// The past of those that consume or grow most.
    pub leaders: Leaders,
    /// What those consumed that ended.
    pub ended: Ended,
    /// Waits for a CPU since the run began, and their history.
    waited: Waited,
    entries: Vec<Entry>,
}

impl ProcessTable {
    /// Takes a sample's rows.
    pub(super) fn update(&mut self, sample: &Sample, ledger: &mut Ledger) {
        let Some(read) = sample.processes.read() else { return };
        let at = ledger.mono.offset_ns(read.middle_ns());
        // Times of reading are the recorder's word: a table is not read before it was read last.
        let at = self.at.map_or(at, |last| last.max(at));
        let bucket = at.0 / BUCKET_NS;
        let previous = self.at;
        match self.at.replace(at) {
            Some(last) if last.0 / BUCKET_NS < bucket => self.close(last, bucket),
            Some(_) => {}
            None => self.begins = [at; 2],
        }
        self.end_gone(sample, ledger);
        let mut left_out = 0;
        let mut hint = 0;
        for row in sample.processes.iter() {
            match self.position(row, hint) {
                Ok(at) => {
                    let known = &mut self.known[at];
                    known.roll(bucket);
                    self.waited.count(row, known.row.wait_ns());
                    known.row.row_mut().copy_from(row.row());
                    hint = at + 1;
                }
                Err(_) if self.known.len() >= PROCESS_CAP => left_out += 1,
                Err(index) => {
                    let before = if self.seen_before { Some(0) } else { row.wait_ns() };
                    self.waited.count(row, before);
                    ledger.last_id += 1;
                    let id = EntityId(ledger.last_id);
                    // What began before the last reading and was not in it was only not seen.
                    let began = started(row, &ledger.host);
                    let is_new = previous.is_some_and(|last| began.plus_ns(SECOND_NS) >= last);
                    let started = (self.seen_before && is_new).then_some(began);
                    self.known.insert(index, Known::new(id, row, at, started));
                    hint = index + 1;
                }
            }
        }
        self.seen_before = true;
        self.waited.push(at);
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

    /// Closes the bucket of the last reading, before the first rows of `next` are taken.
    fn close(&mut self, last: Timestamp, next: u64) {
        let bucket = last.0 / BUCKET_NS;
        let before = if next == bucket + 1 { self.begins[0] } else { last };
        self.begins = [last, before];
        self.entries.clear();
        self.entries.extend(self.known.iter_mut().map(|known| known.close(bucket)));
        self.leaders.close(bucket, &self.entries);
        for place in self.leaders.places() {
            if let Some(known) = self.known.get_mut(place) {
                known.led = true;
            }
        }
    }

    /// Ends the processes that are gone: those that are named, and at a keyframe those that are not
    /// in it. Children have higher ids than their parents as a rule, so they are ended first.
    fn end_gone(&mut self, sample: &Sample, ledger: &mut Ledger) {
        let first = ledger.gone.len();
        for gone in sample.processes_gone.iter().rev() {
            if let Ok(at) = self.place((gone.pid(), gone.start_ticks())) {
                ledger.gone.push(self.end(at));
            }
        }
        if sample.processes_complete {
            for at in (0..self.known.len()).rev() {
                if sample.processes.find(&self.known[at].row).is_none() {
                    ledger.gone.push(self.end(at));
                }
            }
        }
        ledger.gone[first..].sort_unstable();
    }

    /// Ends the process at a place: what it consumed is kept with that of its siblings.
    fn end(&mut self, at: usize) -> EntityId {
        let known = self.known.remove(at);
        let key = known.key();
        let recent = known.recent();
        let idle = recent.iter().all(|(_, spent)| *spent == [0; FLOWS]) && !known.led;
        if idle && !self.ended.has_children(key) {
            return known.id;
        }
        let parent = self.parent(&known.row).unwrap_or_default();
        self.ended.hand_over(key, parent);
        if idle {
            return known.id;
        }
        let (cgroup, comm) = (known.row.cgroup(), known.row.comm());
        let bundle =
            self.ended.count(key, parent, cgroup.unwrap_or_default(), comm.unwrap_or_default());
        let (held, ended) = (known.total(), self.at.unwrap_or_default().0 / BUCKET_NS);
        for (index, account) in Account::ALL.into_iter().enumerate() {
            let ring = if known.led { self.leaders.take(account, known.id) } else { None };
            if !account.is_flow() {
                bundle.add(ended, account, held.of(account) as f32);
                continue;
            }
            let ring = ring.unwrap_or_default();
            for (bucket, amount) in ring.buckets() {
                bundle.add(bucket, account, amount);
            }
            for (bucket, spent) in recent.iter().filter(|(bucket, _)| *bucket >= ring.end()) {
                bundle.add(*bucket, account, spent.get(index).map_or(0.0, |spent| *spent as f32));
            }
        }
        known.id
    }

    /// Over what time [`Known::present`] counts, in ns.
    pub fn present_ns(&self) -> u64 {
        self.at.map_or(0, |at| at.since_ns(self.begins[0]))
    }

    /// Over what time [`Known::consumption`] counts, in ns: to the reading before the bucket that
    /// it begins with.
    pub fn lately_ns(&self, known: &Known) -> u64 {
        self.at.map_or(0, |at| at.since_ns(self.begins[1].max(known.counted)))
    }

    /// The parent of a process, where it is known: one that started later has but its id.
    pub fn parent(&self, row: &Process) -> Option<ProcessKey> {
        let pid = row.ppid()?;
        let start = self.start_of(pid)?;
        (Some(start) <= row.start_ticks()).then_some((pid, start))
    }

    fn place(&self, key: (Option<u64>, Option<u64>)) -> Result<usize, usize> {
        self.known.binary_search_by(|known| (known.row.pid(), known.row.start_ticks()).cmp(&key))
    }

    /// Forgets everything.
    pub fn restart(&mut self) {
        *self = Self { entries: core::mem::take(&mut self.entries), ..Self::default() };
    }

    /// Every process, by pid and start.
    pub fn iter(&self) -> core::slice::Iter<'_, Known> {
        self.known.iter()
    }

    /// The process of this id and start.
    pub fn find(&self, key: (u64, u64)) -> Option<&Known> {
        self.place((Some(key.0), Some(key.1))).ok().map(|at| &self.known[at])
    }

    /// When the process of this id started, in clock ticks after boot.
    pub fn start_of(&self, pid: u64) -> Option<u64> {
        let at = self.known.partition_point(|known| known.row.pid() < Some(pid));
        let row = &self.known.get(at)?.row;
        row.start_ticks().filter(|_| row.pid() == Some(pid))
    }

    /// Waits for a CPU of batch work and of all others.
    pub fn waited(&self) -> &Waited {
        &self.waited
    }

    /// When the table was read last; `None` if it never was.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{ProcessCell, ProcessGoneCell, ReadTimes};
    use ks_vocabulary::time::SECOND_NS;

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
