//! Every process, those that changed since their last row, those that ended, those that block.
//!
//! Rows are sparse: a process whose row is as it was has none, but in a keyframe. Details that
//! need many calls are in `detail`.

mod detail;
mod listing;
mod parse;
mod tracked;

use ks_engine::model::{
    BlockedTaskCell, BlockedTaskName, Process, ProcessGoneCell, ReadTimes, Sample,
};

use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler, State};

use detail::Details;
use listing::Listing;
use tracked::{Seen, Tracked};

const SOURCE: &str = "processes";
const BLOCKED: &str = "blocked";
/// The sources that `--processes none` leaves out.
pub(crate) const SOURCES: &[&str] = &[SOURCE, BLOCKED];

/// Reads `/proc/PID` of every process.
#[derive(Debug, Default)]
pub(super) struct Processes {
    listing: Listing,
    known: Vec<Tracked>,
    born: Vec<Tracked>,
    scratch: Process,
    details: Details,
}

impl Sampler for Processes {
    fn sources(&self) -> &'static [&'static str] {
        SOURCES
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        if let Err(absence) = self.listing.read(context.host).map(<[u64]>::len) {
            context.states.absent(SOURCE, absence);
            context.states.absent(BLOCKED, absence);
            return;
        }
        self.details.update(context, &mut self.known);
        self.read(context, sample);
        sample.processes.sort();
        sample.processes_complete = context.keyframe;
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        sample.processes.set_read(times);
        sample.processes_gone.set_read(times);
        let scarce = "descriptors are scarce: files are opened for each reading";
        let limited = context.host.is_scarce().then_some(State::Limited(scarce));
        context.states.set(SOURCE, limited.unwrap_or(State::On));
        self.sample_blocked(context, sample);
    }
}

impl Processes {
    /// Goes through what is listed and what is known, both in order of process id.
    fn read(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let pids = self.listing.pids();
        let mut at = 0;
        self.known.retain_mut(|known| {
            while pids.get(at).is_some_and(|pid| *pid < known.pid) {
                self.born.extend(born(pids[at], context));
                at += 1;
            }
            let listed = pids.get(at) == Some(&known.pid);
            at += usize::from(listed);
            let seen = if listed {
                known.read(context.host, context.buffer, &mut self.scratch)
            } else {
                Seen::Gone
            };
            if seen == Seen::Gone {
                let gone = sample.processes_gone.push();
                gone.set(ProcessGoneCell::pid, known.pid);
                gone.set_some(ProcessGoneCell::start_ticks, known.row.start_ticks());
                if listed {
                    self.born.extend(born(known.pid, context));
                }
                return false;
            }
            if context.keyframe {
                known.read_labels(context.host, context.buffer);
            }
            let touched = std::mem::take(&mut known.touched);
            if seen == Seen::Changed || touched || context.keyframe {
                sample.processes.push_copy(&known.row);
            }
            true
        });
        for pid in pids.get(at..).unwrap_or_default() {
            self.born.extend(born(*pid, context));
        }
        if !self.born.is_empty() {
            for process in &self.born {
                sample.processes.push_copy(&process.row);
            }
            self.known.append(&mut self.born);
            self.known.sort_by_key(|known| known.pid);
        }
    }

    /// Those whose leader is in uninterruptible sleep, with the kernel function it sleeps in.
    fn sample_blocked(&self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        for process in &self.known {
            if process.row.state() != Some(u64::from(b'D')) {
                continue;
            }
            let row = sample.blocked.push();
            row.set(BlockedTaskCell::pid, process.pid);
            row.set_some(BlockedTaskCell::start_ticks, process.row.start_ticks());
            if let Some(comm) = process.row.comm() {
                row.set_name(BlockedTaskName::comm, comm);
            }
            let mut file = HostFile::single(format!("proc/{}/wchan", process.pid));
            match file.read(context.host, context.buffer) {
                Ok(wchan) if wchan != b"0" && !wchan.is_empty() => {
                    row.set_name(BlockedTaskName::wchan, wchan);
                }
                Ok(_) | Err(_) => {}
            }
        }
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        sample.blocked.set_read(times);
        context.states.on(BLOCKED);
    }
}

fn born(pid: u64, context: &mut Context<'_>) -> Option<Tracked> {
    let mut process = Tracked::new(pid, context.host, context.buffer)?;
    process.read_labels(context.host, context.buffer);
    Some(process)
}

#[cfg(test)]
mod tests;
