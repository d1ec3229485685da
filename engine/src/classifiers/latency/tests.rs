//! Every limit that rests on a tracer, from just below and from just above.

use alloc::vec::Vec;

use crate::lab::{Lab, Meter};
use ks_vocabulary::histogram::bucket_of;
use ks_vocabulary::kind::Kind::{
    self, BlockDeviceSaturation, PageFault, Scheduler, Syscall, TcpExhaustion,
};
use ks_vocabulary::kind::Severity::{self, Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    BlockTraceCell, BlockTraceName, BucketCell, BucketName, DiskCell, DiskName, FaultTraceCell,
    FileHandlesCell, LimitsCell, LoadCell, NetnsCell, ReadTimes, Sample, SyscallTraceCell, VmCell,
};
use ks_vocabulary::subtype::Subtype;

const HOST: &str = "host";
const MS: u64 = 1_000_000;

/// `count` in one second in the bucket next to the one that holds `ms`.
fn bucket(sample: &mut Sample, metric: &str, entity: &str, ms: u64, above: bool, count: u64) {
    let at = bucket_of(ms * MS);
    let row = sample.bpf_histograms.push();
    row.set_name(BucketName::metric, metric.as_bytes());
    row.set_name(BucketName::entity, entity.as_bytes());
    row.set_name(BucketName::operation, b"");
    row.set(BucketCell::bucket, if above { at + 1 } else { at - 1 } as u64);
    row.set(BucketCell::count, count);
}

/// What a host has that is judged with system calls: few tasks, and calls counted.
fn calls(sample: &mut Sample, enospc: u64, no_port: u64, timed: bool) {
    sample.load.push().set(LoadCell::tasks, 1u64);
    let row = sample.limits.push();
    row.set(LimitsCell::pid_max, 1000u64);
    row.set(LimitsCell::threads_max, 1000u64);
    let row = sample.bpf_syscall.push();
    row.set(SyscallTraceCell::calls, 0u64);
    for cell in [SyscallTraceCell::enomem, SyscallTraceCell::enfile, SyscallTraceCell::emfile] {
        row.set(cell, 0u64);
    }
    row.set(SyscallTraceCell::enospc, enospc);
    row.set(SyscallTraceCell::connect_eaddrnotavail, no_port);
    row.set(SyscallTraceCell::timed, timed);
}

/// The limits in ms from low to critical: below each the severity before holds, above it its own.
fn check_each(
    kind: Kind,
    limits: [u64; 4],
    fill: impl Fn(&mut Sample, u64, bool),
    more: impl Fn(&Lab, Option<Severity>),
) {
    let severities = [None, Some(Low), Some(Medium), Some(High), Some(Critical)];
    for (at, limit) in limits.into_iter().enumerate() {
        for above in [false, true] {
            let mut lab = Lab::new();
            lab.run(40, |sample, _| fill(sample, limit, above));
            let expected = severities[at + usize::from(above)];
            assert_eq!(lab.severity(kind, HOST), expected, "{limit} ms, above: {above}");
            more(&lab, expected);
        }
    }
}

#[test]
fn waits_in_the_run_queue_are_judged_with_or_without_pressure() {
    let fill = |sample: &mut Sample, ms, above| {
        for cpu in ["cpu0", "cpu1"] {
            bucket(sample, "run_queue_ns", cpu, ms, above, 30);
        }
        sample.cgroups.set_read(ReadTimes::default());
        sample.bpf_scheduler.set_read(ReadTimes::default());
    };
    check_each(Scheduler, [5, 20, 100, 500], fill, |lab, _| {
        assert_eq!(lab.coverage(Scheduler), "ok: without stall shares: no pressure of CPUs");
    });
}

