//! What an action does to the host, when it is done; what comes of it is the other parts' business.

use super::group::IoMax;
use super::kill::Means;
use super::memory::PAGE;
use super::process::{Process, Step};
use super::{Host, STEP_S};
use crate::action::{Action, Class, IoLimit, Refused};
use crate::grain::whole;

/// Weight of a thread of the idle class (`WEIGHT_IDLEPRIO`), against that of nice 0.
const IDLE_WEIGHT: f64 = 3.0 / 1024.0;
/// Share of its requests that a process of the lowest class is let through while others ask (our
/// judgement: bfq serves it when nobody else has asked for a while).
const IDLE_IO: f64 = 0.05;
/// Level of best effort that a process has by itself, of eight.
const USUAL_LEVEL: f64 = 4.0;
/// Seconds for which a link is down while its mode is agreed on.
const NEGOTIATION_S: f64 = 2.0;

impl Host {
    /// Does an action.
    pub(crate) fn act(&mut self, action: &Action) -> Result<(), Refused> {
        match action.target() {
            Some(("process", name)) => {
                let at = self.find_process(name)?;
                self.act_on_process(at, action)
            }
            Some((_, path)) => {
                let at = self.find_group(path)?;
                self.act_on_group(at, action)
            }
            None => self.act_on_host(action),
        }
    }

    fn find_process(&self, name: &str) -> Result<usize, Refused> {
        let is_meant = |process: &Process| {
            let entity = format!("process:{}:{}", process.pid, process.start_ticks);
            !process.dying && (process.comm == name || entity == name)
        };
        let missing = || Refused::Missing { what: "process", name: name.to_owned() };
        self.processes.iter().position(is_meant).ok_or_else(missing)
    }

