//! Every limit of `syscall`, from just below and from just above.

mod blame;
mod tasks;

use alloc::string::ToString;

use crate::lab::Lab;
use ks_vocabulary::kind::Kind::Syscall;
use ks_vocabulary::kind::Severity::{self, Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    CgroupCell, CgroupName, FilesystemCell, FilesystemName, LimitsCell, LoadCell, ProcessCell,
    Record as _, Sample, SyscallTraceCell,
};
use ks_vocabulary::subtype::Subtype;

const DATA: &str = "filesystem:/data";
/// Of a small disk, so that no share of it is much room.
const UNIT: u64 = GIB / 100;
const GIB: u64 = 1024 * 1024 * 1024;

/// A host whose process ids are used to so many thousandths.
fn host(sample: &mut Sample, tasks: u64) {
    sample.load.push().set(LoadCell::tasks, tasks);
    let row = sample.limits.push();
    row.set(LimitsCell::pid_max, 1000u64);
    row.set(LimitsCell::threads_max, 2000u64);
}

/// A filesystem of 10,000 units, nearly 100 GiB, a tenth of which is root's reserve.
fn filesystem(sample: &mut Sample, used: u64, inodes_used: u64) {
    let row = sample.filesystems.push();
    row.set_name(FilesystemName::mount, b"/data");
    row.set(FilesystemCell::limited, true);
    row.set(FilesystemCell::read_only, false);
    row.set(FilesystemCell::total_bytes, 11_000 * UNIT);
    row.set(FilesystemCell::free_bytes, (11_000 - used) * UNIT);
    row.set(FilesystemCell::available_bytes, (10_000 - used) * UNIT);
    row.set(FilesystemCell::inodes, 1000u64);
    row.set(FilesystemCell::inodes_free, 1000 - inodes_used);
}

const SPACE: [(u64, Option<Severity>); 8] = [
    (799, None),
    (800, Some(Low)),
    (849, Some(Low)),
    (850, Some(Medium)),
    (919, Some(Medium)),
    (920, Some(High)),
    (969, Some(High)),
    (970, Some(Critical)),
];
const COUNTS: [(u64, Option<Severity>); 6] = [
    (799, None),
    (800, Some(Medium)),
    (899, Some(Medium)),
    (900, Some(High)),
    (949, Some(High)),
    (950, Some(Critical)),
];

#[test]
fn each_limit_of_space_and_inodes_from_below_and_above() {
    for (used, expected) in SPACE {
        for (space, inodes) in [(used * 10, 0), (0, used)] {
            let mut lab = Lab::new();
            lab.run(50, |sample, _| {
                host(sample, 1);
                filesystem(sample, space, inodes);
            });
            assert_eq!(lab.severity(Syscall, DATA), expected, "{space} units, {inodes} inodes");
            let told = "ok: without latency, errors and rate of calls: need bpf/syscall";
            assert_eq!(lab.coverage(Syscall), told);
            if expected.is_some() {
                assert_eq!(lab.subtype(Syscall, DATA), Some(Subtype::ResourceLimit));
            }
        }
    }
}

#[test]
fn each_limit_of_descriptors_from_below_and_above() {
    for (used, expected) in COUNTS {
        let mut lab = Lab::new();
        lab.run(50, |sample, second| {
            host(sample, 1);
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 5u64);
            row.set(ProcessCell::start_ticks, 9u64);
            row.set(ProcessCell::open_files, used);
            row.set(ProcessCell::open_files_max, 1000u64);
            sample.processes_complete = second == 0;
        });
        assert_eq!(lab.severity(Syscall, "process:5:9"), expected, "{used}");
    }
}

#[test]
fn little_space_that_falls_is_medium() {
    let small = |available: u64, pace: u64| {
        let mut lab = Lab::new();
        lab.run(90, |sample, second| {
            host(sample, 1);
            filesystem(sample, 0, 0);
            let row = &mut sample.filesystems.as_mut_slice()[0];
            row.set(FilesystemCell::total_bytes, 2 * GIB);
            row.set(FilesystemCell::free_bytes, available + GIB);
            let left = available - second * pace;
            row.set(FilesystemCell::available_bytes, left);
        });
        lab.severity(Syscall, DATA)
    };
    assert_eq!(small(GIB - 100, 0), None);
    assert_eq!(small(GIB - 100, 75_000), Some(Medium), "gone within 4 h");
    assert_eq!(small(GIB - 100, 70_000), None, "that is later");
    assert_eq!(small(GIB + 9_000_000, 75_000), None);
}

