//! Every limit of `load_mismatch`, from just below and from just above.

use crate::lab::{Lab, Meter};
use alloc::format;
use ks_vocabulary::input::HIDEPID;
use ks_vocabulary::kind::Kind::{LoadMismatch, SwapThrashing};
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::model::{
    CpuCell, CpuSchedCell, DiskCell, DiskName, LoadCell, PressureCell, ReadTimes, Record as _,
    Sample,
};
use ks_vocabulary::subtype::Subtype;

const HOST: &str = "host";

#[derive(Clone, Copy)]
struct Load {
    running: u64,
    blocked: u64,
    cpus: u64,
    busy: f64,
}

#[derive(Default)]
struct Host {
    user: Meter,
    idle: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, load: Load) {
        let row = sample.cpu.push();
        row.set(CpuCell::cpus_online, load.cpus);
        row.set(CpuCell::user_ticks, self.user.add(load.busy * 1000.0));
        row.set(CpuCell::idle_ticks, self.idle.add((1.0 - load.busy) * 1000.0));
        row.set(CpuCell::procs_running, load.running);
        row.set(CpuCell::procs_blocked, load.blocked);
    }
}

fn load(running: u64, cpus: u64) -> Load {
    Load { running, blocked: 0, cpus, busy: 0.7 }
}

#[test]
fn each_limit_from_below_and_above() {
    let table = [
        (load(99, 100), None),
        (load(100, 100), Some(Low)),
        (load(199, 100), Some(Low)),
        (load(200, 100), Some(Medium)),
        (load(299, 100), Some(Medium)),
        (load(300, 100), Some(High)),
        (load(4, 1), Some(Medium)),
        (load(5, 1), Some(High)),
        (load(799, 100), Some(High)),
        (load(800, 100), Some(Critical)),
    ];
    for (at, (load, expected)) in table.into_iter().enumerate() {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(45, |sample, _| host.fill(sample, load));
        assert_eq!(lab.severity(LoadMismatch, HOST), expected, "row {at}");
        assert_eq!(lab.coverage(LoadMismatch), "ok");
    }
}

#[test]
fn subtypes_say_what_kind_of_demand_it_is() {
    let demand = |running, blocked, busy| Load { running, blocked, cpus: 10, busy };
    let table = [
        (demand(20, 0, 0.89), None),
        (demand(20, 0, 0.91), Some(Subtype::CpuBound)),
        (demand(20, 0, 0.49), Some(Subtype::IdleMismatch)),
        (demand(11, 9, 0.89), None),
        (demand(10, 10, 0.95), Some(Subtype::Blocked)),
    ];
    for (load, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(10, |sample, _| host.fill(sample, load));
        assert_eq!(lab.subtype(LoadMismatch, HOST), expected);
    }
}

#[test]
fn blocked_tasks_that_nobody_else_knows_of_are_low() {
    // The load average, requests in flight, and what holds.
    let table = [
        (Some(0.4), 0u64, Some(Low)),
        (Some(20.9), 0, Some(Low)),
        (Some(21.0), 0, Some(Medium)),
        (Some(0.4), 20, Some(Medium)),
        (None, 0, Some(Low)),
    ];
    for (load1, in_flight, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(20, |sample, _| {
            host.fill(sample, Load { running: 1, blocked: 40, cpus: 20, busy: 0.1 });
            let row = sample.disks.push();
            row.set_name(DiskName::name, b"sda");
            row.set(DiskCell::in_flight, in_flight);
            sample.blocked.set_read(ReadTimes::default());
            if let Some(load1) = load1 {
                sample.load.push().set(LoadCell::load1, load1);
            }
        });
        assert_eq!(lab.severity(LoadMismatch, HOST), expected, "{load1:?} {in_flight}");
    }
}

#[test]
fn tasks_that_wake_with_the_recorder_and_wait_for_nothing_are_no_demand() {
    let severity = |busy: f64, waits: f64| {
        let (mut lab, mut host, mut stall) = (Lab::new(), Host::default(), Meter::default());
        lab.run(20, |sample, _| {
            host.fill(sample, Load { running: 20, blocked: 0, cpus: 10, busy });
            let row = sample.pressure.push();
            row.set(PressureCell::cpu_some_total_us, stall.add(waits * 1e6));
        });
        lab.severity(LoadMismatch, HOST)
    };
    assert_eq!(severity(0.05, 0.02), None);
    assert_eq!(severity(0.05, 0.5), Some(Medium), "the load is not spread");
    assert_eq!(severity(0.7, 0.02), Some(Medium));
}

