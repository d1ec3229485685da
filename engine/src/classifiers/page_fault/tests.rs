//! Every limit of `page_fault`, from just below and from just above.

use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::PageFault;
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    CgroupCell, CgroupName, DiskCell, DiskName, PressureCell, Record as _, Sample, VmCell,
};

const HOST: &str = "host";

#[derive(Clone, Copy, Default)]
struct Second {
    faults: f64,
    refaults: f64,
    some: f64,
    full: f64,
}

#[derive(Default)]
struct Host {
    faults: Meter,
    refaults: Meter,
    some_us: Meter,
    full_us: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, second: Second) {
        let row = sample.vm.push();
        row.set(VmCell::pgmajfault, self.faults.add(second.faults));
        row.set(VmCell::refault_file, self.refaults.add(second.refaults));
        let row = sample.pressure.push();
        row.set(PressureCell::memory_some_total_us, self.some_us.add(second.some * 1e6));
        row.set(PressureCell::memory_full_total_us, self.full_us.add(second.full * 1e6));
    }

    fn fill_group(&mut self, sample: &mut Sample, second: Second) {
        let row = sample.cgroups.push();
        row.set_name(CgroupName::hierarchy, b"memory");
        row.set_name(CgroupName::path, b"/job");
        row.set(CgroupCell::inode, 1u64);
        row.set(CgroupCell::pgmajfault, self.faults.add(second.faults));
        row.set(CgroupCell::refault, self.refaults.add(second.refaults));
    }
}

#[test]
fn each_limit_from_below_and_above() {
    let calm = |faults| Second { faults, ..Second::default() };
    let thrash = |faults, full| Second { faults, refaults: 1.0, some: 0.31, full };
    let database = |faults, some| Second { faults, refaults: 9_000.0, some, full: 0.0 };
    let stall = |faults, some| Second { faults, refaults: 0.0, some, full: 0.0 };
    let table = [
        (calm(9.8), None),
        (calm(10.2), Some(Low)),
        (calm(10_000.0), Some(Low)),
        (thrash(49.8, 0.0), Some(Low)),
        (thrash(50.2, 0.0), Some(Medium)),
        (thrash(99.8, 0.0), Some(Medium)),
        (thrash(100.2, 0.0), Some(High)),
        (thrash(499.8, 0.301), Some(High)),
        (thrash(500.2, 0.301), Some(Critical)),
        (thrash(500.2, 0.299), Some(High)),
        (database(10_000.0, 0.009), Some(Low)),
        (database(10_000.0, 0.011), Some(Medium)),
        (database(10_000.0, 0.149), Some(Medium)),
        (database(10_000.0, 0.151), Some(High)),
        (stall(60.0, 0.049), Some(Low)),
        (stall(60.0, 0.051), Some(Medium)),
    ];
    for (at, (second, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| host.fill(sample, second));
        assert_eq!(lab.severity(PageFault, HOST), expected, "row {at}");
        let told = "ok: without stall and latency of faults: need bpf/page_fault; \
                control groups: not in the recording";
        assert_eq!(lab.coverage(PageFault), told);
    }
    // A group of version 1: the host's stalls speak for it.
    let table = [
        (9.8, 0.0, None),
        (500.2, 0.0, Some(Low)),
        (500.2, 0.051, Some(Medium)),
        (500.2, 0.31, Some(Critical)),
    ];
    for (faults, some, expected) in table {
        let (mut lab, mut host, mut group) = (Lab::new(), Host::default(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, Second { full: some, ..stall(0.0, some) });
            group.fill_group(sample, database(faults, some));
        });
        assert_eq!(lab.severity(PageFault, "cgroup:memory:/job"), expected);
        assert_eq!(lab.severity(PageFault, HOST), None);
    }
}

#[test]
fn it_is_raised_in_the_mean_of_five_seconds_and_clears_a_minute_after_it() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let faults = |faults| Second { faults, ..Second::default() };
    lab.run(20, |sample, _| host.fill(sample, faults(0.0)));
    let step = lab.second();
    lab.run(20, |sample, _| host.fill(sample, faults(20.0)));
    assert_eq!(lab.raised_at(PageFault, HOST), Some(step + 3), "12 a second over 5 s");
    let end = lab.second();
    lab.run(90, |sample, _| host.fill(sample, faults(0.0)));
    assert_eq!(lab.cleared_at(PageFault, HOST), Some(end + 3 + 60), "8 a second until 2 of 5");
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let faults = |faults| Second { faults, ..Second::default() };
    lab.run(20, |sample, _| host.fill(sample, faults(12.0)));
    lab.run(200, |sample, _| host.fill(sample, faults(8.2)));
    assert_eq!(lab.severity(PageFault, HOST), Some(Low));
}

