//! Processes for tests: made here, and ended here.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::stat::Stat;

/// How many threads this program makes where it is a child of a test.
const ROLE: &str = "KS_ACTOR_TEST_THREADS";
/// This program makes processes where it is a child of a test.
const PARENT: &str = "KS_ACTOR_TEST_PARENT";

/// Who makes a process for each line that it is sent, and says which.
#[test]
fn parent_role() {
    if std::env::var_os(PARENT).is_none() {
        return;
    }
    println!("{READY}");
    let mut made = Vec::new();
    for _ in std::io::stdin().lines() {
        made.push(Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().unwrap());
        println!("made {} {READY}", made.last().unwrap().id());
    }
    for mut child in made {
        let _ = (child.kill(), child.wait());
    }
}

/// What a child does: nothing, in several threads. For a test run it is over at once.
#[test]
fn role() {
    let Ok(threads) = std::env::var(ROLE) else { return };
    let make = || std::thread::spawn(|| sleep(Duration::from_secs(1000)));
    let mut all: Vec<_> = (0..threads.parse::<usize>().unwrap()).map(|_| make()).collect();
    println!("{READY}");
    for _ in std::io::stdin().lines() {
        all.push(make());
        println!("{READY}");
    }
}

/// For so long a state is waited for.
const TRIES: usize = 1000;
const PAUSE: Duration = Duration::from_millis(5);
/// What it says when its threads are there.
const READY: &str = "the threads are there";

/// Whether values may be put back: to give a process more than it has takes a privilege.
pub(crate) fn may_put_back() -> bool {
    let may = rustix::process::geteuid().is_root();
    if !may {
        println!("skipped: not root, so no value can be put back");
    }
    may
}

/// A process of ours; it ends with this.
#[derive(Debug)]
pub(crate) struct Child(process::Child);

/// When a process started.
pub(crate) fn start_of(pid: u64) -> u64 {
    Stat::of(&PathBuf::from(format!("/proc/{pid}"))).unwrap().start_ticks
}

/// Ends a process that a child made, and that has outlived it.
pub(crate) fn kill(pid: u64) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

impl Child {
    /// One that does nothing, in a session of its own.
    pub(crate) fn sleeping() -> Self {
        let command = Command::new("setsid").args(["sleep", "1000"]).stdin(Stdio::null()).spawn();
        let child = Self(command.unwrap());
        child.wait_for(b'S');
        child
    }

    /// One that does nothing in a network namespace of its own, where one can be made.
    pub(crate) fn in_own_network() -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["--net", "sleep", "1000"]).stdin(Stdio::null()).stderr(Stdio::null());
        let child = Self(command.spawn().unwrap());
        let name = |pid: String| std::fs::read_link(format!("/proc/{pid}/ns/net"));
        let own = name("self".to_owned()).unwrap();
        for _ in 0..TRIES {
            match name(child.pid().to_string()) {
                Ok(its) if its != own => return Some(child),
                Ok(_) if !Stat::of(&child.folder()).is_ok_and(|stat| stat.has_ended()) => {}
                Ok(_) | Err(_) => break,
            }
            sleep(PAUSE);
        }
        println!("skipped: no network namespace can be made");
        None
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.pid()))
    }

    /// One of several threads beside its first that do nothing, and that makes another one for each
    /// line that it is sent: this program again, as [`role`].
    pub(crate) fn threaded(threads: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child::role", "--nocapture"]).env(ROLE, threads.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Self(command.spawn().unwrap());
        child.wait_until_ready();
        child
    }

    /// One that makes processes, in a session of its own: this program again, as [`parent_role`].
    pub(crate) fn parent() -> Self {
        let mut command = Command::new("setsid");
        command.arg(std::env::current_exe().unwrap());
        command.args(["--exact", "child::parent_role", "--nocapture"]).env(PARENT, "");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Self(command.spawn().unwrap());
        child.wait_until_ready();
        child
    }

    /// Makes it make another process, which ends with it.
    pub(crate) fn make_child(&mut self) -> u64 {
        self.write_line();
        let said = self.wait_until_ready();
        said.rsplit_once("made ").and_then(|(_, id)| id.trim().parse().ok()).unwrap()
    }

    /// Ends it, and leaves what it made.
    pub(crate) fn end_alone(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn write_line(&mut self) {
        let pipe = self.0.stdin.as_mut().unwrap();
        pipe.write_all(b"\n").and_then(|()| pipe.flush()).unwrap();
    }

    /// Makes it make another thread.
    pub(crate) fn make_thread(&mut self) {
        self.write_line();
        self.wait_until_ready();
    }

    /// What it says until it is ready.
    fn wait_until_ready(&mut self) -> String {
        let pipe = self.0.stdout.as_mut().unwrap();
        let mut said = Vec::new();
        let mut byte = [0];
        while !said.ends_with(READY.as_bytes()) {
            pipe.read_exact(&mut byte).unwrap();
            said.push(byte[0]);
        }
        said.truncate(said.len() - READY.len());
        String::from_utf8(said).unwrap()
    }

    pub(crate) fn pid(&self) -> u64 {
        u64::from(self.0.id())
    }

    pub(crate) fn start(&self) -> u64 {
        start_of(self.pid())
    }

    /// Ids of its threads.
    pub(crate) fn threads(&self) -> Vec<u64> {
        let found = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        found.map(|one| one.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
    }

    /// Waits until it is in this state.
    pub(crate) fn wait_for(&self, state: u8) {
        for _ in 0..TRIES {
            if Stat::of(&self.folder()).is_ok_and(|stat| stat.state == state) {
                return;
            }
            sleep(PAUSE);
        }
        unreachable!("it is not in this state, nor comes to it");
    }

    /// Ends it; it is reaped when the return value is dropped.
    pub(crate) fn into_zombie(mut self) -> Self {
        self.0.kill().unwrap();
        self.wait_for(b'Z');
        self
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that has made others ends them first.
        if self.0.stdin.take().is_some() && self.0.wait().is_ok() {
            return;
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
