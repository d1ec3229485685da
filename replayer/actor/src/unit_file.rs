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
}

/// Looks at what there is before `text` is written to a file of a group; nothing where no unit of
/// systemd's owns the group, or has such a limit.
pub fn capture(
    group: &Exact,
    file: GroupFile,
    text: &str,
    writes: &dyn Writes,
) -> Result<Option<Prior>, Failure> {
    let Some((unit, set)) = Unit::of(group).zip(Limit::of(file, text)) else { return Ok(None) };
    // What systemd does not know, or cannot say, is written as that of any other group.
    let Ok(Some(found)) = writes.unit_limit(&unit, &set) else { return Ok(None) };
    if !found.is_running {
        return Ok(None);
    }
    let place = Place::Group { group: group.clone(), file };
    let before = match present(&place)? {
        Some(_) => written::capture(place.clone(), text.to_owned())?.before,
        None => None,
    };
    let file = written::Prior { place, written: text.to_owned(), before };
    Ok(Some(Prior { unit, set, before: found.limit, file }))
}

/// Has the unit held at the limit, and reads the file back.
pub fn apply(prior: &Prior, writes: &dyn Writes) -> Result<(), Failure> {
    writes.set_unit(&prior.unit, &prior.set)?;
    let found = wait_for(&prior.file.place, &prior.file.written)?;
    if found.as_ref().is_some_and(|found| means(&prior.file.place, found, &prior.file.written)) {
        return Ok(());
    }
    let found = found.map_or_else(|| "nothing".to_owned(), |found| found.trim().to_owned());
    let written = prior.file.written.clone();
    Err(Failure::NotTaken { what: prior.file.place.told(), written, found })
}

/// Puts back what the unit was held at, where it is held still at what it was set to.
pub fn restore(prior: &Prior, writes: &dyn Writes) -> Result<Restored, Failure> {
    let none = || Failure::refused("systemd", io::Error::from(io::ErrorKind::NotConnected));
    let held = writes.unit_limit(&prior.unit, &prior.set)?.ok_or_else(none)?.limit;
    if held != prior.set && held != prior.before {
        return Ok(Restored::Superseded(held.to_string()));
    }
    // A unit that stopped or started anew has another group or none, and is held all the same.
    let text = match present(&prior.file.place) {
        Err(Failure::Gone { .. }) => None,
        text => text?,
    };
    if held != prior.before {
        writes.set_unit(&prior.unit, &prior.before)?;
    }
    let Some((text, before)) = text.zip(prior.file.before.as_ref()) else {
        return Ok(Restored::Restored);
    };
    let place = &prior.file.place;
    if means(place, &text, &prior.file.written) || means(place, &text, &before.text) {
        return settle(place, &before.text, writes).map(|()| Restored::Restored);
    }
    // Someone else wrote to the file since: that stays, and our limit of the unit does not.
    if let Some(others) = place.form().prior(&text, &prior.file.written) {
        settle(place, &others, writes)?;
    }
    Ok(Restored::Superseded(text.trim().to_owned()))
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
