//! Every process, those that changed since their last row, those that ended, those that block.
//!
//! Rows are sparse: a process whose row is as it was has none, but in a keyframe. Details that
//! need many calls are in `detail`.

mod cpu_split;
mod detail;
mod facts;
mod files;
mod listing;
mod long_blocks;
mod parse;
mod pass;
mod passed;
mod seen;
mod tracked;

use ks_ebpf::processes::ProcessIterator;
use ks_vocabulary::model::{
    BlockedTaskCell, BlockedTaskName, EventCell, EventName, Load, Process, ProcessGoneCell,
    ReadTimes, Sample,
};
use ks_vocabulary::time::Timestamp;

use crate::absence::Absence;
use crate::budget::{STRETCHED_NS, Step};
use crate::host_fs::HostFile;
use crate::sampler::{Context, Hidden, Sampler, State};

use detail::Details;
use listing::Listing;
use long_blocks::LongBlocks;
pub(super) use parse::stat as parse_stat;
use pass::{Asleep, Group, Pass};
use seen::Seen;
use tracked::Tracked;

const SOURCE: &str = "processes";
const BLOCKED: &str = "blocked";
/// The iterator that the other two are read by, where there is one.
const PASS: &str = "bpf/processes";
/// The sources that `--processes none` leaves out.
pub(crate) const SOURCES: &[&str] = &[SOURCE, BLOCKED, PASS];

const SCARCE: &str = "descriptors are scarce: files are opened for each reading";
const STRETCHED: &str = "read every 5 s: the recorder took more than --max-cpu";
const NO_OPEN_FILES: &str = "open files are shed: the recorder took more than --max-cpu";
const HIDES: &str = "this kernel leaves processes out, which are read from /proc";

/// A process id, and where it is in the pass, if it is there.
type Listed = (u64, Option<usize>);

/// Reads every process, by the kernel's iterator or from `/proc/PID`.
#[derive(Debug)]
pub(crate) struct Processes {
    listing: Listing,
    pass: Result<Pass, Absence>,
    /// Why the pass is not used for the time being, or ever.
    failed: Option<Absence>,
    /// Processes of `/proc` that passes leave out, as some kernels make them.
    hidden: Vec<u64>,
    listed: Vec<Listed>,
    known: Vec<Tracked>,
    born: Vec<Tracked>,
    scratch: Process,
    details: Details,
    long_blocks: LongBlocks,
    sampled: Option<Timestamp>,
    /// What was seen when others were first found to be hidden.
    seen: Option<Hidden>,
}

impl Sampler for Processes {
    fn sources(&self) -> &'static [&'static str] {
        SOURCES
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let stretched = context.budget.taken(Step::Processes).is_some() && !context.keyframe;
        let since = |last: Timestamp| context.tick.since_ns(last);
        if stretched && self.sampled.is_some_and(|last| since(last) < STRETCHED_NS) {
            return;
        }
        let is_first = self.sampled.replace(context.tick).is_none();
        context.charged(Step::Processes, |context| {
            self.sample_all(context, sample);
            self.sample_facts(is_first, context, sample);
        });
    }
}

impl Processes {
    fn sample_all(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        if let Err(absence) = self.list(context) {
            context.states.absent(SOURCE, absence);
            context.states.absent(BLOCKED, absence);
            return;
        }
        self.details.update(context, &mut self.known);
        self.read(context, sample);
        if self.failed.is_none() {
            // What ended since it was listed is not hidden.
            let hides = !self.hidden.is_empty();
            context.states.set(PASS, if hides { State::Limited(HIDES) } else { State::On });
        }
        sample.processes.sort();
        sample.processes_complete = context.keyframe;
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        sample.processes.set_read(times);
        sample.processes_gone.set_read(times);
        if context.keyframe {
            let hides = context.host.hides_processes() && self.failed.is_some();
            let all_tasks = sample.load.first().and_then(Load::tasks);
            self.seen = self.hidden_from(all_tasks).filter(|_| hides).map(|now| {
                // It is told once, and not whenever a process comes or goes.
                self.seen.unwrap_or(now)
            });
        }
        set_state(self.seen, context);
        self.sample_blocked(context, sample);
    }

