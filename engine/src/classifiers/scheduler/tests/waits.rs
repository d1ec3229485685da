//! What waits of tasks make of a stall share.

use super::*;

#[test]
fn few_tasks_that_wait_for_less_than_a_slice_are_low() {
    // Share of the time in which some task of the host waits, tasks that wait for each CPU and the
    // slices that it runs, at 3 ms for each; what holds of the host and of a group in which some
    // task waits all of the time.
    let table = [
        (0.95, 0.49, 166.0, Low),
        (0.95, 0.49, 160.0, Medium),
        (0.95, 0.51, 1000.0, Medium),
        (0.38, 0.099, 1.0, Low),
        (0.38, 0.101, 1.0, Medium),
    ];
    for (some, waiting, run, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut waited, mut slices] = [Meter::default(), Meter::default()];
        let mut job = Job::default();
        lab.run(40, |sample, _| {
            host.fill(sample, some, 0.0);
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
fn run_queues_that_do_not_know_of_the_work_are_not_believed() {
    // The share of the time in which they say that a task ran, and waited, where CPUs are busy for
    // 0.9 of it and some task waits as long.
    for (runs, waits, expected) in
        [(0.29, 0.46, Critical), (0.31, 0.46, Medium), (0.31, 0.44, Critical)]
    {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut user, mut idle, mut ran, mut waited] = <[Meter; 4]>::default();
        lab.run(40, |sample, _| {
            host.fill(sample, 0.9, 0.0);
            let row = &mut sample.cpu.as_mut_slice()[0];
            row.set(CpuCell::cpus_online, 1u64);
            row.set(CpuCell::user_ticks, user.add(90.0));
            row.set(CpuCell::idle_ticks, idle.add(10.0));
            row.set(CpuCell::system_ticks, 0u64);
            let row = sample.sched.push();
            row.set(CpuSchedCell::cpu, 0u64);
            row.set(CpuSchedCell::wait_ns, waited.add(waits * 1e9));
            row.set(CpuSchedCell::running_ns, ran.add(runs * 1e9));
            sample.sched.set_read(ReadTimes::default());
        });
        assert_eq!(lab.severity(Scheduler, HOST), Some(expected), "{runs} {waits}");
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

/// A process of a group that waits for such a part of the time, on one of many CPUs.
#[test]
fn a_group_that_is_late_on_a_few_cpus_of_many_is_told_as_on_few() {
    // Tasks that wait for that CPU and its slices, the share of the time for which the only thread
    // of a process of the group waits, its nice level, and what holds of the group.
    let table = [
        (2.1, 400.0, 0.65, 0i64, Critical),
        (2.1, 430.0, 0.65, 0, Medium),
        (1.9, 300.0, 0.65, 0, Medium),
        (0.51, 10.0, 0.65, 0, Critical),
        (0.51, 11.0, 0.65, 0, Medium),
        (2.1, 400.0, 0.5, 0, Medium),
        (2.1, 400.0, 0.65, 19, Low),
    ];
    for (waiting, slices, waits, nice, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut job, mut api] = [Job::default(), Job::default()];
        let [mut waited, mut run, mut own] = <[Meter; 3]>::default();
        lab.run(60, |sample, second| {
            host.fill(sample, 0.95, 0.0);
            sample.cpu.as_mut_slice()[0].set(CpuCell::cpus_online, 64u64);
            job.fill(sample, Some(0.95), 0.0);
            sample.cgroups.as_mut_slice()[0].row_mut().unset_cell(CgroupCell::nr_periods as usize);
            // Somebody else waits too, so that not all who wait are niced.
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"v2");
            row.set_name(CgroupName::path, b"/other");
            row.set(CgroupCell::cpu_some_total_us, api.some_us.add(0.2e6));
            short_waits(sample, &mut Meter::default(), &mut Meter::default(), (0.0, 1e4));
            let row = &mut sample.sched.as_mut_slice()[0];
            row.set(CpuSchedCell::wait_ns, waited.add(waiting * 1e9));
            row.set(CpuSchedCell::timeslices, run.add(slices));
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 5u64);
            row.set(ProcessCell::start_ticks, 9u64);
            row.set(ProcessCell::threads, 1u64);
            row.set(ProcessCell::nice, nice);
            row.set(ProcessCell::leader_wait_ns, own.add(waits * 1e9));
            row.set_name(ProcessName::cgroup, b"/job");
            sample.processes_complete = second == 0;
        });
        let told = lab.severity(Scheduler, GROUP);
        let expected = Some(expected).filter(|severity| *severity != Low);
        assert_eq!(told, expected, "{waiting} {slices} {waits} {nice}");
        assert!(lab.severity(Scheduler, HOST) <= Some(Medium), "few of its CPUs are late");
    }
}
