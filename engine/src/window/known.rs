//! One process as last seen, and what it consumed lately.
//!
//! Consumption is measured from the reading at the start of the previous bucket of ten seconds, so
//! it covers the last ten to twenty: that costs one copy of seven counters per process and bucket,
//! and nothing for those that do not change.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::Process;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::account::{Account, BUCKET_NS, Consumption, FLOWS};
use super::leaders::{Entry, Marks, Stocks};
use super::series::EntityId;

/// A process: its id and start, in clock ticks after boot.
pub type ProcessKey = (u64, u64);

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
    pub(super) counted: Timestamp,
    bucket: u64,
    at_bucket: Consumption,
    at_previous: Consumption,
    marks: Marks,
    /// It has had a ring: few do, so that for most no ring needs to be looked for.
    pub(super) led: bool,
}

impl Known {
    pub(super) fn new(
        id: EntityId,
        row: &Process,
        at: Timestamp,
        started: Option<Timestamp>,
    ) -> Self {
        // What a process that started during the recording consumed so far, it consumed lately.
        let (begin, counted) = match started {
            Some(started) => (Consumption::default(), started.min(at)),
            None => (Consumption::total(row), at),
        };
        Self {
            id,
            row: row.clone(),
            since: at,
            counted,
            bucket: at.0 / BUCKET_NS,
            at_bucket: begin,
            at_previous: begin,
            marks: Marks::new(stocks(&begin)),
            led: false,
        }
    }

    pub(super) fn roll(&mut self, bucket: u64) {
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

    /// Whether it is a thread of the kernel, or the process that they descend from.
    pub fn is_kernels(&self) -> bool {
        self.row.ppid() == Some(2) || self.row.comm() == Some(b"kthreadd")
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

    /// What it consumed since the bucket of `at` began.
    pub fn present(&self, at: Timestamp) -> Consumption {
        if self.bucket == at.0 / BUCKET_NS {
            self.total().since(self.at_bucket)
        } else {
            Consumption::default()
        }
    }

    /// All that it consumed since it started, and what it holds.
    pub fn total(&self) -> Consumption {
        Consumption::total(&self.row)
    }

    /// When it started; `None` where the host does not say how long a tick is.
    pub fn started(&self, host: &HostFacts) -> Option<Timestamp> {
        (host.user_hz > 0).then(|| started(&self.row, host))
    }

    /// Its id and its start.
    pub fn key(&self) -> ProcessKey {
        (self.row.pid().unwrap_or(0), self.row.start_ticks().unwrap_or(0))
    }

    /// Closes a bucket: what it did in it.
    pub(super) fn close(&mut self, bucket: u64) -> Entry {
        let total = self.total();
        let begin = if self.bucket == bucket { self.at_bucket } else { total };
        let levels = stocks(&total);
        self.marks.roll(bucket, levels);
        let spent = flows(&total.since(begin));
        Entry::new(self.id, spent, stocks(&begin), levels, &self.marks)
    }

    /// What it consumed in the last bucket in which it changed, and in the one before.
    pub(super) fn recent(&self) -> [(u64, [u64; FLOWS]); 2] {
        let last = flows(&self.total().since(self.at_bucket));
        let before = flows(&self.at_bucket.since(self.at_previous));
        [(self.bucket, last), (self.bucket.saturating_sub(1), before)]
    }
}

fn flows(consumption: &Consumption) -> [u64; FLOWS] {
    core::array::from_fn(|at| consumption.of(Account::ALL[at]))
}

fn stocks(consumption: &Consumption) -> Stocks {
    core::array::from_fn(|at| consumption.of(Account::ALL[FLOWS + at]))
}

/// When a process started; the time that nothing precedes where that is not known.
pub(super) fn started(row: &Process, host: &HostFacts) -> Timestamp {
    let tick_ns = SECOND_NS.checked_div(host.user_hz).unwrap_or(0);
    Timestamp(row.start_ticks().unwrap_or(0).saturating_mul(tick_ns))
}
