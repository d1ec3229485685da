//! Writing one recording: the log first, the Parquet file beside it, then sealing.
//!
//! ```text
//! X.parquet.log      every input, appended: the whole truth until sealing
//! X.parquet.part     row groups as they close; never read
//! X.parquet.reserve  space set aside, so that a full disk can still be sealed
//! X.parquet          the sealed recording
//! ```
//!
//! Sealing finishes the part, makes it durable, renames it, makes the rename durable, and only
//! then removes the log. Where the part cannot be finished it is written anew from the log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ks_engine::input::{Body, Input};
use rustix::fs::FallocateFlags;

use super::log::{LogWriter, check_regular};
use super::part::PartWriter;
use super::recording::Reader;
use super::recovery::Recovered;
use crate::error::Error;

/// Room for the last row group and the footer.
const RESERVE_BYTES: u64 = 4 * 1024 * 1024;

/// The files of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The sealed recording.
    pub parquet: PathBuf,
    /// The write-ahead log.
    pub log: PathBuf,
    part: PathBuf,
    reserve: PathBuf,
}

impl Files {
    /// The files of the recording at `parquet`.
    pub fn of(parquet: &Path) -> Self {
        let with = |suffix: &str| {
            let mut name = parquet.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self {
            parquet: parquet.to_owned(),
            log: with(".log"),
            part: with(".part"),
            reserve: with(".reserve"),
        }
    }

    /// Removes everything but the sealed recording.
    pub(super) fn remove_unsealed(&self) {
        self.remove_leftovers();
        let _ = std::fs::remove_file(&self.log);
    }

    pub(super) fn remove_leftovers(&self) {
        for path in [&self.part, &self.reserve] {
            // What is not there need not be removed; what cannot be is replaced when written.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes a recording.
#[derive(Debug)]
pub struct Writer {
    files: Files,
    log: LogWriter,
    /// `None` after it failed: then sealing writes it anew.
    part: Option<PartWriter>,
}

impl Writer {
    /// Begins the recording at `path`. An existing file or log is refused unless `force`: then the
    /// file is replaced by sealing, and a log once the new one can be written. A log that another
    /// process writes, and what is no regular file, is refused always.
    pub fn create(path: &Path, force: bool) -> Result<Self, Error> {
        let files = Files::of(path);
        if !force && path.exists() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        check_regular(path)?;
        let log = LogWriter::create(&files.log, force)?;
        files.remove_leftovers();
        reserve(&files.reserve);
        // A log that cannot even get its part is one that nobody asked for.
        let part = PartWriter::create(&files.part).inspect_err(|_| files.remove_unsealed())?;
        Ok(Self { files, log, part: Some(part) })
    }

    /// Whether the next sample should be a keyframe: the row group closes before it.
    pub fn wants_keyframe(&self) -> bool {
        self.part.as_ref().is_none_or(PartWriter::group_is_full)
    }

    /// Appends an input. After an error the recording holds all inputs before it; seal it. The log
    /// is the truth: a part that fails is dropped, and written anew when the recording is sealed.
    pub fn append(&mut self, input: &Input) -> Result<(), Error> {
        self.log.append(input)?;
        if self.part.as_mut().is_some_and(|part| part.append(input).is_err()) {
            self.part = None;
            let _ = std::fs::remove_file(&self.files.part);
        }
        Ok(())
    }

    /// Lets the system write the log to its device this often.
    pub fn sync_every(&mut self, every: Duration) {
        self.log.sync_every(every);
    }

    /// What the log holds of the last input, for a [`super::log::Decoder`].
    pub fn last_payload(&self) -> &[u8] {
        self.log.last_payload()
    }

    /// Bytes in the log.
    pub fn log_bytes(&self) -> u64 {
        self.log.bytes()
    }

    /// Seals the recording. On error the log is still there, and still a recording.
    pub fn seal(mut self) -> Result<(), Error> {
        let _ = std::fs::remove_file(&self.files.reserve);
        let finished = self.part.take().is_some_and(|part| part.finish().is_ok());
        if !finished {
            let _ = std::fs::remove_file(&self.files.part);
            convert(&self.files)?;
        }
        publish(&self.files)
    }
}

/// Sets space aside. A file system that cannot is no reason not to record.
fn reserve(path: &Path) {
    if let Ok(file) = File::create(path) {
        let _ = rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, RESERVE_BYTES);
    }
}

/// Writes the part anew from the log.
pub(super) fn convert(files: &Files) -> Result<Recovered, Error> {
    let mut reader = Reader::open(std::slice::from_ref(&files.log))?;
    let mut part = PartWriter::create(&files.part)?;
    let mut inputs = 0;
    while reader.next()?.is_some() {
        let Some(input) = reader.input() else { break };
        // A `Start` that was made up for one that is lost is none of the run's: among its other
        // segments this one goes on without.
        let is_made_up = inputs == 0 && reader.is_foreign();
        if !is_made_up || !matches!(input.body, Body::Start(_)) {
            part.append(input).map_err(Error::of_writing)?;
            inputs += 1;
        }
    }
    part.finish().map_err(Error::of_writing)?;
    let (lost_bytes, damages) = (reader.torn_bytes(), reader.damages().to_vec());
    Ok(Recovered { inputs, lost_bytes, damages })
}

/// Puts the part in the place of the recording, and removes the log.
pub(super) fn publish(files: &Files) -> Result<(), Error> {
    let rename = std::fs::rename(&files.part, &files.parquet);
    rename.map_err(|error| Error::io("rename", &files.part, error))?;
    let folder = files.parquet.parent().filter(|path| !path.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Error::io("sync", folder, error))?;
    std::fs::remove_file(&files.log).map_err(|error| Error::io("remove", &files.log, error))
}
