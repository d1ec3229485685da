//! What is known of where an entity is: what it is part of, and what it lies on.

use alloc::vec::Vec;

use crate::window::{Known, ProcessKey, Window};
use ks_vocabulary::kind::Entity;

/// Generations of a process that are looked at.
const DEEPEST: usize = 64;

/// Around an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// Path of the control group that a process is in.
    pub group: Option<Vec<u8>>,
    /// A process, and those that it descends from.
    pub line: Vec<ProcessKey>,
    /// Disks that a disk lies on, directly or not.
    pub disks: Vec<Vec<u8>>,
}

/// Tells what is around an entity.
pub type AroundOf<'a> = dyn Fn(&Entity) -> Around + 'a;

/// What is around an entity, by the last readings.
pub(crate) fn around(window: &Window, entity: &Entity) -> Around {
    match entity {
        Entity::Process(pid, start) | Entity::ForkTree(pid, start) => {
            let key = (*pid, *start);
            Around { group: group_of(window, key), line: line_of(window, key), disks: Vec::new() }
        }
        Entity::Disk(name) => Around { disks: window.disks_below(name), ..Around::default() },
        Entity::Host
        | Entity::Nic(_)
        | Entity::NicOf(..)
        | Entity::Filesystem(_)
        | Entity::Netns(_)
        | Entity::Cgroup(_)
        | Entity::Executable(_) => Around::default(),
    }
}

/// A process that was killed is in no table; where it was is known of it.
fn group_of(window: &Window, key: ProcessKey) -> Option<Vec<u8>> {
    if let Some(known) = window.processes.find(key) {
        return known.row.cgroup().map(<[u8]>::to_vec);
    }
    let killed = window.sufferers.killed().find(|killed| killed.process == key)?;
    killed.cgroup.starts_with(b"/").then(|| killed.cgroup.clone())
}

fn line_of(window: &Window, key: ProcessKey) -> Vec<ProcessKey> {
    let table = &window.processes;
    let line =
        core::iter::successors(table.find(key), |known| table.find(table.parent(&known.row)?));
    line.take(DEEPEST).map(Known::key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{DiskName, ProcessCell, ProcessName, ReadTimes, Sample};
    use ks_vocabulary::time::Timestamp;

    #[test]
    fn disks_lie_on_all_that_are_below_them() {
        let mut sample = Sample::default();
        for (name, slaves) in
            [("dm-0", "md0"), ("md0", "sda,sdb"), ("sda", ""), ("sdb", ""), ("round", "round")]
        {
            let row = sample.disks.push();
            row.set_name(DiskName::name, name.as_bytes());
            row.set_name(DiskName::slaves, slaves.as_bytes());
        }
        sample.disks.sort();
        sample.disks.set_read(ReadTimes::default());
        let mut window = Window::default();
        window.update(&sample, Timestamp(1));
        let below = |name: &[u8]| around(&window, &Entity::Disk(name.to_vec())).disks;
        assert_eq!(below(b"dm-0"), [&b"md0"[..], b"sda", b"sdb"]);
        assert_eq!(below(b"md0"), [b"sda", b"sdb"]);
        assert!(below(b"sda").is_empty() && below(b"round").is_empty() && below(b"no").is_empty());
    }

    #[test]
    fn a_process_is_in_its_group_and_in_the_trees_of_all_above_it() {
        let mut sample = Sample { processes_complete: true, ..Sample::default() };
        for (pid, ppid) in [(5u64, 1u64), (6, 5), (7, 6)] {
            let row = sample.processes.push();
            row.set(ProcessCell::pid, pid);
            row.set(ProcessCell::ppid, ppid);
            row.set(ProcessCell::start_ticks, pid * 10);
            row.set_name(ProcessName::cgroup, b"/a");
        }
        sample.processes.set_read(ReadTimes::default());
        let mut window = Window::default();
        window.update(&sample, Timestamp(1));
        let found = around(&window, &Entity::Process(7, 70));
        assert_eq!(found.group.as_deref(), Some(&b"/a"[..]));
        assert_eq!(found.line, [(7, 70), (6, 60), (5, 50)]);
        assert_eq!(around(&window, &Entity::Process(8, 80)), Around::default());
    }
}
