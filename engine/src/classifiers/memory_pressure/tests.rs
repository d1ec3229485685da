//! Every limit of `memory_pressure`, from just below and from just above.

use crate::lab::{Lab, Meter};
use alloc::string::String;
use ks_vocabulary::kind::Kind::MemoryPressure;
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::model::{
    CgroupCell, CgroupName, CpuCell, MemoryCell, MemoryTraceCell, PressureCell, ReadTimes,
    Record as _, Sample, VmCell,
};
use ks_vocabulary::subtype::Subtype;

const HOST: &str = "host";
const GROUP: &str = "cgroup:/job";

/// One second of a host's memory.
#[derive(Clone, Copy, Default)]
struct Memory {
    some: f64,
    full: f64,
    used: f64,
    swap_free: Option<f64>,
    reclaims: u32,
    kills: u32,
    refaults: u32,
    /// Pages that the host looks at to make room, where that is counted.
    scans: Option<u32>,
}

#[derive(Default)]
struct Host {
    scans: Meter,
    some_us: Meter,
    full_us: Meter,
    reclaims: Meter,
    kills: Meter,
    refaults: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, memory: Memory) {
        let row = sample.pressure.push();
        row.set(PressureCell::memory_some_total_us, self.some_us.add(memory.some * 1e6));
        row.set(PressureCell::memory_full_total_us, self.full_us.add(memory.full * 1e6));
        self.fill_use(sample, memory);
    }

    fn fill_use(&mut self, sample: &mut Sample, memory: Memory) {
        let row = sample.memory.push();
        row.set(MemoryCell::total_bytes, 1_000_000u64);
        row.set(MemoryCell::available_bytes, Meter::default().add((1.0 - memory.used) * 1e6));
        row.set(MemoryCell::swap_total_bytes, if memory.swap_free.is_some() { 1000u64 } else { 0 });
        let free = Meter::default().add(memory.swap_free.unwrap_or(0.0) * 1000.0);
        row.set(MemoryCell::swap_free_bytes, free);
        let row = sample.vm.push();
        row.set(VmCell::allocstall, self.reclaims.add(memory.reclaims.into()));
        row.set(VmCell::oom_kill, self.kills.add(memory.kills.into()));
        row.set(VmCell::refault_file, self.refaults.add(memory.refaults.into()));
        if let Some(scans) = memory.scans {
            row.set(VmCell::pgscan_direct, 0u64);
            row.set(VmCell::pgscan_kswapd, self.scans.add(scans.into()));
        }
    }
}

fn quiet() -> Memory {
    Memory { used: 0.3, swap_free: Some(1.0), ..Memory::default() }
}

#[test]
fn each_limit_of_the_host_from_below_and_above() {
    let some = |some| Memory { some, ..quiet() };
    let full = |full| Memory { some: full, full, refaults: 1, ..quiet() };
    let used = |used, some| Memory { some, used, ..quiet() };
    let reclaiming = |used| Memory { used, reclaims: 1, ..quiet() };
    let swapped = |used, free, some| Memory { used, some, swap_free: Some(free), ..quiet() };
    let lost = |memory, full| Memory { full, ..memory };
    let bare = |used, some, reclaims| Memory { some, used, reclaims, ..Memory::default() };
    let table = [
        (some(0.049), None),
        (some(0.051), Some(Low)),
        (some(0.149), Some(Low)),
        (some(0.151), Some(Medium)),
        (full(0.149), Some(Low)),
        (full(0.151), Some(High)),
        (full(0.599), Some(High)),
        (full(0.601), Some(Critical)),
        (reclaiming(0.799), None),
        (reclaiming(0.801), Some(Low)),
        (used(0.899, 0.04), None),
        (used(0.901, 0.009), Some(Low)),
        (used(0.901, 0.011), Some(Medium)),
        (swapped(0.901, 0.101, 0.051), Some(Medium)),
        (swapped(0.901, 0.099, 0.049), Some(Medium)),
        (swapped(0.901, 0.099, 0.051), Some(High)),
        (swapped(0.899, 0.099, 0.04), None),
        (swapped(0.949, 0.049, 0.051), Some(High)),
        (swapped(0.951, 0.051, 0.051), Some(High)),
        (swapped(0.951, 0.049, 0.051), Some(High)),
        (lost(swapped(0.951, 0.049, 0.15), 0.149), Some(High)),
        (lost(swapped(0.951, 0.049, 0.15), 0.151), Some(Critical)),
        (Memory { reclaims: 1, ..swapped(0.951, 0.049, 0.051) }, Some(Critical)),
        (swapped(0.951, 0.0, 0.0), Some(Low)),
        (bare(0.901, 0.0, 0), Some(Low)),
        (bare(0.901, 0.049, 0), Some(Medium)),
        (bare(0.901, 0.051, 0), Some(High)),
        (bare(0.901, 0.0, 1), Some(Low)),
        (bare(0.951, 0.0, 1), Some(Low)),
        (bare(0.951, 0.051, 0), Some(High)),
        (bare(0.951, 0.051, 1), Some(Critical)),
        // A stall that nothing else tells of.
        (Memory { refaults: 0, ..full(0.601) }, Some(Medium)),
        (Memory { refaults: 0, used: 0.81, ..full(0.601) }, Some(Critical)),
    ];
    for (at, (memory, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, _| host.fill(sample, memory));
        assert_eq!(lab.severity(MemoryPressure, HOST), expected, "row {at}");
    }
}

