//! Something that may be acted on: two processes of a session, of a user that is not root, outside
//! of the control group of whoever records.
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::Own;

/// A user that nobody has.
pub(super) const USER: u32 = 60_001;
/// Places in `/proc/PID/stat` behind the name (`proc_pid_stat(5)`: 3, 6 and 19).
const STATE: usize = 0;
const SESSION: usize = 3;
const NICE: usize = 16;

/// See the module. Both end with it.
pub(super) struct Victim {
    leader: Own,
}

impl Victim {
    /// Begins one, or says why that cannot be.
    pub(super) fn begin() -> Option<Self> {
        Self::running("sleep 1001 & exec sleep 1000", 2)
    }

    /// The same, by a script that makes so many processes.
    pub(super) fn running(script: &str, processes: usize) -> Option<Self> {
        let mut command = Command::new("setsid");
        command.args(["sh", "-c", script]).uid(USER).gid(USER).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let victim = Self { leader: Own(command.spawn().unwrap()) };
        let is_there = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let members = victim.members();
            members.len() == processes && members.iter().all(|pid| comm(*pid) == "sleep")
        });
        assert!(is_there, "the processes begin within 5 s");
        let outside = victim.members().into_iter().try_for_each(leave_groups);
        if let Err(error) = outside {
            eprintln!("skipped: no process can be put into the root control group: {error}");
            return None;
        }
        Some(victim)
    }

    pub(super) fn pid(&self) -> u32 {
        self.leader.0.id()
    }

    /// Its processes, the first one first.
    pub(super) fn members(&self) -> Vec<u32> {
        let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let session = self.pid().to_string();
        let mut found: Vec<u32> =
            pids.filter(|pid| stat(*pid, SESSION).as_ref() == Some(&session)).collect();
        found.sort_by_key(|pid| (*pid != self.pid(), *pid));
        found
    }

    pub(super) fn nice(&self) -> i64 {
        stat(self.pid(), NICE).unwrap().parse().unwrap()
    }

    pub(super) fn is_stopped(&self) -> bool {
        stat(self.pid(), STATE).unwrap() == "T"
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        for pid in self.members() {
            kill(pid, Signal::KILL);
        }
    }
}

/// A process that is gone is as good as killed.
pub(super) fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = kill_process(pid, signal);
}

fn stat(pid: u32, place: usize) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    fields.split(' ').nth(place).map(ToOwned::to_owned)
}

fn comm(pid: u32) -> String {
    let read = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    read.unwrap_or_default().trim_end().to_owned()
}

/// Children of a process that were told to be something.
pub(super) fn children(parent: u32, word: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_one = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let is_told = line.split(|byte| *byte == 0).nth(1) == Some(word.as_bytes());
        is_told && stat(*pid, 1).is_some_and(|of| of == parent.to_string())
    };
    pids.filter(is_one).collect()
}

/// Into the root of each hierarchy by which a recorder tells groups.
pub(super) fn leave_groups(pid: u32) -> std::io::Result<()> {
    let mounts = std::fs::read_to_string("/proc/mounts")?;
    let mut roots = mounts.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, path, kind, options, ..] = fields[..] else { return None };
        let counts = options.split(',').any(|option| option == "memory" || option == "cpu");
        (kind == "cgroup2" || kind == "cgroup" && counts).then(|| PathBuf::from(path))
    });
    roots.try_for_each(|root| std::fs::write(root.join("cgroup.procs"), pid.to_string()))
}
