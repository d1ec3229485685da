//! Processes for tests: made here, and ended here.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::stat::Stat;

/// How many threads this program makes where it is a child of a test.
const ROLE: &str = "KS_ACTOR_TEST_THREADS";

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

impl Child {
    /// One that does nothing.
    pub(crate) fn sleeping() -> Self {
        let command = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn();
        let child = Self(command.unwrap());
        child.wait_for(b'S');
        child
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

    /// Makes it make another thread.
    pub(crate) fn make_thread(&mut self) {
        let pipe = self.0.stdin.as_mut().unwrap();
        pipe.write_all(b"\n").and_then(|()| pipe.flush()).unwrap();
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let pipe = self.0.stdout.as_mut().unwrap();
        let mut said = Vec::new();
        let mut byte = [0];
        while !said.ends_with(READY.as_bytes()) {
            pipe.read_exact(&mut byte).unwrap();
            said.push(byte[0]);
        }
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
        let folder = PathBuf::from(format!("/proc/{}", self.pid()));
        until(|| Stat::of(&folder).is_ok_and(|stat| stat.state == state));
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
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(is_so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    unreachable!("five seconds are enough");
}
