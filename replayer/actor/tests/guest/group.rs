//! Control groups of ours.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::kind::{self, Entity};
use ks_vocabulary::lasting::Exact;

use crate::child::Child;
use crate::lab::{No, Verdict, read, wait, write};

const NAME: &str = "ks-actor-guest";

/// One of version 2 below the root; it ends with this, after its members.
pub(crate) struct Group(PathBuf);

pub(crate) fn mount() -> Verdict<PathBuf> {
    let mounts = read("/proc/self/mountinfo")?;
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 "));
    let path = line.and_then(|line| line.split(' ').nth(4));
    let none = || No::Skipped("no control groups of version 2".to_owned());
    path.map(PathBuf::from).ok_or_else(none)
}

/// Switches a controller of the groups below the root.
pub(crate) fn switch(controller: &str) -> Verdict {
    write(mount()?.join("cgroup.subtree_control"), controller)
}

/// Who a group is that is there, by its folder and its path below the root.
pub(crate) fn exact(folder: &Path, path: &str) -> Verdict<Exact> {
    let inode = Some(fs::metadata(folder)?.ino());
    Ok(Exact(Entity::Cgroup(kind::Group { inode, ..kind::Group::at(path.as_bytes()) })))
}

impl Group {
    pub(crate) fn new() -> Verdict<Self> {
        let folder = mount()?.join(NAME);
        let not = |error| No::Skipped(format!("no control group can be made: {error}"));
        fs::create_dir(&folder).map_err(not)?;
        Ok(Self(folder))
    }

    /// Ends it and makes it anew: another one of the same path.
    pub(crate) fn make_anew(&self) -> Verdict {
        wait("nobody is to be in the group", || fs::remove_dir(&self.0).is_ok())?;
        Ok(fs::create_dir(&self.0)?)
    }

    pub(crate) fn exact(&self) -> Verdict<Exact> {
        exact(&self.0, &format!("/{NAME}"))
    }

    pub(crate) fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn text(&self, file: GroupFile) -> Verdict<String> {
        read(self.file(file.word()))
    }

    pub(crate) fn write(&self, file: GroupFile, text: &str) -> Verdict {
        write(self.file(file.word()), text)
    }

    pub(crate) fn effect(&self, file: GroupFile, text: &str) -> Verdict<Effect> {
        Ok(Effect::GroupFile { group: self.exact()?, file, text: text.to_owned() })
    }

    pub(crate) fn add(&self, child: &Child) -> Verdict {
        write(self.file("cgroup.procs"), &child.pid().to_string())
    }

    /// What its events say of it.
    pub(crate) fn is_frozen(&self) -> Verdict<bool> {
        Ok(read(self.file("cgroup.events"))?.lines().any(|line| line == "frozen 1"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::write(self.file("cgroup.freeze"), "0");
        let _ = wait("nobody is to be in the group", || fs::remove_dir(&self.0).is_ok());
    }
}
