//! An effect as it is done here: what is kept before, how it is made, and how it is put back.

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::thread::sleep;
use std::time::Duration;

use ks_vocabulary::decision::{Effect, GroupFile, Signal};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::fs::syncfs;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, is_gone};
use crate::held::{Held, Target};
use crate::mask::Mask;
use crate::members;
use crate::place::Place;
use crate::process_file::ProcessFile;
use crate::process_value;
use crate::setting::{self, Setting};
use crate::stat::Stat;
use crate::unit_file::{self, Way};
use crate::writes::Writes;
use crate::written;

/// The flag of a policy that children do not inherit it.
const RESET_ON_FORK: u64 = 0x4000_0000;
/// A process that is told to stop or to go on does so when it is next run; one that sleeps
/// uninterruptibly only when that is over.
const OBEYS: Duration = Duration::from_secs(1);
const LOOKS: Duration = Duration::from_millis(2);

/// What there was before an effect, and what the effect is: kept on disk before it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Deed {
    /// A setting of each thread.
    Threads {
        /// Whose.
        target: Target,
        /// What they had.
        prior: setting::Prior,
    },
    /// A file of a process.
    ProcessFile {
        /// Whose.
        target: Target,
        /// What it held.
        prior: process_value::Prior,
    },
    /// Another file.
    File {
        /// What it held.
        prior: written::Prior,
        /// What is to be said of it where it is done.
        #[serde(default)]
        told: Option<String>,
    },
    /// A file of a unit's group, by systemd.
    Unit {
        /// What the unit was held at, and what the file held.
        prior: unit_file::Prior,
    },
    /// A signal.
    Signal {
        /// To whom.
        target: Target,
        /// Which.
        signal: Signal,
        /// It was stopped before.
        was_stopped: bool,
    },
    /// What a filesystem has not written yet is written: nothing is to be put back.
    Sync {
        /// Where it is mounted.
        mount: Exact,
    },
}

/// What became of putting back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutBack {
    /// It is as it was.
    Restored,
    /// Someone else changed it since: it was left alone, and this is what it is.
    Superseded(String),
    /// Nothing is to be put back.
    Nothing,
}

impl From<written::Restored> for PutBack {
    fn from(restored: written::Restored) -> Self {
        match restored {
            written::Restored::Restored => Self::Restored,
            written::Restored::NotKept => Self::Nothing,
            written::Restored::Superseded(found) => Self::Superseded(found),
        }
    }
}

impl Deed {
    /// Looks at what there is before an effect. Nothing is changed.
    pub fn of(effect: &Effect, writes: &dyn Writes) -> Result<Self, Failure> {
        match effect {
            Effect::Nice { process, nice } => {
                let nice = i32::try_from(*nice).map_err(|_| unknown(effect))?;
                threads(process, Setting::Nice(nice))
            }
            Effect::Policy { process, policy, reset_on_fork } => {
                let flag = if *reset_on_fork { RESET_ON_FORK } else { 0 };
                threads(process, Setting::Policy(policy | flag))
            }
            Effect::Affinity { process, cpus } => {
                threads(process, Setting::Cpus(cpus.as_ref().map_or_else(Mask::all, Mask::listed)))
            }
            Effect::IoPriority { process, value } => threads(process, Setting::IoPriority(*value)),
            Effect::Autogroup { process, nice } => {
                process_file(process, ProcessFile::Autogroup, *nice)
            }
            Effect::OomScore { process, adj } => {
                process_file(process, ProcessFile::OomScoreAdj, *adj)
            }
            Effect::Signal { process, signal } => {
                let target = Target::of(process)?;
                let was_stopped = is_stopped(&target.hold()?)?;
                Ok(Self::Signal { target, signal: *signal, was_stopped })
            }
            Effect::GroupFile { group, file, text } => group_file(group, *file, text, writes),
            Effect::Sysctl { key, text } => file(Place::Sysctl(*key), text.clone(), None),
            Effect::ReadAhead { disk, kb } => {
                file(Place::ReadAhead(disk.clone()), kb.to_string(), None)
            }
            Effect::SyncFilesystem { mount } => Ok(Self::Sync { mount: mount.clone() }),
            Effect::LinkMode { .. } => Err(unknown(effect)),
        }
    }

    /// Does it, and reads it back; what the kernel took instead is kept.
    pub fn apply(&mut self, writes: &dyn Writes) -> Result<(), Failure> {
        match self {
            Self::Threads { target, prior } => setting::apply(&target.hold()?, prior),
            Self::ProcessFile { target, prior } => {
                process_value::apply(&target.hold()?, prior, writes)
            }
            Self::File { prior, .. } => written::apply(prior, writes),
            Self::Unit { prior } => unit_file::apply(prior, writes),
            Self::Signal { target, signal, .. } => send(&target.hold()?, *signal),
            Self::Sync { mount } => sync(mount),
        }
    }

    /// Says that it is about to be put back; true where that is to be kept.
    pub(crate) fn begin(&mut self) -> bool {
        match self {
            Self::Threads { prior, .. } => prior.begin(),
            Self::ProcessFile { .. }
            | Self::File { .. }
            | Self::Unit { .. }
            | Self::Signal { .. }
            | Self::Sync { .. } => false,
        }
    }

    /// What is to be said of it where it is done.
    pub(crate) fn told(&self) -> Option<String> {
        let Self::File { told, .. } = self else { return None };
        told.clone()
    }

