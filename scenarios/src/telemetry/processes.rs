//! Processes: rows of those that changed, all of them in a keyframe, and those that ended.

use std::collections::BTreeMap;

use ks_vocabulary::model::{
    BlockedTaskCell, BlockedTaskName, Process as Row, ProcessCell, ProcessGoneCell, ProcessName,
    ReadTimes, Sample,
};

use super::USER_HZ;
use super::network::NETNS;
use crate::grain::{Counter, whole};
use crate::host::Host;
use crate::host::memory::PAGE;
use crate::host::process::Process;
use crate::settings::Policy;

/// The last row of each process.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    last: BTreeMap<(u64, u64), Row>,
    scratch: Row,
}

impl Rows {
    pub(super) fn fill(&mut self, host: &Host, is_keyframe: bool, sample: &mut Sample) {
        for process in &host.processes {
            self.scratch = Row::default();
            describe(process, host, &mut self.scratch);
            let key = (process.pid, process.start_ticks);
            let is_same = self.last.get(&key).is_some_and(|last| *last == self.scratch);
            if is_same && !is_keyframe {
                continue;
            }
            sample.processes.push_copy(&self.scratch);
            if !is_same {
                self.last.insert(key, self.scratch.clone());
            }
        }
        sample.processes.sort();
        sample.processes.set_read(ReadTimes::default());
        sample.processes_complete = is_keyframe;
        for (pid, start_ticks) in &host.recent.gone {
            self.last.remove(&(*pid, *start_ticks));
            let row = sample.processes_gone.push();
            row.set(ProcessGoneCell::pid, *pid);
            row.set(ProcessGoneCell::start_ticks, *start_ticks);
        }
        sample.processes_gone.sort();
        sample.processes_gone.set_read(ReadTimes::default());
        fill_blocked(host, sample);
    }
}

fn describe(process: &Process, host: &Host, row: &mut Row) {
    use ProcessCell as Cell;
    let ticks = |counter: Counter| counter.by(1.0 / USER_HZ);
    let ns = |counter: Counter| whole(counter.exact() * 1e9);
    let counted = &process.counted;
    row.set_name(ProcessName::comm, process.comm.as_bytes());
    row.set_name(ProcessName::cgroup, host.groups[process.group].path.as_bytes());
    row.set(Cell::pid, process.pid);
    row.set(Cell::start_ticks, process.start_ticks);
    row.set(Cell::ppid, process.ppid);
    row.set(Cell::state, u64::from(state(process)));
    row.set(Cell::nice, process.nice);
    row.set(Cell::threads, whole(process.threads).max(1));
    row.set(Cell::utime_ticks, ticks(counted.user_s));
    row.set(Cell::stime_ticks, ticks(counted.system_s));
    row.set(Cell::minflt, counted.minor.value());
    row.set(Cell::majflt, counted.major.value());
    row.set(Cell::delayacct_blkio_ticks, ticks(counted.block_s));
    row.set(Cell::policy, policy(process.policy));
    row.set(Cell::rss_bytes, (process.memory.anon + process.memory.mapped) * PAGE);
    row.set(Cell::rss_anon_bytes, process.memory.anon * PAGE);
    row.set(Cell::rss_file_bytes, process.memory.mapped * PAGE);
    row.set(Cell::rss_shmem_bytes, 0u64);
    row.set(Cell::swap_bytes, process.memory.swapped * PAGE);
    row.set(Cell::read_bytes, counted.read_bytes.value());
    row.set(Cell::write_bytes, counted.write_bytes.value());
    row.set(Cell::cancelled_write_bytes, 0u64);
    row.set(Cell::oom_score_adj, process.oom_score_adj);
    row.set(Cell::netns, NETNS);
    row.set(Cell::cpu_ns, ns(counted.user_s) + ns(counted.system_s));
    row.set(Cell::wait_ns, ns(counted.wait_s));
    row.set(Cell::voluntary_switches, counted.voluntary.value());
    row.set(Cell::involuntary_switches, counted.involuntary.value());
    if counted.open_files.value() > 0 {
        row.set(Cell::open_files, counted.open_files.value());
        row.set(Cell::open_files_max, whole(process.open_files_max));
        row.set(Cell::close_wait, counted.close_wait.value());
    }
}

/// The numbers of `sched_setscheduler`.
fn policy(policy: Policy) -> u64 {
    match policy {
        Policy::Other => 0,
        Policy::Batch => 3,
        Policy::Idle => 5,
    }
}

fn state(process: &Process) -> u8 {
    let step = &process.step;
    match () {
        () if process.stopped => b'T',
        () if step.ran + step.waited >= 0.5 => b'R',
        () if step.io + step.memory_io >= 0.5 => b'D',
        () => b'S',
    }
}

fn fill_blocked(host: &Host, sample: &mut Sample) {
    for process in &host.processes {
        let step = &process.step;
        let wchan: &[u8] =
            if step.memory_io > step.io { b"folio_wait_bit" } else { b"io_schedule" };
        for thread in 0..met(step.io + step.memory_io, host.now_s, process.pid) {
            let row = sample.blocked.push();
            row.set_name(BlockedTaskName::comm, process.comm.as_bytes());
            row.set_name(BlockedTaskName::wchan, wchan);
            row.set(BlockedTaskCell::pid, process.pid);
            row.set(BlockedTaskCell::start_ticks, process.start_ticks);
            row.set(BlockedTaskCell::tid, process.pid + thread);
        }
    }
    sample.blocked.sort();
    sample.blocked.set_read(ReadTimes::default());
}

/// How many threads a reading meets asleep of so many in the mean: the whole ones always, the rest
/// as often as it is, evenly spread over readings and processes (steps of the golden ratio and of
/// the plastic number leave no gaps).
fn met(asleep: f64, now_s: f64, pid: u64) -> u64 {
    let spread = now_s * 0.618_033_988_749_895 + pid as f64 * 0.754_877_666_246_693;
    whole(asleep + spread.fract())
}
