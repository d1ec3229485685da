//! What an action does to the host, when it is done; what comes of it is the other parts' business.

use ks_vocabulary::action::{
    Action, Class, DiskRef, GroupRef, NicRef, Percent, ProcessRef, Target,
};

use super::kill::Means;
use super::memory::PAGE;
use super::process::{Process, Step};
use super::{Host, ROOT_GROUP, STEP_S};
use crate::action::Refused;
use crate::shape::{NIC, ROOT};

/// Weight of a thread of the idle class (`WEIGHT_IDLEPRIO`), against that of nice 0.
const IDLE_WEIGHT: f64 = 3.0 / 1024.0;
/// Share of its requests that a process of the lowest class is let through while others ask (our
/// judgement: bfq serves it when nobody else has asked for a while).
const IDLE_IO: f64 = 0.05;
/// Level of best effort that a process has by itself, of eight.
const USUAL_LEVEL: f64 = 4.0;
/// The two classes of priorities of I/O, as `ioprio_get(2)` returns them.
const BEST_EFFORT_CLASS: u64 = 2 << 13;
const IDLE_CLASS: u64 = 3 << 13;
/// Seconds for which a link is down while its mode is agreed on.
const NEGOTIATION_S: f64 = 2.0;

impl Host {
    /// Does an action.
    pub(crate) fn act(&mut self, action: &Action) -> Result<(), Refused> {
        self.acted = true;
        match action.targets().first() {
            Some(Target::Process(process)) => {
                let at = self.find_process(process)?;
                self.act_on_process(at, action)
            }
            Some(Target::Group(group)) => {
                let at = self.find_group(group)?;
                self.act_on_group(at, action)
            }
            Some(Target::Disk(_) | Target::Nic(_) | Target::Mount(_)) => self.act_on_device(action),
            None => self.act_on_host(action),
        }
    }

    fn find_process(&self, named: &ProcessRef) -> Result<usize, Refused> {
        let name = named.to_string();
        let is_meant = |process: &Process| match named {
            ProcessRef::Name(name) => process.comm == name.as_str(),
            ProcessRef::Exact { pid, start } => {
                (process.pid, process.start_ticks) == (pid.get(), *start)
            }
            ProcessRef::Handle(_) => false,
        };
        let found = self.processes.iter().position(|process| !process.dying && is_meant(process));
        found.ok_or(Refused::Missing { what: "process", name })
    }

    fn find_group(&self, named: &GroupRef) -> Result<usize, Refused> {
        let name = named.to_string();
        // The root has no limits.
        let found = self.groups.iter().skip(1).position(|group| group.path == name);
        found.map(|at| at + 1).ok_or(Refused::Missing { what: "control group", name })
    }

