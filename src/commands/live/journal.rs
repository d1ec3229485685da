//! The journal of a segment while it is written. A full disk does not end a run: lines wait.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

/// Lines that wait at the most. Beyond it the journal lacks its end, which a replay gives.
const WAITING_BYTES: usize = 4 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Journal {
    path: PathBuf,
    file: Option<File>,
    waiting: Vec<u8>,
    /// Lines were left out: none after them is added, so that it is a prefix of the replay.
    is_cut: bool,
}

impl Journal {
    /// That of the next segment, at `path`. What lies there belongs to no recording.
    pub(super) fn at(path: PathBuf) -> Self {
        let _ = std::fs::remove_file(&path);
        Self { path, ..Self::default() }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.is_cut |= self.waiting.len() + line.len() > WAITING_BYTES;
        if !self.is_cut {
            self.waiting.extend_from_slice(line);
        }
    }

    /// Whether lines still wait.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands what waits to the kernel: a killed process loses none of it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.file.is_none() && !self.path.as_os_str().is_empty() {
            self.file = Some(File::create(&self.path)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        while !self.waiting.is_empty() {
            let written = file.write(&self.waiting)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.waiting.drain(..written);
        }
        Ok(())
    }

    /// The same, and makes it durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}
