//! Histograms of the last half minute, by what they are of.
//!
//! A row of `bpf_histograms` counts since the source's reading before, so a span is a sum. A
//! histogram without a row in a reading counted nothing; one whose tracer did not deliver is not
//! known, which the tracer's own table tells.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use crate::histogram::Histogram;
use crate::model::{Bucket, Sample, SyscallTrace};
use crate::time::Timestamp;

use super::history::LONGEST_NS;
use super::series::Missing;

/// What a histogram is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Latency {
    /// Waits for a CPU, of all CPUs.
    RunQueue,
    /// Reads and writes of a device, from issue to completion.
    Block(Vec<u8>),
    /// Calls of a class, by its word.
    Syscall(Vec<u8>),
}

impl Latency {
    fn of(row: &Bucket) -> Option<Self> {
        let entity = || row.entity().unwrap_or_default().to_vec();
        match row.metric()? {
            b"run_queue_ns" => Some(Self::RunQueue),
            b"block_latency_ns" if matches!(row.operation(), Some(b"read" | b"write")) => {
                Some(Self::Block(entity()))
            }
            b"syscall_ns" => Some(Self::Syscall(entity())),
            _ => None,
        }
    }

    fn source(&self) -> Source {
        match self {
            Self::RunQueue => Source::Scheduler,
            Self::Block(_) => Source::BlockIo,
            Self::Syscall(_) => Source::Syscall,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Scheduler,
    BlockIo,
    Syscall,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Scheduler => "bpf/scheduler",
            Self::BlockIo => "bpf/block_io",
            Self::Syscall => "bpf/syscall",
        }
    }
}

/// What the tracers counted between two readings.
#[derive(Debug, Default)]
struct Reading {
    at: Timestamp,
    given: [bool; 3],
    counts: BTreeMap<Latency, Vec<(u64, u64)>>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct LatencyTable {
    readings: VecDeque<Reading>,
}

impl LatencyTable {
    /// Takes a sample.
    pub(super) fn update(&mut self, sample: &Sample, mono: Timestamp) {
        let Some(read) = sample.bpf_histograms.read() else { return };
        let at = mono.offset_ns(read.middle_ns());
        if self.readings.back().is_some_and(|last| at <= last.at) {
            return;
        }
        let timed = sample.bpf_syscall.first().and_then(SyscallTrace::timed) == Some(true);
        let given =
            [sample.bpf_scheduler.read().is_some(), sample.bpf_block_io.read().is_some(), timed];
        let mut counts: BTreeMap<Latency, Vec<(u64, u64)>> = BTreeMap::new();
        for row in sample.bpf_histograms.iter() {
            let Some(latency) = Latency::of(row) else { continue };
            let (Some(bucket), Some(count)) = (row.bucket(), row.count()) else { continue };
            counts.entry(latency).or_default().push((bucket, count));
        }
        self.readings.push_back(Reading { at, given, counts });
        while self.readings.len() > 2 && at.since_ns(self.readings[1].at) >= LONGEST_NS {
            self.readings.pop_front();
        }
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        self.readings.clear();
    }

    /// What was counted over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, latency: &Latency, ns: u64) -> Result<Histogram, Missing> {
        let source = latency.source();
        let end = self.readings.back().ok_or(Missing::Source(source.name()))?.at;
        let mut sum = Histogram::default();
        let later = self.readings.iter().rev();
        for (reading, before) in later.zip(self.readings.iter().rev().skip(1)) {
            if !reading.given[source as usize] {
                return Err(Missing::Source(source.name()));
            }
            for (bucket, count) in reading.counts.get(latency).into_iter().flatten() {
                sum.add(usize::try_from(*bucket).unwrap_or(usize::MAX), *count);
            }
            if end.since_ns(before.at) >= ns {
                return Ok(sum);
            }
        }
        match self.readings.back() {
            Some(last) if last.given[source as usize] => Err(Missing::NoEarlier),
            _ => Err(Missing::Source(source.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BucketCell, BucketName, ReadTimes};
    use crate::time::SECOND_NS;

    /// A reading of the scheduler, with `count` waits in bucket 5 on each of two CPUs.
    fn sample(scheduler: bool, count: u64) -> Sample {
        let mut sample = Sample::default();
        for cpu in [b"cpu0", b"cpu1"] {
            let row = sample.bpf_histograms.push();
            row.set_name(BucketName::metric, b"run_queue_ns");
            row.set_name(BucketName::entity, cpu);
            row.set(BucketCell::bucket, 5u64);
            row.set(BucketCell::count, count);
        }
        sample.bpf_histograms.set_read(ReadTimes::default());
        if scheduler {
            sample.bpf_scheduler.set_read(ReadTimes::default());
        }
        sample
    }

    fn total(table: &LatencyTable, seconds: u64) -> Result<u64, Missing> {
        table.over(&Latency::RunQueue, seconds * SECOND_NS).map(|sum| sum.total())
    }

    #[test]
    fn a_span_sums_the_shortest_run_of_intervals_over_all_cpus() {
        let mut table = LatencyTable::default();
        for (second, count) in [(1, 100), (2, 1), (3, 2), (7, 4)] {
            table.update(&sample(true, count), Timestamp(second * SECOND_NS));
        }
        assert_eq!(total(&table, 1), Ok(8));
        assert_eq!(total(&table, 5), Ok(12), "the interval of 4 s and the one before");
        assert_eq!(total(&table, 6), Ok(14));
        assert_eq!(total(&table, 7), Err(Missing::NoEarlier));
    }

    #[test]
    fn what_a_tracer_did_not_count_is_not_known() {
        let mut table = LatencyTable::default();
        let missing = Err(Missing::Source("bpf/scheduler"));
        assert_eq!(total(&table, 1), missing);
        table.update(&sample(false, 0), Timestamp(SECOND_NS));
        assert_eq!(total(&table, 1), missing);
        table.update(&sample(true, 1), Timestamp(2 * SECOND_NS));
        assert_eq!(total(&table, 1), Ok(2));
        table.update(&sample(false, 0), Timestamp(3 * SECOND_NS));
        assert_eq!(total(&table, 1), missing);
        let calls = Latency::Syscall(b"storage".to_vec());
        assert_eq!(table.over(&calls, 1).err(), Some(Missing::Source("bpf/syscall")));
    }
}
