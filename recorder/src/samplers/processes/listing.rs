//! The process ids below `/proc`, in order. What the processes do is not known here.

use std::mem::MaybeUninit;
use std::path::Path;

use ks_vocabulary::model::Process;
use rustix::fd::OwnedFd;
use rustix::fs::{RawDir, SeekFrom, seek};

use super::parse;
use crate::absence::Absence;
use crate::host_fs::HostFs;
use crate::text::parse_u64;

const PROC: &str = "proc";

/// A directory of processes, kept open below `/`.
#[derive(Debug)]
pub(super) struct Listing {
    directory: Option<OwnedFd>,
    entries: Vec<MaybeUninit<u8>>,
    pids: Vec<u64>,
}

impl Default for Listing {
    fn default() -> Self {
        let entries = vec![MaybeUninit::uninit(); 32 * 1024];
        Self { directory: None, entries, pids: Vec::new() }
    }
}

impl Listing {
    /// Every process id that is listed, lowest first.
    pub(super) fn read(&mut self, host: &HostFs) -> Result<&[u64], Absence> {
        let directory = match self.directory.take() {
            Some(open) => open,
            None => host.open(Path::new(PROC))?,
        };
        seek(&directory, SeekFrom::Start(0))?;
        self.pids.clear();
        let mut entries = RawDir::new(&directory, &mut self.entries);
        while let Some(entry) = entries.next() {
            self.pids.extend(parse_u64(entry?.file_name().to_bytes()));
        }
        if host.is_live() {
            self.directory = Some(directory);
        }
        self.pids.sort_unstable();
        self.pids.dedup();
        Ok(&self.pids)
    }
}

/// When this process started, in clock ticks after boot, as `/proc` tells it.
pub(super) fn own_start_ticks() -> Option<u64> {
    let text = std::fs::read("/proc/self/stat").ok()?;
    let mut row = Process::default();
    parse::stat(&text, &mut row)?;
    row.start_ticks()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_and_other_names_are_not() {
        let root = tempfile::tempdir().unwrap();
        for name in ["10", "9", "self", "12x", "99999999999999999999"] {
            std::fs::create_dir_all(root.path().join("proc").join(name)).unwrap();
        }
        let mut listing = Listing::default();
        assert_eq!(listing.read(&HostFs::new(root.path())), Ok([9, 10].as_slice()));
        std::fs::remove_dir(root.path().join("proc/9")).unwrap();
        assert_eq!(listing.read(&HostFs::new(root.path())), Ok([10].as_slice()));
    }

    #[test]
    fn this_process_is_listed_every_time() {
        let (host, mut listing) = (HostFs::new(Path::new("/")), Listing::default());
        for _ in 0..2 {
            let own = u64::from(std::process::id());
            assert!(listing.read(&host).unwrap().contains(&own));
        }
    }
}
