//! Crossings of made samples.

use super::*;
use ks_vocabulary::histogram::bucket_of;
use ks_vocabulary::model::{
    BucketCell, BucketName, CpuCell, DiskCell, DiskName, FaultTraceCell, NetnsCell, PressureCell,
    ReadTimes, VmCell,
};

/// What crosses a limit in so many samples a second apart, each filled by `fill`.
fn found_in(seconds: u64, mut fill: impl FnMut(&mut Sample, u64)) -> Vec<Crossing> {
    let mut reference = Reference::default();
    for second in 0..seconds {
        let mut sample = Sample::default();
        fill(&mut sample, second);
        let mono = Timestamp(second * 1_000_000_000);
        reference.input(&Input::recorded(second, mono, Body::Sample(Box::new(sample))));
    }
    reference.finish()
}

/// A host of two CPUs on which so many tasks want to run, second by second.
fn demanded(running: &[u64]) -> Vec<Crossing> {
    let mut running = running.iter();
    let found = found_in(running.len() as u64, |sample, _| {
        let cpu = sample.cpu.push();
        cpu.set(CpuCell::cpus_online, 2u64);
        cpu.set(CpuCell::procs_running, running.next().unwrap() + 1);
        cpu.set(CpuCell::procs_blocked, 0u64);
        sample.cpu.set_read(ReadTimes::default());
    });
    found.into_iter().filter(|crossing| crossing.kind == Kind::LoadMismatch).collect()
}

fn whole_s(at: Timestamp) -> u64 {
    at.0 / 1_000_000_000
}

fn crossings(running: &[u64]) -> Vec<(u64, u64)> {
    demanded(running).iter().map(|crossing| (whole_s(crossing.at), whole_s(crossing.end))).collect()
}

/// High and critical of each crossing: when they were first reached, and held.
fn rises(found: &[Crossing]) -> Vec<(Severity, u64, Option<u64>)> {
    let all = found.iter().flat_map(|crossing| &crossing.rises);
    let all = all.filter(|rise| rise.severity > Severity::Medium);
    all.map(|rise| (rise.severity, whole_s(rise.first), rise.held.map(whole_s))).collect()
}

#[test]
fn a_limit_that_is_held_is_crossed_at_the_end_of_its_first_interval() {
    assert_eq!(crossings(&[0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0]), [(3, 8)]);
}

#[test]
fn what_is_not_held_for_four_of_five_seconds_is_no_crossing() {
    assert_eq!(crossings(&[0, 0, 2, 2, 2, 2, 0, 0, 0]), []);
    assert_eq!(crossings(&[0, 0, 2, 2, 0, 2, 2, 2, 2, 0]), [(2, 8)]);
    assert_eq!(crossings(&[0, 0, 1, 1, 1, 1, 1, 1, 1, 1]), [], "below the limit");
}

#[test]
fn crossings_more_than_a_minute_apart_are_two() {
    let mut running = vec![0; 100];
    running[5..15].fill(4);
    running[85..95].fill(4);
    assert_eq!(crossings(&running), [(5, 14), (85, 94)]);
}

#[test]
fn an_event_crosses_at_once() {
    let found = found_in(4, |sample, second| {
        let row = sample.netns.push();
        row.set(NetnsCell::netns, 7u64);
        row.set(NetnsCell::listen_overflows, 5 + second / 2);
        sample.netns.set_read(ReadTimes::default());
    });
    let found: Vec<_> = found.iter().filter(|one| one.kind == Kind::TcpExhaustion).collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].at.0, &found[0].entity), (2_000_000_000, &Entity::Netns(7)));
    let found: Vec<Crossing> = found.into_iter().cloned().collect();
    let expected = [(Severity::High, 2, None), (Severity::Critical, 2, None)];
    assert_eq!(rises(&found), expected, "the queue was full");
}

