//! What seldom changes of processes, control groups and the host: rows come when they change, and
//! all of them in a keyframe. It is kept only while someone decides.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ks_agent::facts::ProcessKey;
use ks_vocabulary::model::{BlockedTask, CgroupSettings, ProcessFacts, Sample, Sysctls};
use ks_vocabulary::time::Timestamp;

use crate::window::{CGROUP_CAP, PROCESS_CAP};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct FactTables {
    processes: BTreeMap<ProcessKey, ProcessFacts>,
    /// By path: one of each hierarchy.
    groups: BTreeMap<Vec<u8>, Vec<CgroupSettings>>,
    sysctls: Option<Sysctls>,
    /// Tasks that slept uninterruptibly when they were read last.
    blocked: Option<(Timestamp, Vec<BlockedTask>)>,
}

impl FactTables {
    /// Takes the rows of a sample of `at`.
    pub(super) fn update(&mut self, sample: &Sample, at: Timestamp) {
        if let Some(read) = sample.blocked.read() {
            let rows = sample.blocked.iter().take(PROCESS_CAP).cloned().collect();
            self.blocked = Some((at.offset_ns(read.middle_ns()), rows));
        }
        for gone in sample.processes_gone.iter() {
            self.processes.remove(&(gone.pid().unwrap_or(0), gone.start_ticks().unwrap_or(0)));
        }
        if sample.processes_complete {
            if sample.process_facts.read().is_some() {
                self.processes.clear();
            }
            if sample.cgroup_settings.read().is_some() {
                self.groups.clear();
            }
        }
        for row in sample.process_facts.iter() {
            let key = (row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0));
            if self.processes.len() < PROCESS_CAP || self.processes.contains_key(&key) {
                self.processes.insert(key, row.clone());
            }
        }
        for row in sample.cgroup_settings.iter() {
            let path = row.path().unwrap_or_default();
            if self.groups.len() < CGROUP_CAP || self.groups.contains_key(path) {
                let all = self.groups.entry(path.to_vec()).or_default();
                all.retain(|known| known.hierarchy() != row.hierarchy());
                all.push(row.clone());
            }
        }
        if let Some(row) = sample.sysctls.iter().next() {
            self.sysctls = Some(row.clone());
        }
    }

    /// Facts of a process.
    pub(super) fn process(&self, key: ProcessKey) -> Option<&ProcessFacts> {
        self.processes.get(&key)
    }

    /// Facts of processes that are asked for in the order of their keys: all of them in one go.
    pub(super) fn in_order<'a>(&'a self) -> impl FnMut(ProcessKey) -> Option<&'a ProcessFacts> {
        let mut rest = self.processes.iter().peekable();
        move |key| {
            while rest.next_if(|(known, _)| **known < key).is_some() {}
            rest.next_if(|(known, _)| **known == key).map(|(_, facts)| facts)
        }
    }

    /// Settings of a control group; those of another one of the same path are not its.
    pub(super) fn group(
        &self,
        hierarchy: &[u8],
        path: &[u8],
        inode: Option<u64>,
    ) -> Option<&CgroupSettings> {
        let mut all = self.groups.get(path)?.iter();
        all.find(|row| row.hierarchy() == Some(hierarchy) && row.inode() == inode)
    }

    /// Tasks that slept uninterruptibly, and when they were read.
    pub(super) fn blocked(&self) -> Option<&(Timestamp, Vec<BlockedTask>)> {
        self.blocked.as_ref()
    }

    /// Settings of the host.
    pub(super) fn sysctls(&self) -> Option<&Sysctls> {
        self.sysctls.as_ref()
    }

    /// Forgets everything, as after a gap in which anything may have changed.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }
}