#[test]
fn a_few_long_waits_are_no_percentile() {
    for (count, expected) in [(19, None), (20, Some(Low))] {
        let mut lab = Lab::new();
        lab.run(8, |sample, _| {
            bucket(sample, "run_queue_ns", "cpu0", 5, true, count);
            sample.bpf_scheduler.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{count} a second");
    }
}

#[test]
fn a_late_task_among_many_prompt_ones_is_no_percentile_either() {
    for (late, expected) in [(9, None), (11, Some(Low))] {
        let mut lab = Lab::new();
        lab.run(8, |sample, _| {
            bucket(sample, "run_queue_ns", "cpu0", 1, false, 1000 - late);
            bucket(sample, "run_queue_ns", "cpu0", 10, true, late);
            sample.bpf_scheduler.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{late} of 1000");
    }
}

/// An idle host with twenty-seven switches a second.
#[test]
fn a_few_late_tasks_of_a_host_that_does_little_are_no_time_lost() {
    for (late, expected) in [(1, None), (2, Some(Low))] {
        let mut lab = Lab::new();
        lab.run(40, |sample, _| {
            bucket(sample, "run_queue_ns", "cpu0", 0, true, 27 - late);
            bucket(sample, "run_queue_ns", "cpu0", 5, true, late);
            sample.bpf_scheduler.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{late} of 27");
    }
}

#[test]
fn slow_calls_are_judged_by_class_and_waiting_is_not() {
    let classes = [
        ("storage", [10, 100, 500, 1000]),
        ("metadata", [10, 100, 500, 1000]),
        ("memory", [10, 50, 200, 1000]),
        ("process", [10, 50, 200, 1000]),
    ];
    for (class, limits) in classes {
        let fill = |sample: &mut Sample, ms, above| {
            bucket(sample, "syscall_ns", class, ms, above, 100);
            calls(sample, 0, 0, true);
        };
        check_each(Syscall, limits, fill, |lab, severity| {
            assert_eq!(
                lab.coverage(Syscall),
                "ok: without space of filesystems: not in the recording"
            );
            if severity.is_some() {
                assert_eq!(lab.subtype(Syscall, HOST), Some(Subtype::Slow), "{class}");
            }
        });
    }
    let mut lab = Lab::new();
    lab.run(40, |sample, _| {
        bucket(sample, "syscall_ns", "wait", 30_000, true, 100);
        calls(sample, 0, 0, true);
    });
    assert_eq!(lab.severity(Syscall, HOST), None);
}

/// A disk that reads so much a second.
fn reader(sample: &mut Sample, rotates: bool, reads: u64) {
    disk(sample, "sda", 0);
    let row = &mut sample.disks.as_mut_slice()[0];
    row.set(DiskCell::rotational, rotates);
    row.set(DiskCell::reads, reads);
}

#[test]
fn calls_may_take_longer_where_a_disk_that_works_has_to_seek() {
    let (without, with) = ([10, 100, 500, 1000], [50, 250, 1000, 2000]);
    for class in ["storage", "metadata"] {
        for (rotates, pace, limits) in [(true, 1, with), (true, 0, without), (false, 1, without)] {
            let mut reads = 0;
            let fill = core::cell::RefCell::new(|sample: &mut Sample, ms, above| {
                bucket(sample, "syscall_ns", class, ms, above, 100);
                calls(sample, 0, 0, true);
                reads += pace;
                reader(sample, rotates, reads);
            });
            let fill = |sample: &mut Sample, ms, above| (fill.borrow_mut())(sample, ms, above);
            check_each(Syscall, limits, fill, |_, _| ());
        }
    }
}

/// In which seconds of ten so many of a hundred calls take so many ms, and the worst that is said.
const SLOW: [(&[u64], u64, u64, Option<Severity>); 7] = [
    (&[3], 40, 250, Some(Low)),
    (&[3, 4], 40, 250, Some(Low)),
    (&[3, 4, 5], 40, 250, Some(Medium)),
    (&[1, 5, 9], 40, 250, Some(Medium)),
    (&[1, 5, 9], 40, 1_500, Some(Critical)),
    (&[3, 4], 40, 1_500, Some(Low)),
    // What takes as long as medium has to last needs no second.
    (&[3], 40, 20_000, Some(Critical)),
];

#[test]
fn calls_that_one_stall_made_late_are_low() {
    for (seconds, late, ms, expected) in SLOW {
        let (mut lab, mut worst) = (Lab::new(), None);
        let second = |lab: &mut Lab, late: u64| {
            lab.run(1, |sample, _| {
                bucket(sample, "syscall_ns", "storage", 1, false, 100 - late);
                if late > 0 {
                    bucket(sample, "syscall_ns", "storage", ms, true, late);
                }
                calls(sample, 0, 0, true);
            });
        };
        for _ in 0..40 {
            second(&mut lab, 0);
        }
        for at in 0..10 {
            second(&mut lab, if seconds.contains(&at) { late } else { 0 });
            worst = worst.max(lab.severity(Syscall, HOST));
        }
        assert_eq!(worst, expected, "{late} calls of {ms} ms in each of {seconds:?}");
    }
}

#[test]
fn one_major_fault_that_waits_is_no_time_that_is_lost() {
    for (waits, expected) in [(1, None), (2, None), (3, Some(Medium))] {
        let (mut lab, mut spent, mut worst) = (Lab::new(), Meter::default(), None);
        for second in 0..40u64 {
            let ns = if (20..20 + waits).contains(&second) { 250e6 } else { 0.0 };
            lab.run(1, |sample, _| {
                sample.vm.push().set(VmCell::pgmajfault, 0u64);
                sample.bpf_page_fault.push().set(FaultTraceCell::major_ns, spent.add(ns));
            });
            worst = worst.max(lab.severity(PageFault, HOST));
        }
        assert_eq!(worst, expected, "{waits} faults of 250 ms, one a second");
    }
}

#[test]
fn calls_that_are_refused_are_told_by_their_errors() {
    use SyscallTraceCell as Cell;
    let each = [
        (Cell::emfile, Metric::RefusedEmfile),
        (Cell::enfile, Metric::RefusedEnfile),
        (Cell::enomem, Metric::RefusedEnomem),
        (Cell::enospc, Metric::RefusedEnospc),
    ];
    for (cell, metric) in each {
        let (mut lab, mut refused) = (Lab::new(), Meter::default());
        lab.run(20, |sample, _| {
            calls(sample, 0, 0, true);
            sample.bpf_syscall.as_mut_slice()[0].set(cell, refused.add(3.0));
        });
        let signal = lab.signal(Syscall, HOST).unwrap();
        let told = signal
            .evidence
            .iter()
            .filter(|one| each.iter().any(|(_, metric)| *metric == one.metric));
        let told: Vec<_> = told.map(|one| (one.metric, one.value)).collect();
        assert_eq!(told, [(metric, 3.0)]);
    }
}

#[test]
fn calls_that_are_refused_are_medium_and_many_are_high() {
    for (rate, expected) in
        [(0.0, None), (1.0, Some(Medium)), (9.0, Some(Medium)), (11.0, Some(High))]
    {
        let (mut lab, mut refused) = (Lab::new(), Meter::default());
        lab.run(20, |sample, _| calls(sample, refused.add(rate), 0, true));
        assert_eq!(lab.severity(Syscall, HOST), expected, "{rate} a second");
        if expected.is_some() {
            assert_eq!(lab.subtype(Syscall, HOST), Some(Subtype::Refused));
        }
    }
}

#[test]
fn what_is_not_timed_is_said() {
    let mut lab = Lab::new();
    lab.run(10, |sample, _| {
        calls(sample, 0, 0, false);
        sample.filesystems.set_read(ReadTimes::default());
        sample.bpf_histograms.set_read(ReadTimes::default());
    });
    let told = "ok: without latency of calls: bpf/syscall does not time them";
    assert_eq!(lab.coverage(Syscall), told);
}

#[test]
fn a_connect_without_a_port_is_critical_at_once_and_clears_after_two_minutes() {
    let mut lab = Lab::new();
    let run = |lab: &mut Lab, seconds, no_port| {
        lab.run(seconds, |sample, _| {
            calls(sample, 0, no_port, true);
            let row = sample.netns.push();
            row.set(NetnsCell::netns, 7u64);
            row.set(NetnsCell::listen, 1u64);
            row.set(NetnsCell::listen_overflows, 0u64);
            row.set(NetnsCell::listen_drops, 0u64);
            let row = sample.file_handles.push();
            row.set(FileHandlesCell::allocated, 1u64);
            row.set(FileHandlesCell::max, 1000u64);
        });
    };
    run(&mut lab, 10, 3);
    assert_eq!(lab.severity(TcpExhaustion, HOST), None);
    assert_eq!(lab.coverage(TcpExhaustion), "ok");
    run(&mut lab, 1, 4);
    let event = lab.second();
    assert_eq!(lab.severity(TcpExhaustion, HOST), Some(Critical));
    assert_eq!(lab.subtype(TcpExhaustion, HOST), Some(Subtype::Ports));
    run(&mut lab, 130, 4);
    assert_eq!(lab.cleared_at(TcpExhaustion, HOST), Some(event + 120));
}

/// An idle disk with its requests as the tracer saw them.
fn disk(sample: &mut Sample, name: &str, failed_writes: u64) {
    let row = sample.disks.push();
    row.set_name(DiskName::name, name.as_bytes());
    for cell in [DiskCell::reads, DiskCell::read_ms, DiskCell::writes] {
        row.set(cell, 0u64);
    }
    for cell in [DiskCell::write_ms, DiskCell::io_ms, DiskCell::queue_ms] {
        row.set(cell, 0u64);
    }
    for (operation, failed) in [("read", 0), ("write", failed_writes)] {
        let row = sample.bpf_block_io.push();
        row.set_name(BlockTraceName::disk, name.as_bytes());
        row.set_name(BlockTraceName::operation, operation.as_bytes());
        row.set(BlockTraceCell::errors, failed);
    }
}

#[test]
fn a_request_that_fails_is_critical_on_its_disk() {
    let mut lab = Lab::new();
    let run = |lab: &mut Lab, seconds, failed| {
        lab.run(seconds, |sample, _| {
            disk(sample, "sda", 0);
            disk(sample, "sdb", failed);
        });
    };
    run(&mut lab, 10, 2);
    assert_eq!(lab.severity(BlockDeviceSaturation, "disk:sdb"), None);
    assert_eq!(lab.coverage(BlockDeviceSaturation), "ok");
    run(&mut lab, 1, 3);
    assert_eq!(lab.severity(BlockDeviceSaturation, "disk:sdb"), Some(Critical));
    assert_eq!(lab.severity(BlockDeviceSaturation, "disk:sda"), None);
}

#[test]
fn faults_that_are_counted_and_not_timed_are_told_apart() {
    let mut lab = Lab::new();
    lab.run(10, |sample, _| {
        sample.vm.push().set(VmCell::pgmajfault, 0u64);
        sample.cgroups.set_read(ReadTimes::default());
        sample.bpf_page_fault.push().set(FaultTraceCell::user, 1u64);
    });
    let told = "ok: without stall and latency of faults: bpf/page_fault does not time them; \
                severity above low: needs refaults or stall shares of memory";
    assert_eq!(lab.coverage(PageFault), told);
}

#[test]
fn time_spent_in_major_faults_is_judged_where_it_is_known() {
    let table = [
        (0.049, None),
        (0.051, Some(Medium)),
        (0.149, Some(Medium)),
        (0.151, Some(High)),
        (0.399, Some(High)),
        (0.401, Some(Critical)),
    ];
    for (share, expected) in table {
        let (mut lab, mut spent) = (Lab::new(), Meter::default());
        lab.run(40, |sample, _| {
            let row = sample.vm.push();
            row.set(VmCell::pgmajfault, 0u64);
            row.set(VmCell::refault_file, 0u64);
            sample.cgroups.set_read(ReadTimes::default());
            sample.bpf_page_fault.push().set(FaultTraceCell::major_ns, spent.add(share * 1e9));
        });
        assert_eq!(lab.severity(PageFault, HOST), expected, "{share}");
        let told = "ok: without stall shares: no pressure of memory";
        assert_eq!(lab.coverage(PageFault), told);
    }
}
