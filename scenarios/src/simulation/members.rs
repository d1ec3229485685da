//! Processes of the file come and go: with a fault, after a life, and again after their end.

use std::collections::BTreeMap;

use super::{SETTLE_S, Simulation};
use crate::grain::take_whole;
use crate::host::group::Group;
use crate::host::memory::PAGE;
use crate::scenario::Extra;

/// An entry of the file, and the processes that it stands for.
#[derive(Debug, Clone)]
pub(super) struct Member {
    extra: Extra,
    pids: Vec<u64>,
    /// Those that were seen to be gone, and when first.
    gone_s: BTreeMap<u64, f64>,
    /// Of those that live for a while, the part of the next one whose time is up.
    due: f64,
}

impl Member {
    pub(super) fn new(extra: &Extra) -> Self {
        Self { extra: extra.clone(), pids: Vec::new(), gone_s: BTreeMap::new(), due: 0.0 }
    }
}

impl Simulation {
    /// Processes that run only while a fault lasts.
    pub(super) fn come_and_go(&mut self, at_s: f64) {
        for at in 0..self.extras.len() {
            let during = self.extras[at].extra.during.clone();
            let runs = during.is_none_or(|name| {
                self.faults.iter().any(|fault| fault.name == name && fault.strength(at_s) > 0.0)
            });
            let is_there = !self.extras[at].pids.is_empty();
            if runs && !is_there && at_s >= -SETTLE_S {
                let extra = self.extras[at].extra.clone();
                let pids =
                    (0..extra.count).map(|number| self.begin_extra(&extra, number)).collect();
                self.extras[at] = Member { pids, ..Member::new(&extra) };
            } else if !runs && is_there {
                let pids = std::mem::take(&mut self.extras[at].pids);
                self.end(&pids);
            } else if runs {
                self.renew(at);
                self.start_again(at, at_s);
            }
        }
        self.forget_gone();
    }

    /// Others take the place of those that have lived for as long as they do, the oldest first.
    fn renew(&mut self, at: usize) {
        let Member { extra, pids, due, .. } = &mut self.extras[at];
        let Some(lives) = extra.lives else { return };
        *due += f64::from(extra.count) / lives.seconds();
        let over = usize::try_from(take_whole(due)).unwrap_or(usize::MAX).min(pids.len());
        let extra = extra.clone();
        let old: Vec<u64> = pids.drain(..over).collect();
        self.end(&old);
        for _ in old {
            let pid = self.begin_extra(&extra, 0);
            self.extras[at].pids.push(pid);
            self.host.counted.forks.add(1.0);
        }
    }

    /// Those that have a supervisor are started again a while after they were seen to have ended,
    /// whoever ended them.
    fn start_again(&mut self, at: usize, at_s: f64) {
        let Some(after) = self.extras[at].extra.restarts else { return };
        for number in 0..self.extras[at].pids.len() {
            let pid = self.extras[at].pids[number];
            if self.host.processes.iter().any(|process| process.pid == pid) {
                continue;
            }
            let since = *self.extras[at].gone_s.entry(pid).or_insert(at_s);
            if at_s - since < after.seconds() {
                continue;
            }
            let extra = self.extras[at].extra.clone();
            let number_of_group = u32::try_from(number).unwrap_or(u32::MAX);
            self.renew_group(&extra.group.replace("{}", &number_of_group.to_string()));
            let new = self.begin_extra(&extra, number_of_group);
            self.extras[at].pids[number] = new;
            self.extras[at].gone_s.remove(&pid);
        }
    }

    /// A service that is started again has a group made anew: limits are those of the file.
    fn renew_group(&mut self, path: &str) {
        let at = self.group(path);
        if at == 0 || self.host.processes.iter().any(|one| one.group == at) {
            return;
        }
        let Group { parent, inode, file, counted, .. } = std::mem::take(&mut self.host.groups[at]);
        self.host.groups[at] = Group { parent, inode, file, counted, ..Group::new(path) };
        self.limit_group(at);
    }

    /// Sets the limits that the file says.
    pub(super) fn limit_group(&mut self, at: usize) {
        let group = &mut self.host.groups[at];
        if let Some(limits) = self.limits.iter().find(|limits| limits.path == group.path) {
            group.quota = limits.cpus;
            group.memory_max = limits.memory.map(|bytes| bytes.bytes / PAGE);
            group.pids_max = limits.pids;
            group.weight = limits.weight.unwrap_or(100);
        }
    }

    fn forget_gone(&mut self) {
        let processes = &self.host.processes;
        if self.usual.len() != processes.len() {
            self.usual.retain(|usual| processes.iter().any(|one| one.pid == usual.pid));
        }
    }

    fn end(&mut self, pids: &[u64]) {
        let host = &mut self.host;
        let ended = host.processes.iter().filter(|process| pids.contains(&process.pid));
        host.recent.gone.extend(ended.map(|process| (process.pid, process.start_ticks)));
        host.processes.retain(|process| !pids.contains(&process.pid));
        host.network.queues.retain(|queue| !pids.contains(&queue.pid));
    }
}
