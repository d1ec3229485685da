//! The recording, and the phases that pass while it goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use ks_recorder::clock;
use rustix::process::{Pid, Signal, kill_process};

use super::Provoke;
use super::job::Task;
use super::workers::{Plan, Worker};
use crate::pace::Pace;
use crate::progress;

/// How often workers are looked after.
const LOOK: Duration = Duration::from_millis(100);
/// Time that a recorder may take to begin, in looks: it loads the tracers.
const BEGINS: u32 = 300;
/// A log with a sample in it is far larger than one without.
const BEGUN_BYTES: u64 = 4096;
/// A recorder whose provoker is gone ends so much later than it would have ended anyway, in s.
const SPARE_S: u64 = 120;

/// See the module.
pub(super) struct Phases {
    recorder: Worker,
    pace: Pace,
    bar: ProgressBar,
    stopped: bool,
}

impl Phases {
    /// Begins to record, and waits for the first sample.
    pub(super) fn new(output: &Path, arguments: &Provoke) -> anyhow::Result<Self> {
        let all_s = (arguments.baseline + arguments.lasts + arguments.cool_down).as_secs();
        let task = Task::Record { output: output.to_owned(), at_most_s: all_s + SPARE_S };
        let pace = Pace::new(LOOK, None)?;
        let recorder = Plan::new("ks-recorder", task).start()?;
        let bar = progress::seconds();
        bar.set_length(all_s);
        let mut phases = Self { recorder, pace, bar, stopped: false };
        let mut log = output.as_os_str().to_owned();
        log.push(".log");
        let log = PathBuf::from(log);
        for _ in 0..BEGINS {
            phases.recorder.look()?;
            let begun = std::fs::metadata(&log).is_ok_and(|log| log.len() > BEGUN_BYTES);
            if begun || !phases.pace.wait() {
                return Ok(phases);
            }
        }
        bail!("no recorder has begun to write `{}`", log.display())
    }

    /// Lets a phase pass. A signal ends it and all that follow; what was recorded is kept.
    pub(super) fn pass(&mut self, phase: Duration, workers: &mut [Worker]) -> anyhow::Result<()> {
        let length_ns = u64::try_from(phase.as_nanos()).context("the phase is too long")?;
        let begin = clock::now();
        let before_s = self.bar.position();
        while !self.stopped && clock::now().since_ns(begin) < length_ns {
            self.stopped = !self.pace.wait();
            self.recorder.look()?;
            workers.iter_mut().try_for_each(Worker::look)?;
            self.bar.set_position(before_s + clock::now().since_ns(begin) / 1_000_000_000);
        }
        Ok(())
    }

    /// Ends the recording and waits until it is sealed.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        let pid = i32::try_from(self.recorder.pid()).ok().and_then(Pid::from_raw);
        let pid = pid.context("the recorder has no pid")?;
        kill_process(pid, Signal::INT).context("cannot end the recorder")?;
        self.recorder.wait()
    }
}