#[test]
fn it_is_raised_within_a_second_of_a_step_and_clears_a_minute_after_it() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(30, |sample, _| host.fill(sample, quiet()));
    let step = lab.second();
    lab.run(20, |sample, _| host.fill(sample, Memory { some: 0.9, ..quiet() }));
    assert_eq!(lab.raised_at(MemoryPressure, HOST), Some(step + 1), "0.9 s of 5 s is 18 %");
    let end = lab.second();
    lab.run(90, |sample, _| host.fill(sample, Memory { some: 0.039, ..quiet() }));
    // The mean over 5 s falls below 4 % when the last second of 0.9 has left it.
    assert_eq!(lab.cleared_at(MemoryPressure, HOST), Some(end + 4 + 60));
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, Memory { some: 0.06, ..quiet() }));
    lab.run(200, |sample, _| host.fill(sample, Memory { some: 0.041, ..quiet() }));
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Low));
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, Memory { used: 0.82, reclaims: 2, ..quiet() }));
    lab.run(200, |sample, _| host.fill(sample, Memory { used: 0.751, reclaims: 2, ..quiet() }));
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Low));
    lab.run(70, |sample, _| host.fill(sample, Memory { used: 0.749, reclaims: 2, ..quiet() }));
    assert_eq!(lab.severity(MemoryPressure, HOST), None);
}

#[test]
fn a_kill_is_critical_at_once_and_for_five_minutes() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(10, |sample, _| host.fill(sample, quiet()));
    let kill = lab.second() + 1;
    lab.run(1, |sample, _| host.fill(sample, Memory { kills: 1, ..quiet() }));
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Critical));
    assert_eq!(lab.subtype(MemoryPressure, HOST), Some(Subtype::OomKill));
    lab.run(310, |sample, _| host.fill(sample, quiet()));
    assert_eq!(lab.raised_at(MemoryPressure, HOST), Some(kill));
    assert_eq!(lab.cleared_at(MemoryPressure, HOST), Some(kill + 300));
}

#[test]
fn without_pressure_it_rests_on_the_used_share_and_ends_at_high() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let full = Memory { used: 0.97, swap_free: Some(0.01), reclaims: 1, ..Memory::default() };
    lab.run(45, |sample, _| host.fill_use(sample, full));
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(High));
    let part = "ok: without stall shares: no pressure of memory, severity ends at high; \
                control groups: not in the recording";
    assert_eq!(lab.coverage(MemoryPressure), part);
}

#[test]
fn with_neither_pressure_nor_memory_it_cannot_tell_after_three_ticks() {
    let mut lab = Lab::new();
    lab.absent("meminfo", "permission denied");
    lab.run(3, |_, _| ());
    assert_eq!(lab.coverage(MemoryPressure), "nothing");
    lab.run(1, |_, _| ());
    assert_eq!(lab.coverage(MemoryPressure), "cannot tell: meminfo: permission denied");
}

/// A group of version 2 below the root, its parent and a sibling, with their own counters.
#[derive(Default)]
struct Groups {
    full_us: Meter,
    limits_met: Meter,
    kills: Meter,
}

impl Groups {
    fn fill(&mut self, sample: &mut Sample, memory: Memory, max: Option<u64>) {
        self.fill_as("v2", sample, memory, max);
    }

