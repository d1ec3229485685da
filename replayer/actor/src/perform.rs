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
use crate::cut::short;
use crate::deed::{Deed, PutBack};
use crate::direction;
use crate::failure::Failure;
use crate::notes::{Note, Notes, NotesError, Standing};
use crate::overlap;
use crate::own::Own;
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

    pub(crate) fn because(outcome: Outcome, reason: impl AsRef<str>) -> Self {
        Self { outcome, reason: Some(short(reason.as_ref()).into_owned()) }
    }

    /// Of putting something back: it is not known to be done, and what does it stands still.
    pub(crate) fn is_to_be_tried_again(&self) -> bool {
        self.outcome == Outcome::Indeterminate
    }
}

/// Whoever performs actions on this host.
#[derive(Debug)]
pub struct Performer {
    notes: Notes,
    boot_id: String,
    own: Own,
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
        let own = Own::with(&writes.processes())?;
        Ok(Self { notes, boot_id, own, writes })
    }

    /// Does what is asked for. Where a part of it fails all of it is undone.
    pub fn perform(&self, order: Order) -> Done {
        match self.notes.get(order.request) {
            Ok(None) => {}
            Ok(Some(_)) => return Done::because(Outcome::NotApplied, "it was asked for before"),
            Err(error) => return Done::because(Outcome::NotApplied, error.to_string()),
        }
        let within = bounds::check_time(order.lasts_s, &order.effects).map_err(Failure::from);
        let deeds = within.and_then(|()| order.effects.iter().map(|one| self.look(one)).collect());
        let deeds: Vec<Deed> = match deeds {
            Ok(deeds) => deeds,
            Err(failure) => return Done::because(Outcome::NotApplied, failure.to_string()),
        };
        let over = match self.beneath(&deeds) {
            Ok(over) => over,
            Err(why) => return Done::because(Outcome::NotApplied, why),
        };
        let note = Note::new(order.request, self.boot_id.clone(), order.action, deeds).over(over);
        if let Err(error) = self.notes.put(&note) {
            return Done::because(Outcome::NotApplied, format!("nothing was done: {error}"));
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

    /// What there is before an effect that may be made: within bounds, in its one direction, and on
    /// nothing of ours.
    fn look(&self, effect: &Effect) -> Result<Deed, Failure> {
        bounds::check(effect)?;
        let deed = Deed::of(effect, &*self.writes)?;
        direction::check(&deed)?;
        self.own.check(&deed)?;
        Ok(deed)
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
        let mut told: Vec<String> = note.deeds.iter().filter_map(Deed::told).collect();
        // The note that it was meant is there: whoever comes next puts it back all the same.
        told.extend(self.notes.put(&note).err().map(|error| error.to_string()));
        let told = told.join("; ");
        if told.is_empty() { Done::applied() } else { Done::because(Outcome::Applied, told) }
    }

    /// Undoes what was done of something that failed.
    fn give_up(&self, note: Note, failure: &Failure) -> Done {
        let undone = self.put_back(note);
        match (failure, undone.outcome) {
            (Failure::Indeterminate { .. }, _) => {
                Done::because(Outcome::Indeterminate, failure.to_string())
            }
            (_, Outcome::Applied | Outcome::Superseded) => {
                Done::because(Outcome::NotApplied, failure.to_string())
            }
            (_, Outcome::NotApplied | Outcome::Indeterminate | Outcome::Withheld) => {
                let why = undone.reason.unwrap_or_default();
                Done::because(
                    Outcome::Indeterminate,
                    format!("{failure}; undoing it failed: {why}"),
                )
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
                    Done::because(Outcome::NotApplied, why)
                }
                Err(error) => Done::because(Outcome::Indeterminate, error.to_string()),
            },
            Ok(None) => Done::because(Outcome::NotApplied, "there is nothing of it to undo"),
            Err(error @ NotesError::Damaged { .. }) => {
                Done::because(Outcome::NotApplied, error.to_string())
            }
            Err(error) => Done::because(Outcome::Indeterminate, error.to_string()),
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

    /// Whether there is something of a request to be undone, or that cannot be told.
    pub(crate) fn stands(&self, request: u64) -> bool {
        !matches!(self.notes.get(request), Ok(None))
    }

    /// What an earlier one left and nobody said of that it stays, and what is wrong with a note.
    pub fn unfinished(&self) -> Result<Vec<Result<Note, NotesError>>, NotesError> {
        let mut all = self.notes.all()?;
        let is_kept = |note: &Note| note.boot_id == self.boot_id && note.standing == Standing::Kept;
        all.retain(|note| !note.as_ref().is_ok_and(is_kept));
        all.reverse();
        Ok(all)
    }

    /// Finishes one of these: it is undone.
    pub fn finish(&self, found: Result<Note, NotesError>) -> Left {
        let note = match found {
            Ok(note) => note,
            Err(error) => {
                let done = Done::because(Outcome::Indeterminate, error.to_string());
                return Left { request: None, action: "unknown".to_owned(), done };
            }
        };
        let (request, action) = (Some(note.request), short(&note.action).into_owned());
        let is_of_now = note.boot_id == self.boot_id;
        let done = if is_of_now { self.put_back(note) } else { self.forget(&note) };
        Left { request, action, done }
    }

    /// The requests of which it was said that they stay.
    pub fn kept(&self) -> Result<Vec<u64>, NotesError> {
        let notes = self.notes.all()?.into_iter().filter_map(Result::ok);
        let kept = notes.filter(|note| note.standing == Standing::Kept);
        Ok(kept.map(|note| note.request).collect())
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
            return Done::because(Outcome::Indeterminate, failed.join("; "));
        }
        if let Err(error) = self.notes.take_away(note.request) {
            return Done::because(Outcome::Indeterminate, error.to_string());
        }
        if superseded.is_empty() {
            return Done::applied();
        }
        let found = superseded.join("; ");
        Done::because(Outcome::Superseded, format!("someone else changed it since: {found}"))
    }

    /// Of another boot nothing is left to undo.
    fn forget(&self, note: &Note) -> Done {
        match self.notes.take_away(note.request) {
            Ok(()) => Done::because(Outcome::Applied, "a boot has undone it"),
            Err(error) => Done::because(Outcome::Indeterminate, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
