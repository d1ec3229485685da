//! Who is named for a full filesystem, and who suffers from refused and slow calls.

use super::*;
use crate::lab::Meter;
use ks_vocabulary::histogram::bucket_of;
use ks_vocabulary::model::{BucketCell, BucketName, CallerCell, CallerName, ReadTimes};

/// Who writes to disks did not fill what is held in memory.
#[test]
fn nobody_who_writes_is_named_for_a_filesystem_in_memory() {
    let named = |fstype: &[u8]| {
        let (mut lab, mut written) = (Lab::new(), Meter::default());
        lab.run(90, |sample, second| {
            host(sample, 1);
            filesystem(sample, 9700 + second, 0);
            sample.filesystems.as_mut_slice()[0].set_name(FilesystemName::fstype, fstype);
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 5u64);
            row.set(ProcessCell::start_ticks, 9u64);
            row.set(ProcessCell::write_bytes, written.add(UNIT as f64));
            sample.processes_complete = second == 0;
        });
        lab.signal(Syscall, DATA).expect("it is full").culprits.len()
    };
    assert_eq!(named(b"ext4"), 1);
    assert_eq!(named(b"tmpfs"), 0);
}

/// The longest calls of a host whose calls are fast are no harm to who makes them.
#[test]
fn who_makes_the_longest_calls_suffers_only_where_calls_are_slow() {
    let suffer = |ms: u64| {
        let mut lab = Lab::new();
        lab.run(40, |sample, second| {
            host(sample, 1);
            refused_for_space(sample, second);
            sample.bpf_syscall.as_mut_slice()[0].set(SyscallTraceCell::timed, true);
            let row = sample.bpf_histograms.push();
            row.set_name(BucketName::metric, b"syscall_ns");
            row.set_name(BucketName::entity, b"storage");
            row.set_name(BucketName::operation, b"");
            row.set(BucketCell::bucket, bucket_of(ms * 1_000_000) as u64);
            row.set(BucketCell::count, 100u64);
            let row = sample.bpf_callers.push();
            row.set(CallerCell::pid, 7u64);
            row.set_name(CallerName::comm, b"linker");
            row.set(CallerCell::slow_ns, second * 1000);
            sample.bpf_callers.set_read(ReadTimes::default());
        });
        let signal = lab.signal(Syscall, "host").expect("calls are refused");
        signal.victims.iter().filter(|one| one.metric == Metric::SlowCalls).count()
    };
    assert_eq!(suffer(1), 0);
    assert_eq!(suffer(50), 1);
}
