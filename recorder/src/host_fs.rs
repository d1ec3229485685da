//! The files of a host below a root path, kept open and read again from their start.
//!
//! Below `/` a file stays open between ticks, since opening costs more than reading. Below any
//! other root (a copy of some host's files) it is opened each time, since copies are replaced.
//! When descriptors run short, files are opened for each reading too.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::absence::Absence;

/// A host seen through its files.
#[derive(Debug, Clone)]
pub struct HostFs {
    root: PathBuf,
    live: bool,
    /// Descriptors from this number on are not kept: the kernel gives the lowest free number, so
    /// one as high as this says that as many are in use.
    keep_below: i32,
    scarce: Cell<bool>,
}

/// Share of the limit of descriptors up to which files stay open (DESIGN section 6).
const KEEP_SHARE: f64 = 0.8;

impl HostFs {
    /// The host whose `/proc` and `/sys` are below `root`.
    pub fn new(root: &Path) -> Self {
        let (root, live) = (root.to_owned(), root == Path::new("/"));
        Self { root, live, keep_below: i32::MAX, scarce: Cell::new(false) }
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

    /// The root path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens `path`, given from the root without a leading slash.
    pub fn open(&self, path: &Path) -> Result<OwnedFd, Absence> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::open(self.root.join(path), flags, Mode::empty()).map_err(Absence::from)
    }

    /// Reads a whole file once, for facts asked at the start.
    pub fn read_once(&self, path: &str) -> Result<Vec<u8>, Absence> {
        let mut buffer = Buffer::default();
        HostFile::new(path).read(self, &mut buffer).map(<[u8]>::to_vec)
    }
}

/// Space that files are read into; one serves all of them in turn.
#[derive(Debug)]
pub struct Buffer(Vec<u8>);

impl Default for Buffer {
    fn default() -> Self {
        Self(vec![0; 64 * 1024])
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