    /// Groups of version 1 have no stall shares.
    fn fill_as(&mut self, version: &str, sample: &mut Sample, memory: Memory, max: Option<u64>) {
        let kills = self.kills.add(memory.kills.into());
        for (path, share) in [("/", 0.0), ("/job", 1.0)] {
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, version.as_bytes());
            row.set_name(CgroupName::path, path.as_bytes());
            row.set(CgroupCell::inode, 1u64);
            row.set(CgroupCell::oom, kills);
            row.set(CgroupCell::oom_kill, kills);
            let full_us = self.full_us.add(memory.full * share * 1e6);
            if version == "v2" {
                row.set(CgroupCell::memory_some_total_us, full_us);
                row.set(CgroupCell::memory_full_total_us, full_us);
            }
            if share > 0.0 {
                row.set(CgroupCell::memory_bytes, Meter::default().add(memory.used * 1e6 + 5e5));
                row.set(CgroupCell::inactive_file_bytes, 500_000u64);
                row.set_some(CgroupCell::memory_max_bytes, max);
                row.set(CgroupCell::memory_fail, self.limits_met.add(memory.reclaims.into()));
                row.set(CgroupCell::swap_max_bytes, 0u64);
            }
        }
    }
}

#[test]
fn each_limit_of_a_group() {
    let max = Some(1_000_000);
    let full = |full| Memory { full, ..Memory::default() };
    let used = |used, reclaims| Memory { used, reclaims, ..Memory::default() };
    let waits = |used, reclaims, some| Memory { used, reclaims, full: some, ..Memory::default() };
    let table = [
        (full(0.049), max, None),
        (full(0.051), max, Some(Low)),
        (full(0.151), max, Some(High)),
        (full(0.601), max, Some(Critical)),
        (used(0.799, 1), max, None),
        (used(0.801, 1), max, Some(Low)),
        (used(0.801, 0), max, None),
        (used(0.901, 0), max, Some(Low)),
        (used(0.951, 1), max, Some(Low)),
        (waits(0.901, 0, 0.011), max, Some(Medium)),
        (waits(0.901, 1, 0.049), max, Some(Medium)),
        (waits(0.901, 1, 0.051), max, Some(High)),
        (waits(0.951, 1, 0.149), max, Some(High)),
        (waits(0.951, 1, 0.151), max, Some(Critical)),
        (used(0.951, 1), None, None),
    ];
    for (at, (memory, max, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        lab.run(60, |sample, _| {
            host.fill(sample, quiet());
            groups.fill(sample, memory, max);
        });
        assert_eq!(lab.severity(MemoryPressure, GROUP), expected, "row {at}");
        assert_eq!(lab.severity(MemoryPressure, HOST), None, "row {at}");
        assert_eq!(lab.coverage(MemoryPressure), "ok");
    }
}

/// A group at its limit stalls, and so does the host, of whose memory most is free.
#[test]
fn what_stalls_at_the_limit_of_a_group_is_not_the_hosts() {
    for (scans, used, host_is, group_is) in [
        (Some(0), 0.3, Low, High),
        (Some(1), 0.3, High, High),
        (Some(0), 0.81, Low, High),
        (Some(1), 0.81, High, High),
        (None, 0.3, High, High),
    ] {
        for version in ["v2", "memory"] {
            let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
            let of_host = Memory { some: 0.3, full: 0.3, used, refaults: 9, scans, ..quiet() };
            lab.run(40, |sample, _| {
                host.fill(sample, of_host);
                let own = Memory { used: 0.5, full: 0.3, reclaims: 9, ..Memory::default() };
                groups.fill_as(version, sample, own, Some(1_000_000));
            });
            assert_eq!(lab.severity(MemoryPressure, HOST), Some(host_is), "{scans:?} {used}");
            let name = if version == "v2" { GROUP } else { "cgroup:memory:/job" };
            let is_hosts = version != "v2" && used > 0.8 && scans == Some(1);
            let expected = if is_hosts { None } else { Some(group_is) };
            assert_eq!(lab.severity(MemoryPressure, name), expected, "{version} {scans:?} {used}");
        }
    }
}

#[test]
fn without_stall_shares_the_time_spent_reclaiming_stands_for_them() {
    for (share, with_psi, expected) in [
        (0.049, false, None),
        (0.051, false, Some(Low)),
        (0.149, false, Some(Low)),
        (0.151, false, Some(Medium)),
        (0.9, true, None),
    ] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let mut reclaim_ns = Meter::default();
        lab.run(60, |sample, _| {
            if with_psi {
                host.fill(sample, quiet());
            }
            sample.cpu.push().set(CpuCell::cpus_online, 1u64);
            let row = sample.bpf_memory.push();
            row.set(MemoryTraceCell::direct_ns, 5u64);
            row.set(MemoryTraceCell::memcg_ns, reclaim_ns.add(share * 1e9));
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), expected, "{share} {with_psi}");
    }
}

