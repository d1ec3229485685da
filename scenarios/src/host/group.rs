//! Control groups of version 2: their limits, and what was counted of their members.

use super::pressure::{Line, States};
use crate::grain::Counter;
use crate::settings::IoKey;

/// One control group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub(crate) path: String,
    /// Position of the group above; the root has none.
    pub(crate) parent: Option<usize>,
    pub(crate) inode: u64,
    /// CPUs that it may use: the quota over its period.
    pub(crate) quota: Option<f64>,
    /// `cpu.weight`.
    pub(crate) weight: u64,
    /// `io.weight`, which `io.cost` heeds.
    pub(crate) io_weight: u64,
    /// `io.bfq.weight`, which bfq heeds.
    pub(crate) bfq_weight: u64,
    /// `io.max`.
    pub(crate) io_max: IoMax,
    /// What runs in it is started again after it was killed.
    pub(crate) restarts: bool,
    /// Until when it is frozen, in s since boot.
    pub(crate) frozen_until_s: f64,
    /// Pages above which it is reclaimed from and held back.
    pub(crate) memory_high: Option<u64>,
    /// Pages that it may have in swap.
    pub(crate) swap_max: Option<u64>,
    /// Pages that it may hold.
    pub(crate) memory_max: Option<u64>,
    /// Tasks that it may have.
    pub(crate) pids_max: Option<u64>,
    /// Pages of the page cache that it is charged with.
    pub(crate) file: u64,
    /// Steps in which nothing could be reclaimed for it.
    pub(crate) failing: u32,
    pub(crate) counted: Counted,
}

/// Limits of `io.max`, by the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IoMax {
    pub(crate) rbps: f64,
    pub(crate) wbps: f64,
    pub(crate) riops: f64,
    pub(crate) wiops: f64,
}

impl Default for IoMax {
    fn default() -> Self {
        let none = f64::INFINITY;
        Self { rbps: none, wbps: none, riops: none, wiops: none }
    }
}

impl IoMax {
    /// One of them.
    pub(crate) fn of(&mut self, key: IoKey) -> &mut f64 {
        match key {
            IoKey::Rbps => &mut self.rbps,
            IoKey::Wbps => &mut self.wbps,
            IoKey::Riops => &mut self.riops,
            IoKey::Wiops => &mut self.wiops,
        }
    }

    /// Requests a second that are let through, of so many bytes each.
    pub(crate) fn rate(&self, bytes: f64, is_write: bool) -> f64 {
        let (bps, iops) = if is_write { (self.wbps, self.wiops) } else { (self.rbps, self.riops) };
        (bps / bytes.max(1.0)).min(iops)
    }
}

impl Group {
    /// One without limits.
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            weight: 100,
            io_weight: 100,
            bfq_weight: 100,
            // A model may begin before boot, to settle.
            frozen_until_s: f64::NEG_INFINITY,
            ..Self::default()
        }
    }
}

/// Counters of a group's files.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) user_s: Counter,
    pub(crate) system_s: Counter,
    pub(crate) periods: Counter,
    pub(crate) throttled: Counter,
    pub(crate) throttled_s: Counter,
    pub(crate) faults: Counter,
    pub(crate) major: Counter,
    pub(crate) scanned: Counter,
    pub(crate) refaults: Counter,
    pub(crate) at_limit: Counter,
    pub(crate) ooms: u64,
    pub(crate) kills: u64,
    pub(crate) read_bytes: Counter,
    pub(crate) write_bytes: Counter,
    pub(crate) reads: Counter,
    pub(crate) writes: Counter,
    pub(crate) pressure: Pressure,
}

/// Lines of the three pressure files.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pressure {
    pub(crate) cpu_some: Line,
    pub(crate) cpu_full: Line,
    pub(crate) memory_some: Line,
    pub(crate) memory_full: Line,
    pub(crate) io_some: Line,
    pub(crate) io_full: Line,
}

/// States of the threads of a group, or of the host, by what they wait for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stalls {
    pub(crate) memory: States,
    pub(crate) io: States,
    /// Those that wait for a CPU: productive are those that run.
    pub(crate) cpu: States,
}

impl Pressure {
    /// Adds a step of a host of so many CPUs.
    pub(crate) fn add(&mut self, stalls: &Stalls, cpus: f64, step_s: f64) {
        let add = |some: &mut Line, full: &mut Line, states: &States| {
            let (part, whole) = states.shares(cpus);
            some.add(part, step_s);
            full.add(whole, step_s);
        };
        add(&mut self.memory_some, &mut self.memory_full, &stalls.memory);
        add(&mut self.io_some, &mut self.io_full, &stalls.io);
    }

    /// Updates the averages.
    pub(crate) fn update(&mut self) {
        let lines = [
            &mut self.cpu_some,
            &mut self.cpu_full,
            &mut self.memory_some,
            &mut self.memory_full,
            &mut self.io_some,
            &mut self.io_full,
        ];
        lines.into_iter().for_each(Line::update);
    }
}

/// The systemd unit that a path ends in, as recorders parse it.
pub(crate) fn unit(path: &str) -> Option<&str> {
    let last = path.rsplit('/').find(|part| !part.is_empty())?;
    [".service", ".scope", ".slice"].iter().any(|end| last.ends_with(end)).then_some(last)
}
