//! What no action may reach: who acts, its helpers, the daemon that started it, and the control
//! groups that hold any of these or are above them. An actor that stopped or froze one of them
//! would be nobody who undoes it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;
use ks_vocabulary::membership::path_in;

use crate::deed::Deed;
use crate::failure::{Failure, is_gone};
use crate::held::Target;
use crate::overlap::shares_session;
use crate::place::{Place, mount_of};
use crate::process_file::ProcessFile;
use crate::stat::Stat;

/// Processes of ours, as they were when this one began to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Own(Vec<Target>);

impl Own {
    /// This process, its parent, and its helpers.
    pub(crate) fn with(helpers: &[u64]) -> io::Result<Self> {
        let of = |pid| {
            let stat = Stat::of(&PathBuf::from(format!("/proc/{pid}")))?;
            Ok(Target { pid, start_ticks: stat.start_ticks })
        };
        let own = u64::from(std::process::id());
        let parent = Stat::of(&PathBuf::from("/proc/self"))?.ppid;
        // The parent of the first process of a namespace is not seen there.
        let parent = (parent > 0).then_some(parent);
        let pids = [own].into_iter().chain(parent).chain(helpers.iter().copied());
        pids.map(of).collect::<io::Result<_>>().map(Self)
    }

    /// Whether a deed reaches none of them.
    pub(crate) fn check(&self, deed: &Deed) -> Result<(), Failure> {
        let what = match deed {
            Deed::Threads { target, .. } | Deed::Signal { target, .. } => self.process(*target),
            Deed::ProcessFile { target, prior } => match self.process(*target) {
                None if prior.file == ProcessFile::Autogroup => self.session(*target)?,
                found => found,
            },
            Deed::File { prior, .. } => self.place(&prior.place)?,
            Deed::Unit { prior } => self.place(&prior.file.place)?,
            Deed::Sync { .. } => None,
        };
        what.map_or(Ok(()), |what| Err(Failure::Own { what }))
    }

    fn process(&self, target: Target) -> Option<String> {
        self.0.contains(&target).then(|| format!("process {}", target.pid))
    }

    fn session(&self, target: Target) -> Result<Option<String>, Failure> {
        for own in &self.0 {
            if shares_session(*own, target)? {
                return Ok(Some(format!("the autogroup of process {}", target.pid)));
            }
        }
        Ok(None)
    }

    fn place(&self, place: &Place) -> Result<Option<String>, Failure> {
        match place {
            Place::Group { group: Exact(Entity::Cgroup(group)), .. } => self.group(group),
            Place::Group { .. } | Place::Sysctl(_) | Place::ReadAhead(_) => Ok(None),
        }
    }

    /// By inodes: there are many ways to write a path.
    fn group(&self, group: &Group) -> Result<Option<String>, Failure> {
        let told = || format!("control group {}", String::from_utf8_lossy(&group.path));
        let refused = |error| Failure::refused(told(), error);
        let mounts = fs::read("/proc/self/mountinfo").map_err(refused)?;
        let Some(mount) = mount_of(&mounts, &group.hierarchy) else { return Ok(None) };
        for Target { pid, .. } in &self.0 {
            let text = match fs::read(format!("/proc/{pid}/cgroup")) {
                Ok(text) => text,
                Err(error) if is_gone(&error) => continue,
                Err(error) => return Err(refused(error)),
            };
            // Every process has a line for each hierarchy that is mounted.
            let Some(path) = path_in(&text, &group.hierarchy) else { return Ok(Some(told())) };
            let path = Path::new(OsStr::from_bytes(path.strip_prefix(b"/").unwrap_or(path)));
            for folder in mount.join(path).ancestors() {
                if !folder.starts_with(&mount) {
                    break;
                }
                match fs::metadata(folder) {
                    Ok(found) if Some(found.ino()) == group.inode => return Ok(Some(told())),
                    Ok(_) => {}
                    Err(error) if is_gone(&error) => {}
                    Err(error) => return Err(refused(error)),
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
