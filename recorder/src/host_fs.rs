//! The files of a host below a root path, kept open and read again from their start.
//!
//! Below `/` a file stays open between ticks, since opening costs more than reading. Below any
//! other root (a copy of some host's files) it is opened each time, since copies are replaced.
//! When descriptors run short, files are opened for each reading too.

use std::cell::Cell;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::absence::Absence;

mod mounts;

pub(crate) use mounts::MountTable;
use mounts::ProcView;

/// A host seen through its files.
#[derive(Debug, Clone)]
pub struct HostFs {
    root: PathBuf,
    live: bool,
    /// Descriptors from this number on are not kept: the kernel gives the lowest free number, so
    /// one as high as this says that as many are in use.
    keep_below: i32,
    scarce: Cell<bool>,
    view: ProcView,
}

/// Share of the limit of descriptors up to which files stay open (DESIGN section 6).
const KEEP_SHARE: f64 = 0.8;

impl HostFs {
    /// The host whose `/proc` and `/sys` are below `root`.
    pub fn new(root: &Path) -> Self {
        let (root, live) = (root.to_owned(), root == Path::new("/"));
        let (keep_below, view) = (i32::MAX, ProcView::default());
        let host = Self { root, live, keep_below, scarce: Cell::new(false), view };
        Self { view: ProcView::read(&host), ..host }
    }

    /// Raises this process's limit of descriptors as far as it goes, and keeps files open up to
    /// four fifths of it.
    pub fn raise_descriptor_limit(&mut self) {
        let mut limit = getrlimit(Resource::Nofile);
        let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
        self.keep_below = keep_below(limit.current);
    }

    /// Whether files had to be opened for one reading, for want of descriptors.
    pub fn is_scarce(&self) -> bool {
        self.scarce.get()
    }

    /// Whether this is the host we run on: only then may anything but files below the root be
    /// asked (netlink, `statvfs`).
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Whether processes of others are hidden from who may not trace them.
    pub(crate) fn hides_processes(&self) -> bool {
        self.view.hides_processes
    }

    /// The root path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens `path`, given from the root without a leading slash.
    pub fn open(&self, path: &Path) -> Result<OwnedFd, Absence> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(self.root.join(path), flags, Mode::empty());
        opened.map_err(|error| {
            let absence = Absence::from(error);
            let is_kept_back = self.view.pids_only && !is_of_a_process(path);
            if absence == Absence::NotFound && is_kept_back { Absence::PidsOnly } else { absence }
        })
    }

    /// Reads a whole file once, for facts asked at the start.
    pub fn read_once(&self, path: &str) -> Result<Vec<u8>, Absence> {
        let mut buffer = Buffer::default();
        HostFile::new(path).read(self, &mut buffer).map(<[u8]>::to_vec)
    }
}

/// Whether a path is that of a process or not below `/proc`.
fn is_of_a_process(path: &Path) -> bool {
    let Ok(below) = path.strip_prefix("proc") else { return true };
    let first = below.components().next().map(|part| part.as_os_str().as_bytes());
    first.is_none_or(|name| name == b"self" || name.iter().all(u8::is_ascii_digit))
}

/// Space that files are read into; one serves all of them in turn.
#[derive(Debug)]
pub struct Buffer(Vec<u8>);

impl Default for Buffer {
    fn default() -> Self {
        Self(vec![0; 64 * 1024])
    }
}

impl Buffer {
    /// Takes a copy of `bytes`, as if it had been read.
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> &[u8] {
        if self.0.len() < bytes.len() {
            self.0.resize(bytes.len(), 0);
        }
        self.0[..bytes.len()].copy_from_slice(bytes);
        &self.0[..bytes.len()]
    }
}

/// How a file hands out its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// Page by page: read until nothing comes.
    Pages,
    /// All in one read if the buffer is large enough (the kernel's `single_open`, and sysfs).
    Single,
}

/// The largest file taken; more than that is not a file of `/proc` or `/sys` we know.
const LARGEST_BYTES: usize = 64 * 1024 * 1024;

/// One file of a host.
#[derive(Debug)]
pub struct HostFile {
    path: PathBuf,
    delivery: Delivery,
    descriptor: Option<OwnedFd>,
}

