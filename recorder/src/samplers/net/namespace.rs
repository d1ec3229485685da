//! One network namespace, and the files through which it is read.
//!
//! A file below `net` belongs to the namespace of the process through whose folder it was opened,
//! and an open one keeps that namespace alive. So they are closed as soon as that process is gone:
//! a container's interfaces must not outlive it on our account. Which namespaces there are is not
//! known here.

use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::readlinkat_raw;

use super::counters::SOURCES;
use super::pace::Listing;
use super::patient_file::PatientFile;
use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::text::parse_inode;

/// A namespace that is read.
#[derive(Debug)]
pub(super) struct Namespace {
    /// Inode that names it; 0 where it is not known.
    pub(super) inode: u64,
    /// Whether it is the recorder's own, or the only one of a copied tree.
    pub(super) own: bool,
    /// The process through which it is read.
    pub(super) pid: Option<u64>,
    /// `net/dev`.
    pub(super) dev: PatientFile,
    /// The files of [`SOURCES`], in that order.
    pub(super) counters: [PatientFile; SOURCES.len()],
    /// `net/stat/nf_conntrack`, which is read of the own namespace.
    pub(super) conntrack: PatientFile,
    /// `net/tcp`, which is opened for each listing.
    pub(super) tcp: PathBuf,
    /// `net/tcp6`, likewise.
    pub(super) tcp6: PathBuf,
    /// Cost and time of the last listing of its sockets.
    pub(super) listing: Listing,
    pub(super) folder: PathBuf,
    pub(super) process: Option<OwnedFd>,
}

impl Namespace {
    /// The own namespace, read in `folder`, such as `proc/self/net`.
    pub(super) fn own(inode: u64, folder: &str, pid: Option<u64>) -> Self {
        Self { own: true, pid, ..Self::new(inode, Path::new(folder)) }
    }

    /// Another namespace, read through process `pid`, whose folder below `proc` is `process`.
    pub(super) fn of_process(inode: u64, pid: u64, process: OwnedFd) -> Self {
        let folder = format!("proc/{pid}/net");
        Self { pid: Some(pid), process: Some(process), ..Self::new(inode, Path::new(&folder)) }
    }

    fn new(inode: u64, folder: &Path) -> Self {
        let single = |file: &str| PatientFile::new(HostFile::single(folder.join(file)));
        Self {
            inode,
            own: false,
            pid: None,
            dev: PatientFile::new(HostFile::new(folder.join("dev"))),
            counters: SOURCES.map(|source| single(source.file)),
            conntrack: PatientFile::new(HostFile::new(folder.join("stat/nf_conntrack"))),
            tcp: folder.join("tcp"),
            tcp6: folder.join("tcp6"),
            listing: Listing::default(),
            folder: folder.to_owned(),
            process: None,
        }
    }

    /// The folder it is read in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether its process still lives and is still in this namespace.
    pub(super) fn is_there(&self) -> bool {
        let Some(process) = &self.process else { return true };
        read_inode(process, "ns/net") == Ok(self.inode)
    }
}

/// Reads the inode of a namespace from the link at `path` below `folder`.
pub(super) fn read_inode(folder: &OwnedFd, path: &str) -> Result<u64, Absence> {
    let mut link = [0u8; 64];
    let filled = readlinkat_raw(folder, path, &mut link[..])?;
    let expected = "a link to `net:[INODE]`";
    parse_inode(&link[..filled], b"net").ok_or(Absence::Malformed(Malformed { line: 1, expected }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_namespace_is_always_there() {
        let own = Namespace::own(7, "proc/self/net", None);
        assert!(own.is_there() && own.own);
        assert_eq!(own.tcp6, Path::new("proc/self/net/tcp6"));
        assert_eq!(own.folder(), Path::new("proc/self/net"));
    }
}
