//! A file of a unit's group, written by systemd: the unit is held at a limit, and what it was held
//! at before is kept.
//!
//! The file shows whether the limit is in force. Where the file held something else than what the
//! unit was held at, because it was written behind systemd's back, it is written so again when the
//! limit is put back.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use ks_vocabulary::decision::GroupFile;
use ks_vocabulary::lasting::Exact;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::limit::Limit;
use crate::place::Place;
use crate::systemd;
use crate::unit::Unit;
use crate::writes::Writes;
use crate::written::{self, Restored};

/// Files are written soon after systemd says that it took a limit.
const TAKES: Duration = Duration::from_secs(1);
const LOOKS: Duration = Duration::from_millis(5);

/// What a unit was held at, and what it is held at instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// Which.
    pub unit: Unit,
    /// What it is held at.
    pub set: Limit,
    /// What it was held at.
    pub before: Limit,
    /// The file in which that shows, with what it held; nothing where it was not there, which is
    /// no limit.
    pub file: written::Prior,
    /// What systemd made of what it is held at, where it took something else: that is ours too.
    #[serde(default)]
    pub taken: Option<Limit>,
}

/// How a file of a group is written.
#[derive(Debug)]
pub enum Way {
    /// By systemd.
    Systemd(Box<Prior>),
    /// Directly; with what is to be said of that where the group may be a unit's all the same.
    Directly(Option<String>),
}

/// Looks at what there is before `text` is written to a file of a group: by systemd where a unit of
/// its owns the group, and has such a limit.
pub fn capture(
    group: &Exact,
    file: GroupFile,
    text: &str,
    writes: &dyn Writes,
) -> Result<Way, Failure> {
    let Some((unit, set)) = Unit::of(group).zip(Limit::of(file, text)) else {
        return Ok(Way::Directly(told_of_first(group, file, systemd::is_there())));
    };
    // What systemd does not know, or cannot say, is written as that of any other group.
    let found = match writes.unit_limit(&unit, &set) {
        Ok(Some(found)) if found.is_running => found,
        Ok(_) | Err(Failure::Gone { .. }) => return Ok(Way::Directly(None)),
        Err(why) => {
            let not_taken = format!("systemd did not take it ({why})");
            let told = format!("{not_taken}: written directly, and a daemon-reload resets it");
            return Ok(Way::Directly(Some(told)));
        }
    };
    let place = Place::Group { group: group.clone(), file };
    let before = match present(&place)? {
        Some(_) => written::capture(place.clone(), text.to_owned())?.before,
        None => None,
    };
    let file = written::Prior { place, written: text.to_owned(), before, taken: None };
    let prior = Prior { unit, set, before: found.limit, file, taken: None };
    Ok(Way::Systemd(Box::new(prior)))
}

/// What is to be said of a unit's group of version 1: systemd is not asked to limit that, and keeps
/// limits of its own there. It has no use for the freezer.
fn told_of_first(group: &Exact, file: GroupFile, is_there: bool) -> Option<String> {
    let unit = Unit::of_version_1(group).filter(|_| is_there && file != GroupFile::FreezerState)?;
    Some(format!("{unit} is of version 1: written directly, and a daemon-reload resets it"))
}

/// Has the unit held at the limit, and reads the file back. What is held or read and means
/// something else is kept beside it.
pub fn apply(prior: &mut Prior, writes: &dyn Writes) -> Result<(), Failure> {
    prior.taken = hold(&prior.unit, &prior.set, writes)?;
    let found = wait_for(&prior.file.place, &prior.file.written)?;
    if let Some(taken) = &prior.taken {
        prior.file.taken = found;
        return Err(strange(&prior.unit, &prior.set, taken));
    }
    if found.as_ref().is_some_and(|found| means(&prior.file.place, found, &prior.file.written)) {
        return Ok(());
    }
    let told = found.as_deref().map_or("nothing", str::trim).to_owned();
    prior.file.taken = found;
    let written = prior.file.written.clone();
    Err(Failure::NotTaken { what: prior.file.place.told(), written, found: told })
}