    /// What seldom changes of the processes that were just read.
    fn sample_facts(&mut self, is_first: bool, context: &mut Context<'_>, sample: &mut Sample) {
        if sample.processes.read().is_none() {
            return;
        }
        let begin_ns = context.elapsed_ns();
        let mut left = facts::ASKED;
        for known in &mut self.known {
            if known.facts.is_due(&known.row, context.keyframe, is_first) && left > 0 {
                left -= 1;
                known.ask_facts(context.host, context.buffer);
            }
            known.facts.write(context.keyframe, &mut sample.process_facts);
        }
        if context.keyframe || !sample.process_facts.as_slice().is_empty() {
            let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
            sample.process_facts.set_read(times);
        }
    }

    /// What is seen, if the first process, which every host has, is not.
    fn hidden_from(&self, all_tasks: Option<u64>) -> Option<Hidden> {
        let is_seen = |known: &&Tracked| known.row.threads().is_some();
        if find(&self.known, 1).as_ref().is_some_and(is_seen) {
            return None;
        }
        let seen = self.known.iter().filter(is_seen);
        let tasks = seen.clone().filter_map(|known| known.row.threads()).sum();
        Some(Hidden { processes: seen.count(), tasks, all_tasks })
    }

    /// Reads by `iterator`, or from `/proc` where there is none and the reason is given.
    pub(crate) fn new(iterator: Result<ProcessIterator, Absence>) -> Self {
        Self {
            listing: Listing::default(),
            pass: iterator.and_then(Pass::checked),
            failed: None,
            hidden: Vec::new(),
            listed: Vec::new(),
            known: Vec::new(),
            born: Vec::new(),
            scratch: Process::default(),
            details: Details::default(),
            long_blocks: LongBlocks::default(),
            sampled: None,
            seen: None,
        }
    }

    /// Learns which processes there are. A pass that failed is tried again at the next keyframe.
    fn list(&mut self, context: &mut Context<'_>) -> Result<(), Absence> {
        // Listed before the pass, so that one that begins in between is not taken for hidden.
        if context.keyframe && self.pass.is_ok() {
            self.hidden.clear();
            self.hidden.extend(self.listing.read(context.host)?);
        }
        let is_due = self.failed.is_none() || context.keyframe;
        self.failed = match &mut self.pass {
            Ok(pass) if is_due => pass.read().err(),
            Ok(_) => self.failed,
            Err(absence) => Some(*absence),
        };
        self.listed.clear();
        if let Some(absence) = self.failed {
            context.states.absent(PASS, absence);
            let pids = self.listing.read(context.host)?;
            self.listed.extend(pids.iter().map(|pid| (*pid, None)));
            return Ok(());
        }
        let Ok(pass) = &self.pass else { return Ok(()) };
        self.hidden.retain(|pid| pass.find(*pid).is_none());
        let passed = pass.groups().iter().enumerate();
        self.listed.extend(passed.map(|(at, group)| (group.pid, Some(at))));
        self.listed.extend(self.hidden.iter().map(|pid| (*pid, None)));
        self.listed.sort_unstable();
        Ok(())
    }

