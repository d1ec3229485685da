//! Which network namespaces there are: found by asking every process, now and then.
//!
//! A namespace that no process is in (bound to a file by `ip netns add`, or kept by a socket) is
//! not found. With a root other than `/` there is one namespace, the one that was copied.

use std::path::Path;

use ks_vocabulary::time::{SECOND_NS, Timestamp};
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, Mode, OFlags, openat};

use super::namespace::{Namespace, read_inode};
use super::pace::is_due;
use crate::absence::Absence;
use crate::host_fs::HostFs;
use crate::sampler::{Context, State};
use crate::text::parse_u64;

/// Namespaces read, each with six files kept open. More is a host of very many containers.
const MOST: usize = 64;
const MORE_EXIST: &str = "64 network namespaces read, more exist";
const HIDDEN: &str = "the namespaces of other users' processes are hidden";
const ONE_COPIED: &str = "--root: one network namespace";

/// A walk over all processes costs some microseconds for each, so it is taken every 30 s at most,
/// and no sooner than after a thousand times its own duration.
const WALK_EVERY_NS: u64 = 30 * SECOND_NS;
const WALK_SHARE: u64 = 1000;

const OWN_FOLDER: &str = "proc/self/net";

fn own_pid() -> u64 {
    u64::from(std::process::id())
}

/// The namespaces, the own one first.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// Those that are read.
    pub(super) list: Vec<Namespace>,
    walked: Option<Timestamp>,
    period_ns: u64,
}

impl Namespaces {
    /// Forgets namespaces whose process is gone, and looks for new ones when that is due. One that
    /// lives on in another process is found again then.
    pub(super) fn refresh(&mut self, context: &mut Context<'_>) {
        self.list.retain(Namespace::is_there);
        if !is_due(self.walked, context.tick, self.period_ns) {
            return;
        }
        let begin_ns = context.elapsed_ns();
        let state = if context.host.is_live() {
            self.walk(context.host).unwrap_or_else(|absence| {
                if self.list.is_empty() {
                    self.keep_own(0, OWN_FOLDER, Some(own_pid()));
                }
                State::Absent(absence)
            })
        } else {
            self.keep_own(0, copied_folder(context.host), None);
            State::Limited(ONE_COPIED)
        };
        context.states.set("netns", state);
        let took_ns = u64::try_from(context.elapsed_ns() - begin_ns).unwrap_or(0);
        self.walked = Some(context.tick);
        self.period_ns = WALK_EVERY_NS.max(took_ns.saturating_mul(WALK_SHARE));
    }

    /// Asks every process. The lowest pid of a namespace is asked first, and stays with it.
    fn walk(&mut self, host: &HostFs) -> Result<State, Absence> {
        let proc = host.open(Path::new("proc"))?;
        let own = read_inode(&proc, "self/ns/net")?;
        self.keep_own(own, OWN_FOLDER, Some(own_pid()));
        let (mut more, mut hidden) = (false, false);
        for entry in Dir::read_from(&proc)? {
            let Some(pid) = parse_u64(entry?.file_name().to_bytes()) else { continue };
            match read_inode(&proc, &format!("{pid}/ns/net")) {
                Ok(inode) => more |= !self.adopt(inode, pid, &proc),
                Err(Absence::Denied) => hidden = true,
                // It ended meanwhile.
                Err(_) => {}
            }
        }
        Ok(match (more, hidden) {
            (true, _) => State::Limited(MORE_EXIST),
            (false, true) => State::Limited(HIDDEN),
            (false, false) => State::On,
        })
    }

    /// Sees to it that the first namespace is the own one. Another own one than before means that
    /// all are others.
    fn keep_own(&mut self, inode: u64, folder: &str, pid: Option<u64>) {
        let is_own = |first: &Namespace| {
            first.own && first.inode == inode && first.folder() == Path::new(folder)
        };
        if !self.list.first().is_some_and(is_own) {
            self.list.clear();
            self.list.push(Namespace::own(inode, folder, pid));
        }
    }

    /// Takes a namespace into the list unless it is there. Returns whether there is room for it.
    fn adopt(&mut self, inode: u64, pid: u64, proc: &OwnedFd) -> bool {
        if self.list.iter().any(|known| known.inode == inode) {
            return true;
        }
        if self.list.len() >= MOST {
            return false;
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if let Ok(process) = openat(proc, pid.to_string(), flags, Mode::empty()) {
            let namespace = Namespace::of_process(inode, pid, process);
            // The pid may have gone to another process since the link was read.
            if namespace.is_there() {
                self.list.push(namespace);
            }
        }
        true
    }
}

/// Where a copied tree has its `net` files.
fn copied_folder(host: &HostFs) -> &'static str {
    let folders = ["proc/self/net", "proc/net", "proc/1/net"];
    folders.into_iter().find(|folder| host.root().join(folder).is_dir()).unwrap_or("proc/net")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::Buffer;
    use crate::sampler::States;
    use std::os::unix::fs::symlink;

