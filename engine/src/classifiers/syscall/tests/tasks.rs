//! Process ids of the host and of control groups: shares, pace, refused forks, and whose they are.

use super::*;
use ks_vocabulary::model::ProcessName;

/// A group that had so many tasks fewer at each second before the last, with its limit and the
/// forks that it was refused so far.
#[derive(Clone, Copy)]
struct Job {
    pids: u64,
    pace: f64,
    max: u64,
    refused: Option<u64>,
}

const JOB: Job = Job { pids: 1, pace: 0.0, max: 1000, refused: Some(0) };

fn group(sample: &mut Sample, job: Job) {
    let row = sample.cgroups.push();
    row.set_name(CgroupName::hierarchy, b"pids");
    row.set_name(CgroupName::path, b"/job");
    row.set(CgroupCell::inode, 1u64);
    row.set(CgroupCell::pids, job.pids);
    row.set(CgroupCell::pids_max, job.max);
    row.set_some(CgroupCell::pids_fail, job.refused);
}

const SECONDS: u64 = 130;

/// How many fewer they were at `second` of [`SECONDS`].
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive")]
fn fewer(pace: f64, second: u64) -> u64 {
    ((SECONDS - 1 - second) as f64 * pace) as u64
}

/// How bad the tasks of the host and of its group are in the end, both of which are `job`'s.
fn found(job: Job) -> [Option<Severity>; 2] {
    let mut lab = Lab::new();
    lab.run(SECONDS, |sample, second| {
        let pids = job.pids - fewer(job.pace, second);
        host(sample, pids);
        for limit in [LimitsCell::pid_max, LimitsCell::threads_max] {
            sample.limits.as_mut_slice()[0].set(limit, job.max);
        }
        group(sample, Job { pids, refused: job.refused.map(|rate| 3 + rate * second), ..job });
    });
    [lab.severity(Syscall, "host"), lab.severity(Syscall, "cgroup:pids:/job")]
}

/// The severity of a share where it is used up soon, where it stands, where no fork is refused.
const SHARES: [(u64, [Option<Severity>; 3]); 6] = [
    (799, [None; 3]),
    (800, [Some(Medium), Some(Low), Some(Low)]),
    (899, [Some(Medium), Some(Low), Some(Low)]),
    (900, [Some(High), Some(Medium), Some(Low)]),
    (949, [Some(High), Some(Medium), Some(Low)]),
    (950, [Some(Critical), Some(High), Some(Low)]),
];

#[test]
fn each_share_of_process_ids_from_below_and_above() {
    for (pids, [soon, steady, unrefused]) in SHARES {
        let job = Job { pids, ..JOB };
        assert_eq!(found(job), [steady, unrefused], "{pids}");
        assert_eq!(found(Job { refused: None, ..job }), [steady; 2], "{pids}, forks not counted");
        let forks = soon.max(Some(Medium));
        assert_eq!(found(Job { refused: Some(9), ..job }), [steady, forks], "{pids}, refused");
        if pids != 800 && pids != 900 && pids != 950 {
            continue;
        }
        assert_eq!(found(Job { pids: pids + 9, pace: 0.08, ..job }), [soon; 2], "{pids}, grows");
    }
}

#[test]
fn what_grows_is_worse_where_the_rest_is_gone_within_hours() {
    // 19,200 of 20,000 and one, two or four more a minute: 800 are left for 6 h, 3.3 h.
    for (pace, expected) in [(0.037, [Some(High), Some(Low)]), (0.067, [Some(Critical); 2])] {
        assert_eq!(found(Job { pids: 19_200, pace, max: 20_000, ..JOB }), expected, "{pace}");
    }
}

#[test]
fn a_limit_that_is_set_to_the_processes_of_a_service_says_nothing() {
    for (pids, max, refused, expected) in [
        (1, 1, Some(0), None),
        (8, 10, Some(0), None),
        (8, 10, None, None),
        (19, 19, Some(0), None),
        (20, 20, Some(0), Some(Low)),
        (10, 10, Some(1), Some(Critical)),
    ] {
        assert_eq!(found(Job { pids, max, refused, ..JOB })[1], expected, "{pids} of {max}");
    }
}

#[test]
fn a_fork_that_a_group_was_refused_is_medium_whatever_it_uses() {
    for (refused, is_limited, expected) in [
        (0, true, None),
        (1, true, Some(Medium)),
        // The limit is that of a group around it.
        (1, false, Some(Medium)),
    ] {
        let mut lab = Lab::new();
        lab.run(9, |sample, second| {
            host(sample, 1);
            let refused = if second < 8 { 3 } else { 3 + refused };
            group(sample, Job { pids: 10, refused: Some(refused), ..JOB });
            if !is_limited {
                let row = &mut sample.cgroups.as_mut_slice()[0];
                row.row_mut().unset_cell(CgroupCell::pids_max as usize);
            }
        });
        let found = lab.severity(Syscall, "cgroup:pids:/job");
        assert_eq!(found, expected, "{refused} {is_limited}");
    }
}

#[test]
fn who_has_most_of_the_tasks_is_blamed_for_the_process_ids() {
    // Of 960 on the host and in its group, those of the first process.
    for (threads, expected) in [(900, true), (300, false)] {
        let mut lab = Lab::new();
        lab.run(50, |sample, _| {
            host(sample, 960);
            group(sample, Job { pids: 960, ..JOB });
            for (pid, threads) in [(5u64, threads), (6, 40u64)] {
                let row = sample.processes.push();
                row.set_name(ProcessName::comm, b"java");
                row.set_name(ProcessName::cgroup, b"/job");
                row.set(ProcessCell::pid, pid);
                row.set(ProcessCell::start_ticks, 9u64);
                row.set(ProcessCell::threads, threads);
            }
            sample.processes_complete = true;
        });
        for entity in ["host", "cgroup:pids:/job"] {
            let signal = lab.signal(Syscall, entity).expect("it stands");
            let first = signal.culprits.first().expect("somebody is named");
            let told = (first.entity.to_string(), first.metric, first.convicted);
            assert_eq!(told, ("process:5:9".to_string(), Metric::Threads, expected), "{entity}");
        }
    }
}
