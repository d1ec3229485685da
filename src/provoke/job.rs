//! What a worker is told to do, as the JSON of its argument.

use std::path::PathBuf;

use anyhow::Context;
use ks_actor::stat::Stat;
use serde::{Deserialize, Serialize};

/// A worker: a child process with one task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Its name as others see it, at most 15 bytes.
    pub(crate) name: String,
    /// The provoker, without which it ends.
    pub(crate) parent: u32,
    /// Control group that it joins.
    pub(crate) group: Option<PathBuf>,
    /// Network namespace that it enters.
    pub(crate) namespace: Option<PathBuf>,
    /// What it does.
    pub(crate) task: Task,
    /// Whom it ends with, where that is not who starts it.
    #[serde(default)]
    pub(crate) provoker: Option<Provoker>,
}

/// The process that provokes, known for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provoker {
    pid: u32,
    start_ticks: u64,
}

impl Provoker {
    /// This process.
    pub(crate) fn this() -> anyhow::Result<Self> {
        let pid = std::process::id();
        Ok(Self { pid, start_ticks: start_of(pid).context("its own start cannot be read")? })
    }

    /// Whether it is there.
    pub(crate) fn is_there(self) -> bool {
        start_of(self.pid) == Some(self.start_ticks)
    }
}

fn start_of(pid: u32) -> Option<u64> {
    Stat::of(&PathBuf::from(format!("/proc/{pid}"))).ok().map(|stat| stat.start_ticks)
}

/// A process of a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Its name, at most 15 bytes.
    pub(crate) name: String,
    /// What it does.
    pub(crate) task: Task,
}

/// What a worker does until it is killed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Becomes the recorder.
    Record {
        /// Recording to write.
        output: PathBuf,
        /// Time after which it ends by itself, in s.
        at_most_s: u64,
    },
    /// Wants a CPU all the time.
    Spin,
    /// Reads blocks of a file at random, through the page cache.
    Reread {
        /// Which.
        file: PathBuf,
        /// Bytes a second.
        per_s: f64,
    },
    /// Takes memory and keeps it.
    Grow {
        /// Bytes a second.
        bytes_per_s: f64,
    },
    /// Takes memory at once, and touches pages of it at random.
    Touch {
        /// How much of it.
        bytes: usize,
        /// Touches a second.
        per_s: f64,
    },
    /// Reads from a device at random, past the page cache.
    ReadDevice {
        /// Which.
        device: PathBuf,
        /// Its size in bytes.
        bytes: u64,
        /// Threads that do.
        threads: u32,
    },
    /// Begins a session with these in it, and leaves them there.
    Session {
        /// Its processes.
        members: Vec<Member>,
        /// Its nice level among sessions (`sched(7)`, autogroups).
        nice: u8,
        /// They end with this one.
        provoker: Provoker,
    },
    /// Wants CPUs while a file is there.
    SpinWhile {
        /// Which.
        gate: PathBuf,
        /// Threads that do.
        threads: u32,
    },
    /// Accepts connections of this host, each of which costs it CPU time, and closes them.
    Serve {
        /// Length of the accept queue.
        backlog: i32,
        /// Threads that do.
        threads: u32,
        /// CPU time of each connection.
        work_us: u64,
    },
    /// Opens files until that is refused, and tries again.
    Refused {
        /// Tries a second.
        per_s: f64,
    },
    /// Touches pages of a mapped file at random.
    Fault {
        /// Which.
        file: PathBuf,
        /// Touches a second.
        per_s: f64,
    },
    /// Accepts connections and closes them when their peers do.
    Listen {
        /// Length of the accept queue.
        backlog: i32,
        /// Connections a second that it accepts.
        per_s: f64,
    },
    /// Opens connections to the listening one.
    Connect {
        /// How many a second.
        per_s: f64,
        /// Time until each is closed, in ms.
        holds_ms: u64,
    },
    /// Answers each message with itself.
    Echo,
    /// Sends messages over a few connections, and waits for each answer.
    Ask {
        /// Messages a second.
        per_s: f64,
    },
}

pub(super) fn parse(text: &str) -> Result<Job, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
