//! Every limit of `swap_thrashing`, from just below and from just above.

use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::SwapThrashing;
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    DiskCell, DiskName, MemoryCell, PressureCell, Record as _, Sample, VmCell,
};

const HOST: &str = "host";

#[derive(Debug, Clone, Copy)]
struct Second {
    out: f64,
    back: f64,
    full: f64,
    swap_used: u64,
    used: u64,
}

const QUIET: Second = Second { out: 0.0, back: 0.0, full: 0.0, swap_used: 100, used: 500 };

#[derive(Default)]
struct Host {
    out: Meter,
    back: Meter,
    full_us: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, second: Second) {
        let row = sample.pressure.push();
        let full_us = self.full_us.add(second.full * 1e6);
        row.set(PressureCell::memory_full_total_us, full_us);
        row.set(PressureCell::memory_some_total_us, full_us);
        self.fill_memory(sample, second);
    }

    fn fill_memory(&mut self, sample: &mut Sample, second: Second) {
        let row = sample.memory.push();
        row.set(MemoryCell::total_bytes, 1000u64);
        row.set(MemoryCell::available_bytes, 1000 - second.used);
        row.set(MemoryCell::swap_total_bytes, 1000u64);
        row.set(MemoryCell::swap_free_bytes, 1000 - second.swap_used);
        let row = sample.vm.push();
        row.set(VmCell::pswpout, self.out.add(second.out));
        row.set(VmCell::pswpin, self.back.add(second.back));
    }
}

#[test]
fn each_limit_from_below_and_above() {
    let out = |out| Second { out, ..QUIET };
    let thrash = |rate, full| Second { out: rate, back: rate, full, ..QUIET };
    let used = |swap_used, used| Second { swap_used, used, out: 50.5, back: 50.5, full: 0.06 };
    let still = |out, full| Second { out, back: 0.0, full, ..used(950, 950) };
    let missed = |out, back| Second { out, back, full: 0.011, ..QUIET };
    let table = [
        (QUIET, None),
        (out(4.8), None),
        (out(5.2), Some(Low)),
        (out(10_000.0), Some(Low)),
        (thrash(5.2, 0.009), Some(Low)),
        (thrash(5.2, 0.011), Some(Medium)),
        (thrash(10_000.0, 0.009), Some(Low)),
        (thrash(99.5, 0.9), Some(Medium)),
        (thrash(100.5, 0.049), Some(Medium)),
        (thrash(100.5, 0.051), Some(High)),
        (thrash(999.0, 0.9), Some(High)),
        (thrash(1001.0, 0.299), Some(High)),
        (thrash(1001.0, 0.301), Some(Critical)),
        (used(899, 950), Some(Medium)),
        (used(950, 899), Some(Medium)),
        (used(900, 900), Some(Critical)),
        (still(0.0, 0.06), None),
        (still(4.5, 0.06), None),
        (still(10_000.0, 0.9), Some(Low)),
        (Second { out: 49.5, ..used(950, 950) }, Some(Medium)),
        (Second { back: 49.5, ..used(950, 950) }, Some(Medium)),
        (Second { full: 0.049, ..used(950, 950) }, Some(Medium)),
        (Second { full: 0.051, ..used(950, 950) }, Some(Critical)),
        (missed(100.0, 9.0), Some(Low)),
        (missed(100.0, 11.0), Some(Medium)),
    ];
    for (at, (second, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(45, |sample, _| host.fill(sample, second));
        assert_eq!(lab.severity(SwapThrashing, HOST), expected, "row {at}");
        assert_eq!(lab.coverage(SwapThrashing), "ok");
    }
}

#[test]
fn three_seconds_of_ten_are_medium_and_two_are_not() {
    for (seconds, expected) in [(2, Low), (3, Medium)] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(30, |sample, second| {
            let swaps = second % 10 < seconds;
            let rate = if swaps { 40.0 } else { 0.0 };
            host.fill(sample, Second { out: rate, back: 2.0, full: 0.02, ..QUIET });
        });
        assert_eq!(lab.severity(SwapThrashing, HOST), Some(expected));
    }
}

#[test]
fn it_is_raised_in_the_mean_of_five_seconds_and_clears_a_minute_after_it() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, QUIET));
    let step = lab.second();
    lab.run(20, |sample, _| host.fill(sample, Second { out: 10.0, ..QUIET }));
    assert_eq!(lab.raised_at(SwapThrashing, HOST), Some(step + 3), "6 a second over 5 s");
    let end = lab.second();
    lab.run(90, |sample, _| host.fill(sample, QUIET));
    assert_eq!(lab.cleared_at(SwapThrashing, HOST), Some(end + 3 + 60), "4 a second until 2 of 5");
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, Second { out: 6.0, ..QUIET }));
    lab.run(200, |sample, _| host.fill(sample, Second { out: 4.2, ..QUIET }));
    assert_eq!(lab.severity(SwapThrashing, HOST), Some(Low));
}

