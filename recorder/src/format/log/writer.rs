//! Appends frames to a log.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ks_vocabulary::input::{Body, Input, SCHEMA_VERSION, SchemaVersion};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::syncer::Syncer;
use super::{HEADER_BYTES, LARGEST_PAYLOAD, MAGIC, check_regular, existing, lock};
use crate::error::Error;
use crate::format::frame::{Memory, put_mark};

/// The shortest time between two key samples: they cost what all rows take, and damage costs what
/// comes before the next one. The recorder gives a sample that may be one every minute.
const KEY_NS: u64 = 10 * SECOND_NS;

/// Appends inputs to a log, which it locks.
#[derive(Debug)]
pub struct LogWriter {
    path: PathBuf,
    file: File,
    memory: Memory,
    version: SchemaVersion,
    /// Time of the last key sample.
    key: Option<Timestamp>,
    frame: Vec<u8>,
    payload_at: usize,
    end: u64,
    syncer: Syncer,
}

impl LogWriter {
    /// Creates the log at `path`. With `force` one that nobody writes is replaced, once this one
    /// can be written.
    pub fn create(path: &Path, force: bool) -> Result<Self, Error> {
        let replaces = force && path.symlink_metadata().is_ok();
        if replaces {
            check_replaceable(path)?;
        }
        let at = if replaces { beside(path) } else { path.to_owned() };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).create_new(!replaces).truncate(false);
        let file = options.open(&at).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                existing(path)
            } else {
                Error::io("create", &at, error)
            }
        })?;
        lock(&file, &at)?;
        Self::begin(file, path, at, replaces).inspect_err(|_| {
            // A full disk takes a name and nothing more: it must not be in the way of another try.
            if !replaces {
                let _ = std::fs::remove_file(path);
            }
        })
    }

    /// Writes what a log begins with into a file that is locked.
    fn begin(file: File, path: &Path, at: PathBuf, replaces: bool) -> Result<Self, Error> {
        file.set_len(0).map_err(|error| Error::io("empty", &at, error))?;
        let mut log = Self {
            path: at,
            file,
            memory: Memory::default(),
            version: SCHEMA_VERSION,
            key: None,
            frame: MAGIC.to_vec(),
            payload_at: MAGIC.len(),
            end: 0,
            syncer: Syncer::default(),
        };
        log.write_frame()?;
        if replaces {
            let renamed = std::fs::rename(&log.path, path);
            renamed.map_err(|error| Error::io("rename", &log.path, error))?;
            path.clone_into(&mut log.path);
        }
        Ok(log)
    }

    /// Lets the system write the log to its device this often, by a thread that begins with the
    /// first input: what a crash of the machine loses is no more than that.
    pub fn sync_every(&mut self, every: Duration) {
        self.syncer = Syncer::every(every);
    }

    /// Makes what was appended durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(|error| Error::io("sync", &self.path, error))
    }

    /// Appends one input.
    pub fn append(&mut self, input: &Input) -> Result<(), Error> {
        if let Body::Start(start) = &input.body {
            self.version = start.schema;
            self.key = None;
        }
        let key = self.is_key(input);
        self.frame.clear();
        if key {
            let begin = begin_frame(&mut self.frame);
            put_mark(&mut self.frame, self.version);
            end_frame(&mut self.frame, begin, input)?;
            self.key = Some(input.mono);
        }
        let begin = begin_frame(&mut self.frame);
        self.payload_at = begin + HEADER_BYTES;
        self.memory.encode(input, key, &mut self.frame)?;
        end_frame(&mut self.frame, begin, input)?;
        self.write_frame()?;
        self.syncer.written(&self.path);
        Ok(())
    }

    /// The payload written last.
    pub fn last_payload(&self) -> &[u8] {
        &self.frame[self.payload_at..]
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// Whether `input` is to depend on no frame before it: it says everything, and the last one
    /// that does is some time ago.
    fn is_key(&self, input: &Input) -> bool {
        let Body::Sample(sample) = &input.body else { return false };
        let says_all = sample.processes_complete || sample.processes.read().is_none();
        says_all && self.key.is_none_or(|last| input.mono.since_ns(last) >= KEY_NS)
    }

    fn write_frame(&mut self) -> Result<(), Error> {
        if let Err(error) = self.file.write_all(&self.frame) {
            // Whole frames only: what a full disk cut short is taken back.
            let back = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::End(0)));
            let error = back.err().unwrap_or(error);
            return Err(Error::io("write", &self.path, error));
        }
        self.end += self.frame.len() as u64;
        Ok(())
    }
}

/// Leaves room for a frame's header; the return value is where the frame begins.
fn begin_frame(frame: &mut Vec<u8>) -> usize {
    let begin = frame.len();
    frame.extend_from_slice(&[0; HEADER_BYTES]);
    begin
}

/// Writes the header of the frame that begins at `begin`.
fn end_frame(frame: &mut [u8], begin: usize, input: &Input) -> Result<(), Error> {
    let (header, payload) = frame[begin..].split_at_mut(HEADER_BYTES);
    let length = u32::try_from(payload.len()).ok().filter(|length| *length <= LARGEST_PAYLOAD);
    let length = length.ok_or_else(|| Error::Entry {
        kind: input.body.kind().to_owned(),
        problem: "too large".into(),
    })?;
    header[..4].copy_from_slice(&length.to_le_bytes());
    header[4..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    Ok(())
}

/// Where a log is begun that is to replace the one at `path`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// A log that somebody writes stays, and so does what is no file.
fn check_replaceable(path: &Path) -> Result<(), Error> {
    check_regular(path)?;
    let why = existing(path);
    if matches!(why, Error::Exists { .. }) { Ok(()) } else { Err(why) }
}
