//! Who was seen to suffer lately: tasks that sleep uninterruptibly, victims of the OOM killer,
//! callers whose system calls were slow or refused.
//!
//! What a reading tells is kept for just as long as verdicts name it.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{Event, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::known::ProcessKey;
use super::process_table::ProcessTable;

/// How long sleeps are counted.
const SLEEPS_NS: u64 = 5 * SECOND_NS;
/// How long the calls of a process are remembered.
const CALLS_NS: u64 = 10 * SECOND_NS;
/// Callers whose counters are kept, beyond those of the last ten seconds: as many as the tracer
/// keeps (`SYSCALL_CULPRITS`).
const CALLERS: usize = 1024;
/// How long a kill is named: as long as its signal stands at least.
const KILLS_NS: u64 = 300 * SECOND_NS;
const KILLS: usize = 16;

/// A victim of the OOM killer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Killed {
    /// The process.
    pub process: ProcessKey,
    /// Its name.
    pub comm: Vec<u8>,
    /// Path of its control group, or the last part of it.
    pub cgroup: Vec<u8>,
    /// Resident memory when it was chosen.
    pub resident_bytes: u64,
    at: Timestamp,
}

/// What a process's calls met since an earlier reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Time of slow calls, in ns.
    pub slow_ns: u64,
    /// Calls that met a limit.
    pub refused: u64,
}

impl Calls {
    fn since(self, earlier: Self) -> Self {
        Self {
            slow_ns: self.slow_ns.saturating_sub(earlier.slow_ns),
            refused: self.refused.saturating_sub(earlier.refused),
        }
    }
}

/// A thread of a process.
type Sleeper = (ProcessKey, u64);

#[derive(Debug)]
struct Caller {
    comm: Vec<u8>,
    /// When counters changed, and what they were before: the first is the oldest that counts.
    before: VecDeque<(Timestamp, Calls)>,
    now: Calls,
}

