//! How much of each finite resource is used.
//!
//! Each is a share of a physical limit, 1 where nothing is left; the limits are those of
//! `signals.md` ("limit for ETA" of each kind). What has no limit is no resource.

use crate::window::{EntityId, HOST, Window, files_open};
use ks_vocabulary::held;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::model::{Cgroup, Filesystem, Limits, Load};
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::Timestamp;

/// One used share at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Of what.
    pub resource: Resource,
    /// Whose.
    pub id: EntityId,
    /// When it was read.
    pub at: Timestamp,
    /// Used share of the limit.
    pub used: f64,
}

/// Takes each level with the entity it is of, always in the same order.
pub type Each<'a> = dyn FnMut(Level, &dyn Fn() -> Entity) + 'a;

/// Reads every level that the last sample gave.
pub fn read(window: &Window, each: &mut Each<'_>) {
    read_memory(window, each);
    read_filesystems(window, each);
    read_host_limits(window, each);
    read_namespaces(window, each);
    read_groups(window, each);
}

fn share(used: Option<u64>, limit: Option<u64>) -> Option<f64> {
    Some(used? as f64 / limit.filter(|limit| *limit > 0)? as f64)
}

fn give(
    each: &mut Each<'_>,
    resource: Resource,
    (id, at): (EntityId, Timestamp),
    used: Option<f64>,
    entity: &dyn Fn() -> Entity,
) {
    if let Some(used) = used {
        each(Level { resource, id, at, used }, entity);
    }
}

fn read_memory(window: &Window, each: &mut Each<'_>) {
    let (true, Some(at), Ok(row)) =
        (window.memory.is_fresh(), window.memory.at(), window.memory.one())
    else {
        return;
    };
    let swap = row.swap_total_bytes().filter(|total| *total > 0);
    let swap_free = row.swap_free_bytes().filter(|_| swap.is_some()).unwrap_or(0);
    let all = held::ordinary_bytes(row).map(|bytes| bytes.saturating_add(swap.unwrap_or(0)));
    let left = row.available_bytes().map(|available| available.saturating_add(swap_free));
    let used = all.zip(left).map(|(all, left)| all.saturating_sub(left));
    give(each, Resource::Memory, (HOST, at), share(used, all), &|| Entity::Host);
    let used = swap.map(|total| total.saturating_sub(swap_free));
    give(each, Resource::Swap, (HOST, at), share(used, swap), &|| Entity::Host);
}

fn read_filesystems(window: &Window, each: &mut Each<'_>) {
    let Some(at) = window.filesystems.at().filter(|_| window.filesystems.is_fresh()) else {
        return;
    };
    for (id, row, _) in window.filesystems.entities() {
        if row.read_only() == Some(true) || row.limited() != Some(true) {
            continue;
        }
        let entity = || Entity::Filesystem(row.mount().unwrap_or_default().to_vec());
        give(each, Resource::Space, (id, at), space_used(row), &entity);
        give(each, Resource::Inodes, (id, at), inodes_used(row), &entity);
    }
}

/// Of what users can have, as `df` counts it: the reserve of root is neither used nor available.
pub(crate) fn space_used(row: &Filesystem) -> Option<f64> {
    let used = row.total_bytes()?.saturating_sub(row.free_bytes()?);
    share(Some(used), Some(used.saturating_add(row.available_bytes()?)))
}

pub(crate) fn inodes_used(row: &Filesystem) -> Option<f64> {
    let all = row.inodes()?;
    share(Some(all.saturating_sub(row.inodes_free()?)), Some(all))
}

/// The smaller of the two limits of tasks.
pub(crate) fn tasks_max(limits: &Limits) -> Option<u64> {
    let (pids, threads) = (limits.pid_max(), limits.threads_max());
    pids.zip(threads).map(|(pids, threads)| pids.min(threads)).or(pids).or(threads)
}

fn read_host_limits(window: &Window, each: &mut Each<'_>) {
    if let (true, Some(at), Ok(row)) =
        (window.file_handles.is_fresh(), window.file_handles.at(), window.file_handles.one())
    {
        let used = files_open(row);
        give(each, Resource::FileHandles, (HOST, at), share(used, row.max()), &|| Entity::Host);
    }
    if let (true, Some(at), Ok(limits)) =
        (window.load.is_fresh(), window.load.at(), window.limits.one())
    {
        let tasks = window.load.one().ok().and_then(Load::tasks);
        let used = share(tasks, tasks_max(limits));
        give(each, Resource::Pids, (HOST, at), used, &|| Entity::Host);
    }
}

