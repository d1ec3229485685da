//! One journal that may lack its end.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Compares lines with those that are there, and adds those that are not.
pub(super) struct Mender {
    path: PathBuf,
    known: Option<BufReader<File>>,
    added: Option<File>,
    expected: Vec<u8>,
    is_begun: bool,
}

impl Mender {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, known: None, added: None, expected: Vec::new(), is_begun: false }
    }

    /// Takes the next line; false where another one is there.
    pub(super) fn take(&mut self, line: &[u8]) -> io::Result<bool> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.known = match File::open(&self.path) {
                Ok(file) => Some(BufReader::new(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
        }
        let mut missing = line;
        if let Some(known) = &mut self.known {
            self.expected.clear();
            let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
            known.by_ref().take(length).read_to_end(&mut self.expected)?;
            let Some(rest) = line.strip_prefix(self.expected.as_slice()) else { return Ok(false) };
            missing = rest;
        }
        if !missing.is_empty() {
            self.known = None;
            self.append(missing)?;
        }
        Ok(true)
    }

    /// Whether the last line was not there, or not all of it.
    pub(super) fn is_adding(&self) -> bool {
        self.added.is_some()
    }

    /// Makes what was added durable.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.added.as_ref().map_or(Ok(()), File::sync_all)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.added.is_none() {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            file.seek(SeekFrom::End(0))?;
            self.added = Some(file);
        }
        self.added.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
    }
}
