//! The process sampler over trees of files, and over processes of our own.

use std::path::Path;
use std::process::{Child, Command};

use ks_vocabulary::model::{LoadCell, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::Processes;
use crate::absence::Absence;
use crate::budget::{Budget, Step};
use crate::clock;
use crate::host_fs::{Buffer, HostFs};
use crate::sampler::{Context, Sampler, State, States};

struct Lab {
    host: HostFs,
    buffer: Buffer,
    states: States,
    budget: Budget,
    processes: Processes,
    /// Those that `/proc/loadavg` counts.
    tasks: Option<u64>,
}

impl Lab {
    fn new(root: &Path) -> Self {
        Self {
            host: HostFs::new(root),
            buffer: Buffer::default(),
            states: States::default(),
            budget: Budget::default(),
            processes: Processes::new(Err(Absence::Off("a test"))),
            tasks: None,
        }
    }

    fn tick(&mut self, tick: Timestamp, keyframe: bool, detail: bool) -> Sample {
        let mut sample = Sample::default();
        sample.load.push().set_some(LoadCell::tasks, self.tasks);
        let mut context = Context {
            host: &self.host,
            buffer: &mut self.buffer,
            states: &mut self.states,
            tick,
            keyframe,
            detail,
            budget: &mut self.budget,
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        self.processes.sample(&mut context, &mut sample);
        sample
    }

    fn now(&mut self, keyframe: bool) -> Sample {
        self.tick(clock::now(), keyframe, false)
    }
}

fn write(root: &Path, pid: u64, state: char, start: u64, ticks: u64, threads: u64) {
    let folder = root.join(format!("proc/{pid}"));
    std::fs::create_dir_all(&folder).unwrap();
    let stat = format!(
        "{pid} (name) {state} 1 1 1 0 -1 0 5 0 0 0 {ticks} 0 0 0 20 0 {threads} 0 {start} 0 0\n"
    );
    std::fs::write(folder.join("stat"), stat).unwrap();
    std::fs::write(folder.join("schedstat"), format!("{ticks} 3 1\n")).unwrap();
    std::fs::write(folder.join("status"), "VmRSS:\t 8 kB\n").unwrap();
    std::fs::write(folder.join("io"), format!("read_bytes: {ticks}\n")).unwrap();
}

fn pids(sample: &Sample) -> Vec<u64> {
    sample.processes.iter().filter_map(ks_vocabulary::model::Process::pid).collect()
}

fn gone(sample: &Sample) -> Vec<(Option<u64>, Option<u64>)> {
    sample.processes_gone.iter().map(|row| (row.pid(), row.start_ticks())).collect()
}

#[test]
fn only_what_changed_has_a_row_but_in_a_keyframe() {
    let root = tempfile::tempdir().unwrap();
    for pid in [3, 20, 100] {
        write(root.path(), pid, 'S', pid, 10, 1);
    }
    let mut lab = Lab::new(root.path());
    assert_eq!(pids(&lab.now(true)), [3, 20, 100]);
    assert_eq!(pids(&lab.now(false)), Vec::<u64>::new());
    write(root.path(), 20, 'R', 20, 11, 1);
    write(root.path(), 7, 'S', 7, 1, 1);
    let sample = lab.now(false);
    assert_eq!(pids(&sample), [7, 20]);
    assert!(!sample.processes_complete && sample.processes.read().is_some());
    let row = sample.processes.iter().nth(1).unwrap();
    assert_eq!((row.read_bytes(), row.rss_bytes()), (Some(11), Some(8192)));
    assert_eq!(pids(&lab.now(true)), [3, 7, 20, 100]);
}

#[test]
fn a_process_that_ends_is_named_once_and_its_number_may_come_back() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), 5, 'S', 50, 1, 1);
    write(root.path(), 6, 'S', 60, 1, 1);
    let mut lab = Lab::new(root.path());
    lab.now(true);
    std::fs::remove_dir_all(root.path().join("proc/5")).unwrap();
    write(root.path(), 6, 'S', 61, 1, 1);
    let sample = lab.now(false);
    assert_eq!(gone(&sample), [(Some(5), Some(50)), (Some(6), Some(60))]);
    assert_eq!(pids(&sample), [6]);
    assert_eq!(sample.processes.first().unwrap().start_ticks(), Some(61));
    assert!(gone(&lab.now(false)).is_empty());
}

