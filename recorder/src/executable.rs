//! Which program a process runs.

/// Device and inode of the executable of a process of this host: the device as the kernel counts it
/// itself, with the minor number in the lower 20 bits. `None` where it is gone, or may not be read.
pub fn of(pid: u64) -> Option<(u64, u64)> {
    let about = rustix::fs::stat(format!("/proc/{pid}/exe")).ok()?;
    let (major, minor) = (rustix::fs::major(about.st_dev), rustix::fs::minor(about.st_dev));
    Some((u64::from(major) << 20 | u64::from(minor), about.st_ino))
}
