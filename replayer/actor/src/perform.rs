//! Doing what was asked for, undoing it, and finishing what another one began.
//!
//! The note is down before anything is done, and what it says is what is undone: so it does not
//! matter at which step a process is killed.

use std::fs;
use std::io;

use ks_vocabulary::decision::Effect;
use ks_vocabulary::input::Outcome;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::deed::{Deed, PutBack};
use crate::direction;
use crate::failure::Failure;
use crate::notes::{Note, Notes, NotesError, Standing};
use crate::writes::Writes;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The number of the request.
    pub request: u64,
    /// The action, for people.
    pub action: String,
    /// What is done, in order.
    pub effects: Vec<Effect>,
    /// Seconds after which it is undone, whoever is there to ask for that.
    pub lasts_s: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// In a word.
    pub outcome: Outcome,
    /// Why, where it was not done as it was asked for.
    pub reason: Option<String>,
}

impl Done {
    fn applied() -> Self {
        Self { outcome: Outcome::Applied, reason: None }
    }

    pub(crate) fn not(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()) }
    }
}

/// Whoever performs actions on this host.
#[derive(Debug)]
pub struct Performer {
    notes: Notes,
    boot_id: String,
    writes: Box<dyn Writes>,
}

/// Something that an earlier one left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// The request that asked for it; `None` where that cannot be told.
    pub request: Option<u64>,
    /// The action, for people.
    pub action: String,
    /// What became of it.
    pub done: Done,
}

impl Performer {
    /// One that keeps its notes there, and has others write what it may not.
    pub fn new(notes: Notes, writes: Box<dyn Writes>) -> io::Result<Self> {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        Ok(Self { notes, boot_id, writes })
    }

    /// Does what is asked for. Where a part of it fails all of it is undone.
    pub fn perform(&self, order: Order) -> Done {
        match self.notes.get(order.request) {
            Ok(None) => {}
            Ok(Some(_)) => return Done::not(Outcome::NotApplied, "it was asked for before"),
            Err(error) => return Done::not(Outcome::NotApplied, error.to_string()),
        }
        let deeds: Result<Vec<Deed>, Failure> =
            order.effects.iter().map(|effect| self.look(effect)).collect();
        let deeds = match deeds {
            Ok(deeds) => deeds,
            Err(failure) => return Done::not(Outcome::NotApplied, failure.to_string()),
        };
        let note = Note::new(order.request, self.boot_id.clone(), order.action, deeds);
        if let Err(error) = self.notes.put(&note) {
            return Done::not(Outcome::NotApplied, format!("nothing was done: {error}"));
        }
        self.carry_out(note)
    }

    /// What there is before an effect that may be made: within bounds, and in its one direction.
    fn look(&self, effect: &Effect) -> Result<Deed, Failure> {
        bounds::check(effect)?;
        let deed = Deed::of(effect, &*self.writes)?;
        direction::check(&deed)?;
        Ok(deed)
    }

    fn carry_out(&self, mut note: Note) -> Done {
        for at in 0..note.deeds.len() {
            if let Err(failure) = note.deeds[at].apply(&*self.writes) {
                note.deeds.truncate(at + 1);
                return self.give_up(&note, &failure);
            }
        }
        note.standing = Standing::Done;
        match self.notes.put(&note) {
            Ok(()) => Done::applied(),
            // The note that it was meant is there: whoever comes next puts it back all the same.
            Err(error) => Done { outcome: Outcome::Applied, reason: Some(error.to_string()) },
        }
    }

    /// Undoes what was done of something that failed.
    fn give_up(&self, note: &Note, failure: &Failure) -> Done {
        let undone = self.put_back(note);
        match (failure, undone.outcome) {
            (Failure::Indeterminate { .. }, _) => {
                Done::not(Outcome::Indeterminate, failure.to_string())
            }
            (_, Outcome::Applied | Outcome::Superseded) => {
                Done::not(Outcome::NotApplied, failure.to_string())
            }
            (_, Outcome::NotApplied | Outcome::Indeterminate | Outcome::Withheld) => {
                let why = undone.reason.unwrap_or_default();
                Done::not(Outcome::Indeterminate, format!("{failure}; undoing it failed: {why}"))
            }
        }
    }

    /// It stays: nobody undoes it unless he is asked to.
    pub fn keep(&self, request: u64) -> Result<(), NotesError> {
        let Some(note) = self.notes.get(request)? else { return Ok(()) };
        self.notes.put(&note.at(Standing::Kept))
    }

    /// Undoes what a request did.
    pub fn undo(&self, request: u64) -> Done {
        match self.notes.get(request) {
            Ok(Some(note)) if note.boot_id != self.boot_id => self.forget(&note),
            Ok(Some(note)) => self.put_back(&note),
            Ok(None) => Done::not(Outcome::NotApplied, "there is nothing of it to undo"),
            Err(error) => Done::not(Outcome::NotApplied, error.to_string()),
        }
    }

    /// Finishes what an earlier one left: what nobody said of that it stays is undone.
    pub fn recover(&self) -> Result<Vec<Left>, NotesError> {
        let mut left = Vec::new();
        // The newest first: what an older one finds changed by a newer one is as it left it then.
        for note in self.notes.all()?.into_iter().rev() {
            match note {
                Ok(note) if note.boot_id != self.boot_id => {
                    let done = self.forget(&note);
                    left.push(Left { request: Some(note.request), action: note.action, done });
                }
                Ok(note) if note.standing != Standing::Kept => {
                    let done = self.put_back(&note);
                    left.push(Left { request: Some(note.request), action: note.action, done });
                }
                Ok(_) => {}
                Err(error) => {
                    let done = Done::not(Outcome::Indeterminate, error.to_string());
                    left.push(Left { request: None, action: "unknown".to_owned(), done });
                }
            }
        }
        Ok(left)
    }

    /// Puts back the last first. The note goes when nothing is left to be done.
    fn put_back(&self, note: &Note) -> Done {
        let mut superseded = Vec::new();
        let mut failed = Vec::new();
        for deed in note.deeds.iter().rev() {
            match deed.restore(&*self.writes) {
                Ok(PutBack::Restored | PutBack::Nothing) => {}
                Ok(PutBack::Superseded(found)) => superseded.push(found),
                Err(failure) => failed.push(failure.to_string()),
            }
        }
        if !failed.is_empty() {
            return Done::not(Outcome::Indeterminate, failed.join("; "));
        }
        if let Err(error) = self.notes.take_away(note.request) {
            return Done::not(Outcome::Indeterminate, error.to_string());
        }
        if superseded.is_empty() {
            return Done::applied();
        }
        let found = superseded.join("; ");
        Done::not(Outcome::Superseded, format!("someone else changed it since: {found}"))
    }

    /// Of another boot nothing is left to undo.
    fn forget(&self, note: &Note) -> Done {
        match self.notes.take_away(note.request) {
            Ok(()) => {
                Done { outcome: Outcome::Applied, reason: Some("a boot has undone it".to_owned()) }
            }
            Err(error) => Done::not(Outcome::Indeterminate, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
