//! Every limit of `scheduler`, from just below and from just above.

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
fn few_tasks_that_wait_for_less_than_a_slice_are_low() {
    // Tasks that wait for each CPU and the slices that it runs, at 3 ms for each; what holds of the
    // host and of a group in which some task waits all of the time.
    let table = [
        (0.49, 166.0, Low),
        (0.49, 160.0, Medium),
        (0.51, 1000.0, Medium),
        (0.099, 1.0, Low),
        (0.101, 1.0, Medium),
    ];
    for (waiting, run, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut waited, mut slices] = [Meter::default(), Meter::default()];
        let mut job = Job::default();
        lab.run(40, |sample, _| {
            host.fill(sample, 0.95, 0.0);
            job.fill(sample, Some(0.95), 0.0);
            sample.cgroups.as_mut_slice()[0].row_mut().unset_cell(CgroupCell::nr_periods as usize);
            short_waits(sample, &mut waited, &mut slices, (waiting, run));
        });
        assert_eq!(lab.severity(Scheduler, HOST), Some(expected), "{waiting} {run}");
        assert_eq!(lab.severity(Scheduler, GROUP), Some(expected), "{waiting} {run}");
    }
}

#[test]
fn one_cpu_on_which_many_wait_is_not_hidden_by_those_that_rest() {
    for (slices, expected) in [(400.0, Low), (300.0, Medium)] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut waited, mut run] = [Meter::default(), Meter::default()];
        lab.run(40, |sample, _| {
            host.fill(sample, 0.95, 0.0);
            sample.cpu.as_mut_slice()[0].set(CpuCell::cpus_online, 32u64);
            short_waits(sample, &mut Meter::default(), &mut Meter::default(), (0.0, 1e4));
            let row = &mut sample.sched.as_mut_slice()[0];
            row.set(CpuSchedCell::wait_ns, waited.add(1e9));
            row.set(CpuSchedCell::timeslices, run.add(slices));
        });
        assert_eq!(lab.severity(Scheduler, HOST), Some(expected), "{slices}");
    }
}

#[test]
fn a_quota_on_batch_work_is_low_and_nobody_elses_stall() {
    // Nice level of one of two members, what another group waits, and what holds of the group, of
    // the one around it and of the host.
    let table = [
        (10i64, 0.09, Some(Low), None, None),
        (9, 0.09, Some(Critical), None, None),
        (9, 0.11, Some(Critical), Some(Critical), Some(Critical)),
    ];
    for (nice, others, of_group, of_parent, of_host) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut job, mut api] = [Job::default(), Job::default()];
        lab.run(40, |sample, second| {
            host.fill(sample, 0.9, 0.0);
            job.fill_lost(sample, Some(0.9), 0.9, 0.8);
            let waited_us = sample.cgroups.as_mut_slice()[0].cpu_some_total_us().unwrap();
            sample.cgroups.as_mut_slice()[0].set_name(CgroupName::path, b"/batch/job");
            let others_us = api.some_us.add(others * 1e6);
            for (path, us) in [(b"/api".as_slice(), others_us), (b"/batch", waited_us)] {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path);
                row.set(CgroupCell::cpu_some_total_us, us);
            }
            for (pid, nice) in [(5u64, 19i64), (6, nice)] {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, pid);
                row.set(ProcessCell::start_ticks, 9u64);
                row.set(ProcessCell::nice, nice);
                row.set_name(ProcessName::cgroup, b"/batch/job");
            }
            sample.processes_complete = second == 0;
        });
        let told = |entity| lab.severity(Scheduler, entity);
        assert_eq!(told("cgroup:/batch/job"), of_group, "{nice} {others}");
        assert_eq!(told("cgroup:/batch"), of_parent, "{nice} {others}");
        assert_eq!(told(HOST), of_host, "{nice} {others}");
    }
}

#[test]
fn no_more_is_lost_to_throttling_than_some_task_of_the_group_waits() {
    // Its stall share, whether the kernel counts those that wait alone, and what holds.
    let table = [
        (0.099, true, None),
        (0.101, true, Some(Medium)),
        (0.249, true, Some(Medium)),
        (0.251, true, Some(High)),
        (0.012, false, Some(High)),
    ];
    for (some, counts_one, expected) in table {
        let (mut lab, mut job) = (Lab::new(), Job::default());
        lab.run(40, |sample, _| {
            job.fill(sample, Some(some), 0.6);
            if counts_one {
                let row = &mut sample.cgroups.as_mut_slice()[0];
                row.set(CgroupCell::cpu_full_total_us, 0u64);
            }
        });
        assert_eq!(lab.severity(Scheduler, GROUP), expected, "{some} {counts_one}");
    }
}

