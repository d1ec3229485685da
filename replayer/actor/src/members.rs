//! Who is in a control group of version 1.
//!
//! Each hierarchy has members of its own. Whom an action may reach was judged by the one group that
//! a process is said to be in, so a part of a group that holds others too is left alone.

use std::fs;
use std::io;
use std::path::PathBuf;

use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;
use ks_vocabulary::membership::{group_of, is_within};

use crate::failure::{Failure, is_gone};
use crate::place::folder_of;

/// Groups that are gone through below one; more are nobody's part of one.
const GROUPS_MAX: usize = 1024;

/// Whether a group of a hierarchy of version 1 holds, with the groups below it, only processes that
/// are said to be in it. Of version 2 nobody is said to be elsewhere.
pub(crate) fn check(group: &Exact) -> Result<(), Failure> {
    let Entity::Cgroup(group) = &group.0 else { return Ok(()) };
    if group.hierarchy == b"v2" {
        return Ok(());
    }
    let told = format!("control group {}", Entity::Cgroup(group.clone()));
    let folder = folder_of(group).map_err(|error| Failure::refused(told.clone(), error))?;
    let folder = folder.ok_or_else(|| Failure::Gone { what: told.clone() })?;
    match stranger(folder, group).map_err(|error| Failure::refused(told.clone(), error))? {
        None => Ok(()),
        Some(pid) => Err(Failure::Strangers { what: told, pid }),
    }
}

/// A member that is said to be in another group, if there is one.
fn stranger(folder: PathBuf, group: &Group) -> io::Result<Option<u64>> {
    let mut folders = vec![folder];
    let mut found = 1;
    while let Some(folder) = folders.pop() {
        let text = there(fs::read_to_string(folder.join("cgroup.procs")))?.unwrap_or_default();
        for pid in text.lines().filter_map(|line| line.parse().ok()) {
            let own = there(fs::read(format!("/proc/{pid}/cgroup")))?;
            let is_its =
                |text: Vec<u8>| group_of(&text).is_some_and(|path| is_within(path, &group.path));
            if own.is_some_and(|text| !is_its(text)) {
                return Ok(Some(pid));
            }
        }
        for entry in there(fs::read_dir(&folder))?.into_iter().flatten() {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                found += 1;
            }
        }
        if found > GROUPS_MAX {
            return Err(io::Error::other(format!("more than {GROUPS_MAX} groups are below it")));
        }
    }
    Ok(None)
}

/// Nothing for a process or a group that has gone meanwhile.
fn there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if is_gone(&error) || error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
        read => read.map(Some),
    }
}

#[cfg(test)]
mod tests;