#[test]
fn what_is_small_or_in_memory_is_full_by_design() {
    // Its size and its use in thousandths, whether it is in memory and whether calls are refused.
    let table = [
        (GIB, 890, false, false, Some(Low)),
        (GIB, 989, false, false, Some(Low)),
        (GIB, 991, false, false, Some(Critical)),
        (GIB, 890, false, true, Some(Medium)),
        (2 * GIB, 890, false, false, Some(Medium)),
        (GIB, 999, true, false, Some(Low)),
        (GIB, 999, true, true, Some(Critical)),
        (16 * GIB, 999, true, false, Some(Medium)),
    ];
    for (total, used, in_memory, is_refused, expected) in table {
        let mut lab = Lab::new();
        lab.run(90, |sample, second| {
            host(sample, 1);
            filesystem(sample, 0, 0);
            let row = &mut sample.filesystems.as_mut_slice()[0];
            row.set_name(FilesystemName::fstype, if in_memory { b"tmpfs" } else { b"ext4_" });
            row.set(FilesystemCell::total_bytes, total);
            let left = total / 1000 * (1000 - used);
            row.set(FilesystemCell::free_bytes, left);
            row.set(FilesystemCell::available_bytes, left);
            refused_for_space(sample, if is_refused { second } else { 0 });
        });
        let found = lab.severity(Syscall, DATA);
        assert_eq!(found, expected, "{total} {used} {in_memory} {is_refused}");
    }
}

#[test]
fn a_share_of_something_huge_goes_with_room_and_pace() {
    // 14 TiB with so much left, of which so much is written a second.
    let huge = |left_gib: u64, pace: u64| {
        let mut lab = Lab::new();
        lab.run(90, |sample, second| {
            host(sample, 1);
            filesystem(sample, 0, 0);
            let row = &mut sample.filesystems.as_mut_slice()[0];
            row.set(FilesystemCell::total_bytes, 14_000 * GIB);
            row.set(FilesystemCell::free_bytes, left_gib * GIB);
            row.set(FilesystemCell::available_bytes, left_gib * GIB - second * pace);
        });
        lab.severity(Syscall, DATA)
    };
    assert_eq!(huge(1_300, 0), Some(Low));
    assert_eq!(huge(1_300, 90_000_000), Some(Low), "gone in 4.3 h");
    assert_eq!(huge(1_300, 110_000_000), Some(Medium), "gone in 3.5 h");
    assert_eq!(huge(99, 0), Some(Medium));
    assert_eq!(huge(49, 0), Some(High));
    assert_eq!(huge(19, 0), Some(Critical));
}

#[test]
fn it_is_raised_after_five_seconds_and_goes_on_to_a_twentieth_below() {
    let mut lab = Lab::new();
    let run = |lab: &mut Lab, seconds, gib| {
        lab.run(seconds, |sample, _| {
            host(sample, 1);
            filesystem(sample, gib, 0);
        });
    };
    run(&mut lab, 10, 1000);
    let step = lab.second();
    run(&mut lab, 20, 8100);
    assert_eq!(lab.raised_at(Syscall, DATA), Some(step + 4), "80 % of 5 s");
    run(&mut lab, 200, 7510);
    assert_eq!(lab.severity(Syscall, DATA), Some(Low));
    let end = lab.second();
    run(&mut lab, 70, 7490);
    assert_eq!(lab.cleared_at(Syscall, DATA), Some(end + 60));
}

#[test]
fn filesystems_that_cannot_fill_are_left_alone() {
    let mut lab = Lab::new();
    lab.run(20, |sample, _| {
        host(sample, 1);
        for (mount, limited, read_only) in [(b"/ro", true, true), (b"/no", false, false)] {
            filesystem(sample, 9900, 0);
            let rows = sample.filesystems.as_mut_slice();
            let row = rows.last_mut().unwrap();
            row.set_name(FilesystemName::mount, mount);
            row.set(FilesystemCell::limited, limited);
            row.set(FilesystemCell::read_only, read_only);
        }
        sample.filesystems.sort();
    });
    assert_eq!(lab.severity(Syscall, "filesystem:/ro"), None);
    assert_eq!(lab.severity(Syscall, "filesystem:/no"), None);
}