impl HostFile {
    /// A file read page by page until its end. `path` has no leading slash.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), delivery: Delivery::Pages, descriptor: None }
    }

    /// A file that the kernel delivers in one read: `/proc/stat`, `/proc/meminfo`,
    /// `/proc/pressure/*`, `/proc/PID/*` and everything below `/sys`.
    pub fn single(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), delivery: Delivery::Single, descriptor: None }
    }

    /// The file's path below the root.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a descriptor is kept.
    pub fn is_open(&self) -> bool {
        self.descriptor.is_some()
    }

    /// Gives the descriptor back, where descriptors are scarce.
    pub fn close(&mut self) {
        self.descriptor = None;
    }

    /// The file's content as of now. After an error the next call opens the file anew.
    pub fn read<'b>(&mut self, host: &HostFs, buffer: &'b mut Buffer) -> Result<&'b [u8], Absence> {
        let descriptor = match self.descriptor.take() {
            Some(open) => open,
            None => host.open(&self.path)?,
        };
        let filled = read_all(&descriptor, self.delivery, &mut buffer.0)?;
        if host.is_live() {
            if descriptor.as_raw_fd() < host.keep_below {
                self.descriptor = Some(descriptor);
            } else {
                host.scarce.set(true);
            }
        }
        Ok(&buffer.0[..filled])
    }
}

fn keep_below(limit: Option<u64>) -> i32 {
    let Some(limit) = limit else { return i32::MAX };
    let share = limit as f64 * KEEP_SHARE;
    #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
    let below = share as i32;
    below
}

fn read_all(file: &OwnedFd, delivery: Delivery, buffer: &mut Vec<u8>) -> Result<usize, Absence> {
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled >= LARGEST_BYTES {
                return Err(Absence::TooLarge);
            }
            buffer.resize(filled * 2, 0);
        }
        let offset = u64::try_from(filled).expect("a file in memory has a 64-bit length");
        match rustix::io::pread(file, &mut buffer[filled..], offset) {
            Ok(0) => return Ok(filled),
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if delivery == Delivery::Single && filled < buffer.len() {
            return Ok(filled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scarce_descriptors_are_given_back() {
        assert_eq!(keep_below(Some(1024)), 819);
        assert_eq!(keep_below(Some(u64::MAX)), i32::MAX);
        assert_eq!(keep_below(None), i32::MAX);
        let mut host = HostFs::new(Path::new("/"));
        let (mut file, mut buffer) = (HostFile::single("proc/uptime"), Buffer::default());
        file.read(&host, &mut buffer).unwrap();
        assert!(file.is_open() && !host.is_scarce());
        file.close();
        host.keep_below = 0;
        file.read(&host, &mut buffer).unwrap();
        assert!(!file.is_open() && host.is_scarce());
    }

    #[test]
    fn where_proc_shows_processes_only_other_files_say_so() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("proc/self")).unwrap();
        let mounts = "22 27 0:21 / /proc rw - proc proc rw,subset=pid\n";
        std::fs::write(root.path().join("proc/self/mountinfo"), mounts).unwrap();
        let host = HostFs::new(root.path());
        let absence = |path: &str| host.open(Path::new(path)).unwrap_err();
        assert_eq!(absence("proc/meminfo"), Absence::PidsOnly);
        assert_eq!(absence("proc/sys/kernel/pid_max"), Absence::PidsOnly);
        for other in ["proc/77/stat", "proc/self/io", "sys/class/net"] {
            assert_eq!(absence(other), Absence::NotFound, "{other}");
        }
        std::fs::write(root.path().join("proc/self/mountinfo"), "").unwrap();
        let open = HostFs::new(root.path());
        assert_eq!(open.open(Path::new("proc/meminfo")).unwrap_err(), Absence::NotFound);
    }

    #[test]
    fn a_file_is_read_again_from_its_start_and_grows_the_buffer() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("proc");
        std::fs::create_dir(&path).unwrap();
        let host = HostFs::new(root.path());
        let mut file = HostFile::new("proc/big");
        let mut buffer = Buffer::default();
        assert_eq!(file.read(&host, &mut buffer), Err(Absence::NotFound));
        let text = vec![b'x'; 200_000];
        std::fs::write(path.join("big"), &text).unwrap();
        assert_eq!(file.read(&host, &mut buffer), Ok(text.as_slice()));
        std::fs::write(path.join("big"), b"short").unwrap();
        assert_eq!(file.read(&host, &mut buffer), Ok(b"short".as_slice()));
        assert!(!file.is_open());
    }
}