    fn find_group(&self, path: &str) -> Result<usize, Refused> {
        let path = path.strip_prefix("cgroup:").unwrap_or(path);
        // The root has no limits.
        let found = self.groups.iter().skip(1).position(|group| group.path == path);
        let missing = || Refused::Missing { what: "control group", name: path.to_owned() };
        found.map(|at| at + 1).ok_or_else(missing)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is done to processes comes here")]
    fn act_on_process(&mut self, at: usize, action: &Action) -> Result<(), Refused> {
        if let Action::ThrottleCpu { percent, .. } = action {
            return self.throttle_alone(at, *percent);
        }
        let now_s = self.now_s;
        let process = &mut self.processes[at];
        match action {
            Action::LowerProcessPriority { nice, .. } => {
                process.nice = within("nice", *nice, -20, 19)?;
            }
            Action::DemoteSchedulingClass { class, .. } => {
                process.class_weight = if *class == Class::Idle { IDLE_WEIGHT } else { 1.0 };
            }
            Action::SetCpuAffinity { cpus, .. } => {
                let most = i64::from(self.shape.cpus);
                within("cpus", i64::from(*cpus), 1, most)?;
                process.cpus = f64::from(*cpus);
            }
            Action::PauseProcess { lasts, .. } => {
                process.stopped_until_s = now_s + lasts.seconds();
            }
            Action::ResumeProcess { .. } => process.stopped_until_s = f64::NEG_INFINITY,
            Action::TerminateProcess { .. } => {
                process.dying = true;
                process.step = Step::default();
            }
            Action::LowerIoPriority { level, .. } => {
                let level = within("level", i64::from(*level), 0, 8)?;
                let below = (8 - level) as f64 / USUAL_LEVEL;
                process.io_share = if level == 8 { IDLE_IO } else { below.min(1.0) };
            }
            Action::RaiseOomScore { adj, .. } => {
                process.oom_score_adj = within("adj", *adj, -1000, 1000)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A quota for one process needs a group that holds no other.
    fn throttle_alone(&mut self, at: usize, percent: u32) -> Result<(), Refused> {
        let group = self.processes[at].group;
        let shared = self.processes.iter().filter(|one| one.group == group).count() > 1;
        if group == 0 || shared {
            return Err(Refused::Invalid {
                what: "process",
                text: "its control group holds others too".to_owned(),
            });
        }
        self.limit_cpu(group, percent)
    }

    fn limit_cpu(&mut self, group: usize, percent: u32) -> Result<(), Refused> {
        let percent = within("percent", i64::from(percent), 1, 100 * i64::from(self.shape.cpus))?;
        self.groups[group].quota = Some(percent as f64 / 100.0);
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is done to groups comes here")]
    fn act_on_group(&mut self, at: usize, action: &Action) -> Result<(), Refused> {
        let now_s = self.now_s;
        let group = &mut self.groups[at];
        match action {
            Action::LimitCgroupCpu { percent, .. } => return self.limit_cpu(at, *percent),
            Action::LowerCpuWeight { weight, .. } => group.weight = weighed(*weight)?,
            Action::LimitCgroupPids { max, .. } => group.pids_max = Some(*max),
            Action::FreezeCgroup { lasts, .. } => group.frozen_until_s = now_s + lasts.seconds(),
            Action::ThawCgroup { .. } => group.frozen_until_s = f64::NEG_INFINITY,
            Action::LowerIoWeight { weight, .. } => group.io_weight = weighed(*weight)?,
            Action::ThrottleIo { of, per_s, .. } => {
                if !(per_s.is_finite() && *per_s > 0.0) {
                    let text = format!("{per_s}: more than 0");
                    return Err(Refused::Invalid { what: "per_s", text });
                }
                let IoMax { rbps, wbps, riops, wiops } = &mut group.io_max;
                *match of {
                    IoLimit::Rbps => rbps,
                    IoLimit::Wbps => wbps,
                    IoLimit::Riops => riops,
                    IoLimit::Wiops => wiops,
                } = *per_s;
            }
            Action::LimitCgroupMemoryHigh { bytes, .. } => {
                group.memory_high = Some(bytes.bytes / PAGE);
                let over = self.held_by(at).saturating_sub(bytes.bytes / PAGE);
                self.reclaim_from(at, over);
            }
            Action::ReclaimCgroupMemory { bytes, .. } => self.reclaim_from(at, bytes.bytes / PAGE),
            Action::LimitCgroupSwap { bytes, .. } => group.swap_max = Some(bytes.bytes / PAGE),
            _ => {}
        }
        Ok(())
    }

    /// Pages that a group is charged with.
    fn held_by(&self, group: usize) -> u64 {
        let members = self.processes.iter().filter(|process| process.group == group);
        members.map(|process| process.memory.anon).sum::<u64>() + self.groups[group].file
    }

    /// Takes pages from a group: its cache first, then what the swap device takes.
    fn reclaim_from(&mut self, group: usize, pages: u64) {
        let means = Means { step_s: STEP_S, swap_writes: self.swap_writes(), threads: 1.0 };
        let file = pages.min(self.groups[group].file).min(self.memory.clean);
        self.groups[group].file -= file;
        self.memory.clean -= file;
        let before = self.memory.counted.swapped_out.exact();
        self.swap_members(group, pages - file, means);
        self.disk.swap_out += self.memory.counted.swapped_out.exact() - before;
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing that there is")]
    fn act_on_host(&mut self, action: &Action) -> Result<(), Refused> {
        self.limits_changed = true;
        let percent = |what, value: u32, most| within(what, i64::from(value), 0, most);
        match action {
            Action::FlushBuffers => self.disk.flush = self.memory.dirty as f64,
            Action::LowerDirtyBackground { percent: value } => {
                self.memory.dirty_background = percent("percent", *value, 100)? as f64 / 100.0;
            }
            Action::ReduceReadahead { kb } => {
                self.disk.read_ahead_bytes =
                    within("kb", i64::from(*kb), 4, 65_536)? as f64 * 1024.0;
            }
            Action::ReduceSwappiness { value } => {
                self.memory.swappiness = percent("value", *value, 200)? as f64;
            }
            Action::ClearPageCache { level } => {
                let level = within("level", i64::from(*level), 1, 3)?;
                self.memory.clear(level & 1 != 0, level & 2 != 0);
                let left = self.memory.clean;
                for group in &mut self.groups {
                    group.file = group.file.min(left);
                }
            }
            Action::IncreaseTcpBacklog { value } => self.network.syn_queue = f64::from(*value),
            Action::IncreaseSomaxconn { value } => self.network.somaxconn = f64::from(*value),
            Action::WidenPortRange { low, high } => {
                let low = within("low", i64::from(*low), 1024, 65_534)?;
                let high = within("high", i64::from(*high), low + 1, 65_535)?;
                self.network.ports = (whole(low as f64), whole(high as f64));
            }
            Action::EnableTwReuse => self.network.reuses = true,
            Action::ForceNetworkSpeed { mbit } => {
                self.network.speed_mbit = *mbit;
                self.network.down_until_s = self.now_s + NEGOTIATION_S;
            }
            // What they change the model has none of: orphans, tracked connections, full queues.
            _ => {}
        }
        Ok(())
    }

    /// Who is stopped in this step, by a signal or with its group.
    pub(super) fn stop_and_go(&mut self) {
        let now_s = self.now_s;
        let frozen: Vec<bool> = (0..self.groups.len())
            .map(|at| {
                let mut next = Some(at);
                std::iter::from_fn(|| {
                    let group = &self.groups[next?];
                    next = group.parent;
                    Some(group.frozen_until_s > now_s)
                })
                .any(|is_frozen| is_frozen)
            })
            .collect();
        for process in &mut self.processes {
            process.stopped = process.stopped_until_s > now_s || frozen[process.group];
        }
        // A group that may swap no more keeps what it has in memory.
        for at in 1..self.groups.len() {
            let Some(max) = self.groups[at].swap_max else { continue };
            let members = || self.processes.iter().filter(|process| process.group == at);
            let is_full = members().map(|process| process.memory.swapped).sum::<u64>() >= max;
            for process in self.processes.iter_mut().filter(|process| process.group == at) {
                process.memory.stays = is_full;
            }
        }
    }
}

fn within(what: &'static str, value: i64, low: i64, high: i64) -> Result<i64, Refused> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(Refused::Invalid { what, text: format!("{value}: {low} to {high}") })
}

/// A weight as the kernel takes it.
fn weighed(weight: u64) -> Result<u64, Refused> {
    if (1..=10_000).contains(&weight) {
        return Ok(weight);
    }
    Err(Refused::Invalid { what: "weight", text: format!("{weight}: 1 to 10000") })
}
