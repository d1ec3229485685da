//! Every limit of `scheduler`, from just below and from just above.

mod groups;
mod waits;

use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::Scheduler;
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{
    CgroupCell, CgroupName, CpuCell, CpuSchedCell, PressureCell, ProcessCell, ProcessName,
    ReadTimes, Record as _, Rows, Sample,
};
use ks_vocabulary::subtype::Subtype;

const HOST: &str = "host";
const GROUP: &str = "cgroup:/job";
const TRACER: &str =
    "ok: without run-queue latency: needs bpf/scheduler; control groups: not in the recording";

#[derive(Default)]
struct Host {
    some_us: Meter,
    idle: Meter,
    user: Meter,
    steal: Meter,
    switches: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, some: f64, steal: f64) {
        let row = sample.pressure.push();
        row.set(PressureCell::cpu_some_total_us, self.some_us.add(some * 1e6));
        let row = sample.cpu.push();
        row.set(CpuCell::cpus_online, 2u64);
        row.set(CpuCell::idle_ticks, self.idle.add((1.0 - steal) * 1000.0));
        row.set(CpuCell::steal_ticks, self.steal.add(steal * 1000.0));
        row.set(CpuCell::context_switches, self.switches.add(600.0));
    }
}

#[derive(Default)]
struct Job {
    some_us: Meter,
    periods: Meter,
    throttled: Meter,
    lost_us: Meter,
}

impl Job {
    fn fill(&mut self, sample: &mut Sample, some: Option<f64>, throttled: f64) {
        self.fill_lost(sample, some, throttled, 1.0);
    }

    /// `lost` are the seconds that its CPUs lose in one.
    fn fill_lost(&mut self, sample: &mut Sample, some: Option<f64>, throttled: f64, lost: f64) {
        let row = sample.cgroups.push();
        row.set_name(CgroupName::hierarchy, b"v2");
        row.set_name(CgroupName::path, b"/job");
        row.set(CgroupCell::inode, 1u64);
        row.set(CgroupCell::nr_periods, self.periods.add(1000.0));
        row.set(CgroupCell::nr_throttled, self.throttled.add(throttled * 1000.0));
        row.set(CgroupCell::throttled_us, self.lost_us.add(lost * 1e6));
        let some_us = some.map(|some| self.some_us.add(some * 1e6));
        row.set_some(CgroupCell::cpu_some_total_us, some_us);
    }
}

#[test]
fn each_limit_of_the_host_from_below_and_above() {
    let table = [
        (0.099, None),
        (0.101, Some(Low)),
        (0.249, Some(Low)),
        (0.251, Some(Medium)),
        (0.499, Some(Medium)),
        (0.501, Some(High)),
        (0.799, Some(High)),
        (0.801, Some(Critical)),
    ];
    for (some, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| host.fill(sample, some, 0.0));
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{some}");
        assert_eq!(lab.coverage(Scheduler), TRACER);
    }
}

#[test]
fn it_is_raised_within_a_second_of_a_step_and_clears_a_minute_after_it() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, 0.0, 0.0));
    let step = lab.second();
    lab.run(20, |sample, _| host.fill(sample, 0.9, 0.0));
    assert_eq!(lab.raised_at(Scheduler, HOST), Some(step + 1));
    let end = lab.second();
    lab.run(90, |sample, _| host.fill(sample, 0.079, 0.0));
    // The mean over 5 s is below 8 % from the fifth second on.
    assert_eq!(lab.cleared_at(Scheduler, HOST), Some(end + 4 + 60));
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| host.fill(sample, 0.12, 0.0));
    lab.run(200, |sample, _| host.fill(sample, 0.081, 0.0));
    assert_eq!(lab.severity(Scheduler, HOST), Some(Low));
}

#[test]
fn steal_names_the_hypervisor() {
    for (steal, subtype) in [(0.049, None), (0.051, Some(Subtype::Stolen))] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(20, |sample, _| {
            host.fill(sample, 0.3, steal);
            let user = host.user.add((1.0 - steal) * 1000.0);
            sample.cpu.as_mut_slice()[0].set(CpuCell::user_ticks, user);
        });
        assert_eq!(lab.subtype(Scheduler, HOST), subtype);
    }
}

#[test]
fn each_limit_of_stolen_time_where_the_host_is_at_work() {
    // Share of what is asked for, tasks that want to run on two CPUs, stall shares where the kernel
    // has them, and what holds.
    let table = [
        (0.099, 2u64, Some(0.05), None),
        (0.101, 2, Some(0.05), Some(Low)),
        (0.249, 2, Some(0.05), Some(Low)),
        (0.251, 2, Some(0.05), Some(Medium)),
        (0.499, 2, Some(0.05), Some(Medium)),
        (0.501, 2, Some(0.05), Some(High)),
        (0.6, 1, Some(0.05), Some(High)),
        (0.6, 0, Some(0.05), None),
        (0.249, 2, None, Some(Low)),
        (0.251, 2, None, Some(Medium)),
    ];
    for (stolen, running, some, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, some.unwrap_or(0.0), 0.8 * stolen);
            let row = &mut sample.cpu.as_mut_slice()[0];
            row.set(CpuCell::user_ticks, host.user.add(800.0 * (1.0 - stolen)));
            row.set(CpuCell::procs_running, running);
            row.set(CpuCell::procs_blocked, 0u64);
            if some.is_none() {
                sample.pressure = Rows::default();
            }
            short_waits(sample, &mut Meter::default(), &mut Meter::default(), (0.0, 1.0));
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{stolen} {running} {some:?}");
        let subtype = expected.map(|_| Subtype::Stolen);
        assert_eq!(lab.subtype(Scheduler, HOST), subtype, "{stolen} {running} {some:?}");
    }
}

/// What two CPUs tell of a mean number of tasks that wait for each, and of slices that each runs.
fn short_waits(
    sample: &mut Sample,
    waited: &mut Meter,
    slices: &mut Meter,
    (waiting, run): (f64, f64),
) {
    let (wait_ns, timeslices) = (waited.add(waiting * 1e9), slices.add(run));
    for cpu in 0..2u64 {
        let row = sample.sched.push();
        row.set(CpuSchedCell::cpu, cpu);
        row.set(CpuSchedCell::wait_ns, wait_ns);
        row.set(CpuSchedCell::timeslices, timeslices);
    }
    sample.sched.set_read(ReadTimes::default());
}

#[test]
fn without_pressure_of_the_cpu_it_cannot_tell() {
    let mut lab = Lab::new();
    lab.absent("pressure/cpu", "not supported by this kernel");
    lab.run(5, |sample, _| {
        sample.pressure.push().set(PressureCell::io_some_total_us, 0u64);
    });
    let told = "cannot tell: pressure/cpu: not supported by this kernel";
    assert_eq!(lab.coverage(Scheduler), told);
}

#[test]
fn time_stolen_that_is_not_told_is_no_evidence_of_none() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(20, |sample, _| {
        host.fill(sample, 0.3, 0.2);
        sample.cpu.as_mut_slice()[0].row_mut().unset_cell(CpuCell::steal_ticks as usize);
    });
    let signal = lab.signal(Scheduler, HOST).unwrap();
    assert_eq!(signal.subtype, None);
    assert!(signal.evidence.iter().all(|part| part.metric != Metric::StealShare));
}
