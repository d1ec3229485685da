//! What holds of control groups: their stalls, their weights and their quotas.

use super::*;

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

/// The kernel counts the idle policy as user time, and pinned work is a small part of all.
#[test]
fn a_group_of_batch_work_alone_may_wait_as_long_as_nobody_else_does() {
    // Nice level and policy of its processes, what another group waits, and what holds of the host.
    let table = [
        ((0i64, 5u64), 0.09, None),
        ((10, 0), 0.09, None),
        ((9, 0), 0.09, Some(Critical)),
        ((0, 5), 0.11, Some(Critical)),
    ];
    for ((nice, policy), others, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let [mut batch, mut api] = [Job::default(), Job::default()];
        lab.run(40, |sample, second| {
            host.fill(sample, 0.9, 0.0);
            let waits = [batch.some_us.add(0.9e6), api.some_us.add(others * 1e6)];
            for (at, path) in [b"/user/crunch".as_slice(), b"/system"].iter().enumerate() {
                let row = sample.cgroups.push();
                row.set_name(CgroupName::hierarchy, b"v2");
                row.set_name(CgroupName::path, path);
                row.set(CgroupCell::cpu_some_total_us, waits[at]);
                let row = sample.processes.push();
                row.set(ProcessCell::pid, 5 + at as u64);
                row.set(ProcessCell::start_ticks, 9u64);
                row.set(ProcessCell::nice, if at == 0 { nice } else { 0 });
                row.set(ProcessCell::policy, if at == 0 { policy } else { 0 });
                row.set_name(ProcessName::cgroup, path);
            }
            sample.processes_complete = second == 0;
        });
        assert_eq!(lab.severity(Scheduler, HOST), expected, "{nice} {policy} {others}");
    }
}
