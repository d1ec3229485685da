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
use crate::overlap;
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
        let deeds: Result<Vec<Deed>, Failure> = order.effects.iter().map(look).collect();
        let deeds = match deeds {
            Ok(deeds) => deeds,
            Err(failure) => return Done::not(Outcome::NotApplied, failure.to_string()),
        };
        let over = match self.beneath(&deeds) {
            Ok(over) => over,
            Err(why) => return Done::not(Outcome::NotApplied, why),
        };
        let note = Note::new(order.request, self.boot_id.clone(), order.action, deeds).over(over);
        if let Err(error) = self.notes.put(&note) {
            return Done::not(Outcome::NotApplied, format!("nothing was done: {error}"));
        }
        self.carry_out(note)
    }

    /// Requests that stay and whose deeds these are on. What is not concluded yet is not built on:
    /// it may be undone at any time, and would find what it did not write.
    fn beneath(&self, deeds: &[Deed]) -> Result<Vec<u64>, String> {
        let mut over = Vec::new();
        for note in self.notes.all().map_err(|error| error.to_string())? {
            let note = match note {
                Ok(note) if note.boot_id == self.boot_id => note,
                // Nobody can undo it.
                Ok(_) | Err(NotesError::Damaged { .. }) => continue,
                Err(error) => return Err(error.to_string()),
            };
            let pairs = note.deeds.iter().flat_map(|old| deeds.iter().map(move |new| (old, new)));
            let mut is_on = false;
            for (old, new) in pairs {
                is_on |= overlap::is_on(old, new).map_err(|failure| failure.to_string())?;
            }
            match note.standing {
                Standing::Kept if is_on => over.push(note.request),
                Standing::Meant | Standing::Done if is_on => {
                    let request = note.request;
                    return Err(format!("request {request} is on it, and not concluded yet"));
                }
                Standing::Meant | Standing::Done | Standing::Kept => {}
            }
        }
        Ok(over)
    }

    fn carry_out(&self, mut note: Note) -> Done {
        for at in 0..note.deeds.len() {
            let Err(failure) = note.deeds[at].apply(&*self.writes) else { continue };
            note.deeds.truncate(at + 1);
            if matches!(failure, Failure::NotTaken { .. }) {
                // What the kernel took instead is known to whoever comes next, too.
                let _ = self.notes.put(&note);
            }
            return self.give_up(note, &failure);
        }
        note.standing = Standing::Done;
        match self.notes.put(&note) {
            Ok(()) => Done::applied(),
            // The note that it was meant is there: whoever comes next puts it back all the same.
            Err(error) => Done { outcome: Outcome::Applied, reason: Some(error.to_string()) },
        }
    }

    /// Undoes what was done of something that failed.
    fn give_up(&self, note: Note, failure: &Failure) -> Done {
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
            Ok(Some(note)) => match self.above(request) {
                Ok(None) => self.put_back(note),
                Ok(Some(newer)) => {
                    let why = format!("request {newer} changed it after this one: undo that first");
                    Done::not(Outcome::NotApplied, why)
                }
                Err(error) => Done::not(Outcome::Indeterminate, error.to_string()),
            },
            Ok(None) => Done::not(Outcome::NotApplied, "there is nothing of it to undo"),
            Err(error @ NotesError::Damaged { .. }) => {
                Done::not(Outcome::NotApplied, error.to_string())
            }
            Err(error) => Done::not(Outcome::Indeterminate, error.to_string()),
        }
    }

    /// A request whose deeds stand on those of another one, if there is one.
    fn above(&self, request: u64) -> Result<Option<u64>, NotesError> {
        for note in self.notes.all()? {
            match note {
                Ok(note) if note.over.contains(&request) => return Ok(Some(note.request)),
                Ok(_) | Err(NotesError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
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
                    let (request, action) = (Some(note.request), note.action.clone());
                    left.push(Left { request, action, done: self.put_back(note) });
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
    fn put_back(&self, mut note: Note) -> Done {
        // Where it cannot be kept that this was begun, it is more to put it back than to know so.
        let begun = note.deeds.iter_mut().filter_map(|deed| deed.begin().then_some(()));
        if begun.count() > 0 {
            let _ = self.notes.put(&note);
        }
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

/// What there is before an effect that may be made: within bounds, and in its one direction.
fn look(effect: &Effect) -> Result<Deed, Failure> {
    bounds::check(effect)?;
    let deed = Deed::of(effect)?;
    direction::check(&deed)?;
    Ok(deed)
}

#[cfg(test)]
mod tests;