#[test]
fn without_vmstat_it_cannot_tell() {
    let mut lab = Lab::new();
    lab.absent("vmstat", "no such file");
    lab.run(5, |_, _| ());
    assert_eq!(lab.coverage(PageFault), "cannot tell: vmstat: no such file");
}

#[test]
fn what_is_not_counted_is_no_evidence_and_what_it_keeps_out_of_reach_is_told() {
    let thrash = Second { faults: 600.0, refaults: 900.0, some: 0.31, full: 0.31 };
    let neither = "severity above low: needs refaults or stall shares of memory";
    let table = [
        (true, true, Critical, 2, ""),
        (true, false, Medium, 1, "stall shares: no pressure of memory"),
        (false, true, Critical, 1, "refaults: not in vmstat"),
        (false, false, Low, 0, neither),
    ];
    for (refaults, stalls, expected, noted, part) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, thrash);
            if !refaults {
                sample.vm.as_mut_slice()[0].row_mut().unset_cell(VmCell::refault_file as usize);
            }
            if !stalls {
                sample.pressure.clear();
            }
        });
        assert_eq!(lab.severity(PageFault, HOST), Some(expected), "{refaults} {stalls}");
        let support = [Metric::Refaults5s, Metric::MemorySome5s];
        let evidence = &lab.signal(PageFault, HOST).unwrap().evidence;
        let told = evidence.iter().filter(|part| support.contains(&part.metric)).count();
        assert_eq!(told, noted, "{evidence:?}");
        assert!(lab.coverage(PageFault).contains(part), "{}", lab.coverage(PageFault));
    }
    let (mut lab, mut host, mut group) = (Lab::new(), Host::default(), Host::default());
    lab.run(40, |sample, _| {
        host.fill(sample, Second::default());
        group.fill_group(sample, thrash);
        sample.cgroups.as_mut_slice()[0].row_mut().unset_cell(CgroupCell::refault as usize);
    });
    assert_eq!(lab.severity(PageFault, "cgroup:memory:/job"), Some(Low));
    let part = "severity of a control group above low: needs its refaults or stalls";
    assert!(lab.coverage(PageFault).contains(part), "{}", lab.coverage(PageFault));
}

/// A mapped database: 700 faults a second for pages that were dropped.
const MAPPED: Second = Second { faults: 700.0, refaults: 900.0, some: 0.0, full: 0.0 };

/// Reads of a disk in a second, and the ms that they take in all.
type Reads = (u64, u64);

/// Disks that go on like this, second by second.
fn fill_disks(sample: &mut Sample, disks: &[Reads], second: u64) {
    for (name, (reads, read_ms)) in ["a", "b"].into_iter().zip(disks) {
        let row = sample.disks.push();
        row.set_name(DiskName::name, name.as_bytes());
        row.set(DiskCell::reads, reads * second);
        row.set(DiskCell::read_ms, read_ms * second);
    }
}

#[test]
fn faults_cost_at_most_what_a_read_takes_of_the_disk_that_serves_them() {
    let backup = (230, 420);
    // Stalls for memory and I/O; 700 faults at 10/720 ms take 0.97 % of the time.
    let table: [(_, &[Reads], _); 14] = [
        (Some((0.011, 0.45)), &[(720, 10), backup], Low),
        (Some((0.011, 0.45)), &[(720, 11), backup], Medium),
        (Some((0.45, 0.011)), &[(720, 10), backup], Low),
        (Some((0.45, 0.011)), &[(720, 11), backup], Medium),
        (Some((0.011, 0.45)), &[(720, 152), backup], Medium),
        (Some((0.011, 0.45)), &[(720, 156), backup], High),
        (Some((0.009, 0.008)), &[(720, 720), backup], Low),
        (Some((0.011, 0.149)), &[(720, 720), backup], Medium),
        // None of them has as many reads as there are faults.
        (Some((0.011, 0.45)), &[(555, 9), backup], High),
        (Some((0.011, 0.45)), &[(565, 9), backup], Low),
        (None, &[(720, 102), backup], Low),
        (None, &[(720, 104), backup], Medium),
        (None, &[(720, 9_000), backup], High),
        (None, &[], Medium),
    ];
    for (at, (stalls, disks, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host, mut io_us) = (Lab::new(), Host::default(), Meter::default());
        lab.run(40, |sample, second| {
            host.fill(sample, Second { some: stalls.map_or(0.0, |of: (f64, f64)| of.0), ..MAPPED });
            match stalls {
                Some((_, io)) => sample.pressure.as_mut_slice()[0]
                    .set(PressureCell::io_some_total_us, io_us.add(io * 1e6)),
                None => sample.pressure.clear(),
            }
            fill_disks(sample, disks, second);
        });
        assert_eq!(lab.severity(PageFault, HOST), Some(expected), "row {at}");
    }
}

