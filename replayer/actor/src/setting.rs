//! What the kernel keeps of each thread: nice level, policy, CPUs and I/O priority.
//!
//! The calls name one thread, and a new thread or child has what its maker had. So all are gone
//! through until a pass finds nothing to change. To put it back each thread gets what it had, and
//! one that came since what the first of the process had; where someone else changed a value since
//! it is left alone (`kernel.md`, section 7).

use std::fmt;
use std::io;

use rustix::process::{getpriority_process, setpriority_process};
use serde::{Deserialize, Serialize};

use crate::clock::boot_ticks;
use crate::failure::{Failure, is_gone};
use crate::heirs;
use crate::held::Held;
use crate::mask::Mask;
use crate::syscalls::{self, id};
use crate::threads::{self, ThreadId};

/// How often the threads are gone through: one that makes threads all the time comes to no end.
const PASSES_MAX: usize = 16;

/// A value of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Its nice level.
    Nice(i32),
    /// Its scheduling policy, with the flag that children do not inherit it.
    Policy(u64),
    /// The CPUs that it may use.
    Cpus(Mask),
    /// Its I/O priority: class << 13 | level, 0 for none.
    IoPriority(u64),
}

impl fmt::Display for Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nice(nice) => write!(out, "nice {nice}"),
            Self::Policy(policy) => write!(out, "policy {policy:#x}"),
            Self::Cpus(mask) => write!(out, "CPUs {mask}"),
            Self::IoPriority(value) => write!(out, "I/O priority {value:#x}"),
        }
    }
}

impl Setting {
    /// The same setting as a thread has it.
    fn of(&self, tid: u64) -> io::Result<Self> {
        Ok(match self {
            Self::Nice(_) => Self::Nice(getpriority_process(Some(id(tid)?))?),
            Self::Policy(_) => Self::Policy(syscalls::policy(tid)?),
            Self::Cpus(_) => Self::Cpus(Mask::of(tid)?),
            Self::IoPriority(_) => Self::IoPriority(syscalls::io_priority(tid)?),
        })
    }

    fn give(&self, tid: u64) -> io::Result<()> {
        match self {
            Self::Nice(nice) => Ok(setpriority_process(Some(id(tid)?), *nice)?),
            Self::Policy(policy) => syscalls::set_policy(tid, *policy),
            Self::Cpus(mask) => mask.give(tid),
            Self::IoPriority(value) => syscalls::set_io_priority(tid, *value),
        }
    }

    /// Gives it back to a thread as it was before it had a value of ours. A task that had no mask
    /// of its own gets none: with all CPUs the kernel says what else limits it.
    fn give_back(&self, tid: u64) -> io::Result<()> {
        if let Self::Cpus(mask) = self {
            Mask::all().give(tid)?;
            if Mask::of(tid)? == *mask {
                return Ok(());
            }
        }
        self.give(tid)
    }
}

/// What the threads of a process had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// What is written.
    pub written: Setting,
    /// What its first thread had: what came since had it from one of these.
    pub first: Setting,
    /// What each had.
    pub threads: Vec<(ThreadId, Setting)>,
    /// What the kernel made of what is written, where it took something else: that is ours too.
    #[serde(default)]
    pub taken: Vec<Setting>,
    /// It is being put back, or was when somebody was killed.
    #[serde(default)]
    pub is_begun: bool,
    /// When it was looked at, in clock ticks after boot: what the process makes from then on begins
    /// with what is written.
    pub since_ticks: u64,
}

impl Prior {
    /// Says that it is about to be put back, where that has steps between which a kill may come:
    /// false where it has none, or that was said before.
    pub(crate) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.is_begun, matches!(self.written, Setting::Cpus(_)))
            && self.is_begun
    }

    /// Whether a value is of our making: what was written, what the kernel took for it, or what
    /// there is between the two steps of [`Setting::give_back`].
    fn is_ours(&self, found: &Setting, before: &Setting) -> bool {
        let is_half = || match (found, before, &self.written) {
            (Setting::Cpus(found), Setting::Cpus(before), Setting::Cpus(written)) => {
                before.is_within(found) && written.is_within(found)
            }
            _ => false,
        };
        *found == self.written || self.taken.contains(found) || self.is_begun && is_half()
    }
}