#[test]
fn a_severity_is_first_reached_and_then_held_without_a_break() {
    let mut running = vec![0; 80];
    running[5..60].fill(2);
    running[8] = 6;
    running[20..31].fill(6);
    assert_eq!(rises(&demanded(&running)), [(Severity::High, 8, Some(20))]);
    running[25] = 5;
    assert_eq!(rises(&demanded(&running)), [(Severity::High, 8, None)]);
    running[20..51].fill(16);
    let expected = [(Severity::High, 8, Some(20)), (Severity::Critical, 20, Some(20))];
    assert_eq!(rises(&demanded(&running)), expected);
    running[50] = 15;
    assert_eq!(rises(&demanded(&running))[1], (Severity::Critical, 20, None));
}

/// Pages that few faults bring in, and that take long.
#[test]
fn the_time_that_major_faults_take_crosses_too() {
    let found = |stalled_ms: u64| {
        let found = found_in(60, |sample, second| {
            sample.vm.push().set(VmCell::pgmajfault, second * 5);
            sample.vm.set_read(ReadTimes::default());
            let waited_ms = second.saturating_sub(10) * stalled_ms;
            sample.bpf_page_fault.push().set(FaultTraceCell::major_ns, waited_ms * 1_000_000);
            sample.bpf_page_fault.set_read(ReadTimes::default());
        });
        found.into_iter().filter(|one| one.kind == Kind::PageFault).collect::<Vec<_>>()
    };
    assert_eq!(found(49), []);
    let medium = found(50);
    assert_eq!((medium.len(), whole_s(medium[0].at), rises(&medium)), (1, 11, Vec::new()));
    let expected = [(Severity::High, 11, Some(11)), (Severity::Critical, 11, Some(11))];
    assert_eq!(rises(&found(400)), expected);
}

/// A busy disk may be called slow by its usual wait, which raw counters do not know.
#[test]
fn a_busy_disk_may_be_critical_before_its_queue_is_long() {
    let found = |queue: u64| {
        let found = found_in(40, |sample, second| {
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::io_ms, second * 990);
            row.set(DiskCell::queue_ms, second * queue * 1000);
            sample.disks.set_read(ReadTimes::default());
        });
        rises(&found)
    };
    assert_eq!(found(3), [(Severity::High, 1, None), (Severity::Critical, 1, None)]);
    assert_eq!(found(4), [(Severity::High, 1, Some(1)), (Severity::Critical, 1, None)]);
}

/// What was found of calls of 30 ms, while a disk reads so much a second.
fn slow_calls(rotates: bool, pace: u64) -> usize {
    let found = found_in(40, |sample, second| {
        let row = sample.disks.push();
        row.set_name(DiskName::name, b"sda");
        row.set(DiskCell::rotational, rotates);
        row.set(DiskCell::reads, second * pace);
        sample.disks.set_read(ReadTimes::default());
        let row = sample.bpf_histograms.push();
        row.set_name(BucketName::metric, b"syscall_ns");
        row.set_name(BucketName::entity, b"storage");
        row.set(BucketCell::bucket, bucket_of(30_000_000) as u64);
        row.set(BucketCell::count, 200u64);
        sample.bpf_histograms.set_read(ReadTimes::default());
    });
    found.iter().filter(|one| one.kind == Kind::Syscall).count()
}

#[test]
fn calls_may_take_longer_while_a_disk_seeks() {
    assert_eq!((slow_calls(false, 1), slow_calls(true, 0), slow_calls(true, 1)), (1, 1, 0));
}

#[test]
fn a_disk_that_completes_nothing_waits_for_all_of_the_time() {
    let found = |in_flight: u64, reads: u64| {
        let found = found_in(60, |sample, second| {
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::io_ms, second * 1000);
            row.set(DiskCell::reads, second * reads);
            row.set(DiskCell::in_flight, in_flight);
            sample.disks.set_read(ReadTimes::default());
        });
        rises(&found)
    };
    let held = [(Severity::High, 1, Some(1)), (Severity::Critical, 1, Some(1))];
    assert_eq!(found(1, 0), held);
    assert_eq!(found(1, 1), [(Severity::High, 1, None), (Severity::Critical, 1, None)]);
}

