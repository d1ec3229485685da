//! Histograms of the last half minute, by what they are of.
//!
//! A row of `bpf_histograms` counts since the source's reading before, so a span is a sum. A
//! histogram without a row in a reading counted nothing; one whose tracer did not deliver is not
//! known, which the tracer's own table tells.
//!
//! Every tick asks for every span, so their sums are kept: each row is added to them once, and
//! taken back from each when its reading has left the span. What no verdict asks for is not summed.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ks_vocabulary::histogram::{Histogram, bounds};
use ks_vocabulary::model::{Bucket, Rows, Sample, SyscallTrace};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::history::Told;
use super::series::Missing;

/// What a histogram is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Latency<'a> {
    /// Waits for a CPU, of all CPUs.
    RunQueue,
    /// Reads and writes of a device, from issue to completion.
    Block(Cow<'a, [u8]>),
    /// Calls of a class.
    Syscall(CallClass),
}

/// A class of system calls that is judged. Others are not kept: waiting is no slowness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallClass {
    /// Syncs, and reads and writes of what is on a device.
    Storage,
    /// Names and attributes of files.
    Metadata,
    /// Mappings.
    Memory,
    /// Beginnings of processes and programs.
    Process,
}

/// How long a time a histogram is summed over: as long as some severity has to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// 5 s.
    Five,
    /// 10 s.
    Ten,
    /// 30 s.
    Thirty,
}

impl<'a> Latency<'a> {
    fn of(row: &'a Bucket) -> Option<Self> {
        match row.metric()? {
            b"run_queue_ns" => Some(Self::RunQueue),
            b"block_latency_ns" if matches!(row.operation(), Some(b"read" | b"write")) => {
                Some(Self::Block(row.entity().unwrap_or_default().into()))
            }
            b"syscall_ns" => CallClass::of(row.entity()?).map(Self::Syscall),
            _ => None,
        }
    }

