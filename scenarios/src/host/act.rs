//! What an action does to the host, when it is done; what comes of it is the other parts' business.

use ks_vocabulary::action::{Action, GroupRef, MountRef, ProcessRef};

use super::kill::Means;
use super::memory::PAGE;
use super::process::Process;
use super::{Host, STEP_S};
use crate::action::Refused;
use crate::shape::ROOT;

impl Host {
    /// Does an action: writes its value, or does what is done once.
    pub(crate) fn act(&mut self, action: &Action) -> Result<(), Refused> {
        self.acted = true;
        let Some(setting) = self.written_by(action)? else { return self.act_once(action) };
        self.write(&setting);
        self.follow(action)
    }

    /// What else comes with the value: how long a stop lasts, and reclaim down to a limit.
    #[expect(clippy::wildcard_enum_match_arm, reason = "of others the value is all")]
    fn follow(&mut self, action: &Action) -> Result<(), Refused> {
        match action {
            Action::PauseProcess { process, lasts } => {
                let at = self.find_process(process)?;
                self.processes[at].stopped_until_s = self.now_s + lasts.get() as f64;
            }
            Action::FreezeCgroup { group, lasts } => {
                let at = self.find_group(group)?;
                self.groups[at].frozen_until_s = self.now_s + lasts.get() as f64;
            }
            Action::LimitCgroupMemoryHigh { group, bytes } => {
                let at = self.find_group(group)?;
                self.reclaim_from(at, self.held_by(at).saturating_sub(bytes.get() / PAGE));
            }
            _ => {}
        }
        Ok(())
    }

    /// What is done once, and is no value.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not here is not modelled")]
    fn act_once(&mut self, action: &Action) -> Result<(), Refused> {
        match action {
            Action::ResumeProcess { process } => {
                let at = self.find_process(process)?;
                self.processes[at].stopped_until_s = f64::NEG_INFINITY;
            }
            Action::TerminateProcess { process } => {
                let at = self.find_process(process)?;
                self.terminate(at);
            }
            Action::ThawCgroup { group } => {
                let at = self.find_group(group)?;
                self.groups[at].frozen_until_s = f64::NEG_INFINITY;
            }
            Action::ReclaimCgroupMemory { group, bytes } => {
                let at = self.find_group(group)?;
                self.reclaim_from(at, bytes.get() / PAGE);
            }
            Action::FlushBuffers { mount } => self.flush(mount)?,
            Action::ClearPageCache { level } => self.clear_cache(level.get()),
            _ => return not_modelled(action),
        }
        Ok(())
    }

    /// SIGTERM: one that is stopped or frozen hears of it when it goes on.
    fn terminate(&mut self, at: usize) {
        let is_held = self.is_frozen(self.processes[at].group)
            || self.processes[at].stopped_until_s > self.now_s;
        let process = &mut self.processes[at];
        if is_held { process.ends = true } else { process.end() }
    }

    fn flush(&mut self, mount: &MountRef) -> Result<(), Refused> {
        if mount.to_string() != ROOT {
            let name = mount.to_string();
            return Err(Refused::Missing { what: "mounted filesystem", name });
        }
        self.disk.flush = self.memory.dirty as f64;
        self.limits_changed = true;
        Ok(())
    }

    fn clear_cache(&mut self, level: u64) {
        self.memory.clear(level & 1 != 0, level & 2 != 0);
        let left = self.memory.clean;
        for group in &mut self.groups {
            group.file = group.file.min(left);
        }
        self.limits_changed = true;
    }

    pub(super) fn find_process(&self, named: &ProcessRef) -> Result<usize, Refused> {
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

    pub(super) fn find_group(&self, named: &GroupRef) -> Result<usize, Refused> {
        let name = named.to_string();
        // The root has no limits.
        let found = self.groups.iter().skip(1).position(|group| group.path == name);
        found.map(|at| at + 1).ok_or(Refused::Missing { what: "control group", name })
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

    /// Whether a group is frozen, or one above it.
    fn is_frozen(&self, group: usize) -> bool {
        let mut next = Some(group);
        std::iter::from_fn(|| {
            let group = &self.groups[next?];
            next = group.parent;
            Some(group.frozen_until_s > self.now_s)
        })
        .any(|is_frozen| is_frozen)
    }

    /// Who is stopped in this step, by a signal or with its group.
    pub(super) fn stop_and_go(&mut self) {
        let now_s = self.now_s;
        let frozen: Vec<bool> = (0..self.groups.len()).map(|at| self.is_frozen(at)).collect();
        for process in &mut self.processes {
            process.stopped = process.stopped_until_s > now_s || frozen[process.group];
            if process.ends && !process.stopped && !process.dying {
                process.end();
            }
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