    /// Goes through what is listed and what is known, both in order of process id.
    fn read(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let pass = self.pass.as_ref().ok().filter(|_| self.failed.is_none());
        let listed = &self.listed;
        let mut at = 0;
        self.known.retain_mut(|known| {
            while listed.get(at).is_some_and(|(pid, _)| *pid < known.pid) {
                self.born.extend(born(listed[at], pass, context));
                at += 1;
            }
            let found = listed.get(at).filter(|(pid, _)| *pid == known.pid).copied();
            at += usize::from(found.is_some());
            let seen = found.map_or(Seen::Gone, |found| {
                let group = group(found, pass);
                known.read(group, context.host, context.buffer, &mut self.scratch)
            });
            if seen == Seen::Gone {
                let gone = sample.processes_gone.push();
                gone.set(ProcessGoneCell::pid, known.pid);
                gone.set_some(ProcessGoneCell::start_ticks, known.row.start_ticks());
                self.born.extend(found.and_then(|found| born(found, pass, context)));
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
        for found in &listed[at..] {
            self.born.extend(born(*found, pass, context));
        }
        self.welcome(sample);
        let known = &self.known;
        self.hidden.retain(|pid| find(known, *pid).is_some());
    }

    /// Writes the rows of those that are new, and knows them from now on.
    fn welcome(&mut self, sample: &mut Sample) {
        if self.born.is_empty() {
            return;
        }
        for process in &self.born {
            sample.processes.push_copy(&process.row);
        }
        self.known.append(&mut self.born);
        self.known.sort_by_key(|known| known.pid);
    }

    /// Those in uninterruptible sleep, with the kernel function they sleep in. Without a pass
    /// these are leaders of processes only.
    fn sample_blocked(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        if let Some(pass) = self.pass.as_ref().ok().filter(|_| self.failed.is_none()) {
            for asleep in pass.asleep() {
                push_blocked(&self.known, asleep.pid, Some(asleep.tid), context, sample);
            }
            let known = &self.known;
            self.long_blocks.update(context.tick, pass.asleep(), |asleep, blocked_ns| {
                push_event(known, asleep, blocked_ns, context, sample);
            });
            sample.bpf_events.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        } else {
            let blocked = |known: &&Tracked| known.row.state() == Some(u64::from(b'D'));
            for process in self.known.iter().filter(blocked) {
                push_blocked(&self.known, process.pid, None, context, sample);
            }
        }
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        sample.blocked.set_read(times);
        context.states.on(BLOCKED);
    }
}

/// Says what is left out of the rows: whoever is hidden first, since no verdict can name them.
fn set_state(seen: Option<Hidden>, context: &mut Context<'_>) {
    if let Some(seen) = seen {
        return context.states.set(SOURCE, State::Hidden(seen));
    }
    for (step, what) in [(Step::Processes, STRETCHED), (Step::OpenFiles, NO_OPEN_FILES)] {
        if let Some(cost) = context.budget.taken(step) {
            return context.states.over_budget(SOURCE, State::Limited(what), cost);
        }
    }
    let limited = context.host.is_scarce().then_some(State::Limited(SCARCE));
    context.states.set(SOURCE, limited.unwrap_or(State::On));
}

fn group(listed: Listed, pass: Option<&Pass>) -> Option<&Group> {
    listed.1.and_then(|at| pass?.groups().get(at))
}

fn born(listed: Listed, pass: Option<&Pass>, context: &mut Context<'_>) -> Option<Tracked> {
    match group(listed, pass) {
        Some(group) => Some(Tracked::by_pass(group, context.host, context.buffer)),
        None => Tracked::by_files(listed.0, context.host, context.buffer),
    }
}

fn find(known: &[Tracked], pid: u64) -> Option<&Tracked> {
    known.binary_search_by_key(&pid, |known| known.pid).ok().map(|at| &known[at])
}

fn push_blocked(
    known: &[Tracked],
    pid: u64,
    tid: Option<u64>,
    context: &mut Context<'_>,
    sample: &mut Sample,
) {
    let row = sample.blocked.push();
    row.set(BlockedTaskCell::pid, pid);
    row.set_some(BlockedTaskCell::tid, tid);
    let process = find(known, pid);
    row.set_some(BlockedTaskCell::start_ticks, process.and_then(|known| known.row.start_ticks()));
    if let Some(comm) = process.and_then(|known| known.row.comm()) {
        row.set_name(BlockedTaskName::comm, comm);
    }
    if let Some(wchan) = read_wchan(pid, tid, context) {
        row.set_name(BlockedTaskName::wchan, wchan);
    }
}

fn push_event(
    known: &[Tracked],
    asleep: Asleep,
    blocked_ns: u64,
    context: &mut Context<'_>,
    sample: &mut Sample,
) {
    let row = sample.bpf_events.push();
    row.set_name(EventName::kind, b"long_block");
    row.set(EventCell::at_ns, context.tick.0);
    row.set(EventCell::pid, asleep.pid);
    row.set(EventCell::tid, asleep.tid);
    row.set(EventCell::blocked_ns, blocked_ns);
    if let Some(process) = find(known, asleep.pid) {
        row.set_name(EventName::comm, process.row.comm().unwrap_or_default());
        if let Some(cgroup) = process.row.cgroup() {
            row.set_name(EventName::cgroup, cgroup);
        }
    }
    if let Some(wchan) = read_wchan(asleep.pid, Some(asleep.tid), context) {
        row.set_name(EventName::wchan, wchan);
    }
}

/// The kernel function that a task sleeps in; `None` where it is hidden or the task woke up.
fn read_wchan<'b>(pid: u64, tid: Option<u64>, context: &'b mut Context<'_>) -> Option<&'b [u8]> {
    let tid = tid.unwrap_or(pid);
    let path = format!("proc/{pid}/task/{tid}/wchan");
    let read = HostFile::single(path).read(context.host, context.buffer).ok()?;
    Some(read).filter(|wchan| *wchan != b"0" && !wchan.is_empty())
}

#[cfg(test)]
mod tests;
