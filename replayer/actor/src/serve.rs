//! An actor at work: it takes messages, notes them in the audit log, acts, and says what came of
//! it.
//!
//! What it does for a time it undoes by its own clock, also where the daemon hangs. Where the other
//! end is gone nobody is there any more to judge what was done: what nobody said of that it stays
//! is undone at once, and the actor ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use ks_vocabulary::decision::Effect;
use ks_vocabulary::input::Outcome;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;
use serde::Serialize;
use thiserror::Error;

use crate::approval::{Approvals, Shown, Token};
use crate::audit::{Audit, AuditError};
use crate::clock::{SECOND_NS, boot_ns, wall_ns};
use crate::message::{Ask, MESSAGE_BYTES_MAX, Noted, Origin, Said, read};
use crate::notes::NotesError;
use crate::perform::{Done, Left, Order, Performer};

/// Who wants something done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The agent, by itself.
    Agent,
    /// The agent, and an operator approved of what he was shown.
    Operator,
    /// A person, by a command of his own.
    Person,
}

impl From<Origin> for By {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Agent => Self::Agent,
            Origin::Person => Self::Person,
        }
    }
}

/// What stands in the audit log.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry<'a> {
    /// An actor began.
    Began {
        /// What its sandbox lacks.
        lacks: &'a str,
    },
    /// Something was decided, or went on.
    Decided {
        /// What.
        #[serde(flatten)]
        noted: &'a Noted,
    },
    /// Something is about to be done.
    Asked {
        /// The request.
        request: u64,
        /// Who wants it.
        by: By,
        /// The action, for people.
        action: &'a str,
        /// What is done.
        effects: &'a [Effect],
        /// Seconds after which it is undone.
        lasts_s: Option<u64>,
    },
    /// What came of it.
    Came {
        /// The request.
        request: u64,
        /// What came of it.
        done: &'a Done,
    },
    /// It was undone, or could not be.
    Undone {
        /// The request.
        request: u64,
        /// What came of that.
        done: &'a Done,
    },
    /// It stays.
    Kept {
        /// The request.
        request: u64,
    },
    /// An earlier actor left it, and it was looked after.
    Left {
        /// What it was, and what became of it.
        left: &'a Left,
    },
    /// Somebody approved, and it was no approval.
    NotApproved {
        /// The request.
        request: u64,
        /// Why not.
        why: &'a str,
    },
    /// It was asked for while acting was stopped.
    Stopped {
        /// The request.
        request: u64,
    },
}