#[test]
fn a_group_of_a_quarter_of_the_weight_beside_it_gives_way() {
    // Its weight, that of a third group beside it, what the others wait, and what holds of the
    // host, of the group and of the demand.
    let table = [
        (25u64, 100u64, 0.09, None, None),
        (26, 100, 0.09, Some(Critical), Some(Critical)),
        (25, 99, 0.09, Some(Critical), Some(Critical)),
        (25, 100, 0.11, Some(Critical), Some(Critical)),
        (100, 400, 0.09, None, None),
        (100, 399, 0.09, Some(Critical), Some(Critical)),
    ];
    for (weight, third, others, of_host, of_group) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut batch, mut api] = [Job::default(), Job::default()];
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.0);
            let waits = [batch.some_us.add(0.9e6), api.some_us.add(others * 1e6), 0];
            let weights = [weight, if weight == 100 { 400 } else { 100 }, third];
            for (at, path) in [b"/batch".as_slice(), b"/system", b"/user"].iter().enumerate() {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path);
                row.set(CgroupCell::cpu_weight, weights[at]);
                row.set(CgroupCell::cpu_some_total_us, waits[at]);
            }
        });
        let told = |entity| lab.severity(Scheduler, entity);
        assert_eq!(told(HOST), of_host, "{weight} {third} {others}");
        assert_eq!(told("cgroup:/batch"), of_group, "{weight} {third} {others}");
    }
}

#[test]
fn where_no_process_tells_of_waits_cpus_do() {
    for (waits, expected) in
        [(None, Some(Critical)), (Some(1.49), Some(Medium)), (Some(1.51), Some(Critical))]
    {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let mut waited = Meter::default();
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.0);
            sample.cpu.as_mut_slice()[0].set(CpuCell::cpus_online, 2u64);
            let Some(waits) = waits else { return };
            let wait_ns = waited.add(waits * 1e9);
            for cpu in 0..2u64 {
                let row = sample.sched.push();
                row.set(CpuSchedCell::cpu, cpu);
                row.set(CpuSchedCell::wait_ns, wait_ns);
            }
            sample.sched.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{waits:?}");
    }
}

#[test]
fn a_group_of_the_least_weight_may_wait_as_long_as_nobody_else_does() {
    // The weight of the group that waits all of the time, how much another does, and what holds of
    // the host, of the group and of one around it.
    let table = [
        (1u64, 0.09, None, None),
        (2, 0.09, Some(Critical), Some(Critical)),
        (1, 0.11, Some(Critical), None),
    ];
    for (weight, others, of_host, of_group) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut light, mut api] = [Job::default(), Job::default()];
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.0);
            for path in [b"/".as_slice(), b"/pods", b"/pods/light"] {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path);
            }
            let waited_us = light.some_us.add(0.9e6);
            for row in sample.cgroups.as_mut_slice() {
                row.set(CgroupCell::cpu_some_total_us, waited_us);
                row.set(CgroupCell::cpu_weight, 100u64);
            }
            sample.cgroups.as_mut_slice()[2].set(CgroupCell::cpu_weight, weight);
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"v2");
            row.set_name(CgroupName::path, b"/services");
            row.set(CgroupCell::cpu_weight, 100u64);
            row.set(CgroupCell::cpu_some_total_us, api.some_us.add(others * 1e6));
        });
        assert_eq!(lab.severity(Scheduler, HOST), of_host, "{weight} {others}");
        let around = lab.severity(Scheduler, "cgroup:/pods");
        assert_eq!(around, of_host, "{weight} {others}");
        let own = lab.severity(Scheduler, "cgroup:/pods/light");
        assert_eq!(own, of_group, "{weight} {others}");
    }
}

#[test]
fn where_no_process_tells_of_waits_niced_work_gives_way_to_little_else() {
    // Ticks of a second that are niced and that are not, whether another group waits beside that of
    // the work, and what holds.
    let table = [
        (900.0, 100.0, false, None),
        (450.0, 550.0, false, Some(Critical)),
        (400.0, 100.0, false, None),
        (900.0, 100.0, true, Some(Critical)),
    ];
    for (niced, others, waits, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut nice, mut user] = [Meter::default(), Meter::default()];
        let [mut batch, mut api] = [Job::default(), Job::default()];
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.0);
            let row = &mut sample.cpu.as_mut_slice()[0];
            row.set(CpuCell::idle_ticks, 0u64);
            row.set(CpuCell::nice_ticks, nice.add(niced));
            row.set(CpuCell::user_ticks, user.add(others));
            row.set(CpuCell::system_ticks, 0u64);
            let waited =
                [batch.some_us.add(0.9e6), api.some_us.add(if waits { 0.3e6 } else { 0.0 })];
            for (path, waited_us) in [b"/batch".as_slice(), b"/web"].into_iter().zip(waited) {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path);
                row.set(CgroupCell::cpu_some_total_us, waited_us);
            }
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{niced} {others} {waits}");
    }
}

