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
use std::path::Path;
use std::time::Duration;

use ks_vocabulary::input::Input;
use rustix::fs::FallocateFlags;

use super::files::Files;
use super::log::{LogWriter, check_regular};
use super::part::PartWriter;
use super::sealing::{convert, publish};
use crate::error::Error;

/// Room for the last row group and the footer.
const RESERVE_BYTES: u64 = 4 * 1024 * 1024;

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

    /// Makes what was appended durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.log.sync()
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
