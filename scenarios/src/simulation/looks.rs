//! What a process or a control group of the modelled host has used so far, for who measures an
//! action on it.

use super::Simulation;
use crate::host::memory::PAGE;
use crate::host::process::Process;

/// What was used by the processes of one name, or of one control group, that are there now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Used {
    /// CPU time since they started, in s.
    pub cpu_s: f64,
    /// What they have read from the disk, in bytes.
    pub read_bytes: f64,
    /// What they have written to the disk, in bytes.
    pub write_bytes: f64,
    /// Memory that they hold, in bytes.
    pub held_bytes: f64,
    /// Of it what is in swap, in bytes.
    pub swapped_bytes: f64,
    /// Their threads.
    pub tasks: f64,
}

impl Used {
    /// What was used a second between then and now; what is held stays what it is.
    #[must_use]
    pub fn since(self, then: Self, over_s: f64) -> Self {
        let rate = |now: f64, then: f64| (now - then).max(0.0) / over_s;
        Self {
            cpu_s: rate(self.cpu_s, then.cpu_s),
            read_bytes: rate(self.read_bytes, then.read_bytes),
            write_bytes: rate(self.write_bytes, then.write_bytes),
            ..self
        }
    }

    fn add(&mut self, process: &Process) {
        let counted = &process.counted;
        self.cpu_s += counted.user_s.exact() + counted.system_s.exact();
        self.read_bytes += counted.read_bytes.exact();
        self.write_bytes += counted.write_bytes.exact();
        self.held_bytes += (process.memory.anon * PAGE) as f64;
        self.swapped_bytes += (process.memory.swapped * PAGE) as f64;
        self.tasks += process.threads;
    }
}

impl Simulation {
    /// What the processes of a name, or those of a control group, have used.
    pub fn used(&self, name: &str) -> Used {
        let mut used = Used::default();
        self.meant(name).for_each(|process| used.add(process));
        if let Some(group) = self.host.groups.iter().find(|group| group.path == name) {
            used.held_bytes += (group.file * PAGE) as f64;
        }
        used
    }

    /// Whether nobody of a name, or of a control group, goes on.
    pub fn is_stopped(&self, name: &str) -> bool {
        self.meant(name).all(|process| process.stopped)
    }

    /// Path of the control group of the eldest of a name.
    pub fn group_of(&self, name: &str) -> Option<String> {
        let process = self.meant(name).next()?;
        Some(self.host.groups[process.group].path.clone())
    }

    fn meant<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Process> {
        let group = self.host.groups.iter().position(|group| group.path == name);
        let all = self.host.processes.iter().filter(|process| !process.dying);
        all.filter(move |process| match group {
            Some(group) => process.group == group,
            None => process.comm == name,
        })
    }
}
