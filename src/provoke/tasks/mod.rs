//! What workers do, each until it is killed.

mod calls;
mod disk;
mod memory;
mod network;
mod session;

use std::ffi::CString;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use ks_recorder::clock;
use ks_vocabulary::random::Random;
use ks_vocabulary::time::Timestamp;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space, set_name};

use super::job::{Job, Provoker, Task};

/// Does what a job says. It does not come back while all is well.
pub(super) fn run(job: &Job) -> anyhow::Result<()> {
    // A recorder seals what it has.
    let end = if matches!(job.task, Task::Record { .. }) { Signal::INT } else { Signal::KILL };
    // One that outlives its parent looks after the provoker itself.
    if job.provoker.is_none() {
        set_parent_process_death_signal(Some(end)).context("cannot end with the provoker")?;
        let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
        if parent != Some(job.parent) {
            bail!("the provoker is gone");
        }
    }
    let name = CString::new(job.name.as_str()).context("the name has a zero in it")?;
    set_name(&name).context("cannot take the name")?;
    if let Some(group) = &job.group {
        std::fs::write(group.join("cgroup.procs"), std::process::id().to_string())
            .with_context(|| format!("cannot join `{}`", group.display()))?;
    }
    if let Some(namespace) = &job.namespace {
        let cannot = || format!("cannot enter `{}`", namespace.display());
        let file = std::fs::File::open(namespace).with_context(cannot)?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .with_context(cannot)?;
    }
    work(&job.task, job.provoker)
}

fn work(task: &Task, provoker: Option<Provoker>) -> anyhow::Result<()> {
    match task {
        Task::Record { output, at_most_s } => record(output, *at_most_s),
        Task::Spin => loop {
            std::hint::spin_loop();
        },
        Task::Reread { file, per_s } => memory::reread(file, *per_s),
        Task::Grow { bytes_per_s } => memory::grow(*bytes_per_s),
        Task::Touch { bytes, per_s } => memory::touch(*bytes, *per_s),
        Task::Fault { file, per_s } => memory::fault(file, *per_s),
        Task::ReadDevice { device, bytes, threads } => disk::read(device, *bytes, *threads),
        Task::Session { members, nice, provoker } => session::begin(members, *nice, *provoker),
        Task::SpinWhile { gate, threads } => session::spin_while(gate, *threads, provoker),
        Task::Serve { backlog, threads, work_us } => {
            session::serve(*backlog, *threads, *work_us, provoker)
        }
        Task::Refused { per_s } => calls::refused(*per_s),
        Task::Listen { backlog, per_s } => network::listen(*backlog, *per_s),
        Task::Connect { per_s, holds_ms } => network::connect(*per_s, *holds_ms),
        Task::Echo => network::echo(),
        Task::Ask { per_s } => network::ask(*per_s),
    }
}

/// Becomes `ks record`, so that what is recorded is what any recorder records.
fn record(output: &Path, at_most_s: u64) -> anyhow::Result<()> {
    let ks = std::env::current_exe().context("cannot find the program itself")?;
    let mut command = Command::new(ks);
    command.args(["record", "--force", "--duration", &format!("{at_most_s}s"), "-o"]).arg(output);
    Err(command.exec()).context("cannot start the recorder")
}

/// Bytes that no compression makes smaller.
pub(super) fn noise(bytes: usize) -> Vec<u8> {
    let mut random = Random::stream(1, "noise");
    let words = std::iter::repeat_with(|| random.next_u64().to_le_bytes());
    words.flatten().take(bytes).collect()
}

/// Lets things be done so many times a second.
struct Rate {
    per_s: f64,
    begin: Timestamp,
    done: f64,
}

/// Time between two looks at what is due.
const LOOK: Duration = Duration::from_millis(5);
/// What is due at once after a pause is no more than this much of a second holds.
const MOST_S: f64 = 0.05;

impl Rate {
    fn new(per_s: f64) -> Self {
        Self { per_s, begin: clock::now(), done: 0.0 }
    }

    /// Waits until something is due, and says how often it is.
    fn wait(&mut self) -> u64 {
        loop {
            let since_s = clock::now().since_ns(self.begin) as f64 / 1e9;
            let due = (since_s * self.per_s - self.done).floor();
            if due >= 1.0 {
                let now = due.min((self.per_s * MOST_S).ceil());
                // What could not be done in time is left out.
                self.done += due;
                return ks_scenarios::grain::whole(now);
            }
            std::thread::sleep(LOOK);
        }
    }
}
