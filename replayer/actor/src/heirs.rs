//! What a process made since a moment: its children, and theirs. They began with what it had then,
//! and have it still when it has something else.

use std::collections::BTreeMap;
use std::fs;

use crate::held::{Held, Target};
use crate::stat::Stat;

/// Those that are there, held, in the order of their ids. One that found another parent is not
/// found.
pub(crate) fn of(held: &Held, since_ticks: u64) -> Vec<Held> {
    let mut all: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    for entry in entries.filter_map(Result::ok) {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid
            && let Ok(stat) = Stat::of(&entry.path())
        {
            all.insert(pid, (stat.ppid, stat.start_ticks));
        }
    }
    let is_heir = |pid: u64, mut parent: u64| {
        // A chain of parents has as many links as there are processes, at most.
        for _ in 0..all.len() {
            if parent == held.pid() {
                return pid != parent;
            }
            let Some((above, _)) = all.get(&parent) else { return false };
            parent = *above;
        }
        false
    };
    let since = all.iter().filter(|(_, (_, start))| *start >= since_ticks);
    let heirs = since.filter(|(pid, (parent, _))| is_heir(**pid, *parent));
    let targets = heirs.map(|(pid, (_, start))| Target { pid: *pid, start_ticks: *start });
    targets.filter_map(|target| target.hold().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::Child;

    #[test]
    fn children_made_since_are_found_with_theirs_and_no_others() {
        let mut child = Child::parent();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let first = child.make_child();
        let (_, start) = (first, crate::child::start_of(first));
        let found = |since| of(&held, since).iter().map(Held::pid).collect::<Vec<_>>();
        assert_eq!(found(0), [first]);
        assert_eq!(found(start + 1), [0; 0], "it was there before");
        let own = u64::from(std::process::id());
        let this = Held::open(own, crate::child::start_of(own)).unwrap();
        assert!(of(&this, 0).iter().any(|heir| heir.pid() == first), "a child of a child");
    }
}