    /// Links that lead nowhere are as good as those of the kernel: only their text is read.
    fn process(root: &Path, name: &str, inode: u64) {
        let folder = root.join("proc").join(name).join("ns");
        std::fs::create_dir_all(&folder).unwrap();
        symlink(format!("net:[{inode}]"), folder.join("net")).unwrap();
    }

    fn inodes(namespaces: &Namespaces) -> Vec<u64> {
        namespaces.list.iter().map(|namespace| namespace.inode).collect()
    }

    fn sorted(namespaces: &Namespaces) -> Vec<u64> {
        let mut inodes = inodes(namespaces);
        inodes.sort_unstable();
        inodes
    }

    #[test]
    fn each_namespace_is_found_once_with_the_own_one_first() {
        let root = tempfile::tempdir().unwrap();
        let processes = [("self", 20), ("1", 10), ("2", 10), ("30", 20), ("40", 30)];
        for (name, inode) in processes {
            process(root.path(), name, inode);
        }
        std::fs::create_dir(root.path().join("proc/net")).unwrap();
        std::fs::create_dir(root.path().join("proc/50")).unwrap();
        let (host, mut namespaces) = (HostFs::new(root.path()), Namespaces::default());
        assert_eq!(namespaces.walk(&host), Ok(State::On));
        assert_eq!(sorted(&namespaces), [10, 20, 30]);
        assert!(namespaces.list[0].own && namespaces.list[0].inode == 20);
        assert!(namespaces.list[1..].iter().all(|other| !other.own && other.pid.is_some()));
        assert_eq!(namespaces.walk(&host), Ok(State::On));
        assert_eq!(inodes(&namespaces).len(), 3);
    }

    #[test]
    fn a_namespace_is_given_up_with_its_process_and_found_again_in_another() {
        let root = tempfile::tempdir().unwrap();
        process(root.path(), "self", 20);
        process(root.path(), "7", 30);
        let (host, mut namespaces) = (HostFs::new(root.path()), Namespaces::default());
        namespaces.walk(&host).unwrap();
        assert_eq!(inodes(&namespaces), [20, 30]);
        process(root.path(), "8", 30);
        std::fs::remove_dir_all(root.path().join("proc/7")).unwrap();
        namespaces.list.retain(Namespace::is_there);
        assert_eq!(inodes(&namespaces), [20]);
        namespaces.walk(&host).unwrap();
        assert_eq!(inodes(&namespaces), [20, 30]);
        assert_eq!(namespaces.list[1].pid, Some(8));
        let link = root.path().join("proc/8/ns/net");
        std::fs::remove_file(&link).unwrap();
        symlink("net:[31]", &link).unwrap();
        assert!(!namespaces.list[1].is_there(), "it moved to another namespace");
    }

    #[test]
    fn sixty_four_namespaces_are_read_and_the_rest_is_told() {
        let root = tempfile::tempdir().unwrap();
        process(root.path(), "self", 1);
        for pid in 2..=64u64 {
            process(root.path(), &pid.to_string(), pid);
        }
        let (host, mut namespaces) = (HostFs::new(root.path()), Namespaces::default());
        assert_eq!(namespaces.walk(&host), Ok(State::On));
        let known = inodes(&namespaces);
        process(root.path(), "65", 65);
        assert_eq!(namespaces.walk(&host), Ok(State::Limited(MORE_EXIST)));
        assert_eq!(inodes(&namespaces), known);
    }

    #[test]
    fn a_host_without_namespaces_says_so() {
        let root = tempfile::tempdir().unwrap();
        let host = HostFs::new(root.path());
        assert_eq!(Namespaces::default().walk(&host), Err(Absence::NotFound));
        std::fs::create_dir(root.path().join("proc")).unwrap();
        assert_eq!(Namespaces::default().walk(&host), Err(Absence::NotFound));
    }

    #[test]
    fn a_copied_tree_has_one_namespace_wherever_its_files_are() {
        for folder in ["proc/self/net", "proc/net", "proc/1/net"] {
            let root = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            process(root.path(), "9", 99);
            let (host, mut buffer, mut states) =
                (HostFs::new(root.path()), Buffer::default(), States::default());
            let mut context = Context {
                host: &host,
                buffer: &mut buffer,
                states: &mut states,
                tick: Timestamp(0),
                keyframe: false,
                detail: false,
                budget: &mut crate::budget::Budget::default(),
                losses: &mut Vec::new(),
                run_times: &mut crate::sampler::RunTimes::new(),
                measures_run_time: false,
            };
            let mut namespaces = Namespaces::default();
            namespaces.refresh(&mut context);
            assert_eq!(inodes(&namespaces), [0]);
            assert_eq!(namespaces.list[0].folder(), Path::new(folder));
            assert_eq!(states.get("netns"), Some(State::Limited(ONE_COPIED)));
        }
    }
}
