//! An actor at work: it takes messages, notes them in the audit log, acts, and says what came of
//! it.
//!
//! What it does for a time it undoes by its own clock, also where the daemon hangs. Where the other
//! end is gone nobody is there any more to judge what was done: what nobody said of that it stays
//! is undone at once, and the actor ends.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use ks_vocabulary::input::Outcome;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;
use thiserror::Error;

use crate::approval::{Approvals, Shown, Token};
use crate::audit::{Audit, AuditError};
use crate::clock::{SECOND_NS, boot_ns, wall_ns};
use crate::cut::short;
use crate::due::Due;
use crate::entry::{By, Entry};
use crate::message::{Ask, MESSAGE_BYTES_MAX, Said, read};
use crate::notes::NotesError;
use crate::perform::{Done, Left, Order, Performer};

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
    due: Due,
}

impl Actor {
    /// One that begins.
    pub fn new(performer: Performer, audit: Audit, stop: PathBuf, last: u64) -> io::Result<Self> {
        let approvals = Approvals::new()?;
        Ok(Self { performer, audit, stop, last, approvals, due: Due::default() })
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

    /// Finishes what an earlier one left. Each stands in the log before it is touched; what fails
    /// is tried again.
    fn recover(&mut self) -> Result<Vec<Left>, ServeError> {
        let mut all = Vec::new();
        for found in self.performer.unfinished()? {
            let request = found.as_ref().ok().map(|note| note.request);
            self.note(&Entry::Recovering { request })?;
            let left = self.performer.finish(found);
            self.note(&Entry::Left { left: &left })?;
            if let Some(request) = request.filter(|_| left.done.is_to_be_tried_again()) {
                self.due.add(boot_ns().saturating_add(SECOND_NS), request);
            }
            all.push(left);
        }
        Ok(all)
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
                self.note(&Entry::Keeping { request })?;
                self.performer.keep(request)?;
                self.due.forget(request);
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
            let done = Done::because(Outcome::NotApplied, why.to_string());
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
            return Ok(Said::Done { request, done: Done::because(Outcome::NotApplied, why) });
        }
        let (action, effects, lasts_s) = (&*short(&order.action), &*order.effects, order.lasts_s);
        self.note(&Entry::Asked { request, by, action, effects, lasts_s })?;
        let performer = &self.performer;
        let done = catch_unwind(AssertUnwindSafe(|| performer.perform(order)));
        let done = if let Ok(done) = done {
            done
        } else {
            // What a panic left behind is on disk, and is undone like what an earlier one left.
            let why = self.undo(request)?.reason.unwrap_or_else(|| "undone".to_owned());
            Done::because(Outcome::Indeterminate, format!("it could not go on: {why}"))
        };
        self.note(&Entry::Came { request, done: &done })?;
        // What failed and could not be undone at once is tried again by then, too.
        if let Some(lasts_s) = lasts_s.filter(|_| self.performer.stands(request)) {
            let at_ns = boot_ns().saturating_add(lasts_s.saturating_mul(SECOND_NS));
            self.due.add(at_ns, request);
        }
        Ok(Said::Done { request, done })
    }

    fn undo(&mut self, request: u64) -> Result<Done, ServeError> {
        self.note(&Entry::Undoing { request })?;
        let done = self.performer.undo(request);
        self.note(&Entry::Undone { request, done: &done })?;
        if !done.is_to_be_tried_again() {
            self.due.forget(request);
        }
        Ok(done)
    }

    /// Undoes everything whose time is over. What fails is told once, and when it works: in between
    /// it stands in the log.
    fn undo_due(&mut self) -> Result<Vec<Said>, ServeError> {
        let mut said = Vec::new();
        for item in self.due.take(boot_ns()) {
            let (request, done) = (item.request, self.undo(item.request)?);
            let fails = done.is_to_be_tried_again();
            if fails {
                self.due.again(item, boot_ns());
            }
            if !fails || item.is_new() {
                said.push(Said::Over { request, done });
            }
        }
        Ok(said)
    }

    /// Waits for a message, or until something is due; true for a message, or its end. Without
    /// either it sleeps.
    fn wait(&self, socket: &File) -> Result<bool, ServeError> {
        let left = self.due.next_ns().map(|at_ns| {
            let left_ns = at_ns.saturating_sub(boot_ns());
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