fn read_namespaces(window: &Window, each: &mut Each<'_>) {
    let Some(at) = window.netns.at().filter(|_| window.netns.is_fresh()) else { return };
    let range = window.limits.one().ok().and_then(|limits| {
        Some(limits.local_port_last()?.checked_sub(limits.local_port_first()?)?.saturating_add(1))
    });
    for (id, row, _) in window.netns.entities() {
        let entity = || Entity::Netns(row.netns().unwrap_or(0));
        let ports = window.sockets.of(row).and_then(|sockets| sockets.local_ports);
        give(each, Resource::Ports, (id, at), share(ports, range), &entity);
        let tracked = share(row.conntrack(), row.conntrack_max());
        give(each, Resource::Conntrack, (id, at), tracked, &entity);
    }
}

fn read_groups(window: &Window, each: &mut Each<'_>) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    for (id, row, _) in window.cgroups.entities() {
        if row.path() == Some(b"/") {
            continue;
        }
        let entity = || cgroup_entity(row);
        give(each, Resource::Memory, (id, at), group_memory(row), &entity);
        give(each, Resource::Pids, (id, at), share(row.pids(), row.pids_max()), &entity);
    }
}

fn group_memory(row: &Cgroup) -> Option<f64> {
    share(held::held_bytes(row), row.memory_max_bytes())
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;
    use ks_vocabulary::model::{
        CgroupCell, CgroupName, FilesystemCell, FilesystemName, LimitsCell, LoadCell, MemoryCell,
        ReadTimes, Sample,
    };
    use ks_vocabulary::time::SECOND_NS;

    const GIB: u64 = 1 << 30;

    fn levels(fill: impl Fn(&mut Sample)) -> Vec<(String, f64)> {
        let mut sample = Sample::default();
        fill(&mut sample);
        for table in sample.tables_mut() {
            if !table.is_empty() {
                table.set_read(ReadTimes::default());
            }
        }
        let mut window = Window::default();
        window.update(&sample, Timestamp(SECOND_NS));
        let mut found = Vec::new();
        read(&window, &mut |level, entity| {
            let name = alloc::format!("{} of {}", level.resource.word(), entity());
            found.push((name, level.used));
        });
        found
    }

    #[test]
    fn memory_and_swap_end_together() {
        let found = levels(|sample| {
            let row = sample.memory.push();
            row.set(MemoryCell::total_bytes, 8 * GIB);
            row.set(MemoryCell::available_bytes, GIB);
            row.set(MemoryCell::swap_total_bytes, 2 * GIB);
            row.set(MemoryCell::swap_free_bytes, GIB);
        });
        assert_eq!(found, [("memory of host".to_string(), 0.8), ("swap of host".to_string(), 0.5)]);
        // 8 GiB and 2 GiB of swap: 0.2 GiB left is the end (signals.md).
        assert!((10.0 * (1.0 - Resource::Memory.threshold(&Entity::Host)) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_limit_is_no_resource() {
        let found = levels(|sample| {
            for (mount, limited) in [("/", true), ("/sys", false)] {
                let row = sample.filesystems.push();
                row.set_name(FilesystemName::mount, mount.as_bytes());
                row.set(FilesystemCell::limited, limited);
                row.set(FilesystemCell::total_bytes, 100u64);
                row.set(FilesystemCell::free_bytes, 30u64);
                row.set(FilesystemCell::available_bytes, 20u64);
            }
            for (path, max) in [("/a", Some(200u64)), ("/b", None)] {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path.as_bytes());
                row.set(CgroupCell::inode, 1u64);
                row.set(CgroupCell::memory_bytes, 150u64);
                row.set(CgroupCell::inactive_file_bytes, 50u64);
                if let Some(max) = max {
                    row.set(CgroupCell::memory_max_bytes, max);
                }
            }
            sample.load.push().set(LoadCell::tasks, 50u64);
            sample.limits.push().set(LimitsCell::pid_max, 200u64);
        });
        let expected = [
            ("space of filesystem:/".to_string(), 70.0 / 90.0),
            ("pids of host".to_string(), 0.25),
            ("memory of cgroup:/a".to_string(), 0.5),
        ];
        assert_eq!(found, expected);
    }
}
