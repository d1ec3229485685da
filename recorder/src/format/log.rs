//! The write-ahead log: every input, appended before anything else learns of it.
//!
//! ```text
//! file  = "kernelsight log" 0x0a, frame*
//! frame = length (4 bytes, little endian), CRC-32 of the payload (4 bytes), payload
//! ```
//!
//! A frame is written by one `write`, so a process killed at any moment leaves whole frames and at
//! most one torn one, at the end. A torn end is not an error; damage before the end is.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ks_engine::input::{Body, Input, SCHEMA_VERSION};
use ks_engine::time::Timestamp;
use rustix::fs::FlockOperation;

use super::frame::Memory;
use crate::error::Error;

const MAGIC: &[u8; 16] = b"kernelsight log\n";
const HEADER_BYTES: usize = 8;
/// More than any input needs; a larger length is damage.
const LARGEST_PAYLOAD: u32 = 256 * 1024 * 1024;

/// Appends inputs to a log, which it locks.
#[derive(Debug)]
pub struct LogWriter {
    path: PathBuf,
    file: File,
    memory: Memory,
    frame: Vec<u8>,
    end: u64,
}

impl LogWriter {
    /// Creates the log at `path`; `force` replaces one that nobody writes.
    pub fn create(path: &Path, force: bool) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).create_new(!force).truncate(false);
        let file = options.open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                existing(path)
            } else {
                Error::io("create", path, error)
            }
        })?;
        lock(&file, path)?;
        file.set_len(0).map_err(|error| Error::io("empty", path, error))?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            memory: Memory::default(),
            frame: MAGIC.to_vec(),
            end: 0,
        };
        log.write_frame()?;
        Ok(log)
    }

    /// Appends one input.
    pub fn append(&mut self, input: &Input) -> Result<(), Error> {
        self.frame.clear();
        self.frame.extend_from_slice(&[0; HEADER_BYTES]);
        self.memory.encode(input, &mut self.frame)?;
        let payload = &self.frame[HEADER_BYTES..];
        let length = u32::try_from(payload.len())
            .ok()
            .filter(|length| *length <= LARGEST_PAYLOAD)
            .ok_or_else(|| Error::Entry { kind: input.body.kind(), problem: "too large".into() })?;
        let crc = crc32fast::hash(payload);
        self.frame[..4].copy_from_slice(&length.to_le_bytes());
        self.frame[4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
        self.write_frame()
    }

    /// The payload written last.
    pub fn last_payload(&self) -> &[u8] {
        &self.frame[HEADER_BYTES.min(self.frame.len())..]
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.end
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

/// Why a log that is there cannot be created: somebody writes it, or somebody left it.
fn existing(path: &Path) -> Error {
    match File::open(path)
        .map_err(|error| Error::io("open", path, error))
        .and_then(|file| lock(&file, path))
    {
        Ok(()) => Error::Exists { path: path.to_owned() },
        Err(error) => error,
    }
}

pub(super) fn lock(file: &File, path: &Path) -> Result<(), Error> {
    rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => Error::Locked { path: path.to_owned() },
        other => Error::io("lock", path, other),
    })
}

/// Whether a process writes the log at `path`.
pub fn is_being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(lock(&file, path), Err(Error::Locked { .. })))
}

/// Decodes payloads in the order they were written: what a reader of the log would return.
#[derive(Debug)]
pub struct Decoder {
    memory: Memory,
    input: Input,
}

impl Default for Decoder {
    fn default() -> Self {
        let input = Input { seq: 0, mono: Timestamp::default(), body: Body::Tick };
        Self { memory: Memory::default(), input }
    }
}

impl Decoder {
    /// The input of `payload`; `None` where it makes no sense.
    pub fn decode(&mut self, payload: &[u8]) -> Option<&Input> {
        self.memory.decode(payload, &mut self.input)?;
        #[cfg(feature = "canary")]
        if let Body::Sample(sample) = &mut self.input.body
            && let Some(row) = sample.cpu.first()
        {
            use ks_engine::model::CpuCell;
            let tasks = row.procs_running();
            sample.cpu.as_mut_slice()[0]
                .set_some(CpuCell::procs_running, tasks.map(|tasks| tasks + 1));
        }
        Some(&self.input)
    }

    /// The input decoded last.
    pub fn last(&self) -> &Input {
        &self.input
    }
}

/// Reads a log from its beginning.
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    file: BufReader<File>,
    decoder: Decoder,
    payload: Vec<u8>,
    offset: u64,
    torn_bytes: u64,
}

impl LogReader {
    /// Opens the log at `path`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(256 * 1024, file),
            decoder: Decoder::default(),
            payload: Vec::new(),
            offset: 0,
            torn_bytes: 0,
        };
        let mut magic = [0; MAGIC.len()];
        let taken = reader.fill(&mut magic)?;
        if taken == 0 {
            // Killed between creating the file and its first write: an empty recording.
            return Ok(reader);
        }
        if magic != *MAGIC {
            return Err(Error::NotARecording {
                path: path.to_owned(),
                problem: "it does not begin as a KernelSight log".into(),
            });
        }
        reader.offset = MAGIC.len() as u64;
        Ok(reader)
    }

    /// The next input, or `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&Input>, Error> {
        let mut header = [0; HEADER_BYTES];
        let taken = self.fill(&mut header)?;
        if taken < HEADER_BYTES {
            self.torn_bytes += taken as u64;
            return Ok(None);
        }
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let crc = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if length > LARGEST_PAYLOAD {
            return Err(self.damaged("a frame of impossible length"));
        }
        let length = usize::try_from(length).expect("32 bits fit");
        let mut payload = std::mem::take(&mut self.payload);
        payload.resize(length, 0);
        let taken = self.fill(&mut payload)?;
        self.payload = payload;
        if taken < length {
            self.torn_bytes += (HEADER_BYTES + taken) as u64;
            return Ok(None);
        }
        if crc32fast::hash(&self.payload) != crc {
            return Err(self.damaged("checksum mismatch"));
        }
        if self.decoder.decode(&self.payload).is_none() {
            return Err(self.damaged("a frame that cannot be decoded"));
        }
        self.check_version()?;
        self.offset += (HEADER_BYTES + length) as u64;
        Ok(Some(self.decoder.last()))
    }

    /// The input returned last.
    pub fn last(&self) -> &Input {
        self.decoder.last()
    }

    /// Bytes read of whole frames.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of a torn frame at the end.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The layout of a log's rows can change with a minor version, unlike that of Parquet columns,
    /// which have names.
    fn check_version(&self) -> Result<(), Error> {
        if let Body::Start(start) = &self.decoder.last().body
            && start.schema > SCHEMA_VERSION
        {
            let (path, found) = (self.path.clone(), start.schema);
            return Err(Error::Newer { path, found, known: SCHEMA_VERSION });
        }
        Ok(())
    }

    fn damaged(&self, problem: &str) -> Error {
        Error::Damaged { path: self.path.clone(), offset: self.offset, problem: problem.to_owned() }
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", &self.path, error)),
            }
        }
        Ok(filled)
    }
}
