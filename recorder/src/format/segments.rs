//! A directory of segments: what a daemon writes, with retention by age and size.
//!
//! ```text
//! DIR/00000000.parquet      a sealed segment
//! DIR/00000001.parquet.log  the segment being written
//! ```
//!
//! Segments are numbered through all runs, so their names are in the order of their inputs. One
//! process writes a directory: it holds a lock on it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ks_engine::input::Input;

use super::log::lock;
use super::recording;
use super::writer::{Files, Writer, recover};
use crate::error::Error;

/// Which sealed segments are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Segments that ended longer ago than this are removed.
    pub age: Option<Duration>,
    /// The oldest are removed until those left take no more than this.
    pub bytes: Option<u64>,
}

/// Writes segments into a directory.
#[derive(Debug)]
pub struct Segments {
    folder: PathBuf,
    _lock: File,
    retention: Retention,
    next: u64,
    writer: Option<Writer>,
}

impl Segments {
    /// Takes over `folder`, which is made where it is missing. Logs that a killed run left in it
    /// are sealed.
    pub fn open(folder: &Path, retention: Retention) -> Result<Self, Error> {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| Error::io("create", folder, error))?;
        let directory = File::open(folder).map_err(|error| Error::io("open", folder, error))?;
        lock(&directory, folder)?;
        let mut next = 0;
        for path in recording::recordings_in(folder)? {
            seal_leftover(&path)?;
            next = next.max(number_of(&path).map_or(0, |number| number + 1));
        }
        let folder = folder.to_owned();
        Ok(Self { folder, _lock: directory, retention, next, writer: None })
    }

    /// Number of the segment that [`Segments::begin`] makes.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Begins the next segment. Its first input is a `Start`.
    pub fn begin(&mut self) -> Result<(), Error> {
        let path = self.folder.join(format!("{:08}.parquet", self.next));
        self.writer = Some(Writer::create(&path, false)?);
        self.next += 1;
        Ok(())
    }

    /// Appends an input to the current segment and returns what its log holds of it.
    pub fn append(&mut self, input: &Input) -> Result<&[u8], Error> {
        let Some(writer) = &mut self.writer else { return Ok(&[]) };
        writer.append(input)?;
        Ok(writer.last_payload())
    }

    /// Whether the next sample should be a keyframe.
    pub fn wants_keyframe(&self) -> bool {
        self.writer.as_ref().is_none_or(Writer::wants_keyframe)
    }

    /// Seals the current segment and removes those past their retention.
    pub fn seal(&mut self) -> Result<(), Error> {
        if let Some(writer) = self.writer.take() {
            writer.seal()?;
        }
        self.prune()
    }

    fn prune(&self) -> Result<(), Error> {
        let mut sealed = Vec::new();
        for path in recording::recordings_in(&self.folder)? {
            let Ok(meta) = std::fs::metadata(&path) else { continue };
            let age = meta.modified().ok().and_then(|ended| ended.elapsed().ok());
            sealed.push((path, age.unwrap_or_default(), meta.len()));
        }
        for path in expired(&sealed, self.retention) {
            std::fs::remove_file(path).map_err(|error| Error::io("remove", path, error))?;
        }
        Ok(())
    }
}

/// Seals a log that was left alone. Where sealing was cut short before the log was removed, the
/// sealed file has everything.
fn seal_leftover(path: &Path) -> Result<(), Error> {
    let log = Files::of(path).log;
    if !log.exists() {
        return Ok(());
    }
    if path.exists() {
        return std::fs::remove_file(&log).map_err(|error| Error::io("remove", &log, error));
    }
    recover(path).map(|_| ())
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}

/// Those to remove of segments given oldest first, with age and size.
fn expired(sealed: &[(PathBuf, Duration, u64)], retention: Retention) -> Vec<&Path> {
    let mut left_bytes: u64 = sealed.iter().map(|(_, _, bytes)| bytes).sum();
    let mut expired = Vec::new();
    for (path, age, bytes) in sealed {
        let too_old = retention.age.is_some_and(|limit| *age > limit);
        let too_many = retention.bytes.is_some_and(|limit| left_bytes > limit);
        if !too_old && !too_many {
            break;
        }
        left_bytes -= bytes;
        expired.push(path.as_path());
    }
    expired
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_by_age_or_by_size() {
        let sealed: Vec<_> = [(40, 5), (30, 5), (20, 5), (10, 5)]
            .into_iter()
            .enumerate()
            .map(|(at, (age_s, bytes))| {
                (PathBuf::from(at.to_string()), Duration::from_secs(age_s), bytes)
            })
            .collect();
        let count = |age_s: Option<u64>, bytes| {
            expired(&sealed, Retention { age: age_s.map(Duration::from_secs), bytes }).len()
        };
        assert_eq!(count(None, None), 0);
        assert_eq!(count(Some(25), None), 2);
        assert_eq!(count(None, Some(10)), 2);
        assert_eq!(count(None, Some(9)), 3);
        assert_eq!(count(Some(35), Some(10)), 2);
    }

    #[test]
    fn numbers_go_on_and_a_directory_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("00000007.parquet"), b"x").unwrap();
        let segments = Segments::open(folder.path(), Retention::default()).unwrap();
        assert_eq!(segments.next_number(), 8);
        let second = Segments::open(folder.path(), Retention::default());
        assert!(matches!(second, Err(Error::Locked { .. })));
        drop(segments);
        assert!(Segments::open(folder.path(), Retention::default()).is_ok());
    }
}