#[test]
fn without_stall_shares_queues_say_whether_tasks_wait_on_an_idle_host() {
    // Busy share, tasks that wait for each CPU where they tell, and what holds.
    let table = [
        (0.12, Some(0.09), None),
        (0.12, Some(0.11), Some(High)),
        (0.49, None, Some(Low)),
        (0.51, None, Some(High)),
    ];
    for (busy, waiting, expected) in table {
        let (mut lab, mut host, mut waited) = (Lab::every(10), Host::default(), Meter::default());
        lab.run(20, |sample, _| {
            host.fill(sample, Load { running: 40, blocked: 0, cpus: 10, busy });
            let Some(waiting) = waiting else { return };
            let wait_ns = waited.add(waiting * 1e10);
            for cpu in 0..10u64 {
                let row = sample.sched.push();
                row.set(CpuSchedCell::cpu, cpu);
                row.set(CpuSchedCell::wait_ns, wait_ns);
            }
        });
        assert_eq!(lab.severity(LoadMismatch, HOST), expected, "{busy} {waiting:?}");
    }
}

/// A queue of forty tasks on ten CPUs of which each is met at work.
#[test]
fn high_demand_wants_time_lost_too() {
    for (busy, waits, expected) in [
        (0.7, Some(0.24), Medium),
        (0.7, Some(0.26), High),
        (0.9, Some(0.0), High),
        (0.7, None, High),
    ] {
        let (mut lab, mut host, mut stall) = (Lab::new(), Host::default(), Meter::default());
        lab.run(45, |sample, _| {
            host.fill(sample, Load { running: 40, blocked: 0, cpus: 10, busy });
            if let Some(waits) = waits {
                let row = sample.pressure.push();
                row.set(PressureCell::io_some_total_us, stall.add(waits * 1e6));
            }
        });
        assert_eq!(lab.severity(LoadMismatch, HOST), Some(expected), "{busy} {waits:?}");
    }
}

#[test]
fn it_is_raised_by_the_mean_of_five_seconds_and_clears_a_minute_after_it() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, load(0, 2)));
    let step = lab.second();
    lab.run(20, |sample, _| host.fill(sample, load(4, 2)));
    assert_eq!(lab.raised_at(LoadMismatch, HOST), Some(step + 3), "4/2 for 3 of 5 s is 1.2");
    let end = lab.second();
    lab.run(90, |sample, _| host.fill(sample, load(1, 2)));
    assert_eq!(lab.cleared_at(LoadMismatch, HOST), Some(end + 4 + 60), "0.8 while 1 of 5 s");
}

#[test]
fn one_instant_after_a_pause_is_no_verdict_and_a_load_that_stays_is_one() {
    let raised = |overloaded_seconds: u64| {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(20, |sample, _| host.fill(sample, load(1, 2)));
        lab.pass(30);
        let end = lab.second();
        lab.run(30, |sample, second| {
            host.fill(sample, load(if second < overloaded_seconds { 100 } else { 0 }, 2));
        });
        lab.raised_at(LoadMismatch, HOST).map(|at| at - end)
    };
    assert_eq!(raised(1), None, "50 for each CPU, in one instant");
    assert_eq!(raised(30), Some(2));
}

#[test]
fn nothing_is_raised_by_one_instant_after_a_gap() {
    let raised = |overloaded_seconds: u64| {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(20, |sample, _| host.fill(sample, load(1, 2)));
        lab.gap(30);
        let end = lab.second();
        // The first reading after it has nothing before it; the second is late.
        lab.run(1, |sample, _| host.fill(sample, load(1, 2)));
        lab.pass(8);
        lab.run(30, |sample, second| {
            host.fill(sample, load(if second < overloaded_seconds { 100 } else { 0 }, 2));
        });
        lab.raised_at(LoadMismatch, HOST).map(|at| at - end)
    };
    assert_eq!(raised(1), None);
    assert_eq!(raised(30), Some(1 + 8 + 5));
}

#[test]
fn without_proc_stat_it_cannot_tell() {
    let mut lab = Lab::new();
    lab.absent("stat", "no such file");
    lab.run(5, |_, _| ());
    assert_eq!(lab.coverage(LoadMismatch), "cannot tell: stat: no such file");
}

#[test]
fn where_processes_are_hidden_coverage_says_that_none_is_blamed() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.limited("processes", &format!("{HIDEPID}3 processes are visible, with 9 of 106 tasks"));
    lab.run(10, |sample, _| host.fill(sample, load(1, 100)));
    assert_eq!(
        lab.coverage(LoadMismatch),
        "ok: without culprits among processes: those of others are hidden from the recorder"
    );
    assert!(lab.coverage(SwapThrashing).starts_with("cannot tell"), "what is not judged stays so");
    lab.limited("processes", "every 10 s");
    lab.run(10, |sample, _| host.fill(sample, load(1, 100)));
    assert_eq!(lab.coverage(LoadMismatch), "ok");
}

#[test]
fn idle_time_alone_makes_no_idle_host() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(45, |sample, _| {
        host.fill(sample, load(400, 100));
        sample.cpu.as_mut_slice()[0].row_mut().unset_cell(CpuCell::user_ticks as usize);
    });
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    assert_eq!(lab.coverage(LoadMismatch), "cannot tell: system: not given by this host");
}
