//! Whether two deeds are on the same thing, so that the one finds what the other left: undone in
//! another order than the newest first, they would leave a value that nobody had before.

use std::mem::discriminant;

use ks_vocabulary::decision::Signal;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::deed::Deed;
use crate::failure::Failure;
use crate::heirs;
use crate::held::Target;
use crate::limit::Limit;
use crate::place::{Place, is_one_hierarchy};
use crate::process_file::{self, ProcessFile};
use crate::unit::Unit;
use crate::unit_file;
use crate::written;

/// Whether a newer deed is on what an older one changed, which stands.
pub(crate) fn is_on(older: &Deed, newer: &Deed) -> Result<bool, Failure> {
    match (older, newer) {
        (Deed::Threads { target, prior }, Deed::Threads { target: other, prior: next }) => {
            if discriminant(&prior.written) != discriminant(&next.written) {
                return Ok(false);
            }
            is_or_made(*target, *other, Some(prior.since_ticks))
        }
        (Deed::ProcessFile { target, prior }, Deed::ProcessFile { target: other, prior: next }) => {
            match (prior.file, next.file) {
                (ProcessFile::OomScoreAdj, ProcessFile::OomScoreAdj) => {
                    is_or_made(*target, *other, prior.since_ticks)
                }
                (ProcessFile::Autogroup, ProcessFile::Autogroup) => {
                    match prior.session.zip(next.session) {
                        Some((session, other)) => Ok(session == other),
                        None => shares_session(*target, *other),
                    }
                }
                (ProcessFile::OomScoreAdj | ProcessFile::Autogroup, _) => Ok(false),
            }
        }
        (Deed::File { prior, .. }, Deed::File { prior: next, .. }) => Ok(is_same_file(prior, next)),
        (Deed::File { prior, .. }, Deed::Unit { prior: next }) => {
            Ok(is_same_file(prior, &next.file))
        }
        (Deed::Unit { prior }, Deed::File { prior: next, .. }) => Ok(holds(prior, next)),
        (Deed::Unit { prior }, Deed::Unit { prior: next }) => Ok(holds(prior, &next.file)),
        (Deed::Signal { target, signal, .. }, Deed::Signal { target: other, signal: next, .. }) => {
            // Of one that is told to end nothing is put back.
            Ok(target == other && *signal != Signal::Terminate && *next != Signal::Terminate)
        }
        (
            Deed::Threads { .. }
            | Deed::ProcessFile { .. }
            | Deed::File { .. }
            | Deed::Unit { .. }
            | Deed::Signal { .. }
            | Deed::Sync { .. },
            _,
        ) => Ok(false),
    }
}

/// What a process made meanwhile has what it was given, and gets it back with it.
fn is_or_made(target: Target, other: Target, since_ticks: Option<u64>) -> Result<bool, Failure> {
    if target == other {
        return Ok(true);
    }
    let Some(since_ticks) = since_ticks else { return Ok(false) };
    none_at_end(target.hold().and_then(|held| heirs::of(&held, since_ticks)), |heirs| {
        heirs.contains(&other)
    })
}

/// One autogroup is that of all processes of a session.
pub(crate) fn shares_session(target: Target, other: Target) -> Result<bool, Failure> {
    if target == other {
        return Ok(true);
    }
    let name = |target: Target| process_file::autogroup(&target.hold()?);
    // Who is in none shares it with nobody.
    let is_same = |own: Option<String>| Ok(own.is_some() && own == name(other)?);
    none_at_end(name(target).and_then(is_same), |is_same| is_same)
}

/// Of one that is gone nothing can be put back: nothing is on it.
fn none_at_end<T>(
    found: Result<T, Failure>,
    is_on: impl FnOnce(T) -> bool,
) -> Result<bool, Failure> {
    match found {
        Err(failure) if failure.is_end() => Ok(false),
        found => found.map(is_on),
    }
}

/// The same file, and what of it both would change.
fn is_same_file(older: &written::Prior, newer: &written::Prior) -> bool {
    let form = older.place.form();
    is_same_place(&older.place, &newer.place)
        && form.is_kept()
        && form.is_of_the_same(&older.written, &newer.written)
}

/// The same where systemd wrote the older one. A unit that started anew has another group, and is
/// held all the same.
fn holds(older: &unit_file::Prior, newer: &written::Prior) -> bool {
    let Place::Group { group, file } = &newer.place else { return false };
    let limit = Limit::of(*file, &newer.written);
    let is_its = Unit::of(group).as_ref() == Some(&older.unit)
        && limit.is_some_and(|limit| older.set.is_like(&limit));
    is_its || is_same_file(&older.file, newer)
}

/// A control group is known by its inode: there are many ways to write its path.
fn is_same_place(older: &Place, newer: &Place) -> bool {
    match (older, newer) {
        (
            Place::Group { group: Exact(Entity::Cgroup(group)), file },
            Place::Group { group: Exact(Entity::Cgroup(other)), file: next },
        ) => {
            file == next
                && group.inode == other.inode
                && is_one_hierarchy(&group.hierarchy, &other.hierarchy)
        }
        (older, newer) => older == newer,
    }
}

#[cfg(test)]
mod tests;