    /// Puts back what there was. What has ended has nothing that could be.
    pub fn restore(&self, writes: &dyn Writes) -> Result<PutBack, Failure> {
        let done = match self {
            Self::Threads { target, prior } => {
                target.hold().and_then(|held| setting::restore(&held, prior)).map(|restored| {
                    let tids: Vec<String> =
                        restored.superseded.iter().map(u64::to_string).collect();
                    if tids.is_empty() {
                        return PutBack::Restored;
                    }
                    PutBack::Superseded(format!("another value in threads {}", tids.join(", ")))
                })
            }
            Self::ProcessFile { target, prior } => {
                let of = |held: &Held| process_value::restore(held, prior, writes);
                let restored = match target.hold().and_then(|held| of(&held)) {
                    Err(Failure::Gone { .. } | Failure::Ended { .. }) => {
                        process_value::restore_session(prior, writes)
                    }
                    restored => restored,
                };
                restored.map(|restored| match restored {
                    process_value::Restored::Restored => PutBack::Restored,
                    process_value::Restored::Superseded(found) => {
                        PutBack::Superseded(found.to_string())
                    }
                })
            }
            Self::File { prior, .. } => written::restore(prior, writes).map(PutBack::from),
            Self::Unit { prior } => unit_file::restore(prior, writes).map(PutBack::from),
            Self::Signal { target, signal, was_stopped } => {
                target.hold().and_then(|held| undo_signal(&held, *signal, *was_stopped))
            }
            Self::Sync { .. } => Ok(PutBack::Nothing),
        };
        match done {
            Err(Failure::Gone { .. } | Failure::Ended { .. }) => Ok(PutBack::Nothing),
            done => done,
        }
    }
}

fn threads(process: &Exact, written: Setting) -> Result<Deed, Failure> {
    let target = Target::of(process)?;
    let prior = setting::capture(&target.hold()?, written)?;
    Ok(Deed::Threads { target, prior })
}

fn process_file(process: &Exact, file: ProcessFile, written: i64) -> Result<Deed, Failure> {
    let target = Target::of(process)?;
    let prior = process_value::capture(&target.hold()?, file, written)?;
    Ok(Deed::ProcessFile { target, prior })
}

/// By systemd where the group is a unit's of version 2.
fn group_file(
    group: &Exact,
    at: GroupFile,
    text: &str,
    writes: &dyn Writes,
) -> Result<Deed, Failure> {
    members::check(group)?;
    let told = match unit_file::capture(group, at, text, writes)? {
        Way::Systemd(prior) => return Ok(Deed::Unit { prior: *prior }),
        Way::Directly(told) => told,
    };
    file(Place::Group { group: group.clone(), file: at }, text.to_owned(), told)
}

fn file(place: Place, text: String, told: Option<String>) -> Result<Deed, Failure> {
    Ok(Deed::File { prior: written::capture(place, text)?, told })
}

fn unknown(effect: &Effect) -> Failure {
    let error = std::io::Error::from(std::io::ErrorKind::Unsupported);
    Failure::refused(effect.to_string(), error)
}

fn is_stopped(held: &Held) -> Result<bool, Failure> {
    let stat = Stat::of(&held.folder());
    let what = || format!("process {}", held.pid());
    match stat {
        Ok(stat) => Ok(matches!(stat.state, b'T' | b't')),
        Err(error) if is_gone(&error) => Err(Failure::Gone { what: what() }),
        Err(error) => Err(Failure::refused(what(), error)),
    }
}

/// Sends a signal, and waits until it is obeyed. One that is asked to end may take its time.
fn send(held: &Held, signal: Signal) -> Result<(), Failure> {
    held.signal(signal)?;
    let wanted = match signal {
        Signal::Stop => true,
        Signal::Continue => false,
        Signal::Terminate => return Ok(()),
    };
    for _ in 0..OBEYS.as_millis() / LOOKS.as_millis() {
        if is_stopped(held)? == wanted {
            return Ok(());
        }
        sleep(LOOKS);
    }
    Err(Failure::NotTaken {
        what: format!("process {}", held.pid()),
        written: format!("SIG{signal}"),
        found: "its state did not change within a second".to_owned(),
    })
}

/// A process that was told to stop and has not yet stood does so when it can: it is told to go on
/// whatever it does now. One that was stopped before is stopped again where we made it run.
fn undo_signal(held: &Held, signal: Signal, was_stopped: bool) -> Result<PutBack, Failure> {
    match signal {
        Signal::Terminate => Ok(PutBack::Nothing),
        Signal::Stop if was_stopped => Ok(PutBack::Restored),
        Signal::Stop => send(held, Signal::Continue).map(|()| PutBack::Restored),
        Signal::Continue if !was_stopped || is_stopped(held)? => Ok(PutBack::Restored),
        Signal::Continue => send(held, Signal::Stop).map(|()| PutBack::Restored),
    }
}

fn sync(mount: &Exact) -> Result<(), Failure> {
    let gone = || Failure::Gone { what: mount.0.to_string() };
    let Entity::Filesystem(path) = &mount.0 else { return Err(gone()) };
    let refused = |error| Failure::refused(mount.0.to_string(), error);
    let folder = File::open(std::ffi::OsStr::from_bytes(path)).map_err(refused)?;
    syncfs(folder).map_err(|error| refused(error.into()))
}

#[cfg(test)]
mod tests;
