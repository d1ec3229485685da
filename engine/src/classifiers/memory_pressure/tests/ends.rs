//! Whether the end of a memory is met where nobody stalls, and who tells of that without stalls.

use super::*;

/// The host, of which such a share is held by processes and grows by so much a second.
fn held(memory: Memory, held: f64, growth: f64) -> Option<ks_vocabulary::kind::Severity> {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(60, |sample, second| {
        let used = memory.used - growth * (60.0 - second as f64);
        host.fill(sample, Memory { used, ..memory });
        let row = &mut sample.memory.as_mut_slice()[0];
        row.set(MemoryCell::anon_bytes, Meter::default().add((held - 0.01) * 1e6));
        row.set(MemoryCell::shmem_bytes, 5_000u64);
        row.set(MemoryCell::slab_unreclaimable_bytes, 5_000u64);
    });
    lab.severity(MemoryPressure, HOST)
}

#[test]
fn what_is_full_and_held_is_medium_where_it_grows_to_its_end() {
    // At 0.98 a hundredth is left after half of 300 s at a rate of 1/15,000 a second.
    for (used, reclaims, share, swap_free, growth, expected) in [
        (0.98, 0, 0.81, None, 0.0, Low),
        (0.98, 0, 0.81, None, 0.00006, Low),
        (0.98, 0, 0.81, None, 0.00008, Medium),
        (0.98, 0, 0.79, None, 0.00008, Low),
        (0.98, 0, 0.81, Some(0.11), 0.00008, Low),
        (0.98, 0, 0.81, Some(0.09), 0.00008, Medium),
        (0.949, 0, 0.81, Some(0.0), 0.0003, Low),
        // One entry into reclaim, of which nobody waits, is no end.
        (0.98, 1, 0.81, None, 0.0, Low),
    ] {
        let memory = Memory { used, swap_free, reclaims, ..Memory::default() };
        let found = held(memory, share, growth);
        assert_eq!(found, Some(expected), "{used} {share} {swap_free:?} {growth}");
    }
}

#[test]
fn a_group_that_meets_its_limit_is_at_its_end_where_reclaim_fails_or_what_it_holds_grows() {
    for (used, growth, failed, expected) in [
        (0.93, 0.0, 0, Low),
        (0.93, 0.0, 1, Medium),
        (0.89, 0.0, 1, Low),
        (0.98, 0.00006, 0, Low),
        (0.98, 0.00008, 0, Medium),
    ] {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        let mut oom = Meter::default();
        lab.run(60, |sample, second| {
            host.fill(sample, quiet());
            let used = used - growth * (60.0 - second as f64);
            let own = Memory { used, reclaims: 15, full: 0.009, ..Memory::default() };
            groups.fill(sample, own, Some(1_000_000));
            let failed = oom.add(f64::from(failed));
            let row = &mut sample.cgroups.as_mut_slice()[1];
            row.set(CgroupCell::active_file_bytes, 0u64);
            row.set(CgroupCell::oom, failed);
        });
        assert_eq!(lab.severity(MemoryPressure, GROUP), Some(expected), "{used} {growth} {failed}");
    }
}

#[test]
fn without_stalls_what_comes_back_and_who_reclaims_tells_whether_anybody_waits() {
    type Fill = fn(&mut VmCounters);
    #[derive(Default)]
    struct VmCounters {
        refaults: Option<u64>,
        back: u64,
        scans: Option<u64>,
        entries: Option<u64>,
    }
    let table: [(Fill, _); 9] = [
        (|vm| vm.entries = Some(0), Low),
        (|vm| vm.entries = Some(1), High),
        (|vm| vm.back = 5, High),
        (|vm| (vm.back, vm.entries) = (4, Some(0)), Low),
        (|vm| vm.refaults = Some(5), High),
        (|vm| (vm.refaults, vm.entries) = (Some(4), Some(0)), Low),
        (|vm| vm.scans = Some(5), High),
        (|vm| (vm.scans, vm.refaults) = (Some(500), Some(0)), Low),
        // Nobody counts anything: what is used is believed.
        (|_| (), High),
    ];
    for (at, (fill, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let mut vm = VmCounters::default();
        fill(&mut vm);
        let full = Memory { used: 0.97, swap_free: Some(0.01), ..Memory::default() };
        lab.run(45, |sample, second| {
            host.fill_use(sample, full);
            let row = &mut sample.vm.as_mut_slice()[0];
            row.row_mut().unset_cell(VmCell::allocstall as usize);
            row.row_mut().unset_cell(VmCell::refault_file as usize);
            row.set(VmCell::pswpin, second * vm.back);
            row.set_some(VmCell::refault_file, vm.refaults.map(|by| by * second));
            row.set_some(VmCell::allocstall, vm.entries.map(|by| by * second));
            row.set_some(VmCell::pgscan_kswapd, vm.scans.map(|by| by * second));
            row.set_some(VmCell::pgscan_direct, vm.scans.map(|_| 0u64));
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), Some(expected), "row {at}");
    }
}

#[test]
fn without_stalls_of_its_own_a_group_that_meets_its_limit_waits_as_the_host_does_if_it_is_short() {
    for (met, of_host, expected) in [
        (Some(0), None, Low),
        // That the limit is met is no wait by itself.
        (Some(1), None, Low),
        (None, None, Medium),
        (Some(0), Some(0.06), Low),
        (Some(1), Some(0.009), Low),
        (Some(1), Some(0.049), Medium),
    ] {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        lab.run(60, |sample, _| {
            match of_host {
                Some(some) => host.fill(sample, Memory { some, ..quiet() }),
                None => host.fill_use(sample, quiet()),
            }
            let reclaims = met.unwrap_or(0);
            let own = Memory { used: 0.96, reclaims, ..Memory::default() };
            groups.fill_as("memory", sample, own, Some(1_000_000));
            if met.is_none() {
                let row = &mut sample.cgroups.as_mut_slice()[1];
                row.row_mut().unset_cell(CgroupCell::memory_fail as usize);
            }
        });
        let found = lab.severity(MemoryPressure, "cgroup:memory:/job");
        assert_eq!(found, Some(expected), "{met:?} {of_host:?}");
    }
}

#[test]
fn a_host_that_makes_no_room_is_short_where_pages_storm_back_and_no_group_explains_it() {
    for (back, anon, with_group, expected) in
        [(99, 0, false, Medium), (101, 0, false, High), (0, 101, false, High), (101, 0, true, Low)]
    {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        lab.run(40, |sample, second| {
            let stalled = Memory { some: 0.3, full: 0.3, scans: Some(0), ..quiet() };
            host.fill(sample, stalled);
            let row = &mut sample.vm.as_mut_slice()[0];
            row.set(VmCell::pswpin, back * second);
            row.set(VmCell::refault_anon, anon * second);
            if with_group {
                let own = Memory { used: 0.5, full: 0.3, reclaims: 9, ..Memory::default() };
                groups.fill(sample, own, Some(1_000_000));
            }
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), Some(expected), "{back} {anon}");
    }
}