#[test]
fn without_swap_it_does_not_apply_and_without_its_inputs_it_cannot_tell() {
    let mut lab = Lab::new();
    lab.run(5, |sample, _| {
        sample.memory.push().set(MemoryCell::swap_total_bytes, 0u64);
    });
    assert_eq!(lab.coverage(SwapThrashing), "not applicable: no swap is configured");
    let mut lab = Lab::new();
    lab.absent("vmstat", "no such file");
    lab.run(5, |sample, _| {
        sample.memory.push().set(MemoryCell::swap_total_bytes, 1u64);
    });
    assert_eq!(lab.coverage(SwapThrashing), "cannot tell: vmstat: no such file");
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(45, |sample, _| {
        host.fill_memory(sample, Second { out: 5000.0, back: 5000.0, ..QUIET });
    });
    assert_eq!(lab.severity(SwapThrashing, HOST), Some(Medium));
    assert_eq!(lab.coverage(SwapThrashing), "ok: without high: no pressure of memory");
}

#[test]
fn pages_that_go_through_zswap_count() {
    let (mut lab, mut host, mut pages) = (Lab::new(), Host::default(), Meter::default());
    lab.run(45, |sample, _| {
        host.fill(sample, Second { full: 0.45, ..QUIET });
        let moved = pages.add(20_000.0);
        let row = &mut sample.vm.as_mut_slice()[0];
        row.set(VmCell::zswpout, moved);
        row.set(VmCell::zswpin, moved);
    });
    assert_eq!(lab.severity(SwapThrashing, HOST), Some(Critical));
}

#[test]
fn swap_whose_free_share_is_not_told_is_no_unused_swap() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let full = Second { out: 6.0, back: 6.0, full: 0.06, swap_used: 950, used: 950 };
    lab.run(45, |sample, _| {
        host.fill(sample, full);
        sample.memory.as_mut_slice()[0].row_mut().unset_cell(MemoryCell::swap_free_bytes as usize);
    });
    let signal = lab.signal(SwapThrashing, HOST).unwrap();
    assert_eq!(signal.severity, Medium);
    assert!(signal.evidence.iter().all(|part| part.metric != Metric::SwapUsedShare));
    let told = "ok: without critical by used shares: needs SwapFree and MemAvailable";
    assert_eq!(lab.coverage(SwapThrashing), told);
}

/// Pages that are read back one by one from a disk, at so many microseconds each.
#[test]
fn pages_that_come_back_cost_what_a_read_of_their_disk_takes() {
    let idle = Second { out: 20.0, back: 4.0, ..QUIET };
    let zram = Second { out: 60.0, back: 60.0, swap_used: 950, used: 910, ..QUIET };
    for (second, read_us, stalled, expected) in [
        // A backup drives idle pages out, and some come back.
        (idle, Some(2_400.0), None, Low),
        (idle, Some(2_600.0), None, Medium),
        (idle, None, None, Medium),
        // Another group stalls meanwhile.
        (idle, Some(2_400.0), Some(0.9), Low),
        (idle, Some(2_600.0), Some(0.9), Medium),
        (idle, Some(2_600.0), Some(0.009), Low),
        // Compressed memory that is full by design, and a disk in its place.
        (zram, Some(10.0), None, Low),
        (zram, Some(820.0), None, Medium),
        (zram, Some(850.0), None, Critical),
        (zram, None, None, Medium),
        (Second { out: 49.0, ..zram }, Some(8_000.0), None, Medium),
    ] {
        let (mut lab, mut host, mut some_us) = (Lab::new(), Host::default(), Meter::default());
        let mut meters = <[Meter; 2]>::default();
        lab.run(45, |sample, _| {
            host.fill_memory(sample, second);
            if let Some(some) = stalled {
                let row = sample.pressure.push();
                row.set(PressureCell::memory_some_total_us, some_us.add(some * 1e6));
                row.set(PressureCell::memory_full_total_us, 0u64);
            }
            if let Some(read_us) = read_us {
                let row = sample.disks.push();
                row.set_name(DiskName::name, b"swap");
                row.set(DiskCell::reads, meters[0].add(second.back));
                row.set(DiskCell::read_ms, meters[1].add(second.back * read_us / 1e3));
            }
        });
        let found = lab.severity(SwapThrashing, HOST);
        assert_eq!(found, Some(expected), "{second:?} {read_us:?} {stalled:?}");
    }
}
