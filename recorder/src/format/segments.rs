//! A directory of segments: what a daemon writes, with retention by age and size.
//!
//! ```text
//! DIR/00000000.parquet      a sealed segment
//! DIR/00000000.jsonl        what the engine said of it
//! DIR/00000001.parquet.log  the segment being written
//! ```
//!
//! Segments are numbered through all runs, so their names are in the order of their inputs. One
//! process writes a directory: it holds a lock on it. Files of other names, and files of such names
//! that another program wrote, are neither read, nor counted, nor removed.

mod own;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ks_vocabulary::input::Input;

use super::files::Files;
use super::log::lock;
use super::recovery::{recover, unused_name};
use super::writer::Writer;
use crate::error::Error;

use own::Own;
pub use own::RunFile;

/// Which sealed segments are kept. The newest always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Segments that ended longer ago than this are removed.
    pub age: Option<Duration>,
    /// The oldest are removed until those left take no more than this, journals included.
    pub bytes: Option<u64>,
}

/// Writes segments into a directory.
#[derive(Debug)]
pub struct Segments {
    folder: PathBuf,
    _lock: File,
    retention: Retention,
    sync: Option<Duration>,
    next: u64,
    /// Number of the segment that is being written.
    open: Option<u64>,
    writer: Option<Writer>,
    set_aside: Vec<PathBuf>,
}