/// Puts back what the unit was held at, where it is held still at what it was set to.
pub fn restore(prior: &Prior, writes: &dyn Writes) -> Result<Restored, Failure> {
    let none = || Failure::refused("systemd", io::Error::from(io::ErrorKind::NotConnected));
    let held = writes.unit_limit(&prior.unit, &prior.set)?.ok_or_else(none)?.limit;
    // A unit that stopped or started anew has another group or none, and is held all the same.
    let text = match present(&prior.file.place) {
        Err(Failure::Gone { .. }) => None,
        text => text?,
    };
    if held != prior.set && held != prior.before && Some(held) != prior.taken {
        // What systemd (257) reads at a reload it does not write, so that ours is in force still:
        // told once more what it holds the unit at, it does.
        if text.as_ref().is_some_and(|text| is_ours(prior, text)) {
            hold(&prior.unit, &held, writes)?;
        }
        return Ok(Restored::Superseded(held.to_string()));
    }
    if held != prior.before
        && let Some(found) = hold(&prior.unit, &prior.before, writes)?
    {
        return Err(strange(&prior.unit, &prior.before, &found));
    }
    let Some((text, before)) = text.zip(prior.file.before.as_ref()) else {
        return Ok(Restored::Restored);
    };
    let place = &prior.file.place;
    if is_ours(prior, &text) || means(place, &text, &before.text) {
        return settle(place, &before.text, writes).map(|()| Restored::Restored);
    }
    // Someone else wrote to the file since: that stays, and our limit of the unit does not.
    if let Some(others) = place.form().prior(&text, &prior.file.written) {
        settle(place, &others, writes)?;
    }
    Ok(Restored::Superseded(text.trim().to_owned()))
}

/// Whether what the file holds is what came of what was written.
fn is_ours(prior: &Prior, text: &str) -> bool {
    let is_taken = prior.file.taken.as_deref().is_some_and(|taken| taken.trim() == text.trim());
    is_taken || means(&prior.file.place, text, &prior.file.written)
}

/// Has a unit held at a limit, and gives what it is held at then where that is another one.
fn hold(unit: &Unit, limit: &Limit, writes: &dyn Writes) -> Result<Option<Limit>, Failure> {
    let found = writes.set_unit(unit, limit)?;
    Ok((found != *limit).then_some(found))
}

fn strange(unit: &Unit, written: &Limit, found: &Limit) -> Failure {
    let (written, found) = (written.to_string(), found.to_string());
    Failure::NotTaken { what: unit.to_string(), written, found }
}

/// Waits until the file holds it; else it is written there. A file that went with its controller is
/// none to be written.
fn settle(place: &Place, text: &str, writes: &dyn Writes) -> Result<(), Failure> {
    match wait_for(place, text)? {
        Some(found) if !means(place, &found, text) => writes.write_place(place, text),
        Some(_) | None => Ok(()),
    }
}

/// What the file holds when it means that, or when it is too late; nothing where it is not there.
fn wait_for(place: &Place, text: &str) -> Result<Option<String>, Failure> {
    let mut found = present(place)?;
    for _ in 0..TAKES.as_millis() / LOOKS.as_millis() {
        if found.as_ref().is_some_and(|found| means(place, found, text)) {
            break;
        }
        sleep(LOOKS);
        found = present(place)?;
    }
    Ok(found)
}

/// What the file holds; nothing where its controller is off.
fn present(place: &Place) -> Result<Option<String>, Failure> {
    match place.text() {
        Err(Failure::Refused { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => text,
    }
}

/// Whether what is read means what was written. A quota is one by its share: the unit may have a
/// period of its own.
fn means(place: &Place, read: &str, written: &str) -> bool {
    let share = |text: &str| Limit::of(GroupFile::CpuMax, text.trim());
    match place {
        Place::Group { file: GroupFile::CpuMax, .. } => share(read) == share(written),
        Place::Group { .. } | Place::Sysctl(_) | Place::ReadAhead(_) => {
            place.form().is_taken(read, written)
        }
    }
}

#[cfg(test)]
mod tests;