#[test]
fn huge_pages_are_no_part_of_the_memory_that_is_shared_out() {
    for (pool_bytes, expected) in [(0u64, Some(Low)), (920_000, None)] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, _| {
            host.fill(sample, Memory { used: 0.95, swap_free: Some(1.0), ..Memory::default() });
            sample.memory.as_mut_slice()[0].set(MemoryCell::hugetlb_bytes, pool_bytes);
        });
        assert_eq!(lab.severity(MemoryPressure, HOST), expected, "a pool of {pool_bytes}");
    }
}

#[test]
fn cache_in_use_is_not_held_and_a_group_that_spills_into_swap_is_short() {
    let full = Memory { used: 0.95, reclaims: 1, ..Memory::default() };
    for (active, spill, expected) in
        [(800_000u64, 0, None), (0, 0, Some(Low)), (0, 40_000u64, Some(Medium))]
    {
        let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
        lab.run(60, |sample, second| {
            host.fill(sample, quiet());
            groups.fill(sample, full, Some(1_000_000));
            let row = &mut sample.cgroups.as_mut_slice()[1];
            row.set(CgroupCell::active_file_bytes, active);
            row.set(CgroupCell::swap_bytes, second * spill);
            if spill > 0 {
                row.set(CgroupCell::swap_max_bytes, 100_000_000u64);
            }
        });
        assert_eq!(lab.severity(MemoryPressure, GROUP), expected, "{active} {spill}");
    }
    let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
    lab.run(60, |sample, _| {
        host.fill(sample, quiet());
        groups.fill(sample, full, Some(1_000_000));
        let row = &mut sample.cgroups.as_mut_slice()[1];
        row.set(CgroupCell::active_file_bytes, 0u64);
        row.set(CgroupCell::swap_max_bytes, 100_000_000u64);
    });
    assert_eq!(lab.severity(MemoryPressure, GROUP), Some(Low), "swap has room for it");
}

#[test]
fn what_is_not_told_of_memory_is_neither_none_nor_all_of_it() {
    let full = Memory { some: 0.16, full: 0.16, used: 0.97, reclaims: 1, ..Memory::default() };
    let run = |lacks: fn(&mut Sample)| {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(60, |sample, _| {
            host.fill(sample, full);
            sample.cgroups.set_read(ReadTimes::default());
            lacks(sample);
        });
        (lab.severity(MemoryPressure, HOST), String::from(lab.coverage(MemoryPressure)))
    };
    let told = |part: &str| String::from("ok: without ") + part;
    assert_eq!(run(|_| ()), (Some(Critical), String::from("ok")), "no swap is used up");
    let no_swap = |sample: &mut Sample| {
        let mut row = sample.memory.as_mut_slice()[0].row_mut();
        row.unset_cell(MemoryCell::swap_free_bytes as usize);
        row.unset_cell(MemoryCell::swap_total_bytes as usize);
    };
    let part = "high and critical by used share: need SwapTotal and SwapFree";
    assert_eq!(run(no_swap), (Some(High), told(part)), "by its stalls");
    let no_counts = |sample: &mut Sample| {
        let mut row = sample.vm.as_mut_slice()[0].row_mut();
        row.unset_cell(VmCell::allocstall as usize);
        row.unset_cell(VmCell::oom_kill as usize);
    };
    let part = "direct reclaim: not in vmstat; kills: not in vmstat";
    assert_eq!(run(no_counts), (Some(Critical), told(part)), "stalls speak for reclaim");
    let no_vmstat = |sample: &mut Sample| sample.vm.clear();
    let part = "used share and kills: need meminfo and vmstat";
    assert_eq!(run(no_vmstat), (Some(High), told(part)), "by its stalls");
}

#[test]
fn counters_that_are_not_given_do_not_speak_against_a_stall() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let stalled = Memory { some: 0.7, full: 0.7, ..quiet() };
    lab.run(60, |sample, _| {
        host.fill(sample, stalled);
        let mut row = sample.vm.as_mut_slice()[0].row_mut();
        row.unset_cell(VmCell::allocstall as usize);
        row.unset_cell(VmCell::refault_file as usize);
    });
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Critical));
}

mod ends;
mod harmless;
mod kills;
