//! Workers of the provoker: children that are killed when they are dropped.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use ks_recorder::clock;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::job::{Job, Provoker, Task};

/// A worker that was killed by the kernel is started again so much later.
const RESTART_NS: u64 = 2 * SECOND_NS;

/// A worker, and how it is started.
#[derive(Debug)]
pub(crate) struct Worker {
    job: Job,
    child: Child,
    /// It is started again when it ends.
    restarts: bool,
    ended: Option<Timestamp>,
}

/// How a worker is started.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Its name.
    pub(crate) name: String,
    /// Control group that it joins.
    pub(crate) group: Option<PathBuf>,
    /// Network namespace that it enters.
    pub(crate) namespace: Option<PathBuf>,
    /// It is started again when it ends.
    pub(crate) restarts: bool,
    /// What it does.
    pub(crate) task: Task,
    /// Whom it ends with, where that is not who starts it.
    pub(crate) provoker: Option<Provoker>,
}

impl Plan {
    /// A worker of the host.
    pub(crate) fn new(name: &str, task: Task) -> Self {
        Self::named(name.to_owned(), task)
    }

    /// The same.
    pub(crate) fn named(name: String, task: Task) -> Self {
        Self { name, group: None, namespace: None, restarts: false, task, provoker: None }
    }

    /// The same in a control group.
    pub(crate) fn within(mut self, group: &Path) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// The same in a network namespace.
    pub(crate) fn inside(mut self, namespace: &Path) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// The same, which outlives who starts it and ends with this one.
    pub(crate) fn ending_with(mut self, provoker: Provoker) -> Self {
        self.provoker = Some(provoker);
        self
    }

    /// Starts it, and leaves it to itself.
    pub(crate) fn leave(&self) -> anyhow::Result<()> {
        let worker = Worker::start(self, &[])?;
        std::mem::forget(worker);
        Ok(())
    }

    /// Starts it.
    pub(crate) fn start(&self) -> anyhow::Result<Worker> {
        Worker::start(self, &[])
    }

    /// Starts it in a network namespace of its own.
    pub(crate) fn start_apart(&self) -> anyhow::Result<Worker> {
        Worker::start(self, &["unshare", "--net", "--"])
    }
}

impl Worker {
    fn start(plan: &Plan, before: &[&str]) -> anyhow::Result<Self> {
        let job = Job {
            name: plan.name.clone(),
            parent: std::process::id(),
            group: plan.group.clone(),
            namespace: plan.namespace.clone(),
            task: plan.task.clone(),
            provoker: plan.provoker,
        };
        let child = spawn(&job, before)?;
        Ok(Self { job, child, restarts: plan.restarts, ended: None })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sees that it runs: what was to end is started again, and what was not is an error.
    pub(crate) fn look(&mut self) -> anyhow::Result<()> {
        let name = &self.job.name;
        if let Some(ended) = self.ended {
            if clock::now().since_ns(ended) >= RESTART_NS {
                self.child = spawn(&self.job, &[])?;
                self.ended = None;
            }
            return Ok(());
        }
        let Some(status) =
            self.child.try_wait().with_context(|| format!("cannot wait for {name}"))?
        else {
            return Ok(());
        };
        anyhow::ensure!(self.restarts, "{name} ended: {status}; its words are above");
        self.ended = Some(clock::now());
        Ok(())
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> anyhow::Result<()> {
        let status = self.child.wait().context("cannot wait")?;
        anyhow::ensure!(status.success(), "{} ended: {status}", self.job.name);
        Ok(())
    }
}

fn spawn(job: &Job, before: &[&str]) -> anyhow::Result<Child> {
    let ks = std::env::current_exe().context("cannot find the program itself")?;
    let json = serde_json::to_string(job).context("a worker cannot be described")?;
    let mut command = match before {
        [] => Command::new(&ks),
        [program, rest @ ..] => {
            let mut command = Command::new(program);
            command.args(rest).arg(&ks);
            command
        }
    };
    command.args(["provoke", "--worker"]).arg(json);
    // Its own group: a Ctrl-C is for the provoker, which ends its workers in order. Who leads a
    // group can begin no session, which has a group of its own.
    if !matches!(job.task, Task::Session { .. }) {
        command.process_group(0);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().with_context(|| format!("cannot start {}", job.name))
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