#[test]
fn what_many_cpus_lose_at_once_is_lost_once() {
    // A quota of a tenth of a second, met so often in ten seconds on 24 CPUs.
    for (periods, expected) in [(8.0, None), (12.0, Some(Medium)), (27.0, Some(High))] {
        let (mut lab, mut host, mut job) = (Lab::new(), Host::default(), Job::default());
        lab.run(40, |sample, _| {
            host.fill(sample, 0.0, 0.0);
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"v2");
            row.set_name(CgroupName::path, b"/job");
            row.set(CgroupCell::inode, 1u64);
            row.set(CgroupCell::cpu_period_us, 100_000u64);
            row.set(CgroupCell::nr_periods, job.periods.add(periods / 10.0 * 1.8));
            row.set(CgroupCell::nr_throttled, job.throttled.add(periods / 10.0));
            row.set(CgroupCell::throttled_us, job.lost_us.add(24.0 * periods / 10.0 * 9e4));
        });
        assert_eq!(lab.severity(Scheduler, GROUP), expected, "{periods}");
    }
}

#[test]
fn each_limit_of_a_group() {
    let table = [
        (Some(0.0), 0.249, None, None),
        (Some(0.0), 0.251, Some(Medium), Some(Subtype::Throttled)),
        (Some(0.0), 0.499, Some(Medium), Some(Subtype::Throttled)),
        (Some(0.0), 0.501, Some(High), Some(Subtype::Throttled)),
        (None, 0.251, Some(Medium), Some(Subtype::Throttled)),
        (Some(0.101), 0.0, Some(Low), None),
        (Some(0.501), 0.3, Some(High), Some(Subtype::Throttled)),
        (Some(0.501), 0.2, Some(High), None),
        (Some(0.801), 0.0, Some(Critical), None),
        (Some(0.099), 0.0, None, None),
    ];
    for (some, throttled, severity, subtype) in table {
        let (mut lab, mut host, mut job) = (Lab::new(), Host::default(), Job::default());
        lab.run(40, |sample, _| {
            host.fill(sample, 0.0, 0.0);
            job.fill(sample, some, throttled);
        });
        assert_eq!(lab.severity(Scheduler, GROUP), severity, "{some:?} {throttled}");
        assert_eq!(lab.subtype(Scheduler, GROUP), subtype, "{some:?} {throttled}");
        assert_eq!(lab.severity(Scheduler, HOST), None);
    }
}

#[test]
fn a_quota_that_is_met_now_and_then_costs_nothing() {
    let table = [(0.099, None), (0.101, Some(Medium)), (0.249, Some(Medium)), (0.251, Some(High))];
    for (lost, expected) in table {
        let (mut lab, mut job) = (Lab::new(), Job::default());
        lab.run(40, |sample, _| job.fill_lost(sample, None, 0.6, lost));
        assert_eq!(lab.severity(Scheduler, GROUP), expected, "{lost} s lost in one");
    }
}

#[test]
fn throttling_goes_on_above_four_fifths_of_its_limit() {
    let (mut lab, mut job) = (Lab::new(), Job::default());
    lab.run(20, |sample, _| job.fill(sample, None, 0.3));
    lab.run(200, |sample, _| job.fill(sample, None, 0.201));
    assert_eq!(lab.severity(Scheduler, GROUP), Some(Medium));
    lab.run(80, |sample, _| job.fill(sample, None, 0.199));
    assert_eq!(lab.severity(Scheduler, GROUP), None);
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
fn a_stall_share_without_delay_is_medium_at_most() {
    // Threads that wait for a CPU in the mean, of 8 CPUs, and switches, at 5 ms for each.
    for (waiting, switches, expected) in
        [(3.9, 700.0, Medium), (4.1, 700.0, Critical), (4.1, 840.0, Medium), (4.3, 840.0, Critical)]
    {
        let (mut lab, mut host, mut waits) = (Lab::new(), Host::default(), Meter::default());
        let mut turns = Meter::default();
        lab.run(60, |sample, second| {
            host.fill(sample, 0.95, 0.0);
            let cpu = &mut sample.cpu.as_mut_slice()[0];
            cpu.set(CpuCell::cpus_online, 8u64);
            cpu.set(CpuCell::context_switches, turns.add(switches));
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 5u64);
            row.set(ProcessCell::start_ticks, 9u64);
            row.set(ProcessCell::wait_ns, waits.add(waiting * 1e9));
            sample.processes_complete = second == 0;
        });
        assert_eq!(lab.severity(Scheduler, HOST), Some(expected), "{waiting} {switches}");
    }
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