/// The highest severity that a namespace reaches whose counters grow so much a second.
fn lossy(grown: &[(NetnsCell, u64)]) -> Option<Severity> {
    let found = found_in(60, |sample, second| {
        let row = sample.netns.push();
        row.set(NetnsCell::netns, 7u64);
        for (cell, by) in grown {
            row.set(*cell, second * by);
        }
        sample.netns.set_read(ReadTimes::default());
    });
    let found = found.into_iter();
    let found: Vec<_> = found.filter(|one| one.kind == Kind::NetworkDegradation).collect();
    let held = found.iter().flat_map(|one| &one.rises).filter(|rise| rise.held.is_some());
    held.map(|rise| rise.severity).max().or(found.first().map(|_| Severity::Low))
}

#[test]
fn requests_sent_again_are_low_and_lost_datagrams_medium_at_most() {
    let sent = |again, asked| {
        use NetnsCell::{tcp_out_segs, tcp_retrans_segs, tcp_syn_retrans};
        lossy(&[(tcp_out_segs, 1_000), (tcp_retrans_segs, again), (tcp_syn_retrans, asked)])
    };
    assert_eq!(sent(500, 500), Some(Severity::Low));
    assert_eq!(sent(500, 0), Some(Severity::Critical));
    let datagrams = |lost| {
        use NetnsCell::{ip_in_receives, tcp_in_segs, udp_in_errors};
        lossy(&[(udp_in_errors, lost), (ip_in_receives, 50_000), (tcp_in_segs, 10_000)])
    };
    assert_eq!((datagrams(39), datagrams(41)), (None, Some(Severity::Low)));
    assert_eq!(datagrams(40_000), Some(Severity::Medium));
}

/// Rises of a disk without seeks that is busy all of the time and of which `fill` says the rest,
/// while tasks stall for so many us a second and nobody sleeps.
fn rises_of_busy(stalled_us: u64, fill: fn(&mut ks_vocabulary::model::Disk, u64)) -> Vec<Crossing> {
    let found = found_in(60, |sample, second| {
        let row = sample.disks.push();
        row.set_name(DiskName::name, b"sda");
        row.set(DiskCell::io_ms, second * 1000);
        fill(row, second);
        sample.disks.set_read(ReadTimes::default());
        let stalled = second * stalled_us;
        sample.pressure.push().set(PressureCell::io_some_total_us, stalled);
        sample.pressure.set_read(ReadTimes::default());
        sample.blocked.set_read(ReadTimes::default());
    });
    found.into_iter().filter(|one| one.kind == Kind::BlockDeviceSaturation).collect()
}

#[test]
fn a_busy_disk_that_lets_nobody_wait_is_low() {
    let rises = |stalled_us, fill| {
        let found = rises_of_busy(stalled_us, fill);
        assert_eq!(found.len(), 1);
        found[0].rises.len()
    };
    let deep = |row: &mut ks_vocabulary::model::Disk, second| {
        row.set(DiskCell::queue_ms, second * 8000);
    };
    assert_eq!((rises(99_000, deep), rises(101_000, deep)), (0, 3));
    let trims = |row: &mut ks_vocabulary::model::Disk, second| {
        row.set(DiskCell::queue_ms, second * 8000);
        row.set(DiskCell::discard_ms, second * 8000);
    };
    assert_eq!(rises(500_000, trims), 0);
    let hangs = |row: &mut ks_vocabulary::model::Disk, _| {
        row.set(DiskCell::io_ms, 5u64);
        row.set(DiskCell::reads, 9u64);
        row.set(DiskCell::queue_ms, 5u64);
        row.set(DiskCell::in_flight, 3u64);
    };
    assert_eq!((rises(0, hangs), rises(500_000, hangs)), (0, 3));
    let lost = |row: &mut ks_vocabulary::model::Disk, second| {
        row.set(DiskCell::reads, second * 40);
        row.set(DiskCell::queue_ms, second * 80);
        row.set(DiskCell::in_flight, 3u64);
    };
    assert_eq!(rises_of_busy(500_000, lost), []);
}
