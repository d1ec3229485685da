//! What a process made since a moment: its children, and theirs. They began with what it had then,
//! and have it still when it has something else.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use crate::failure::{Failure, is_gone};
use crate::held::{Held, Target};
use crate::stat::Stat;

/// How often they are gone through: one that is put back later than it made another left that one
/// with what it had.
const PASSES_MAX: usize = 16;

/// Puts something back in each, until a pass finds nothing to do. They are held one at a time: a
/// process may make more of them than an actor may have descriptors. What fails of one is told when
/// the others are done.
pub(crate) fn each(
    held: &Held,
    since_ticks: u64,
    mut put_back: impl FnMut(&Held) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    for _ in 0..PASSES_MAX {
        let (mut is_changed, mut failed) = (false, None);
        for target in of(held, since_ticks)? {
            match target.hold().and_then(|heir| put_back(&heir)) {
                Ok(changed) => is_changed |= changed,
                // One that ends meanwhile has nothing that could be put back.
                Err(failure) if failure.is_end() => {}
                Err(failure) => failed = Some(failure),
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        if !is_changed {
            return Ok(());
        }
    }
    Err(Failure::Unsettled { what: format!("process {}", held.pid()) })
}

/// Those that are there, in the order of their ids. One that found another parent is not found, and
/// none is where their maker has ended: they have another parent then.
pub(crate) fn of(held: &Held, since_ticks: u64) -> Result<Vec<Target>, Failure> {
    let refused = |error| Failure::refused("processes", error);
    let found = held.during(|| {
        let listed = fs::read_dir("/proc").map_err(refused)?.filter_map(|entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some((0, Err(error))),
            };
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, Stat::of(&entry.path())))
        });
        among(held.pid(), since_ticks, listed).map_err(refused)
    });
    match found {
        Err(failure) if failure.is_end() => Ok(Vec::new()),
        found => found,
    }
}

/// The heirs of a process among all. What cannot be read is no reason to leave one out: only what
/// is gone is.
fn among(
    of: u64,
    since_ticks: u64,
    listed: impl Iterator<Item = (u64, io::Result<Stat>)>,
) -> io::Result<Vec<Target>> {
    let mut all: BTreeMap<u64, Stat> = BTreeMap::new();
    for (pid, stat) in listed {
        match stat {
            Ok(stat) => {
                all.insert(pid, stat);
            }
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let is_heir = |pid: u64, mut parent: u64| {
        // A chain of parents has as many links as there are processes, at most.
        for _ in 0..all.len() {
            if parent == of {
                return pid != parent;
            }
            let Some(above) = all.get(&parent) else { return false };
            parent = above.ppid;
        }
        false
    };
    let since = all.iter().filter(|(_, stat)| stat.start_ticks >= since_ticks);
    let heirs = since.filter(|(pid, stat)| is_heir(**pid, stat.ppid));
    Ok(heirs.map(|(pid, stat)| Target { pid: *pid, start_ticks: stat.start_ticks }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Child, start_of};

    #[test]
    fn children_made_since_are_found_with_theirs_and_no_others() {
        let mut child = Child::parent();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let first = child.make_child();
        let (_, start) = (first, start_of(first));
        let pids = |held, since| -> Vec<u64> {
            of(held, since).unwrap().iter().map(|heir| heir.pid).collect()
        };
        assert_eq!(pids(&held, 0), [first]);
        assert_eq!(pids(&held, start + 1), [0; 0], "it was there before");
        let own = u64::from(std::process::id());
        let this = Held::open(own, start_of(own)).unwrap();
        assert!(pids(&this, 0).contains(&first), "a child of a child");
    }

    #[test]
    fn what_is_gone_is_left_out_and_what_cannot_be_read_is_told() {
        let stat = |ppid| Ok(Stat { state: b'S', ppid, start_ticks: 9 });
        let with = |code| {
            let listed = [(1, stat(0)), (2, stat(1)), (3, Err(io::Error::from_raw_os_error(code)))];
            among(1, 0, listed.into_iter())
        };
        let found = vec![Target { pid: 2, start_ticks: 9 }];
        assert_eq!(with(libc::ENOENT).unwrap(), found);
        assert_eq!(with(libc::ESRCH).unwrap(), found);
        assert_eq!(with(libc::EMFILE).unwrap_err().raw_os_error(), Some(libc::EMFILE));
    }

    #[test]
    fn what_fails_of_one_is_told_when_the_others_are_done_and_an_end_is_none() {
        let mut child = Child::parent();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let made = [child.make_child(), child.make_child()];
        let went_through = |of_first: fn() -> Result<bool, Failure>| {
            let mut seen = Vec::new();
            let done = each(&held, 0, |heir| {
                seen.push(heir.pid());
                if seen.len() == 1 { of_first() } else { Ok(false) }
            });
            (done, seen.len())
        };
        let refused = || Err(Failure::refused("it", io::Error::from_raw_os_error(libc::EMFILE)));
        let (done, count) = went_through(refused);
        assert!(matches!(done, Err(Failure::Refused { .. })), "{done:?}");
        assert_eq!(count, made.len());
        let (done, count) = went_through(|| Err(Failure::Ended { what: "it".to_owned() }));
        assert!(done.is_ok() && count == made.len(), "{done:?} {count}");
        let (done, count) = went_through(|| Ok(true));
        assert!(done.is_ok() && count == 2 * made.len(), "once more after a change: {count}");
    }
}