#[test]
fn files_that_are_missing_empty_or_garbage_leave_cells_absent() {
    let root = tempfile::tempdir().unwrap();
    let folder = |pid: u64| root.path().join(format!("proc/{pid}"));
    write(root.path(), 5, 'S', 50, 1, 2);
    std::fs::remove_file(folder(5).join("io")).unwrap();
    std::fs::write(folder(5).join("status"), b"VmRSS:\t99999999999999999999 kB\n\xff").unwrap();
    std::fs::write(folder(5).join("schedstat"), b"").unwrap();
    std::fs::create_dir(folder(6)).unwrap();
    write(root.path(), 7, 'S', 50, 1, 2);
    std::fs::write(folder(7).join("stat"), b"garbage").unwrap();
    let mut lab = Lab::new(root.path());
    let sample = lab.now(true);
    assert_eq!(pids(&sample), [5, 7], "6 has no stat: it ended while it was listed");
    let row = sample.processes.first().unwrap();
    assert_eq!((row.read_bytes(), row.rss_bytes(), row.leader_cpu_ns()), (None, None, None));
    assert_eq!(row.utime_ticks(), Some(1));
    assert_eq!(sample.processes.iter().nth(1).unwrap().start_ticks(), None);
}

#[test]
fn processes_that_are_hidden_are_told_once_with_how_many_are_seen() {
    let root = tempfile::tempdir().unwrap();
    let mount = |options: &str| {
        let line = format!("22 27 0:21 / /proc rw - proc proc {options}\n");
        std::fs::create_dir_all(root.path().join("proc/self")).unwrap();
        std::fs::write(root.path().join("proc/self/mountinfo"), line).unwrap();
    };
    write(root.path(), 50, 'S', 5, 1, 1);
    write(root.path(), 51, 'S', 5, 1, 4);
    let state = |lab: &mut Lab, tasks: Option<u64>| {
        lab.tasks = tasks;
        lab.now(true);
        lab.states.get("processes").unwrap().to_input("processes").reason
    };
    mount("rw");
    assert_eq!(state(&mut Lab::new(root.path()), Some(106)), None, "nothing is hidden");
    mount("rw,hidepid=invisible");
    let mut lab = Lab::new(root.path());
    let told = Some("hidepid: 2 processes are visible, with 5 of 106 tasks".to_owned());
    assert_eq!(state(&mut lab, Some(106)), told);
    assert_eq!(state(&mut lab, Some(107)), told, "once");
    let untold = "hidepid: 2 processes are visible, with 5 tasks, and others are hidden";
    assert_eq!(state(&mut Lab::new(root.path()), None).as_deref(), Some(untold));
    write(root.path(), 1, 'S', 5, 1, 1);
    assert_eq!(state(&mut lab, Some(106)), None, "who may trace the first sees all");
}

#[test]
fn without_proc_both_sources_say_so() {
    let root = tempfile::tempdir().unwrap();
    let mut lab = Lab::new(root.path());
    let sample = lab.now(true);
    assert!(sample.processes.read().is_none() && sample.blocked.read().is_none());
    for source in ["processes", "blocked"] {
        assert!(matches!(lab.states.get(source), Some(State::Absent(_))));
    }
}

