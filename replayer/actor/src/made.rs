//! Control groups of ours, for tests. They end with these.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;

use crate::place::mount_of;

/// One group of one hierarchy.
#[derive(Debug)]
pub(crate) struct Made {
    hierarchy: &'static str,
    path: String,
    folder: PathBuf,
}

impl Made {
    /// Makes it; nothing, which is said, where that cannot be.
    pub(crate) fn new(hierarchy: &'static str, path: &str) -> Option<Self> {
        let mounts = fs::read("/proc/self/mountinfo").unwrap();
        let Some(mount) = mount_of(&mounts, hierarchy.as_bytes()) else {
            println!("skipped: no hierarchy of control groups with {hierarchy}");
            return None;
        };
        let folder = mount.join(path.trim_start_matches('/'));
        match fs::create_dir(&folder) {
            Ok(()) => Some(Self { hierarchy, path: path.to_owned(), folder }),
            Err(error) => {
                println!("skipped: {}: {error}", folder.display());
                None
            }
        }
    }

    pub(crate) fn exact(&self) -> Exact {
        Exact(Entity::Cgroup(Group {
            hierarchy: self.hierarchy.into(),
            path: self.path.clone().into(),
            inode: Some(fs::metadata(&self.folder).unwrap().ino()),
        }))
    }

    pub(crate) fn add(&self, pid: u64) {
        self.write("cgroup.procs", &pid.to_string());
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).unwrap();
    }

    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::write(self.folder.join("freezer.state"), "THAWED");
        // Whoever was in it may take a while to end.
        for _ in 0..1000 {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                _ => return,
            }
        }
    }
}
