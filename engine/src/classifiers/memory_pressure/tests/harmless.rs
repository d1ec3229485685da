//! What looks like a shortage and is none, beside what is one: by the cost of what is read back, by
//! whose limit it is, and by what is left.

use super::*;
use ks_vocabulary::model::{DiskCell, DiskName};

/// A disk with so many reads a second, at so many microseconds each.
fn fill_disk(sample: &mut Sample, second: u64, (reads, read_us): (u64, u64)) {
    let row = sample.disks.push();
    row.set_name(DiskName::name, b"a");
    row.set(DiskCell::reads, reads * second);
    row.set(DiskCell::read_ms, reads * second * read_us / 1_000);
}

#[test]
fn without_stalls_pages_that_come_back_to_a_full_host_count_by_their_cost() {
    let full = Memory { used: 0.97, swap_free: Some(0.01), refaults: 40, ..Memory::default() };
    for (reads, expected) in [
        // 40 pages a second: 0.4, 0.96, 1.04, 4.8 and 5.2 % of the time.
        (Some((60, 100)), Low),
        (Some((60, 240)), Low),
        (Some((60, 260)), Medium),
        (Some((60, 1_200)), Medium),
        (Some((60, 1_300)), High),
        // 32 of them in a read: of 1 a second they are not.
        (Some((1, 100)), High),
        (Some((2, 100)), Low),
        (None, High),
    ] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(45, |sample, second| {
            host.fill_use(sample, full);
            if let Some(reads) = reads {
                fill_disk(sample, second, reads);
            }
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), Some(expected), "{reads:?}");
    }
}

#[test]
fn without_stalls_a_group_at_its_limit_stalls_for_what_it_reads_back() {
    let (back, faults) = (CgroupCell::refault, CgroupCell::pgmajfault);
    for (version, cell, met, used, read_us, expected) in [
        ("v2", back, 1, 0.5, 490, None),
        ("v2", back, 1, 0.5, 510, Some(Low)),
        ("v2", back, 1, 0.5, 1_490, Some(Low)),
        ("v2", back, 1, 0.5, 1_510, Some(Medium)),
        ("v2", back, 0, 0.5, 9_000, None),
        ("memory", faults, 1, 0.5, 490, None),
        ("memory", faults, 1, 0.5, 510, Some(Low)),
        ("memory", faults, 1, 0.5, 1_510, Some(Medium)),
        // What it holds is bad where it waits for what it reads back.
        ("memory", faults, 1, 0.96, 90, Some(Low)),
        ("memory", faults, 1, 0.96, 110, Some(Medium)),
        ("memory", faults, 1, 0.96, 510, Some(High)),
        ("memory", faults, 0, 0.96, 9_000, Some(Low)),
    ] {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        lab.run(60, |sample, second| {
            host.fill_use(sample, quiet());
            let own = Memory { used, reclaims: met, ..Memory::default() };
            groups.fill_as(version, sample, own, Some(1_000_000));
            for row in sample.cgroups.as_mut_slice() {
                row.row_mut().unset_cell(CgroupCell::memory_some_total_us as usize);
                row.row_mut().unset_cell(CgroupCell::memory_full_total_us as usize);
                row.set(cell, 100 * second);
            }
            fill_disk(sample, second, (100, read_us));
        });
        let name = if version == "v2" { GROUP } else { "cgroup:memory:/job" };
        let found = lab.severity(MemoryPressure, name);
        assert_eq!(found, expected, "{version} {met} {used} {read_us}");
    }
}

/// Two groups of version 1 at their limits on a host that stalls: one reads its cache again and
/// again, and the other holds nearly all and writes a log.
#[test]
fn the_stalls_of_a_host_are_lent_to_one_group_alone() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(60, |sample, second| {
        host.fill(sample, Memory { some: 0.08, refaults: 3_000, scans: Some(0), ..quiet() });
        for (path, inode, met, cache) in [("/jvm", 1u64, 10, 70_000u64), ("/idx", 2, 400, 700_000)]
        {
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"memory");
            row.set_name(CgroupName::path, path.as_bytes());
            row.set(CgroupCell::inode, inode);
            row.set(CgroupCell::memory_bytes, 1_000_000u64);
            row.set(CgroupCell::memory_max_bytes, 1_000_000u64);
            row.set(CgroupCell::inactive_file_bytes, cache);
            row.set(CgroupCell::active_file_bytes, 0u64);
            row.set(CgroupCell::memory_fail, met * second);
            row.set(CgroupCell::pgmajfault, 0u64);
        }
        fill_disk(sample, second, (750, 100));
    });
    for entity in [HOST, "cgroup:memory:/idx", "cgroup:memory:/jvm"] {
        assert_eq!(lab.severity(MemoryPressure, entity), Some(Low), "{entity}");
    }
}