/// What became of putting it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Threads that have what they had.
    pub restored: usize,
    /// Threads that someone else gave another value since.
    pub superseded: Vec<u64>,
}

/// Looks at what there is before `written` is given: kept before anything is changed.
pub fn capture(held: &Held, written: Setting) -> Result<Prior, Failure> {
    let since_ticks = boot_ticks();
    held.during(|| {
        let mut all = Vec::new();
        for thread in threads::of(held)? {
            match written.of(thread.tid) {
                Ok(setting) => all.push((thread, setting)),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(refused(&written, held, error)),
            }
        }
        let gone = || Failure::Gone { what: format!("process {}", held.pid()) };
        let leader = all.iter().find(|(thread, _)| thread.tid == held.pid());
        let first = leader.or(all.first()).map(|(_, setting)| setting.clone()).ok_or_else(gone)?;
        let (taken, is_begun) = (Vec::new(), false);
        Ok(Prior { written, first, threads: all, taken, is_begun, since_ticks })
    })
}

/// Gives every thread what is written, and reads it back. What is read and is something else is
/// kept beside it.
pub fn apply(held: &Held, prior: &mut Prior) -> Result<(), Failure> {
    let Prior { written, taken, .. } = &mut *prior;
    held.during(|| {
        settle(held, written, |thread, found| {
            if found == written || taken.contains(found) {
                return Ok(false);
            }
            written.give(thread.tid)?;
            let found = written.of(thread.tid)?;
            if found != *written && !taken.contains(&found) {
                taken.push(found);
            }
            Ok(true)
        })
    })?;
    let taken = held.during(|| read_back(held, &prior.written))?;
    taken.map_or(Ok(()), |found| {
        Err(Failure::NotTaken {
            what: format!("process {}", held.pid()),
            written: prior.written.to_string(),
            found: found.to_string(),
        })
    })
}

/// Gives back what there was, where what was written stands still; what the process made meanwhile
/// gets what its first thread had.
pub fn restore(held: &Held, prior: &Prior) -> Result<Restored, Failure> {
    let mut restored = Restored::default();
    restore_of(held, prior, &mut restored)?;
    heirs::each(held, prior.since_ticks, |heir| {
        // What it set itself since is its own business.
        let mut of_heir = Restored::default();
        restore_of(heir, prior, &mut of_heir)?;
        restored.restored += of_heir.restored;
        Ok(of_heir.restored > 0)
    })?;
    Ok(restored)
}

fn restore_of(held: &Held, prior: &Prior, restored: &mut Restored) -> Result<(), Failure> {
    held.during(|| {
        settle(held, &prior.written, |thread, found| {
            let known = prior.threads.iter().find(|(known, _)| known == thread);
            let before = known.map_or(&prior.first, |(_, before)| before);
            if found == before {
                return Ok(false);
            }
            if !prior.is_ours(found, before) {
                if !restored.superseded.contains(&thread.tid) {
                    restored.superseded.push(thread.tid);
                }
                return Ok(false);
            }
            before.give_back(thread.tid)?;
            restored.restored += 1;
            Ok(true)
        })
    })
}

/// Goes through all threads until none was changed in a pass.
fn settle(
    held: &Held,
    like: &Setting,
    mut change: impl FnMut(&ThreadId, &Setting) -> io::Result<bool>,
) -> Result<(), Failure> {
    for _ in 0..PASSES_MAX {
        let mut is_changed = false;
        for thread in threads::of(held)? {
            let done = like.of(thread.tid).and_then(|found| change(&thread, &found));
            match done {
                Ok(changed) => is_changed |= changed,
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(refused(like, held, error)),
            }
        }
        if !is_changed {
            return Ok(());
        }
    }
    Err(Failure::Unsettled { what: format!("process {}", held.pid()) })
}

/// The value of a thread that has not what was written, if there is one.
fn read_back(held: &Held, written: &Setting) -> Result<Option<Setting>, Failure> {
    for thread in threads::of(held)? {
        match written.of(thread.tid) {
            Ok(found) if found == *written => {}
            Ok(found) => return Ok(Some(found)),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(refused(written, held, error)),
        }
    }
    Ok(None)
}

fn refused(setting: &Setting, held: &Held, error: io::Error) -> Failure {
    Failure::refused(format!("{setting} to process {}", held.pid()), error)
}

#[cfg(test)]
mod tests;
