//! What the window remembers of a control group.
//!
//! Consumption is measured as for processes: from the reading at the start of the previous bucket
//! of ten seconds, so it covers the last ten to twenty.

use alloc::vec::Vec;

use ks_vocabulary::held;
use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::time::Timestamp;

use super::account::{Account, BUCKET_NS, FLOWS, GroupConsumption};
use super::history::{Counters, Growth};
use super::leaders::{Entry, Leaders, Marks, Stocks};
use super::newest::Newest;
use super::series::{EntityId, Missing, Series, Track};
use super::tracks::PressureTrack;
use super::trend::Trend;

/// A counter of a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Enforcement periods of the CPU quota.
    Periods,
    /// Those in which the group was throttled.
    Throttled,
    /// Microseconds that its CPUs lost by it.
    ThrottledTime,
    /// Faults that waited for I/O.
    MajorFault,
    /// Refaults of reclaimed pages.
    Refault,
    /// Times memory met its limit and was reclaimed for it.
    LimitMet,
    /// Times the limit was met and reclaim failed.
    Oom,
    /// Processes killed.
    OomKill,
    /// Forks refused at the limit of process ids.
    ForkRefused,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Periods => "nr_periods",
            Self::Throttled => "nr_throttled",
            Self::ThrottledTime => "throttled_usec",
            Self::MajorFault => "pgmajfault",
            Self::Refault => "workingset_refault",
            Self::LimitMet => "memory_fail",
            Self::Oom => "oom",
            Self::OomKill => "oom_kill",
            Self::ForkRefused => "pids.events",
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct CgroupTrack {
    /// Stall totals.
    pub pressure: PressureTrack,
    /// What it holds beside its page cache, lately.
    pub held: Newest,
    counters: Counters<8>,
    /// Another file than those, which may come and go without them.
    forks_refused: Counters<1>,
    /// Its tasks.
    pub tasks: Trend,
    bucket: Option<u64>,
    first: Option<(Timestamp, GroupConsumption)>,
    at_bucket: GroupConsumption,
    at_previous: GroupConsumption,
    marks: Marks,
}

impl CgroupTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: Group, ns: u64) -> Result<Growth, Missing> {
        if what == Group::ForkRefused {
            return self.forks_refused.over(0, what.name(), ns);
        }
        self.counters.over(what as usize, what.name(), ns)
    }

    /// What the group consumed in the ten to twenty seconds before `row`, its last reading.
    pub fn consumption(&self, row: &Cgroup) -> GroupConsumption {
        GroupConsumption::total(row).since(self.at_previous)
    }

    /// What it consumed since the first reading of the bucket of `row`, its last reading.
    pub fn present(&self, row: &Cgroup) -> GroupConsumption {
        GroupConsumption::total(row).since(self.at_bucket)
    }

    /// When it was first seen.
    pub fn since(&self) -> Option<Timestamp> {
        self.first.map(|(at, _)| at)
    }

    /// What it consumed since it was first seen, and what it holds.
    pub fn total(&self, row: &Cgroup) -> GroupConsumption {
        let total = GroupConsumption::total(row);
        let spent = self.first.map_or(total, |(_, first)| total.since(first));
        let (memory_bytes, swap_bytes) = (total.memory_bytes, total.swap_bytes);
        GroupConsumption { memory_bytes, swap_bytes, ..spent }
    }

    /// What it did in the buckets that ended with the first reading of the one at hand.
    fn entry(&self, id: EntityId) -> Entry {
        let spent = self.at_bucket.since(self.at_previous);
        let spent: [u64; FLOWS] = core::array::from_fn(|at| spent.of(Account::ALL[at]));
        Entry::new(id, spent, stocks(&self.at_previous), stocks(&self.at_bucket), &self.marks)
    }
}

fn stocks(consumption: &GroupConsumption) -> Stocks {
    core::array::from_fn(|at| consumption.of(Account::ALL[FLOWS + at]))
}

/// The past of the control groups that consume or grow most.
#[derive(Debug, Default)]
pub struct GroupLeaders {
    /// Their rings.
    pub leaders: Leaders,
    entries: Vec<Entry>,
    since: Option<Timestamp>,
    /// The first readings of the bucket at hand and of the one before it, from which they count.
    begins: [Timestamp; 2],
}

impl GroupLeaders {
    /// Closes a bucket after the first reading of a later one was taken.
    pub(super) fn update(&mut self, groups: &Series<Cgroup, CgroupTrack>) {
        let Some(at) = groups.at().filter(|_| groups.is_fresh()) else { return };
        if self.since.is_none() {
            self.since = Some(at);
            self.begins = [at; 2];
        }
        let bucket = at.0 / BUCKET_NS;
        if self.begins[0].0 / BUCKET_NS >= bucket {
            return;
        }
        self.begins = [at, self.begins[0]];
        self.entries.clear();
        self.entries.extend(groups.entities().map(|(id, _, track)| track.entry(id)));
        self.leaders.close(bucket - 1, &self.entries);
    }

    /// Over what time [`CgroupTrack::present`] counts at a reading, in ns.
    pub fn present_ns(&self, at: Timestamp) -> u64 {
        at.since_ns(self.begins[0])
    }

    /// Over what time [`CgroupTrack::consumption`] counts at a reading, in ns.
    pub fn lately_ns(&self, at: Timestamp, track: &CgroupTrack) -> u64 {
        let since = track.since().unwrap_or(at);
        at.since_ns(self.begins[1].max(since))
    }

    /// Whether a group came after the first reading of all.
    pub fn is_late(&self, track: &CgroupTrack) -> bool {
        self.since.is_some_and(|first| track.since().is_some_and(|since| since > first))
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        *self = Self { entries: core::mem::take(&mut self.entries), ..Self::default() };
    }
}

impl Track<Cgroup> for CgroupTrack {
    fn feed(&mut self, at: Timestamp, row: &Cgroup, _: &HostFacts) -> bool {
        let totals_us = [
            row.cpu_some_total_us(),
            row.memory_some_total_us(),
            row.memory_full_total_us(),
            row.io_some_total_us(),
            row.io_full_total_us(),
        ];
        let mut went_back = self.pressure.push(at, totals_us);
        let values = [
            row.nr_periods(),
            row.nr_throttled(),
            row.throttled_us(),
            row.pgmajfault(),
            row.refault(),
            row.memory_fail(),
            row.oom(),
            row.oom_kill(),
        ];
        went_back |= self.counters.push(at, values);
        self.forks_refused.push(at, [row.pids_fail()]);
        if let Some(tasks) = row.pids() {
            self.tasks.push(at, tasks);
        }
        if let Some(bytes) = held::held_bytes(row) {
            self.held.push(at, bytes);
        }
        let bucket = at.0 / BUCKET_NS;
        if self.bucket != Some(bucket) {
            let total = GroupConsumption::total(row);
            if self.bucket.is_none() {
                self.at_bucket = total;
                self.first = Some((at, total));
                self.marks = Marks::new(stocks(&total));
            }
            self.at_previous = core::mem::replace(&mut self.at_bucket, total);
            self.bucket = Some(bucket);
            self.marks.roll(bucket, stocks(&total));
        }
        went_back
    }
}