/// `kswapd` looks at pages of a host of which much is used: most can be had at once, or few, and
/// tasks reclaim or do not; a group stalls at its limit, as long as the host or not.
#[test]
fn a_host_whose_page_cache_is_trimmed_is_not_short_for_a_group_at_its_limit() {
    for (had, reclaims, own, expected) in [
        (901, 0, 0.3, Low),
        (899, 0, 0.3, High),
        (1_000, 1, 0.3, High),
        (901, 0, 0.241, Low),
        // Nobody explains it, and little is left.
        (901, 0, 0.239, High),
    ] {
        for used in [0.3, 0.91] {
            let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
            lab.run(40, |sample, second| {
                let scans = Some(1_000);
                let stalled =
                    Memory { some: 0.3, full: 0.3, refaults: 9, reclaims, scans, ..quiet() };
                host.fill(sample, Memory { used, ..stalled });
                let row = &mut sample.vm.as_mut_slice()[0];
                row.set(VmCell::pgsteal_kswapd, had * second);
                row.set(VmCell::pgsteal_direct, 0u64);
                let own = Memory { used: 0.5, full: own, reclaims: 9, ..Memory::default() };
                groups.fill(sample, own, Some(1_000_000));
            });
            let is_left_much = used < 0.8 && own < 0.24;
            let expected = if is_left_much { Medium } else { expected };
            assert_eq!(lab.severity(MemoryPressure, HOST), Some(expected), "{had} {own} {used}");
        }
    }
}

#[test]
fn a_group_at_its_limit_explains_the_stalls_of_its_host_from_the_first_verdict_on() {
    for used in [0.3, 0.91] {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        for second in 0..30u64 {
            lab.run(1, |sample, _| {
                let of_host = Memory { some: 0.3, used, refaults: 9, scans: Some(0), ..quiet() };
                host.fill(sample, of_host);
                let own = Memory { used: 0.5, full: 0.3, reclaims: 9, ..Memory::default() };
                groups.fill(sample, own, Some(1_000_000));
            });
            let found = lab.severity(MemoryPressure, HOST);
            assert!(found <= Some(Low), "{found:?} after {second} s, {used} used");
        }
    }
}

#[test]
fn tasks_that_compact_the_memory_of_a_host_stall_for_it() {
    for (compactions, with_group, expected) in
        [(0, false, Medium), (1, false, High), (400, false, High), (400, true, Low)]
    {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        lab.run(40, |sample, second| {
            let stalled = Memory { some: 0.55, full: 0.25, scans: Some(0), refaults: 1, ..quiet() };
            host.fill(sample, stalled);
            let row = &mut sample.vm.as_mut_slice()[0];
            row.set(VmCell::compact_stall, compactions * second);
            if with_group {
                let own = Memory { used: 0.5, full: 0.55, reclaims: 9, ..Memory::default() };
                groups.fill(sample, own, Some(1_000_000));
            }
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), Some(expected), "{compactions}");
    }
}

#[test]
fn what_is_left_of_a_large_host_is_room_whatever_share_it_is() {
    const TOTAL_BYTES: u64 = 1_536 << 30;
    for (left_bytes, reclaims, expected) in [
        (32u64 << 30, 0, Low),
        ((32 << 30) - 1, 0, High),
        (69 << 30, 0, Low),
        // Tasks reclaim all the same, as where one node is full.
        (69 << 30, 1, Critical),
    ] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, _| {
            let stalled = Memory { some: 0.055, full: 0.002, reclaims, refaults: 600, ..quiet() };
            host.fill(sample, Memory { swap_free: None, ..stalled });
            let row = &mut sample.memory.as_mut_slice()[0];
            row.set(MemoryCell::total_bytes, TOTAL_BYTES);
            row.set(MemoryCell::available_bytes, left_bytes);
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), Some(expected), "{left_bytes} {reclaims}");
    }
}

/// A group that fills its memory to 98 % in seconds and stays there, or grows on.
#[test]
fn what_has_grown_and_stands_still_does_not_grow_to_its_end() {
    for (a_second, expected) in [(0, Low), (40, Low), (80, Medium)] {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        let mut highest = None;
        for second in 0..60u64 {
            lab.run(1, |sample, _| {
                host.fill(sample, quiet());
                let held = (second * 50_000).min(980_000) + second.saturating_sub(20) * a_second;
                let own = Memory { used: held as f64 / 1e6, reclaims: 1, ..Memory::default() };
                groups.fill(sample, own, Some(1_000_000));
                sample.cgroups.as_mut_slice()[1].set(CgroupCell::active_file_bytes, 0u64);
            });
            highest = highest.max(lab.severity(MemoryPressure, GROUP));
        }
        assert_eq!(highest, Some(expected), "{a_second} a second");
    }
}
