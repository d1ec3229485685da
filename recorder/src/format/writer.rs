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

use ks_engine::input::Input;
use rustix::fs::FallocateFlags;

use super::log::{LogReader, LogWriter};
use super::part::PartWriter;
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

    fn remove_leftovers(&self) {
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
    /// Begins the recording at `path`. An existing file or log is refused unless `force`; a log
    /// that another process writes is refused always.
    pub fn create(path: &Path, force: bool) -> Result<Self, Error> {
        let files = Files::of(path);
        if !force && path.exists() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        let log = LogWriter::create(&files.log, force)?;
        files.remove_leftovers();
        if force {
            let _ = std::fs::remove_file(path);
        }
        reserve(&files.reserve);
        let part = PartWriter::create(&files.part)?;
        Ok(Self { files, log, part: Some(part) })
    }

    /// Whether the next sample should be a keyframe: the row group closes before it.
    pub fn wants_keyframe(&self) -> bool {
        self.part.as_ref().is_none_or(PartWriter::group_is_full)
    }

    /// Appends an input. After an error the recording holds all inputs before it; seal it.
    pub fn append(&mut self, input: &Input) -> Result<(), Error> {
        self.log.append(input)?;
        if let Some(part) = &mut self.part
            && let Err(error) = part.append(input)
        {
            self.part = None;
            return Err(error);
        }
        Ok(())
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

fn convert(files: &Files) -> Result<u64, Error> {
    let mut reader = LogReader::open(&files.log)?;
    let mut part = PartWriter::create(&files.part)?;
    let mut inputs = 0;
    while let Some(input) = reader.next()? {
        part.append(input)?;
        inputs += 1;
    }
    part.finish()?;
    Ok(inputs)
}

fn publish(files: &Files) -> Result<(), Error> {
    let rename = std::fs::rename(&files.part, &files.parquet);
    rename.map_err(|error| Error::io("rename", &files.part, error))?;
    let folder = files.parquet.parent().filter(|path| !path.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Error::io("sync", folder, error))?;
    std::fs::remove_file(&files.log).map_err(|error| Error::io("remove", &files.log, error))
}

/// What recovering a log brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Inputs read from the log.
    pub inputs: u64,
    /// Bytes after the last whole frame, which are lost.
    pub lost_bytes: u64,
}

/// Seals the log that a killed recorder left. A damaged log is sealed up to the damage and kept
/// beside the recording as `X.parquet.log.damaged`.
pub fn recover(path: &Path) -> Result<Recovered, Error> {
    let files = Files::of(path);
    if super::log::is_being_written(&files.log) {
        return Err(Error::Locked { path: files.log });
    }
    let size = std::fs::metadata(&files.log);
    let size = size.map_err(|error| Error::io("open", &files.log, error))?.len();
    if path.exists() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    files.remove_leftovers();
    let mut reader = LogReader::open(&files.log)?;
    let mut part = PartWriter::create(&files.part)?;
    let mut inputs = 0;
    let damage = loop {
        match reader.next() {
            Ok(Some(input)) => part.append(input)?,
            Ok(None) => break None,
            Err(Error::Damaged { offset, .. }) => break Some(offset),
            Err(error) => {
                files.remove_leftovers();
                return Err(error);
            }
        }
        inputs += 1;
    };
    part.finish()?;
    let lost_bytes = damage.map_or(reader.torn_bytes(), |offset| size - offset);
    if damage.is_some() {
        let mut kept = files.log.clone().into_os_string();
        kept.push(".damaged");
        std::fs::copy(&files.log, &kept).map_err(|error| Error::io("copy", &files.log, error))?;
    }
    publish(&files)?;
    Ok(Recovered { inputs, lost_bytes })
}
