//! Values that actions overwrite: what each is at present, how it is set, and put back.

use ks_vocabulary::action::Action;

use super::Host;
use super::group::Group;
use super::memory::PAGE;
use super::process::Process;
use crate::action::Refused;
use crate::grain::whole;
use crate::settings::{GroupSetting, HostSetting, Prior, ProcessSetting, Setting};
use crate::shape::Scheduler;

/// Seconds for which a link is down while its mode is agreed on.
const NEGOTIATION_S: f64 = 2.0;

impl Host {
    /// What an action would overwrite; `None` where it writes no value, or could not be done.
    pub(crate) fn settings(&self, action: &Action) -> Option<Prior> {
        let written = self.written_by(action).ok()??;
        Some(Prior { before: self.present(&written)?, written })
    }

    /// Puts back what was before an action, if what that wrote is still there.
    pub(crate) fn restore(&mut self, prior: &Prior) -> Result<(), Refused> {
        let what = prior.written.to_string();
        match self.present(&prior.written) {
            None => Err(Refused::Missing { what: "place for", name: what }),
            Some(present) if present != prior.written => Err(Refused::Superseded { what }),
            Some(_) => {
                self.acted = true;
                self.write(&prior.before);
                Ok(())
            }
        }
    }

    fn process_at(&self, pid: u64, start_ticks: u64) -> Option<usize> {
        let is_it = |one: &Process| (one.pid, one.start_ticks) == (pid, start_ticks);
        self.processes.iter().position(|one| !one.dying && is_it(one))
    }

    fn group_at(&self, path: &str, inode: u64) -> Option<usize> {
        self.groups.iter().position(|one| one.path == path && one.inode == inode)
    }

    /// What a setting is at present, whatever value is given; `None` where its place is gone.
    fn present(&self, setting: &Setting) -> Option<Setting> {
        Some(match setting {
            Setting::Process { pid, start_ticks, value } => {
                let process = &self.processes[self.process_at(*pid, *start_ticks)?];
                let value = present_of_process(process, self.now_s, value);
                Setting::Process { pid: *pid, start_ticks: *start_ticks, value }
            }
            Setting::Group { path, inode, value } => {
                let at = self.group_at(path, *inode)?;
                let value = self.present_of_group(&self.groups[at], value);
                Setting::Group { path: path.clone(), inode: *inode, value }
            }
            Setting::Host(value) => Setting::Host(self.present_of_host(*value)),
        })
    }

    fn present_of_group(&self, group: &Group, value: &GroupSetting) -> GroupSetting {
        use GroupSetting as Value;
        let bytes = |pages: Option<u64>| pages.map(|pages| pages * PAGE);
        match value {
            Value::Quota(_) => Value::Quota(group.quota),
            Value::Weight(_) => Value::Weight(group.weight),
            Value::PidsMax(_) => Value::PidsMax(group.pids_max),
            Value::Frozen(_) => Value::Frozen(group.frozen_until_s > self.now_s),
            Value::IoWeight(_) if self.shape.scheduler() == Scheduler::Bfq => {
                Value::IoWeight(group.bfq_weight)
            }
            Value::IoWeight(_) => Value::IoWeight(group.io_weight),
            Value::IoMax(key, _) => {
                let mut limits = group.io_max;
                let limit = Some(*limits.of(*key)).filter(|limit| limit.is_finite());
                Value::IoMax(*key, limit.map(whole))
            }
            Value::MemoryHigh(_) => Value::MemoryHigh(bytes(group.memory_high)),
            Value::SwapMax(_) => Value::SwapMax(bytes(group.swap_max)),
        }
    }

    fn present_of_host(&self, value: HostSetting) -> HostSetting {
        use HostSetting as Value;
        let network = &self.network;
        match value {
            Value::DirtyBackground(_) => {
                Value::DirtyBackground(whole(self.memory.dirty_background * 100.0 + 0.5))
            }
            Value::Swappiness(_) => Value::Swappiness(whole(self.memory.swappiness)),
            Value::ReadAhead(_) => Value::ReadAhead(whole(self.disk.read_ahead_bytes / 1024.0)),
            Value::SynBacklog(_) => Value::SynBacklog(whole(network.syn_backlog)),
            Value::Somaxconn(_) => Value::Somaxconn(whole(network.somaxconn)),
            Value::Ports(..) => Value::Ports(network.ports.0, network.ports.1),
            Value::ReusesPorts(_) => Value::ReusesPorts(network.reuses),
            Value::LinkSpeed(_) => Value::LinkSpeed(network.speed_mbit),
        }
    }