#[test]
fn what_is_absent_is_named() {
    let mut lab = Lab::new();
    lab.absent("loadavg", "no such file");
    lab.run(5, |_, _| ());
    assert_eq!(lab.coverage(Syscall), "cannot tell: loadavg: no such file");
    let mut lab = Lab::new();
    lab.run(5, |sample, _| host(sample, 1));
    assert_eq!(
        lab.coverage(Syscall),
        "ok: without space of filesystems: not in the recording; \
                latency, errors and rate of calls: need bpf/syscall"
    );
}

/// Calls that were refused with ENOSPC, and none by other errors.
fn refused_for_space(sample: &mut Sample, enospc: u64) {
    let row = sample.bpf_syscall.push();
    for cell in [
        SyscallTraceCell::calls,
        SyscallTraceCell::enomem,
        SyscallTraceCell::enfile,
        SyscallTraceCell::emfile,
        SyscallTraceCell::connect_eaddrnotavail,
    ] {
        row.set(cell, 0u64);
    }
    row.set(SyscallTraceCell::enospc, enospc);
}

type Named = Option<(Metric, f64)>;

/// What a filesystem has used of space, inodes and metadata in thousandths, and what it is named
/// for.
const REFUSES: [([u64; 3], Named); 6] = [
    ([989, 0, 0], None),
    ([990, 0, 0], Some((Metric::SpaceUsedShare, 0.99))),
    ([0, 989, 749], None),
    ([0, 990, 0], Some((Metric::InodesUsedShare, 0.99))),
    ([0, 0, 760], Some((Metric::MetadataUsedShare, 0.76))),
    ([1000, 990, 760], Some((Metric::SpaceUsedShare, 1.0))),
];

#[test]
fn a_refusal_for_space_names_the_filesystem_that_is_full() {
    for ([space, inodes, metadata], expected) in REFUSES {
        for refused in [0, 1] {
            let mut lab = Lab::new();
            lab.run(20, |sample, second| {
                host(sample, if refused == 0 { 999 } else { 1 });
                filesystem(sample, space * 10, inodes);
                let row = &mut sample.filesystems.as_mut_slice()[0];
                row.set(FilesystemCell::metadata_bytes, 1_000u64);
                row.set(FilesystemCell::metadata_used_bytes, metadata);
                row.set(FilesystemCell::unallocated_bytes, 0u64);
                refused_for_space(sample, second * refused);
            });
            let signal = lab.signal(Syscall, "host").unwrap();
            let named = signal.victims.first().map(|victim| {
                assert_eq!(victim.entity.to_string(), DATA);
                (victim.metric, victim.share)
            });
            let expected = expected.filter(|_| refused > 0);
            assert_eq!(named, expected, "{space} {inodes} {metadata}, refused: {refused}");
        }
    }
}

#[test]
fn full_metadata_is_high_where_calls_are_refused_for_space() {
    for (used, unallocated, refused, expected) in [
        (740u64, 0u64, 1u64, None),
        (760, 0, 1, Some(High)),
        (760, 10 * UNIT, 1, Some(High)),
        (760, 2 * GIB, 1, None),
        (840, 0, 0, Some(Low)),
        (860, 0, 0, Some(Medium)),
    ] {
        let mut lab = Lab::new();
        lab.run(50, |sample, second| {
            host(sample, 1);
            filesystem(sample, 5_000, 0);
            let row = &mut sample.filesystems.as_mut_slice()[0];
            row.set(FilesystemCell::metadata_bytes, 1_000u64);
            row.set(FilesystemCell::metadata_used_bytes, used);
            row.set(FilesystemCell::unallocated_bytes, unallocated);
            refused_for_space(sample, second * refused);
        });
        let found = lab.severity(Syscall, DATA);
        assert_eq!(found, expected, "{used} {unallocated} {refused}");
    }
}

#[test]
fn filesystems_whose_space_is_not_told_are_named() {
    let table = [
        (
            FilesystemCell::limited,
            "space of filesystems that are not asked (fuse, nfs and the like)",
        ),
        (FilesystemCell::available_bytes, "space of a filesystem: not in the recording"),
    ];
    for (cell, part) in table {
        let mut lab = Lab::new();
        lab.run(5, |sample, _| {
            host(sample, 1);
            filesystem(sample, 9_900, 0);
            sample.filesystems.as_mut_slice()[0].row_mut().unset_cell(cell as usize);
        });
        assert!(lab.coverage(Syscall).contains(part), "{}", lab.coverage(Syscall));
    }
}