/// An actor cannot go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The other end.
    #[error("the daemon cannot be spoken to: {0}")]
    Io(#[from] io::Error),
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The notes.
    #[error(transparent)]
    Notes(#[from] NotesError),
}

/// See the module.
#[derive(Debug)]
pub struct Actor {
    performer: Performer,
    audit: Audit,
    /// While this file is there nothing is done.
    stop: PathBuf,
    /// The highest number that a request had.
    last: u64,
    approvals: Approvals,
    /// What is undone when, by CLOCK_BOOTTIME.
    due: BTreeMap<u64, Vec<u64>>,
}

impl Actor {
    /// One that begins.
    pub fn new(performer: Performer, audit: Audit, stop: PathBuf, last: u64) -> io::Result<Self> {
        let approvals = Approvals::new()?;
        Ok(Self { performer, audit, stop, last, approvals, due: BTreeMap::new() })
    }

    /// Works until the other end is gone.
    pub fn serve(&mut self, mut socket: File) -> Result<(), ServeError> {
        let left = self.recover()?;
        let ready = Said::Ready { left, kept: self.performer.kept()?, last: self.last };
        let mut hears = say(&mut socket, &ready).is_ok();
        let mut bytes = vec![0; MESSAGE_BYTES_MAX + 1];
        while hears {
            if self.wait(&socket)? {
                let len = socket.read(&mut bytes).unwrap_or(0);
                hears = len > 0 && {
                    let said = self.answer(&bytes[..len])?;
                    say(&mut socket, &said).is_ok()
                };
            }
            for said in self.undo_due()? {
                hears = hears && say(&mut socket, &said).is_ok();
            }
        }
        self.recover()?;
        Ok(())
    }

    /// Undoes what nobody said of that it stays.
    fn recover(&mut self) -> Result<Vec<Left>, ServeError> {
        let left = self.performer.recover()?;
        for one in &left {
            self.note(&Entry::Left { left: one })?;
        }
        Ok(left)
    }

    /// What it says to a message.
    pub fn answer(&mut self, bytes: &[u8]) -> Result<Said, ServeError> {
        match read(bytes) {
            Err(bad) => Ok(Said::Refused { problem: bad.to_string() }),
            Ok(Ask::Seal { shown }) => Ok(Said::Sealed { token: self.approvals.seal(&shown) }),
            Ok(Ask::Perform { order, origin }) => self.perform(order, origin.into()),
            Ok(Ask::Approved { shown, token }) => self.approved(shown, &token),
            Ok(Ask::Undo { request }) => {
                let done = self.undo(request)?;
                Ok(Said::Done { request, done })
            }
            Ok(Ask::Note { noted }) => {
                self.note(&Entry::Decided { noted: &noted })?;
                let done = Done { outcome: Outcome::Applied, reason: None };
                Ok(Said::Done { request: noted.decision, done })
            }
            Ok(Ask::Keep { request }) => {
                self.performer.keep(request)?;
                self.forget_due(request);
                self.note(&Entry::Kept { request })?;
                let done = Done { outcome: Outcome::Applied, reason: None };
                Ok(Said::Done { request, done })
            }
        }
    }

    fn approved(&mut self, shown: Shown, token: &Token) -> Result<Said, ServeError> {
        let request = shown.order.request;
        if let Err(why) = self.approvals.take(&shown, token, boot_ns()) {
            self.note(&Entry::NotApproved { request, why: &why.to_string() })?;
            let done = Done::not(Outcome::NotApplied, why.to_string());
            return Ok(Said::Done { request, done });
        }
        self.perform(shown.order, By::Operator)
    }

    fn perform(&mut self, order: Order, by: By) -> Result<Said, ServeError> {
        let request = order.request;
        // Looked at right before the act: it holds also where the daemon hangs.
        if self.stop.exists() {
            self.note(&Entry::Stopped { request })?;
            let why = format!("acting is stopped: `{}` is there", self.stop.display());
            return Ok(Said::Done { request, done: Done::not(Outcome::NotApplied, why) });
        }
        let (action, effects, lasts_s) = (&*order.action, &*order.effects, order.lasts_s);
        self.note(&Entry::Asked { request, by, action, effects, lasts_s })?;
        let performer = &self.performer;
        let done = catch_unwind(AssertUnwindSafe(|| performer.perform(order)));
        // What a panic left behind is on disk, and is undone like what an earlier one left.
        let done = done.unwrap_or_else(|_| {
            let undone = self.performer.undo(request);
            let why = undone.reason.unwrap_or_else(|| "undone".to_owned());
            Done::not(Outcome::Indeterminate, format!("it could not go on: {why}"))
        });
        self.note(&Entry::Came { request, done: &done })?;
        if done.outcome == Outcome::Applied
            && let Some(lasts_s) = lasts_s
        {
            let at = boot_ns().saturating_add(lasts_s.saturating_mul(SECOND_NS));
            self.due.entry(at).or_default().push(request);
        }
        Ok(Said::Done { request, done })
    }

    fn undo(&mut self, request: u64) -> Result<Done, ServeError> {
        self.forget_due(request);
        let done = self.performer.undo(request);
        self.note(&Entry::Undone { request, done: &done })?;
        Ok(done)
    }

    /// Undoes everything whose time is over.
    fn undo_due(&mut self) -> Result<Vec<Said>, ServeError> {
        let mut said = Vec::new();
        while let Some(entry) = self.due.first_entry().filter(|entry| *entry.key() <= boot_ns()) {
            for request in entry.remove() {
                let done = self.undo(request)?;
                said.push(Said::Over { request, done });
            }
        }
        Ok(said)
    }

    fn forget_due(&mut self, request: u64) {
        self.due.retain(|_, requests| {
            requests.retain(|one| *one != request);
            !requests.is_empty()
        });
    }

    /// Waits for a message, or until something is due; true for a message, or its end. Without
    /// either it sleeps.
    fn wait(&self, socket: &File) -> Result<bool, ServeError> {
        let left = self.due.keys().next().map(|at| {
            let left_ns = at.saturating_sub(boot_ns());
            let seconds = i64::try_from(left_ns / SECOND_NS).unwrap_or(i64::MAX);
            let nanos = i64::try_from(left_ns % SECOND_NS).unwrap_or(0);
            Timespec { tv_sec: seconds, tv_nsec: nanos }
        });
        let mut heard = [PollFd::new(socket, PollFlags::IN)];
        match poll(&mut heard, left.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(ServeError::Io(error.into())),
        }
    }

    fn note(&mut self, entry: &Entry<'_>) -> Result<(), ServeError> {
        Ok(self.audit.append(wall_ns(), entry)?)
    }
}

pub(crate) fn say(socket: &mut File, said: &Said) -> io::Result<()> {
    let bytes = serde_json::to_vec(said)?;
    let len = socket.write(&bytes)?;
    if len == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

#[cfg(test)]
mod tests;