    /// The host has one disk.
    fn find_disk(&self, named: &DiskRef) -> Result<(), Refused> {
        if matches!(named, DiskRef::Name(name) if name.as_str() == self.shape.disk.name()) {
            return Ok(());
        }
        Err(Refused::Missing { what: "disk", name: named.to_string() })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not here is not modelled")]
    fn act_on_process(&mut self, at: usize, action: &Action) -> Result<(), Refused> {
        let now_s = self.now_s;
        let cpus = self.shape.cpus;
        let process = &mut self.processes[at];
        match action {
            Action::ThrottleCpu { percent, .. } => return self.throttle_alone(at, *percent),
            Action::LowerProcessPriority { nice, .. } => process.nice = nice.get().cast_signed(),
            Action::LowerAutogroupPriority { nice, .. } => {
                let (session, nice) = (process.session(), nice.get().cast_signed());
                let members = self.processes.iter_mut().filter(|one| one.session() == session);
                members.for_each(|one| one.session_nice = nice);
            }
            Action::DemoteSchedulingClass { class, .. } => {
                process.class_weight = if *class == Class::Idle { IDLE_WEIGHT } else { 1.0 };
            }
            Action::SetCpuAffinity { cpus: allowed, .. } => {
                if allowed.last() >= u64::from(cpus) {
                    let text = format!("{allowed}: the host has {cpus}");
                    return Err(Refused::Invalid { what: "cpus", text });
                }
                process.cpus = allowed.count() as f64;
            }
            Action::PauseProcess { lasts, .. } => {
                process.stopped_until_s = now_s + lasts.get() as f64;
            }
            Action::ResumeProcess { .. } => process.stopped_until_s = f64::NEG_INFINITY,
            Action::TerminateProcess { .. } => {
                process.dying = true;
                process.step = Step::default();
            }
            Action::LowerIoPriority { level, .. } => {
                let share = |level| (8 - level) as f64 / USUAL_LEVEL;
                process.io_share = level.level().map_or(IDLE_IO, share).min(1.0);
                process.io_priority =
                    level.level().map_or(IDLE_CLASS, |level| BEST_EFFORT_CLASS | level);
            }
            Action::RaiseOomScore { adj, .. } => process.oom_score_adj = adj.get().cast_signed(),
            _ => return not_modelled(action),
        }
        Ok(())
    }

    /// A quota for one process needs a group that holds no other.
    fn throttle_alone(&mut self, at: usize, percent: Percent) -> Result<(), Refused> {
        let group = self.processes[at].group;
        let shared = self.processes.iter().filter(|one| one.group == group).count() > 1;
        if group == ROOT_GROUP || shared {
            return Err(Refused::Invalid {
                what: "process",
                text: "its control group holds others too".to_owned(),
            });
        }
        self.groups[group].quota = Some(percent.get() as f64 / 100.0);
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not here is not modelled")]
    fn act_on_group(&mut self, at: usize, action: &Action) -> Result<(), Refused> {
        let now_s = self.now_s;
        let group = &mut self.groups[at];
        match action {
            Action::LimitCgroupCpu { percent, .. } => {
                group.quota = Some(percent.get() as f64 / 100.0);
            }
            Action::LowerCpuWeight { weight, .. } => group.weight = weight.get(),
            Action::LimitCgroupPids { max, .. } => group.pids_max = Some(max.get()),
            Action::FreezeCgroup { lasts, .. } => {
                group.frozen_until_s = now_s + lasts.get() as f64;
            }
            Action::ThawCgroup { .. } => group.frozen_until_s = f64::NEG_INFINITY,
            Action::LowerIoWeight { weight, .. } => group.io_weight = weight.get(),
            Action::ThrottleIo { disk, limit, .. } => {
                self.find_disk(disk)?;
                self.groups[at].io_max.set(*limit);
            }
            Action::LimitCgroupMemoryHigh { bytes, .. } => {
                group.memory_high = Some(bytes.get() / PAGE);
                let over = self.held_by(at).saturating_sub(bytes.get() / PAGE);
                self.reclaim_from(at, over);
            }
            Action::ReclaimCgroupMemory { bytes, .. } => self.reclaim_from(at, bytes.get() / PAGE),
            Action::LimitCgroupSwap { bytes, .. } => group.swap_max = Some(bytes.get() / PAGE),
            _ => return not_modelled(action),
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not here is not modelled")]
    fn act_on_device(&mut self, action: &Action) -> Result<(), Refused> {
        match action {
            Action::FlushBuffers { mount } => {
                if mount.to_string() != ROOT {
                    let name = mount.to_string();
                    return Err(Refused::Missing { what: "mounted filesystem", name });
                }
                self.disk.flush = self.memory.dirty as f64;
            }
            Action::ReduceReadahead { disk, kb } => {
                self.find_disk(disk)?;
                self.disk.read_ahead_bytes = kb.get() as f64 * 1024.0;
            }
            Action::ForceNetworkSpeed { nic, mbit } => {
                if !matches!(nic, NicRef::Name(name) if name.as_str() == NIC) {
                    let name = nic.to_string();
                    return Err(Refused::Missing { what: "interface", name });
                }
                self.network.speed_mbit = mbit.get();
                self.network.down_until_s = self.now_s + NEGOTIATION_S;
            }
            _ => return not_modelled(action),
        }
        self.limits_changed = true;
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not here is not modelled")]
    fn act_on_host(&mut self, action: &Action) -> Result<(), Refused> {
        match action {
            Action::LowerDirtyBackground { percent } => {
                self.memory.dirty_background = percent.get() as f64 / 100.0;
            }
            Action::ReduceSwappiness { value } => self.memory.swappiness = value.get() as f64,
            Action::ClearPageCache { level } => {
                let level = level.get();
                self.memory.clear(level & 1 != 0, level & 2 != 0);
                let left = self.memory.clean;
                for group in &mut self.groups {
                    group.file = group.file.min(left);
                }
            }
            Action::IncreaseTcpBacklog { value } => self.network.syn_queue = value.get() as f64,
            Action::IncreaseSomaxconn { value } => self.network.somaxconn = value.get() as f64,
            Action::WidenPortRange { low, high } => self.network.ports = (low.get(), high.get()),
            Action::EnableTwReuse => self.network.reuses = true,
            _ => return not_modelled(action),
        }
        self.limits_changed = true;
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

/// The model has none of what the action changes, such as orphans, tracked connections and queues
/// of frames, and nobody who looks at it: that is said, and never passes for done.
fn not_modelled(action: &Action) -> Result<(), Refused> {
    Err(Refused::NotModelled { action: action.name() })
}
