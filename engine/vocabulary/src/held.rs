//! What of a memory is held, and what could be had back for the asking.
//!
//! Sources: `Documentation/filesystems/proc.rst` for `/proc/meminfo`,
//! `Documentation/admin-guide/cgroup-v2.rst` for `memory.stat`.

use crate::model::{Cgroup, Memory};

/// Memory that is not set aside as huge pages, in bytes. Those are of no use to anything else and
/// are taken out of `MemAvailable` whether they are in use or idle, so a used share is one of the
/// rest. Where the kernel does not tell the sizes of all pools (before 4.19) the default pool
/// stands for them.
pub fn ordinary_bytes(memory: &Memory) -> Option<u64> {
    let default_pool = || memory.huge_pages()?.checked_mul(memory.huge_page_bytes()?);
    let pools = memory.hugetlb_bytes().or_else(default_pool).unwrap_or(0);
    memory.total_bytes()?.checked_sub(pools).filter(|bytes| *bytes > 0)
}

/// Used share of that memory.
pub fn used_share(memory: &Memory) -> Option<f64> {
    let all = ordinary_bytes(memory)?;
    Some(1.0 - memory.available_bytes()?.min(all) as f64 / all as f64)
}

/// Share of that memory which only swap could make free: of processes, tmpfs and the kernel. What
/// is in none of the kernel's lists, such as the cache of a filesystem of its own making, is not in
/// it. `None` where it is not told.
pub fn held_share(memory: &Memory) -> Option<f64> {
    let parts = [
        memory.anon_bytes()?,
        memory.shmem_bytes()?,
        memory.slab_unreclaimable_bytes()?,
        memory.kernel_stack_bytes().unwrap_or(0),
        memory.page_tables_bytes().unwrap_or(0),
    ];
    let held = parts.into_iter().fold(0, u64::saturating_add);
    Some(held as f64 / ordinary_bytes(memory)? as f64)
}

/// Memory of a control group that reclaim could not have for the asking, in bytes: without page
/// cache and caches of the kernel. Recordings before version 1.5 tell of inactive cache only.
pub fn held_bytes(group: &Cgroup) -> Option<u64> {
    let caches =
        [group.inactive_file_bytes(), group.active_file_bytes(), group.slab_reclaimable_bytes()];
    let caches = caches.into_iter().flatten().fold(0, u64::saturating_add);
    Some(group.memory_bytes()?.saturating_sub(caches))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CgroupCell, MemoryCell, Sample};

    #[test]
    fn huge_pages_are_neither_used_nor_free() {
        let mut sample = Sample::default();
        let row = sample.memory.push();
        row.set(MemoryCell::total_bytes, 1000u64);
        row.set(MemoryCell::available_bytes, 50u64);
        row.set(MemoryCell::huge_pages, 90u64);
        row.set(MemoryCell::huge_page_bytes, 10u64);
        assert_eq!(used_share(&sample.memory.as_slice()[0]), Some(0.5));
        sample.memory.as_mut_slice()[0].set(MemoryCell::hugetlb_bytes, 950u64);
        assert_eq!(used_share(&sample.memory.as_slice()[0]), Some(0.0));
        sample.memory.as_mut_slice()[0].set(MemoryCell::hugetlb_bytes, 1000u64);
        assert_eq!(used_share(&sample.memory.as_slice()[0]), None, "there is no other memory");
    }

    #[test]
    fn cache_of_a_group_is_not_held() {
        let mut sample = Sample::default();
        let row = sample.cgroups.push();
        row.set(CgroupCell::memory_bytes, 100u64);
        row.set(CgroupCell::inactive_file_bytes, 20u64);
        assert_eq!(held_bytes(row), Some(80));
        row.set(CgroupCell::active_file_bytes, 30u64);
        row.set(CgroupCell::slab_reclaimable_bytes, 60u64);
        assert_eq!(held_bytes(row), Some(0), "counters are not read at one instant");
    }
}
