//! What the kernel's iterator tells of processes, held against `/proc`.

use std::path::Path;
use std::process::{Command, Stdio};

use ks_recorder::clock;
use ks_recorder::recorder::{Options, Recorder};
use ks_recorder::sampler::State;
use ks_vocabulary::model::{Process, Sample};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::{Own, skipped};

/// Threads of which two end, memory of all kinds, reads and writes; then it stops.
const WORK: &str = "
import mmap, os, signal, sys, threading, time
def spin():
    end = time.thread_time() + 0.2
    while time.thread_time() < end: os.getppid()
ended = [threading.Thread(target=spin) for _ in range(2)]
for thread in ended: thread.start()
for thread in ended: thread.join()
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
anonymous = bytearray(b'x') * (24 << 20)
shared = mmap.mmap(-1, 8 << 20)
shared.write(b'y' * (8 << 20))
with open(sys.argv[1], 'wb') as file:
    file.write(b'z' * (4 << 20)); file.flush(); os.fsync(file.fileno())
os.kill(os.getpid(), signal.SIGSTOP)
";

/// Reads processes of this host twice, which makes the second reading that of one in between.
struct Lab(Recorder);

impl Lab {
    /// `None` where this host gives no iterator.
    fn new() -> Option<Self> {
        let mut recorder = Recorder::new(Path::new("/"), 1_000_000_000, Options::default());
        recorder.start(0);
        let mut lab = Self(recorder);
        lab.sample(true);
        match lab.0.states().get("bpf/processes") {
            Some(State::On | State::Limited(_)) => Some(lab),
            other => {
                eprintln!("skipped: bpf/processes is {other:?}");
                None
            }
        }
    }

    fn sample(&mut self, keyframe: bool) -> Sample {
        let mut taken = None;
        self.0.tick(keyframe, false);
        while let Some((_, body)) = self.0.next() {
            if let ks_vocabulary::input::Body::Sample(sample) = body {
                taken = Some(sample.as_ref().clone());
            }
        }
        taken.unwrap()
    }

    fn row(&mut self, pid: u32) -> Process {
        let sample = self.sample(true);
        let found = sample.processes.iter().find(|row| row.pid() == Some(u64::from(pid)));
        found.cloned().unwrap()
    }
}

/// The number behind `name` in a file of lines, in its unit.
fn number(path: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Fields of `/proc/PID/stat` by their number in proc(5), from 3 on.
fn stat(pid: u32) -> impl Fn(usize) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let rest = text.rsplit_once(") ").unwrap().1.to_owned();
    move |field| rest.split(' ').nth(field - 3).unwrap().parse().unwrap()
}

fn stopped_worker(folder: &Path) -> Option<Own> {
    let mut command = Command::new("python3");
    command.args(["-c", WORK]).arg(folder.join("written")).stdin(Stdio::null());
    let Ok(child) = command.spawn() else {
        eprintln!("skipped: no python3");
        return None;
    };
    let pid = Pid::from_child(&child);
    waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
    Some(Own(child))
}