impl Segments {
    /// Takes over `folder`, which is made where it is missing. Logs that a killed run left in it
    /// are sealed; one in which nothing can be read is set aside under another name. `sync` says
    /// how often logs are made durable.
    pub fn open(
        folder: &Path,
        retention: Retention,
        sync: Option<Duration>,
    ) -> Result<Self, Error> {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| Error::io("create", folder, error))?;
        let directory = File::open(folder).map_err(|error| Error::io("open", folder, error))?;
        lock(&directory, folder)?;
        let folder = folder.to_owned();
        let mut segments = Self {
            folder,
            _lock: directory,
            retention,
            sync,
            next: 0,
            open: None,
            writer: None,
            set_aside: Vec::new(),
        };
        segments.prune()?;
        segments.seal_leftovers()?;
        Ok(segments)
    }

    /// Number of the segment that [`Segments::begin`] makes.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Logs in which nothing could be read, under the names that they have since.
    pub fn set_aside(&self) -> &[PathBuf] {
        &self.set_aside
    }

    /// Where the journal of a segment lies.
    pub fn journal(&self, number: u64) -> PathBuf {
        own::journal(&self.folder, number)
    }

    /// Where a segment lies once it is sealed.
    pub fn recording(&self, number: u64) -> PathBuf {
        own::recording(&self.folder, number)
    }

    /// The segments of the last run in the directory, from its first on. Nothing where there is no
    /// run, or where its beginning has been removed.
    pub fn last_run(&self) -> Result<Vec<RunFile>, Error> {
        self.run_before(u64::MAX)
    }

    /// The same of the run whose last segment is the one before `number`.
    pub fn run_before(&self, number: u64) -> Result<Vec<RunFile>, Error> {
        own::run_before(&self.folder, number)
    }

    /// Begins the next segment: its number. Its first input is a `Start`.
    pub fn begin(&mut self) -> Result<u64, Error> {
        let number = self.next;
        let writer = Writer::create(&own::recording(&self.folder, number), false);
        let mut writer = writer.inspect_err(|error| {
            // Whatever has that name is not this daemon's.
            self.next += u64::from(matches!(error, Error::Exists { .. } | Error::Locked { .. }));
        })?;
        if let Some(sync) = self.sync {
            writer.sync_every(sync);
        }
        self.writer = Some(writer);
        self.open = Some(number);
        self.next = number + 1;
        Ok(number)
    }

    /// Takes back a segment that could not even be begun.
    pub fn abandon(&mut self) {
        if let (Some(_), Some(number)) = (self.writer.take(), self.open.take()) {
            Files::of(&own::recording(&self.folder, number)).remove_unsealed();
        }
    }

    /// Appends an input to the current segment. After an error the segment takes no more: seal it.
    pub fn append(&mut self, input: &Input) -> Result<(), Error> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.append(input))
    }

    /// Makes what was appended to the current segment durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.writer.as_ref().map_or(Ok(()), Writer::sync)
    }

    /// What the log of the current segment holds of the last input; nothing where there is none.
    pub fn last_payload(&self) -> &[u8] {
        self.writer.as_ref().map_or(&[], Writer::last_payload)
    }

    /// Whether there is a segment to append to.
    pub fn is_open(&self) -> bool {
        self.writer.is_some()
    }

    /// Whether the next sample should be a keyframe.
    pub fn wants_keyframe(&self) -> bool {
        self.writer.as_ref().is_none_or(Writer::wants_keyframe)
    }

    /// Seals the current segment and removes those past their retention. On error the segment is
    /// still there as a log.
    pub fn seal(&mut self) -> Result<(), Error> {
        self.open = None;
        let sealed = self.writer.take().map_or(Ok(()), Writer::seal);
        self.prune().and(sealed)
    }

    /// Seals what was left as logs; a full disk leaves them as they are.
    pub fn seal_leftovers(&mut self) -> Result<(), Error> {
        for own in own::list(&self.folder)? {
            self.next = self.next.max(own.number + 1);
            if self.open != Some(own.number) {
                self.seal_leftover(&own)?;
            }
        }
        Ok(())
    }

    fn seal_leftover(&mut self, own: &Own) -> Result<(), Error> {
        let path = own::recording(&self.folder, own.number);
        if !own.has_log {
            return Ok(());
        }
        match recover(&path) {
            // It was killed before its first input.
            Ok(recovered) if recovered.inputs == 0 => {
                std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))
            }
            // One of a newer version is for that version to seal.
            Ok(_) | Err(Error::Newer { .. }) => Ok(()),
            Err(error) if error.is_disk_full() => Ok(()),
            Err(Error::Twins { .. }) => self.put_aside(&path),
            Err(error) if !error.is_environment() => self.put_aside(&path),
            Err(error) => Err(error),
        }
    }

    fn put_aside(&mut self, path: &Path) -> Result<(), Error> {
        let log = Files::of(path).log;
        let aside = unused_name(&log);
        std::fs::rename(&log, &aside).map_err(|error| Error::io("rename", &log, error))?;
        self.set_aside.push(aside);
        Ok(())
    }

    /// Frees space on a full disk: removes the oldest sealed segment, where segments may be removed
    /// at all. False where there is none to remove.
    pub fn make_room(&self) -> Result<bool, Error> {
        if self.retention == Retention::default() {
            return Ok(false);
        }
        let sealed = own::sealed(&self.folder)?;
        let [oldest, _, ..] = sealed.as_slice() else { return Ok(false) };
        oldest.remove(&self.folder).map(|()| true)
    }

    fn prune(&self) -> Result<(), Error> {
        if self.retention == Retention::default() {
            return Ok(());
        }
        for own in expired(&own::sealed(&self.folder)?, self.retention) {
            own.remove(&self.folder)?;
        }
        Ok(())
    }
}

/// Those to remove of sealed segments, given oldest first. The newest stays.
fn expired(sealed: &[Own], retention: Retention) -> &[Own] {
    let mut left_bytes: u64 = sealed.iter().map(|own| own.bytes).sum();
    let mut count = 0;
    for own in sealed.iter().take(sealed.len().saturating_sub(1)) {
        let too_old = retention.age.is_some_and(|limit| own.age > limit);
        let too_many = retention.bytes.is_some_and(|limit| left_bytes > limit);
        if !too_old && !too_many {
            break;
        }
        left_bytes -= own.bytes;
        count += 1;
    }
    &sealed[..count]
}

#[cfg(test)]
mod tests;