impl Caller {
    /// The counters at the beginning of the last ten seconds; `None` if they did not change since.
    fn earliest(&self, now: Timestamp) -> Option<Calls> {
        let recent = |(at, _): &&(Timestamp, Calls)| now.since_ns(*at) <= CALLS_NS;
        self.before.iter().find(recent).map(|(_, calls)| *calls)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Sufferers {
    sleeps: VecDeque<(Timestamp, Vec<ProcessKey>)>,
    /// Who slept uninterruptibly at each reading up to the last one, with the first of them.
    stuck: BTreeMap<Sleeper, Timestamp>,
    kills: VecDeque<Killed>,
    callers: BTreeMap<u64, Caller>,
}

impl Sufferers {
    /// Takes a sample.
    pub(super) fn update(
        &mut self,
        sample: &Sample,
        mono: Timestamp,
        host: &HostFacts,
        processes: &ProcessTable,
    ) {
        if sample.blocked.read().is_some() {
            let key = |pid: Option<u64>, start: Option<u64>| Some((pid?, start?));
            let rows = sample.blocked.iter();
            let mut asleep: Vec<_> =
                rows.filter_map(|row| key(row.pid(), row.start_ticks())).collect();
            asleep.dedup();
            self.sleeps.push_back((mono, asleep));
            let mut stuck = BTreeMap::new();
            for row in sample.blocked.iter() {
                let Some(process) = key(row.pid(), row.start_ticks()) else { continue };
                let sleeper = (process, row.tid().unwrap_or(process.0));
                stuck.insert(sleeper, self.stuck.get(&sleeper).copied().unwrap_or(mono));
            }
            self.stuck = stuck;
        }
        while self.sleeps.front().is_some_and(|(at, _)| mono.since_ns(*at) > SLEEPS_NS) {
            self.sleeps.pop_front();
        }
        for event in sample.bpf_events.iter().filter(|event| event.kind() == Some(b"oom_kill")) {
            self.kills.extend(killed(event, mono, host, processes));
        }
        while self.kills.len() > KILLS
            || self.kills.front().is_some_and(|kill| mono.since_ns(kill.at) > KILLS_NS)
        {
            self.kills.pop_front();
        }
        self.update_callers(sample, mono);
    }

    fn update_callers(&mut self, sample: &Sample, mono: Timestamp) {
        for row in sample.bpf_callers.iter() {
            let Some(pid) = row.pid() else { continue };
            let now =
                Calls { slow_ns: row.slow_ns().unwrap_or(0), refused: row.refused().unwrap_or(0) };
            let comm = row.comm().unwrap_or_default();
            let caller = self.callers.entry(pid).or_insert_with(|| Caller {
                comm: comm.to_vec(),
                before: VecDeque::new(),
                now: Calls::default(),
            });
            // Counters that fell are those of another process with this id.
            let fell = now.slow_ns < caller.now.slow_ns || now.refused < caller.now.refused;
            if fell || caller.comm != comm {
                caller.before.clear();
                caller.now = Calls::default();
                caller.comm = comm.to_vec();
            }
            while caller.before.front().is_some_and(|(at, _)| mono.since_ns(*at) > CALLS_NS) {
                caller.before.pop_front();
            }
            caller.before.push_back((mono, caller.now));
            caller.now = now;
        }
        if self.callers.len() > CALLERS {
            self.callers.retain(|_, caller| caller.earliest(mono).is_some());
        }
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Processes that slept uninterruptibly at a reading of the last five seconds, with the share
    /// of readings at which they did.
    pub fn asleep(&self) -> Vec<(ProcessKey, f64)> {
        let mut counts: BTreeMap<ProcessKey, u32> = BTreeMap::new();
        for process in self.sleeps.iter().flat_map(|(_, asleep)| asleep) {
            *counts.entry(*process).or_default() += 1;
        }
        let readings = self.sleeps.len().max(1) as f64;
        counts.into_iter().map(|(key, count)| (key, f64::from(count) / readings)).collect()
    }

    /// How many of the processes that `counts` slept uninterruptibly at once, in the mean over the
    /// readings of the last seconds; `None` where none was read.
    pub fn mean_asleep(&self, counts: impl Fn(ProcessKey) -> bool) -> Option<f64> {
        let readings = self.sleeps.len();
        let all = self.sleeps.iter().flat_map(|(_, asleep)| asleep);
        let counted = all.filter(|process| counts(**process)).count();
        (readings > 0).then(|| counted as f64 / readings as f64)
    }

    /// How many tasks slept uninterruptibly at every reading of at least `ns` before `now`.
    pub fn stuck(&self, now: Timestamp, ns: u64) -> usize {
        self.stuck_of(now, ns, |_| true)
    }

    /// As [`Sufferers::stuck`], of the processes that `counts`.
    pub fn stuck_of(&self, now: Timestamp, ns: u64, counts: impl Fn(ProcessKey) -> bool) -> usize {
        let stuck = self.stuck.iter().filter(|(_, since)| now.since_ns(**since) >= ns);
        stuck.filter(|((process, _), _)| counts(*process)).count()
    }

    /// Victims of the OOM killer of the last five minutes, the latest first.
    pub fn killed(&self) -> impl Iterator<Item = &Killed> {
        self.kills.iter().rev()
    }

    /// What the calls of processes met in the ten seconds before `now`: id, name, amounts.
    pub fn callers(&self, now: Timestamp) -> impl Iterator<Item = (u64, &[u8], Calls)> {
        self.callers.iter().filter_map(move |(pid, caller)| {
            let met = caller.now.since(caller.earliest(now)?);
            Some((*pid, caller.comm.as_slice(), met))
        })
    }
}

/// Before Linux 6.10 an event can have no more than the id: the rest is that of the process as it
/// was last seen.
fn killed(
    event: &Event,
    at: Timestamp,
    host: &HostFacts,
    processes: &ProcessTable,
) -> Option<Killed> {
    let pid = event.pid()?;
    let known = processes.start_of(pid).and_then(|start| processes.find((pid, start)));
    let row = known.map(|known| &known.row);
    let tick_ns = SECOND_NS.checked_div(host.user_hz).unwrap_or(0).max(1);
    let start = event.start_ns().map(|ns| ns / tick_ns);
    let start = start.or_else(|| row?.start_ticks()).unwrap_or(0);
    let comm = event.comm().or_else(|| row?.comm()).unwrap_or_default();
    let cgroup = event.cgroup().or_else(|| row?.cgroup()).unwrap_or_default();
    Some(Killed {
        process: (pid, start),
        comm: comm.to_vec(),
        cgroup: cgroup.to_vec(),
        resident_bytes: event.resident_bytes().or_else(|| row?.rss_bytes()).unwrap_or(0),
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{
        BlockedTaskCell, CallerCell, CallerName, EventCell, EventName, ReadTimes,
    };

    fn at(second: u64) -> Timestamp {
        Timestamp(second * SECOND_NS)
    }

    #[test]
    fn a_sleeper_has_the_share_of_readings_at_which_it_slept() {
        let mut sufferers = Sufferers::default();
        for second in 0..10 {
            let mut sample = Sample::default();
            for (pid, tid, sleeps) in
                [(7u64, 7u64, second >= 8), (7, 9, second >= 8), (8, 8, second < 2)]
            {
                if sleeps {
                    let row = sample.blocked.push();
                    row.set(BlockedTaskCell::pid, pid);
                    row.set(BlockedTaskCell::start_ticks, 1u64);
                    row.set(BlockedTaskCell::tid, tid);
                }
            }
            sample.blocked.set_read(ReadTimes::default());
            sufferers.update(&sample, at(second), &HostFacts::default(), &ProcessTable::default());
        }
        assert_eq!(sufferers.asleep(), [((7, 1), 2.0 / 6.0)], "two threads of one process");
    }

    #[test]
    fn a_kill_is_named_for_five_minutes() {
        let mut sufferers = Sufferers::default();
        let mut sample = Sample::default();
        let row = sample.bpf_events.push();
        row.set_name(EventName::kind, b"oom_kill");
        row.set_name(EventName::comm, b"hog");
        row.set(EventCell::pid, 7u64);
        row.set(EventCell::start_ns, 2_500_000_000u64);
        let host = HostFacts { user_hz: 100, ..HostFacts::default() };
        let none = ProcessTable::default();
        sufferers.update(&sample, at(1), &host, &none);
        sufferers.update(&Sample::default(), at(301), &host, &none);
        let named: Vec<_> = sufferers.killed().map(|killed| killed.process).collect();
        assert_eq!(named, [(7, 250)]);
        sufferers.update(&Sample::default(), at(302), &host, &none);
        assert_eq!(sufferers.killed().count(), 0);
    }

    #[test]
    fn calls_count_over_ten_seconds_and_another_process_begins_anew() {
        let mut sufferers = Sufferers::default();
        let mut step = |second, comm: &[u8], slow_ns: u64| {
            let mut sample = Sample::default();
            let row = sample.bpf_callers.push();
            row.set(CallerCell::pid, 7u64);
            row.set_name(CallerName::comm, comm);
            row.set(CallerCell::slow_ns, slow_ns);
            sufferers.update(&sample, at(second), &HostFacts::default(), &ProcessTable::default());
            let told = sufferers.callers(at(second));
            told.map(|(_, _, calls)| calls.slow_ns).collect::<Vec<_>>()
        };
        assert_eq!(step(1, b"a", 100), [100]);
        assert_eq!(step(6, b"a", 150), [150]);
        assert_eq!(step(13, b"a", 170), [70], "what came at second 1 is past");
        assert_eq!(step(14, b"b", 180), [180], "another process");
        assert_eq!(step(15, b"b", 20), [20], "and another of the same name");
        assert_eq!(step(60, b"b", 25), [5], "quiet for long, it is known all the same");
    }
}
