//! A made host: what its processes and control groups do in each second of a recording.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use crate::window::Window;
use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{
    CgroupCell, CgroupName, CpuCell, MemoryCell, ProcessCell, ProcessGoneCell, ProcessName,
    ReadTimes, Sample,
};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// Seconds from boot to the first second of the recording: a whole number of buckets.
const BOOT_S: i64 = 100_000;
const TICKS: i64 = 100;
/// Memory of a host of which that is known.
const HOST_BYTES: u64 = 755 << 30;

/// The time of a second of the recording.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp((BOOT_S + second).unsigned_abs() * SECOND_NS)
}

pub(super) fn facts() -> HostFacts {
    HostFacts { user_hz: TICKS.unsigned_abs(), ..HostFacts::default() }
}

type By<T> = Box<dyn Fn(i64) -> T>;

/// A process of the made host. It began before the recording, and does nothing, unless it is told
/// to.
pub(super) struct Made {
    pid: u64,
    ppid: u64,
    comm: Vec<u8>,
    cgroup: &'static str,
    life: Range<i64>,
    ticks: By<u64>,
    wait_ms: By<u64>,
    held_bytes: By<u64>,
    files: By<Option<u64>>,
}

/// What `/proc/stat` and `/proc/meminfo` say of the made host in each second, where they are read.
#[derive(Default)]
pub(super) struct Whole {
    pub(super) ticks: Option<By<u64>>,
    pub(super) used_bytes: Option<By<u64>>,
}

pub(super) fn process(pid: u64, comm: &str) -> Made {
    Made {
        pid,
        ppid: 1,
        comm: comm.as_bytes().to_vec(),
        cgroup: "",
        life: -10_000..i64::MAX,
        ticks: Box::new(|_| 0),
        wait_ms: Box::new(|_| 0),
        held_bytes: Box::new(|_| 0),
        files: Box::new(|_| None),
    }
}

impl Made {
    pub(super) fn child_of(self, ppid: u64) -> Self {
        Self { ppid, ..self }
    }

    pub(super) fn in_group(self, cgroup: &'static str) -> Self {
        Self { cgroup, ..self }
    }

    /// Seconds in which it lives.
    pub(super) fn alive(self, life: Range<i64>) -> Self {
        Self { life, ..self }
    }

    /// CPU time in each second.
    pub(super) fn burning(self, ticks: impl Fn(i64) -> u64 + 'static) -> Self {
        Self { ticks: Box::new(ticks), ..self }
    }

    /// Milliseconds waited for a CPU in each second.
    pub(super) fn waiting(self, wait_ms: impl Fn(i64) -> u64 + 'static) -> Self {
        Self { wait_ms: Box::new(wait_ms), ..self }
    }

    /// Resident memory.
    pub(super) fn holding(self, held_bytes: impl Fn(i64) -> u64 + 'static) -> Self {
        Self { held_bytes: Box::new(held_bytes), ..self }
    }

    /// Open files, where they are read.
    pub(super) fn opening(self, files: impl Fn(i64) -> Option<u64> + 'static) -> Self {
        Self { files: Box::new(files), ..self }
    }

    fn start_ticks(&self) -> u64 {
        ((BOOT_S + self.life.start) * TICKS).unsigned_abs()
    }
}

/// A control group: its path, and its CPU time in each second in microseconds.
pub(super) struct MadeGroup(&'static str, By<u64>);

pub(super) fn group(path: &'static str, cpu_us: impl Fn(i64) -> u64 + 'static) -> MadeGroup {
    MadeGroup(path, Box::new(cpu_us))
}

/// What was recorded up to and with second `last`.
pub(super) fn run(made: &[Made], groups: &[MadeGroup], last: i64) -> Window {
    record(made, groups, last, false, &Whole::default())
}

/// The same of a host of which more is known than of its processes.
pub(super) fn run_whole(made: &[Made], whole: &Whole, last: i64) -> Window {
    record(made, &[], last, false, whole)
}

/// The same with the rows of processes in reverse order.
pub(super) fn run_reversed(made: &[Made], groups: &[MadeGroup], last: i64) -> Window {
    record(made, groups, last, true, &Whole::default())
}

fn record(made: &[Made], groups: &[MadeGroup], last: i64, reversed: bool, whole: &Whole) -> Window {
    let mut window = Window::default();
    window.set_host(facts());
    // Before the recording each did in every second what it did in the one before it.
    let before = |one: &Made| one.life.start.min(0).unsigned_abs() * (one.ticks)(-1);
    let mut ticks: Vec<u64> = made.iter().map(before).collect();
    let mut wait_ms = vec![0; made.len()];
    let mut cpu_us = vec![0; groups.len()];
    let mut host_ticks = 0;
    for second in 0..=last {
        let mut sample = Sample { processes_complete: second == 0, ..Sample::default() };
        let mut order: Vec<usize> = (0..made.len()).collect();
        if reversed {
            order.reverse();
        }
        for at in order {
            let one = &made[at];
            if one.life.contains(&second) {
                ticks[at] += (one.ticks)(second);
                wait_ms[at] += (one.wait_ms)(second);
                push(&mut sample, one, second, (ticks[at], wait_ms[at]));
            } else if one.life.end == second {
                let gone = sample.processes_gone.push();
                gone.set(ProcessGoneCell::pid, one.pid);
                gone.set(ProcessGoneCell::start_ticks, one.start_ticks());
            }
        }
        for (MadeGroup(path, rate), sum) in groups.iter().zip(&mut cpu_us) {
            *sum += rate(second);
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"v2");
            row.set_name(CgroupName::path, path.as_bytes());
            row.set(CgroupCell::inode, 1u64);
            row.set(CgroupCell::cpu_usage_us, *sum);
        }
        whole.push(&mut sample, second, &mut host_ticks);
        sample.cgroups.sort();
        sample.cgroups.set_read(ReadTimes::default());
        sample.processes.set_read(ReadTimes::default());
        sample.processes_gone.set_read(ReadTimes::default());
        window.update(&sample, at(second));
    }
    window
}

impl Whole {
    fn push(&self, sample: &mut Sample, second: i64, sum: &mut u64) {
        if let Some(ticks) = &self.ticks {
            *sum += ticks(second);
            let row = sample.cpu.push();
            row.set(CpuCell::user_ticks, *sum);
            row.set(CpuCell::nice_ticks, 0u64);
            row.set(CpuCell::system_ticks, 0u64);
            sample.cpu.set_read(ReadTimes::default());
        }
        if let Some(used_bytes) = &self.used_bytes {
            let row = sample.memory.push();
            row.set(MemoryCell::total_bytes, HOST_BYTES);
            row.set(MemoryCell::available_bytes, HOST_BYTES - used_bytes(second));
            sample.memory.set_read(ReadTimes::default());
        }
    }
}

fn push(sample: &mut Sample, one: &Made, second: i64, (ticks, wait_ms): (u64, u64)) {
    let row = sample.processes.push();
    row.set(ProcessCell::pid, one.pid);
    row.set(ProcessCell::ppid, one.ppid);
    row.set(ProcessCell::start_ticks, one.start_ticks());
    row.set_name(ProcessName::comm, &one.comm);
    if !one.cgroup.is_empty() {
        row.set_name(ProcessName::cgroup, one.cgroup.as_bytes());
    }
    row.set(ProcessCell::utime_ticks, ticks);
    row.set(ProcessCell::wait_ns, wait_ms * 1_000_000);
    row.set(ProcessCell::rss_bytes, (one.held_bytes)(second));
    row.set_some(ProcessCell::open_files, (one.files)(second));
}
