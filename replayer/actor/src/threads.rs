//! The threads of a process, each known by its id and its start.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, is_gone};
use crate::held::Held;
use crate::stat::Stat;

/// A thread: ids are given again, and with the start they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ThreadId {
    /// Its id.
    pub tid: u64,
    /// When it started, in clock ticks after boot.
    pub start_ticks: u64,
}

/// Those that are there, in order. One that ends meanwhile is left out.
pub fn of(held: &Held) -> Result<Vec<ThreadId>, Failure> {
    let folder = held.folder().join("task");
    let refused = |error| Failure::refused(format!("threads of process {}", held.pid()), error);
    let mut threads = Vec::new();
    for entry in fs::read_dir(&folder).map_err(refused)? {
        let name = entry.map_err(refused)?.file_name();
        let Some(tid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        match Stat::of(&folder.join(&name)) {
            Ok(stat) if !stat.has_ended() => {
                threads.push(ThreadId { tid, start_ticks: stat.start_ticks });
            }
            Ok(_) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    threads.sort_unstable();
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::Child;

    #[test]
    fn all_of_them_are_found() {
        let child = Child::threaded(3);
        let held = Held::open(child.pid(), child.start()).unwrap();
        let mut expected = child.threads();
        expected.sort_unstable();
        let found: Vec<u64> = of(&held).unwrap().iter().map(|thread| thread.tid).collect();
        assert_eq!(found, expected);
        assert!(found.len() >= 4, "its first, and three more");
    }
}
