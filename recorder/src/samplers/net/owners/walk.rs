//! The walk over `/proc/PID/fd`: which sockets each process has open.
//!
//! It costs a call for each descriptor of each process that is asked, so it ends after a while, and
//! asks first who had sockets at the walk before. What the sockets are is not known here.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, RawDir, openat, readlinkat_raw, statat};

use crate::absence::Absence;
use crate::sampler::Context;
use crate::text::{parse_inode, parse_u64};

/// How long a walk may take (our judgement: what a costly listing of sockets takes).
const TIME_NS: i64 = 50_000_000;
/// The clock is asked after so many descriptors.
const BETWEEN: usize = 64;
/// Processes asked on a calm host, those with most descriptors.
const ASKED_IF_CALM: usize = 16;

/// Walks, and remembers who had sockets.
#[derive(Debug)]
pub(super) struct Walk {
    owners: BTreeSet<u64>,
    entries: Vec<MaybeUninit<u8>>,
    inodes: Vec<u32>,
}

impl Default for Walk {
    fn default() -> Self {
        let entries = vec![MaybeUninit::uninit(); 32 * 1024];
        Self { owners: BTreeSet::new(), entries, inodes: Vec::new() }
    }
}

/// How a walk went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Descriptors of some processes are hidden from us.
    pub(super) hidden: bool,
    /// Time ran out.
    pub(super) cut: bool,
}

impl Walk {
    /// Gives `take` each process that is asked, with the inodes of its sockets in order, each once.
    /// It returns whether the process is an owner of any that matter.
    pub(super) fn run(
        &mut self,
        context: &Context<'_>,
        is_calm: bool,
        mut take: impl FnMut(u64, &[u32]) -> bool,
    ) -> Result<Outcome, Absence> {
        let proc = context.host.open(Path::new("proc"))?;
        let mut pids = self.in_order(&proc, is_calm)?;
        if is_calm {
            pids.truncate(ASKED_IF_CALM);
        }
        let mut outcome = Outcome::default();
        let end_ns = context.elapsed_ns().saturating_add(TIME_NS);
        for pid in pids {
            let now_ns = context.elapsed_ns();
            if now_ns >= end_ns {
                outcome.cut = true;
                break;
            }
            // One with very many descriptors leaves half of the time to the others.
            let until_ns = now_ns + (end_ns - now_ns) / 2;
            match self.read(context, &proc, pid, until_ns) {
                Ok(is_whole) => outcome.cut |= !is_whole,
                Err(Absence::Denied) => outcome.hidden = true,
                // It ended meanwhile.
                Err(_) => {}
            }
            if !self.inodes.is_empty() && take(pid, &self.inodes) {
                self.owners.insert(pid);
            } else {
                self.owners.remove(&pid);
            }
        }
        Ok(outcome)
    }

    /// All processes: who had sockets first unless it is calm, then by the number of descriptors,
    /// which kernels since 6.2 tell as the size of the directory, then the lowest.
    fn in_order(&mut self, proc: &OwnedFd, is_calm: bool) -> Result<Vec<u64>, Absence> {
        let mut found = Vec::new();
        for entry in Dir::read_from(proc)? {
            let Some(pid) = parse_u64(entry?.file_name().to_bytes()) else { continue };
            let directory = statat(proc, format!("{pid}/fd"), AtFlags::empty());
            let size = directory.map_or(0, |directory| directory.st_size);
            let comes_first = !is_calm && self.owners.contains(&pid);
            found.push((!comes_first, std::cmp::Reverse(size), pid));
        }
        found.sort_unstable();
        let pids: Vec<u64> = found.into_iter().map(|(_, _, pid)| pid).collect();
        self.owners.retain(|owner| pids.contains(owner));
        Ok(pids)
    }

    /// Reads the descriptors of one process. Returns whether all could be before `until_ns`.
    fn read(
        &mut self,
        context: &Context<'_>,
        proc: &OwnedFd,
        pid: u64,
        until_ns: i64,
    ) -> Result<bool, Absence> {
        self.inodes.clear();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(proc, format!("{pid}/fd"), flags, Mode::empty())?;
        let mut entries = RawDir::new(&folder, &mut self.entries);
        let (mut is_whole, mut count) = (true, 0);
        let mut link = [0u8; 64];
        while let Some(entry) = entries.next() {
            let entry = entry?;
            // A descriptor may be closed, or lead to a file with a long name.
            let Ok(filled) = readlinkat_raw(&folder, entry.file_name(), &mut link[..]) else {
                continue;
            };
            let inode = parse_inode(&link[..filled], b"socket");
            self.inodes.extend(inode.and_then(|inode| u32::try_from(inode).ok()));
            count += 1;
            if count % BETWEEN == 0 && context.elapsed_ns() >= until_ns {
                is_whole = false;
                break;
            }
        }
        self.inodes.sort_unstable();
        self.inodes.dedup();
        Ok(is_whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::clock;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{RunTimes, States};
    use std::os::unix::fs::symlink;

    /// A process whose descriptors are these links: only their text is read.
    fn process(root: &Path, pid: u64, links: &[&str]) {
        let folder = root.join(format!("proc/{pid}/fd"));
        std::fs::create_dir_all(&folder).unwrap();
        for (number, link) in links.iter().enumerate() {
            symlink(link, folder.join(number.to_string())).unwrap();
        }
    }

    fn run(walk: &mut Walk, root: &Path, is_calm: bool) -> (Vec<(u64, Vec<u32>)>, Outcome) {
        let (host, mut buffer, mut states) =
            (HostFs::new(root), Buffer::default(), States::default());
        let context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut states,
            tick: clock::now(),
            keyframe: false,
            detail: false,
            budget: &mut Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut RunTimes::new(),
            measures_run_time: false,
        };
        let mut found = Vec::new();
        let outcome = walk.run(&context, is_calm, |pid, inodes| {
            found.push((pid, inodes.to_vec()));
            true
        });
        (found, outcome.unwrap())
    }

    #[test]
    fn each_socket_of_each_process_is_found_once() {
        let root = tempfile::tempdir().unwrap();
        process(root.path(), 7, &["socket:[30]", "/dev/null", "socket:[10]", "socket:[30]"]);
        process(root.path(), 8, &["pipe:[10]"]);
        process(root.path(), 9, &["socket:[10]"]);
        std::fs::create_dir(root.path().join("proc/10")).unwrap();
        let (mut found, outcome) = run(&mut Walk::default(), root.path(), false);
        found.sort_unstable();
        assert_eq!(found, [(7, vec![10, 30]), (9, vec![10])]);
        assert_eq!(outcome, Outcome::default());
    }

    #[test]
    fn sixteen_are_asked_while_it_is_calm_and_owners_come_first_when_it_matters() {
        let root = tempfile::tempdir().unwrap();
        for pid in 1..=30 {
            process(root.path(), pid, &["socket:[5]"]);
        }
        let mut walk = Walk::default();
        assert_eq!(run(&mut walk, root.path(), true).0.len(), ASKED_IF_CALM);
        assert_eq!(run(&mut walk, root.path(), false).0.len(), 30);
        walk.owners = BTreeSet::from([29]);
        let first = run(&mut walk, root.path(), false).0[0].0;
        assert_eq!(first, 29);
    }
}