#[test]
fn those_in_uninterruptible_sleep_are_listed_with_where_they_sleep() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), 5, 'D', 50, 1, 1);
    write(root.path(), 6, 'D', 60, 1, 1);
    write(root.path(), 7, 'S', 70, 1, 1);
    for (pid, wchan) in [(5, "io_schedule"), (6, "0")] {
        let folder = root.path().join(format!("proc/{pid}/task/{pid}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("wchan"), wchan).unwrap();
    }
    let sample = Lab::new(root.path()).now(true);
    let blocked: Vec<_> = sample.blocked.iter().map(|row| (row.pid(), row.wchan())).collect();
    assert_eq!(blocked, [(Some(5), Some(b"io_schedule".as_slice())), (Some(6), None)]);
}

/// A child that is killed when the test ends.
struct Own(Child);

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_sleeping_child_is_seen_once_and_its_end_is_told() {
    let child = Own(Command::new("sleep").arg("60").spawn().unwrap());
    let pid = u64::from(child.0.id());
    let mut lab = Lab::new(Path::new("/"));
    let own = |sample: &Sample| sample.processes.iter().any(|row| row.pid() == Some(pid));
    // Between fork and sleep it runs for a moment.
    let mut ticks = 0;
    while own(&lab.now(ticks == 0)) {
        ticks += 1;
        assert!(ticks < 1000, "it sleeps");
    }
    assert!(ticks > 0 && own(&lab.now(true)));
    drop(child);
    assert!(gone(&lab.now(false)).iter().any(|(gone, _)| *gone == Some(pid)));
}

#[test]
fn details_come_with_a_standing_signal_and_go_with_it() {
    let mut lab = Lab::new(Path::new("/"));
    let with_detail =
        |sample: &Sample| sample.processes.iter().filter(|row| row.open_files().is_some()).count();
    assert_eq!(with_detail(&lab.tick(clock::now(), true, false)), 0);
    let sample = lab.tick(clock::now(), false, true);
    let detailed = with_detail(&sample);
    assert!((1..=16).contains(&detailed), "{detailed}");
    let sample = lab.tick(clock::now(), false, false);
    assert!(sample.processes.iter().count() >= detailed, "rows without them are written");
    assert_eq!(with_detail(&lab.tick(clock::now(), true, false)), 0);
}

#[test]
fn facts_are_asked_of_a_few_a_tick_and_all_known_are_in_a_keyframe() {
    let root = tempfile::tempdir().unwrap();
    for pid in 1..=70 {
        write(root.path(), pid, 'S', pid, 10, 1);
        let status = format!("Uid:\t0\t{pid}\t0\t0\n");
        std::fs::write(root.path().join(format!("proc/{pid}/status")), status).unwrap();
    }
    let mut lab = Lab::new(root.path());
    let mut asked = |keyframe: bool| {
        let sample = lab.now(keyframe);
        let rows = sample.process_facts.as_slice();
        assert_eq!(sample.process_facts.read().is_some(), keyframe || !rows.is_empty());
        assert!(rows.is_sorted_by_key(ks_vocabulary::model::ProcessFacts::pid));
        assert!(rows.iter().all(|row| row.uid() == row.pid()));
        rows.len()
    };
    assert_eq!([asked(true), asked(false), asked(false), asked(false)], [32, 32, 6, 0]);
    assert_eq!(asked(true), 70);
    std::fs::remove_dir_all(root.path().join("proc/9")).unwrap();
    assert_eq!((asked(false), asked(true)), (0, 69), "those that ended have none");
    write(root.path(), 99, 'S', 99, 10, 1);
    std::fs::write(root.path().join("proc/99/status"), "Uid:\t0\t99\t0\t0\n").unwrap();
    assert_eq!((asked(false), asked(false)), (0, 1), "once it lived through a tick");
}

#[test]
fn processes_that_cost_too_much_are_read_every_five_seconds_and_for_a_keyframe() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), 3, 'S', 3, 10, 1);
    let mut lab = Lab::new(root.path());
    lab.budget.set_taken(Step::Processes, Some(0.3));
    let begin = clock::now();
    let mut read = |second: u64, keyframe: bool| {
        let sample = lab.tick(begin.plus_ns(second * SECOND_NS), keyframe, false);
        sample.processes.read().is_some()
    };
    let every: Vec<_> = (0..11).filter(|second| read(*second, false)).collect();
    assert_eq!(every, [0, 5, 10]);
    assert!(read(11, true) && !read(12, false), "a keyframe has every process");
    assert_eq!(lab.states.get("processes"), Some(State::Limited(super::STRETCHED)));
    lab.budget.set_taken(Step::Processes, None);
    assert!(lab.tick(begin.plus_ns(13 * SECOND_NS), false, false).processes.read().is_some());
    assert_eq!(lab.states.get("processes"), Some(State::On));
}