#[test]
fn faults_that_swap_in_cost_all_that_tasks_stall_for_memory() {
    for (some, swapped_in, expected) in [
        (0.009, 700.0, Low),
        (0.011, 700.0, Medium),
        (0.039, 700.0, Medium),
        (0.041, 700.0, High),
        (0.041, 340.0, Low),
    ] {
        let (mut lab, mut host, mut swapped) = (Lab::new(), Host::default(), Meter::default());
        lab.run(40, |sample, second| {
            host.fill(sample, Second { some, ..MAPPED });
            sample.vm.as_mut_slice()[0].set(VmCell::pswpin, swapped.add(swapped_in));
            // Memory that is a disk tells hardly any time of its reads.
            fill_disks(sample, &[(720, 1)], second);
        });
        assert_eq!(lab.severity(PageFault, HOST), Some(expected), "{some} {swapped_in}");
    }
}

#[test]
fn a_group_pays_with_its_own_stalls_but_no_more_than_its_faults_can_have_taken() {
    // Stalls for I/O of the group, of the host, and what its disk takes for the reads of a second.
    for (own, of_host, read_ms, expected) in [
        (Some(0.0), 0.9, 900, Low),
        (Some(0.011), 0.9, 900, Medium),
        (Some(0.9), 0.9, 10, Low),
        (Some(0.9), 0.9, 11, Medium),
        (None, 0.9, 10, Low),
        (None, 0.9, 11, Medium),
        (None, 0.009, 900, Low),
        (None, 0.9, 900, High),
    ] {
        let (mut lab, mut host, mut group) = (Lab::new(), Host::default(), Host::default());
        let mut meters = <[Meter; 3]>::default();
        lab.run(40, |sample, second| {
            host.fill(sample, Second::default());
            let row = &mut sample.pressure.as_mut_slice()[0];
            row.set(PressureCell::io_some_total_us, meters[0].add(of_host * 1e6));
            group.fill_group(sample, MAPPED);
            if let Some(own) = own {
                let row = &mut sample.cgroups.as_mut_slice()[0];
                row.set(CgroupCell::io_some_total_us, meters[1].add(own * 1e6));
                row.set(CgroupCell::memory_some_total_us, meters[2].add(0.009 * 1e6));
            }
            fill_disks(sample, &[(720, read_ms)], second);
        });
        let found = lab.severity(PageFault, "cgroup:memory:/job");
        assert_eq!(found, Some(expected), "{own:?} {of_host} {read_ms}");
    }
}

#[test]
fn a_group_whose_refaults_nobody_counts_suffers_where_it_meets_its_limit_at_a_cost() {
    for (met, read_ms, expected) in
        [(1, 101, Low), (1, 104, Medium), (1, 306, Medium), (1, 311, High), (0, 2_800, Low)]
    {
        let (mut lab, mut group) = (Lab::new(), Host::default());
        lab.run(40, |sample, second| {
            group.fill_group(sample, MAPPED);
            let row = &mut sample.cgroups.as_mut_slice()[0];
            row.row_mut().unset_cell(CgroupCell::refault as usize);
            row.set(CgroupCell::memory_fail, met * second);
            fill_disks(sample, &[(720, read_ms)], second);
        });
        let found = lab.severity(PageFault, "cgroup:memory:/job");
        assert_eq!(found, Some(expected), "{met} {read_ms}");
    }
}

#[test]
fn few_refaults_for_many_faults_are_no_pages_in_use_that_were_dropped() {
    for (refaults, expected) in [(11.0, Low), (13.0, Medium)] {
        let (mut lab, mut host, mut io_us) = (Lab::new(), Host::default(), Meter::default());
        lab.run(40, |sample, _| {
            host.fill(sample, Second { faults: 60.0, refaults, ..Second::default() });
            let row = &mut sample.pressure.as_mut_slice()[0];
            row.set(PressureCell::io_some_total_us, io_us.add(0.9e6));
        });
        assert_eq!(lab.severity(PageFault, HOST), Some(expected), "{refaults}");
    }
}

#[test]
fn evidence_of_rare_samples_tells_its_true_window() {
    for (cadence, expected) in [(1, None), (60, Some(120))] {
        let (mut lab, mut host) = (Lab::every(cadence), Host::default());
        let faults = 20.0 * cadence as f64;
        lab.run(40, |sample, _| host.fill(sample, Second { faults, ..Second::default() }));
        let evidence = &lab.signal(PageFault, HOST).unwrap().evidence;
        let rate = evidence.iter().find(|part| part.metric == Metric::Majflt5s).unwrap();
        assert_eq!((rate.value, rate.window_s), (20.0, expected));
    }
}
