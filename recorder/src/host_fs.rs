//! The files of a host below a root path, kept open and read again from their start.
//!
//! Below `/` a file stays open between ticks, since opening costs more than reading. Below any
//! other root (a copy of some host's files) it is opened each time, since copies are replaced.

use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::absence::Absence;

/// A host seen through its files.
#[derive(Debug, Clone)]
pub struct HostFs {
    root: PathBuf,
    live: bool,
}

impl HostFs {
    /// The host whose `/proc` and `/sys` are below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), live: root == Path::new("/") }
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
            self.descriptor = Some(descriptor);
        }
        Ok(&buffer.0[..filled])
    }
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