    fn to_owned(&self) -> Latency<'static> {
        match self {
            Self::RunQueue => Latency::RunQueue,
            Self::Block(device) => Latency::Block(device.to_vec().into()),
            Self::Syscall(class) => Latency::Syscall(*class),
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

impl CallClass {
    fn of(word: &[u8]) -> Option<Self> {
        match word {
            b"storage" => Some(Self::Storage),
            b"metadata" => Some(Self::Metadata),
            b"memory" => Some(Self::Memory),
            b"process" => Some(Self::Process),
            _ => None,
        }
    }
}

impl Span {
    /// All of them, the longest last.
    const ALL: [Self; 3] = [Self::Five, Self::Ten, Self::Thirty];

    /// Its length.
    pub fn ns(self) -> u64 {
        match self {
            Self::Five => 5 * SECOND_NS,
            Self::Ten => 10 * SECOND_NS,
            Self::Thirty => 30 * SECOND_NS,
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

/// What one row counted. The tracers count in 32 bits; so a sum cannot go beyond 64.
#[derive(Debug, Clone, Copy)]
struct Count {
    at: Timestamp,
    bucket: u16,
    count: u32,
}

impl Count {
    fn of(row: &Bucket, at: Timestamp) -> Option<Self> {
        let bucket = u16::try_from(row.bucket()?).unwrap_or(u16::MAX);
        Some(Self { at, bucket, count: u32::try_from(row.count()?).unwrap_or(u32::MAX) })
    }
}

/// The counts of one span. They are the last `held` of those that are kept.
#[derive(Debug, Default)]
struct Sum {
    held: usize,
    histogram: Histogram,
}

/// The counts of one latency over each span, with the rows that make them up.
#[derive(Debug)]
struct Counted {
    latency: Latency<'static>,
    counts: VecDeque<Count>,
    sums: [Sum; Span::ALL.len()],
}

impl Counted {
    fn new(latency: Latency<'static>) -> Self {
        Self { latency, counts: VecDeque::new(), sums: Default::default() }
    }

    fn add(&mut self, count: Count) {
        for sum in &mut self.sums {
            sum.histogram.add(usize::from(count.bucket), u64::from(count.count));
            sum.held += 1;
        }
        self.counts.push_back(count);
    }

    /// Takes back what is older than a span that ends at `end`: a reading counts from the reading
    /// before, so one that is as far back as the span is long ends where the span begins.
    fn leave(&mut self, end: Timestamp) {
        for (sum, span) in self.sums.iter_mut().zip(Span::ALL) {
            let held = self.counts.range(self.counts.len() - sum.held..);
            for count in held.take_while(|count| end.since_ns(count.at) >= span.ns()) {
                sum.histogram.remove(usize::from(count.bucket), u64::from(count.count));
                sum.held -= 1;
            }
        }
        let [.., longest] = &self.sums;
        self.counts.drain(..self.counts.len() - longest.held);
    }
}

static NOTHING: Histogram = Histogram::EMPTY;

/// See the module.
#[derive(Debug, Default)]
pub struct LatencyTable {
    /// Times of the first and the last reading.
    read: Option<(Timestamp, Timestamp)>,
    /// Times of those that end an interval within the longest span.
    readings: VecDeque<Timestamp>,
    /// The last reading in which each source did not deliver.
    lacked: [Option<Timestamp>; 3],
    /// What was counted within the longest span, in order.
    counted: Vec<Counted>,
}

impl LatencyTable {
    /// Takes a sample.
    pub(super) fn update(&mut self, sample: &Sample, mono: Timestamp) {
        let Some(read) = sample.bpf_histograms.read() else { return };
        let at = mono.offset_ns(read.middle_ns());
        if self.read.is_some_and(|(_, last)| at <= last) {
            return;
        }
        if self.read.is_some() {
            self.readings.push_back(at);
        }
        let [.., longest] = Span::ALL;
        while self.readings.front().is_some_and(|read| at.since_ns(*read) >= longest.ns()) {
            self.readings.pop_front();
        }
        self.read = Some((self.read.map_or(at, |(first, _)| first), at));
        let timed = sample.bpf_syscall.first().and_then(SyscallTrace::timed) == Some(true);
        let given =
            [sample.bpf_scheduler.read().is_some(), sample.bpf_block_io.read().is_some(), timed];
        for (lacked, _) in self.lacked.iter_mut().zip(given).filter(|(_, given)| !given) {
            *lacked = Some(at);
        }
        for counted in &mut self.counted {
            counted.leave(at);
        }
        self.add(&sample.bpf_histograms, at);
        // What counts again keeps its buffers; a device that is gone does not.
        self.counted.retain(|counted| !counted.counts.is_empty());
    }

    fn add(&mut self, rows: &Rows<Bucket>, at: Timestamp) {
        let mut index = 0;
        for row in rows.iter() {
            let Some(latency) = Latency::of(row) else { continue };
            let Some(count) = Count::of(row, at) else { continue };
            index = self.position(&latency, index);
            self.counted[index].add(count);
        }
    }

    /// Where a latency is kept, from now on if it is not yet. Rows come in order, so it is mostly
    /// that of the row before, which `hint` gives.
    fn position(&mut self, latency: &Latency<'_>, hint: usize) -> usize {
        if self.counted.get(hint).is_some_and(|counted| counted.latency == *latency) {
            return hint;
        }
        self.find(latency).unwrap_or_else(|index| {
            self.counted.insert(index, Counted::new(latency.to_owned()));
            index
        })
    }

    fn find(&self, latency: &Latency<'_>) -> Result<usize, usize> {
        self.counted.binary_search_by(|counted| counted.latency.cmp(latency))
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// What was counted over the shortest run of last intervals of at least `span`.
    pub fn over(&self, latency: &Latency<'_>, span: Span) -> Result<&Histogram, Missing> {
        let source = latency.source();
        let missing = Missing::Source(source.name());
        let (first, last) = self.read.ok_or(missing)?;
        // The first reading ends no interval; it tells only whether the source delivers at all.
        let matters = |at: Timestamp| at == last || at > first && last.since_ns(at) < span.ns();
        if self.lacked[source as usize].is_some_and(matters) {
            return Err(missing);
        }
        if last.since_ns(first) < span.ns() {
            return Err(Missing::NoEarlier);
        }
        let known = self.find(latency).ok();
        Ok(known.map_or(&NOTHING, |at| &self.counted[at].sums[span as usize].histogram))
    }

    /// How many readings of a span counted anything that took as long as `ns`, to within a bucket.
    pub fn told(&self, latency: &Latency<'_>, ns: f64, span: Span) -> Told {
        let Some((first, last)) = self.read else { return Told::default() };
        let is_within = |at: &&Timestamp| **at > first && last.since_ns(**at) < span.ns();
        let of = self.readings.iter().rev().take_while(is_within).count();
        let Ok(known) = self.find(latency) else { return Told { readings: 0, of } };
        let counts = self.counted[known].counts.iter().rev();
        let counts = counts.take_while(|count| is_within(&&count.at));
        let is_long = |count: &&Count| bounds(usize::from(count.bucket)).1 as f64 > ns;
        let long = counts.filter(|count| count.count > 0 && is_long(count));
        let (mut readings, mut before) = (0, None);
        for count in long {
            readings += usize::from(before != Some(count.at));
            before = Some(count.at);
        }
        Told { readings, of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{BucketCell, BucketName, ReadTimes, SyscallTraceCell};
    use proptest::prelude::*;

    fn push(sample: &mut Sample, names: [&str; 3], bucket: u64, count: u64) {
        let row = sample.bpf_histograms.push();
        let [metric, entity, operation] = names.map(str::as_bytes);
        row.set_name(BucketName::metric, metric);
        row.set_name(BucketName::entity, entity);
        row.set_name(BucketName::operation, operation);
        row.set(BucketCell::bucket, bucket);
        row.set(BucketCell::count, count);
    }

    fn deliver(sample: &mut Sample, [scheduler, block_io, syscall]: [bool; 3]) {
        sample.bpf_histograms.set_read(ReadTimes::default());
        if scheduler {
            sample.bpf_scheduler.set_read(ReadTimes::default());
        }
        if block_io {
            sample.bpf_block_io.set_read(ReadTimes::default());
        }
        sample.bpf_syscall.push().set(SyscallTraceCell::timed, syscall);
    }

    /// A reading of the scheduler, with `count` waits in bucket 5 on each of two CPUs.
    fn sample(scheduler: bool, count: u64) -> Sample {
        let mut sample = Sample::default();
        for cpu in ["cpu0", "cpu1"] {
            push(&mut sample, ["run_queue_ns", cpu, ""], 5, count);
        }
        deliver(&mut sample, [scheduler, false, false]);
        sample
    }

    fn at(second: u64) -> Timestamp {
        Timestamp(second * SECOND_NS)
    }

    fn total(table: &LatencyTable, span: Span) -> Result<u64, Missing> {
        table.over(&Latency::RunQueue, span).map(Histogram::total)
    }

    #[test]
    fn a_span_sums_the_shortest_run_of_intervals_over_all_cpus() {
        let mut table = LatencyTable::default();
        for (second, count) in [(1, 100), (20, 1), (23, 2), (30, 4)] {
            table.update(&sample(true, count), at(second));
        }
        assert_eq!(total(&table, Span::Five), Ok(8), "the interval of 7 s");
        assert_eq!(total(&table, Span::Ten), Ok(12), "and the one before");
        assert_eq!(total(&table, Span::Thirty), Err(Missing::NoEarlier));
        table.update(&sample(true, 8), at(31));
        assert_eq!(total(&table, Span::Thirty), Ok(30), "without the first reading");
        table.update(&sample(true, 16), at(61));
        for span in Span::ALL {
            assert_eq!(total(&table, span), Ok(32), "the interval of 30 s");
        }
    }

    #[test]
    fn readings_that_counted_what_took_long_are_told() {
        let mut table = LatencyTable::default();
        // Of bucket 5, on two CPUs, but in some.
        for (second, count) in [(1, 1), (2, 1), (3, 0), (4, 1), (12, 1), (13, 0)] {
            table.update(&sample(true, count), at(second));
        }
        let told = |ns, span| {
            let told = table.told(&Latency::RunQueue, ns, span);
            (told.readings, told.of)
        };
        assert_eq!(told(5.0, Span::Five), (1, 2));
        assert_eq!(told(5.0, Span::Ten), (2, 3), "those of 4, 12 and 13 s");
        assert_eq!(told(5.0, Span::Thirty), (3, 5), "without the first reading");
        assert_eq!(told(6.0, Span::Thirty), (0, 5), "longer than any");
        let block = table.told(&Latency::Block(b"sda".into()), 5.0, Span::Five);
        assert_eq!((block.readings, block.of), (0, 2));
    }

    #[test]
    fn what_a_tracer_did_not_count_is_not_known() {
        let mut table = LatencyTable::default();
        let missing = Err(Missing::Source("bpf/scheduler"));
        assert_eq!(total(&table, Span::Five), missing);
        table.update(&sample(false, 0), at(1));
        assert_eq!(total(&table, Span::Five), missing);
        table.update(&sample(true, 1), at(3));
        assert_eq!(total(&table, Span::Five), Err(Missing::NoEarlier));
        table.update(&sample(true, 1), at(6));
        assert_eq!(total(&table, Span::Five), Ok(4));
        table.update(&sample(false, 0), at(7));
        table.update(&sample(true, 1), at(11));
        assert_eq!(total(&table, Span::Five), missing);
        table.update(&sample(true, 1), at(12));
        assert_eq!(total(&table, Span::Five), Ok(4), "what was not read ends where it begins");
        assert_eq!(total(&table, Span::Ten), missing);
        let calls = table.over(&Latency::Syscall(CallClass::Storage), Span::Five);
        assert_eq!(calls, Err(Missing::Source("bpf/syscall")));
    }

    #[test]
    fn only_what_is_judged_is_kept_and_only_while_it_counts() {
        let mut table = LatencyTable::default();
        for second in [0, 30, 60] {
            let mut sample = Sample::default();
            for class in ["other", "wait", "net_send", "descriptor"] {
                push(&mut sample, ["syscall_ns", class, ""], 200, 1);
            }
            push(&mut sample, ["block_latency_ns", "sda", "flush"], 200, 1);
            push(&mut sample, ["major_fault_ns", "", ""], 200, 1);
            if second == 30 {
                push(&mut sample, ["block_latency_ns", "sda", "read"], 9, 3);
                push(&mut sample, ["block_latency_ns", "sda", "write"], 9, 4);
            }
            deliver(&mut sample, [true; 3]);
            table.update(&sample, at(second));
            let kept: Vec<_> = table.counted.iter().map(|counted| counted.counts.len()).collect();
            assert_eq!(kept, if second == 30 { [2].as_slice() } else { &[] });
            if second > 0 {
                let counted = table.over(&Latency::Block(b"sda".into()), Span::Thirty).unwrap();
                assert_eq!(counted.total(), if second == 30 { 7 } else { 0 });
            }
        }
    }

    const ASKED: [(Latency<'_>, [&str; 3]); 4] = [
        (Latency::RunQueue, ["run_queue_ns", "cpu0", ""]),
        (Latency::Block(Cow::Borrowed(b"sda")), ["block_latency_ns", "sda", "write"]),
        (Latency::Block(Cow::Borrowed(b"sdb")), ["block_latency_ns", "sdb", "read"]),
        (Latency::Syscall(CallClass::Memory), ["syscall_ns", "memory", ""]),
    ];

    /// A reading: time, whether each source delivered, counts by the index of a latency asked for.
    #[derive(Debug, Clone)]
    struct Reading {
        at: Timestamp,
        given: [bool; 3],
        rows: Vec<(usize, u64, u64)>,
    }

    /// The plainest implementation: all readings kept, every span summed anew.
    fn naive(readings: &[Reading], asked: usize, span: Span) -> Result<Histogram, Missing> {
        let source = ASKED[asked].0.source();
        let missing = Missing::Source(source.name());
        let last = readings.last().ok_or(missing)?;
        let mut sum = Histogram::default();
        for pair in readings.windows(2).rev() {
            if !pair[1].given[source as usize] {
                return Err(missing);
            }
            for (_, bucket, count) in pair[1].rows.iter().filter(|row| row.0 == asked) {
                sum.add(usize::try_from(*bucket).unwrap(), *count);
            }
            if last.at.since_ns(pair[0].at) >= span.ns() {
                return Ok(sum);
            }
        }
        Err(if last.given[source as usize] { Missing::NoEarlier } else { missing })
    }

    /// Steps of whole seconds end a span exactly, others do not, and some do not go on at all.
    fn step_ns() -> impl Strategy<Value = u64> {
        prop_oneof![
            8 => (0u64..12).prop_map(|seconds| seconds * SECOND_NS),
            4 => 1u64..8 * SECOND_NS,
            1 => (20u64..70).prop_map(|seconds| seconds * SECOND_NS),
        ]
    }

    fn reading() -> impl Strategy<Value = (u64, Reading)> {
        let row = (0..ASKED.len(), 0u64..400, 0..=u64::from(u32::MAX));
        let given = prop::array::uniform3(prop::bool::weighted(0.95));
        (step_ns(), given, prop::collection::vec(row, 0..12))
            .prop_map(|(step, given, rows)| (step, Reading { at: Timestamp(0), given, rows }))
    }

    proptest! {
        #[test]
        fn running_sums_equal_the_naive_model(
            steps in prop::collection::vec((reading(), prop::bool::weighted(0.02)), 1..80),
        ) {
            let (mut table, mut readings): (_, Vec<Reading>) = Default::default();
            let mut time = Timestamp(0);
            for ((step, mut reading), restarts) in steps {
                if restarts {
                    LatencyTable::restart(&mut table);
                    readings.clear();
                }
                time = time.plus_ns(step);
                reading.at = time;
                let mut sample = Sample::default();
                for (asked, bucket, count) in &reading.rows {
                    push(&mut sample, ASKED[*asked].1, *bucket, *count);
                }
                deliver(&mut sample, reading.given);
                table.update(&sample, time);
                if readings.last().is_none_or(|last| last.at < time) {
                    readings.push(reading);
                }
                for (asked, (latency, _)) in ASKED.iter().enumerate() {
                    for span in Span::ALL {
                        let found = table.over(latency, span).cloned();
                        prop_assert_eq!(found, naive(&readings, asked, span));
                    }
                }
            }
        }
    }
}