#[test]
fn a_stopped_process_is_told_as_proc_tells_it() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (Some(mut lab), Some(child)) = (Lab::new(), stopped_worker(folder.path())) else { return };
    let pid = child.0.id();
    let (row, field) = (lab.row(pid), stat(pid));
    assert_eq!(row.comm(), Some(b"python3".as_slice()));
    assert_eq!((row.state(), row.threads()), (Some(u64::from(b'T')), Some(2)));
    assert_eq!(row.ppid(), Some(u64::from(std::process::id())));
    assert_eq!(row.start_ticks(), Some(field(22)));
    assert_eq!((row.minflt(), row.majflt()), (Some(field(10)), Some(field(12))));
    assert_eq!(row.nice().map(i64::cast_unsigned), Some(field(19)));
    assert_eq!(row.policy(), Some(field(41)));
    let ticks = row.utime_ticks().unwrap() + row.stime_ticks().unwrap();
    let difference = ticks.abs_diff(field(14) + field(15));
    assert!(difference <= 2 * 4, "{ticks} ticks, {difference} from /proc, of four threads");
    assert!(ticks >= 40, "the ended threads ran for 0.4 s");
    let io = |name: &str| Some(number(&format!("/proc/{pid}/io"), name));
    assert_eq!(row.read_bytes(), io("read_bytes:"));
    assert_eq!(row.write_bytes(), io("write_bytes:"));
    assert!(row.write_bytes() >= Some(4 << 20));
    assert_eq!(row.cancelled_write_bytes(), io("cancelled_write_bytes:"));
    agrees_on_memory(pid, &row);
    let cgroup = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let path = String::from_utf8_lossy(row.cgroup().unwrap()).into_owned();
    assert!(cgroup.lines().any(|line| line.ends_with(&path)), "{path} is in {cgroup}");
}

/// Each CPU may hold back a batch of pages of each kind (`percpu_counter_batch` in
/// `lib/percpu_counter.c`).
fn agrees_on_memory(pid: u32, row: &Process) {
    let cpus = std::thread::available_parallelism().unwrap().get() as u64;
    let batch_bytes = cpus * (2 * cpus).max(32) * rustix::param::page_size() as u64;
    let kinds = [
        ("VmSwap:", row.swap_bytes()),
        ("RssAnon:", row.rss_anon_bytes()),
        ("RssFile:", row.rss_file_bytes()),
        ("RssShmem:", row.rss_shmem_bytes()),
    ];
    for (name, told) in kinds {
        let expected = number(&format!("/proc/{pid}/status"), name) * 1024;
        let difference = told.unwrap().abs_diff(expected);
        assert!(difference <= batch_bytes, "{name} {told:?}, {expected} in /proc");
    }
    assert!(row.rss_anon_bytes() >= Some(20 << 20) && row.rss_shmem_bytes() >= Some(7 << 20));
}

#[test]
fn switches_and_waits_are_those_of_all_threads() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (Some(mut lab), Some(child)) = (Lab::new(), stopped_worker(folder.path())) else { return };
    let pid = child.0.id();
    let row = lab.row(pid);
    let (mut voluntary, mut wait_ns) = (0, 0);
    for entry in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let thread = entry.unwrap().path().display().to_string();
        voluntary += number(&format!("{thread}/status"), "voluntary_ctxt_switches:");
        let schedstat = std::fs::read_to_string(format!("{thread}/schedstat")).unwrap();
        wait_ns += schedstat.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    }
    assert!(row.voluntary_switches() >= Some(voluntary), "those of ended threads are with them");
    assert_eq!(row.wait_ns(), Some(wait_ns));
    let ticks = row.utime_ticks().unwrap() + row.stime_ticks().unwrap();
    assert!(clock::user_ticks(row.cpu_ns().unwrap()).abs_diff(ticks) <= 2);
}

#[test]
fn every_process_of_proc_is_there_and_one_that_ends_is_told() {
    if skipped() {
        return;
    }
    let Some(mut lab) = Lab::new() else { return };
    let mut child = Own(Command::new("sleep").arg("600").spawn().unwrap());
    let pid = u64::from(child.0.id());
    let ids = || -> Vec<u64> {
        let names = std::fs::read_dir("/proc").unwrap();
        names.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).collect()
    };
    let (before, sample, after) = (ids(), lab.sample(true), ids());
    let told: Vec<u64> = sample.processes.iter().filter_map(Process::pid).collect();
    for id in before.iter().filter(|id| after.contains(id)) {
        assert!(told.contains(id), "process {id}");
    }
    assert!(told.contains(&pid));
    kill_process(Pid::from_child(&child.0), Signal::KILL).unwrap();
    child.0.wait().unwrap();
    let sample = lab.sample(false);
    assert!(sample.processes_gone.iter().any(|row| row.pid() == Some(pid)));
}
