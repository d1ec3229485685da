//! Memory control groups in which faults are provoked.

use std::path::{Path, PathBuf};
use std::time::Duration;

const CGROUP: &str = "/sys/fs/cgroup/memory";

/// A memory cgroup of version 1 that is removed whatever happens.
pub(crate) struct Group(pub(crate) PathBuf);

impl Group {
    pub(crate) fn new(limit_bytes: u64) -> Result<Self, String> {
        let path = Path::new(CGROUP).join(format!("ks-test-{}", std::process::id()));
        let made = std::fs::create_dir(&path);
        made.map_err(|error| format!("no memory cgroup of version 1 can be made: {error}"))?;
        let group = Self(path);
        let limited =
            std::fs::write(group.0.join("memory.limit_in_bytes"), limit_bytes.to_string());
        limited.map_err(|error| format!("the cgroup cannot be limited: {error}"))?;
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..50 {
            if std::fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