    /// Sets a value; where its place is gone there is nothing to set.
    pub(super) fn write(&mut self, setting: &Setting) {
        match setting {
            Setting::Process { pid, start_ticks, value } => {
                if let Some(at) = self.process_at(*pid, *start_ticks) {
                    self.write_to_process(at, value);
                }
            }
            Setting::Group { path, inode, value } => {
                if let Some(at) = self.group_at(path, *inode) {
                    self.write_to_group(at, value);
                }
            }
            Setting::Host(value) => self.write_to_host(*value),
        }
    }

    fn write_to_process(&mut self, at: usize, value: &ProcessSetting) {
        use ProcessSetting as Value;
        let now_s = self.now_s;
        let session = self.processes[at].session;
        let process = &mut self.processes[at];
        match value {
            Value::Nice(nice) => process.nice = *nice,
            Value::SessionNice(nice) => {
                let members = self.processes.iter_mut().filter(|one| one.session == session);
                members.for_each(|one| one.session_nice = *nice);
            }
            Value::Policy(policy) => process.policy = *policy,
            Value::Affinity(allowed) => process.affinity.clone_from(allowed),
            Value::Stopped(stopped) => stop(&mut process.stopped_until_s, *stopped, now_s),
            Value::IoLevel(level) => process.io_level = *level,
            Value::OomScore(adj) => process.oom_score_adj = *adj,
        }
    }

    fn write_to_group(&mut self, at: usize, value: &GroupSetting) {
        use GroupSetting as Value;
        let (now_s, is_bfq) = (self.now_s, self.shape.scheduler() == Scheduler::Bfq);
        let group = &mut self.groups[at];
        match value {
            Value::Quota(cpus) => group.quota = *cpus,
            Value::Weight(weight) => group.weight = *weight,
            Value::PidsMax(max) => group.pids_max = *max,
            Value::Frozen(frozen) => stop(&mut group.frozen_until_s, *frozen, now_s),
            Value::IoWeight(weight) if is_bfq => group.bfq_weight = *weight,
            Value::IoWeight(weight) => group.io_weight = *weight,
            Value::IoMax(key, limit) => {
                *group.io_max.of(*key) = limit.map_or(f64::INFINITY, |limit| limit as f64);
            }
            Value::MemoryHigh(bytes) => group.memory_high = bytes.map(|bytes| bytes / PAGE),
            Value::SwapMax(bytes) => group.swap_max = bytes.map(|bytes| bytes / PAGE),
        }
    }

    fn write_to_host(&mut self, value: HostSetting) {
        use HostSetting as Value;
        let network = &mut self.network;
        match value {
            Value::DirtyBackground(percent) => {
                self.memory.dirty_background = percent as f64 / 100.0;
            }
            Value::Swappiness(value) => self.memory.swappiness = value as f64,
            Value::ReadAhead(kb) => self.disk.read_ahead_bytes = kb as f64 * 1024.0,
            Value::SynBacklog(value) => network.syn_backlog = value as f64,
            Value::Somaxconn(value) => network.somaxconn = value as f64,
            Value::Ports(low, high) => network.ports = (low, high),
            Value::ReusesPorts(reuses) => network.reuses = reuses,
            Value::LinkSpeed(mbit) => {
                network.speed_mbit = mbit;
                network.down_until_s = self.now_s + NEGOTIATION_S;
            }
        }
        self.limits_changed = true;
    }
}

/// Stops until it is let go on, or lets go on; what is so already stays as it is.
fn stop(until_s: &mut f64, stopped: bool, now_s: f64) {
    if stopped != (*until_s > now_s) {
        *until_s = if stopped { f64::INFINITY } else { f64::NEG_INFINITY };
    }
}

fn present_of_process(process: &Process, now_s: f64, value: &ProcessSetting) -> ProcessSetting {
    use ProcessSetting as Value;
    match value {
        Value::Nice(_) => Value::Nice(process.nice),
        Value::SessionNice(_) => Value::SessionNice(process.session_nice),
        Value::Policy(_) => Value::Policy(process.policy),
        Value::Affinity(_) => Value::Affinity(process.affinity.clone()),
        Value::Stopped(_) => Value::Stopped(process.stopped_until_s > now_s),
        Value::IoLevel(_) => Value::IoLevel(process.io_level),
        Value::OomScore(_) => Value::OomScore(process.oom_score_adj),
    }
}
