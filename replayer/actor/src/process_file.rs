//! Files of a process that hold one number: the nice level of its autogroup, and how soon it is
//! killed when memory runs out.

use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::held::Held;
use crate::place::beneath;

/// How often a file that is busy is tried again.
const BUSY_TRIES: u32 = 10;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessFile {
    /// `autogroup`: the nice level of its session among sessions.
    Autogroup,
    /// `oom_score_adj`.
    OomScoreAdj,
}

impl ProcessFile {
    /// Its name in the folder of a process.
    pub fn name(self) -> &'static str {
        match self {
            Self::Autogroup => "autogroup",
            Self::OomScoreAdj => "oom_score_adj",
        }
    }

    /// The number that it holds. That of an autogroup stands behind the name of it.
    fn parse(self, text: &str) -> io::Result<i64> {
        let number = match self {
            Self::Autogroup if text.trim().is_empty() => {
                return Err(io::Error::other("it is in no autogroup, as its whole session"));
            }
            Self::Autogroup => text.trim().rsplit_once(" nice ").map(|(_, number)| number),
            Self::OomScoreAdj => Some(text.trim()),
        };
        number.and_then(|number| number.parse().ok()).ok_or(io::ErrorKind::InvalidData.into())
    }
}

/// Reads it.
pub(crate) fn read(held: &Held, file: ProcessFile) -> Result<i64, Failure> {
    let what = told(held, file);
    let text = std::fs::read_to_string(held.folder().join(file.name()));
    let text = text.map_err(|error| Failure::refused(&what, error))?;
    file.parse(&text).map_err(|error| Failure::refused(&what, error))
}

/// The name of the autogroup that a process is in: one of the first session may be in none, and
/// its file says nothing then.
pub(crate) fn autogroup(held: &Held) -> Result<Option<String>, Failure> {
    let text = std::fs::read_to_string(held.folder().join(ProcessFile::Autogroup.name()));
    let text = text.map_err(|error| Failure::refused(told(held, ProcessFile::Autogroup), error))?;
    named(&text).map_err(|error| Failure::refused(told(held, ProcessFile::Autogroup), error))
}

fn named(text: &str) -> io::Result<Option<String>> {
    match text.rsplit_once(" nice ") {
        Some((name, _)) => Ok(Some(name.to_owned())),
        None if text.trim().is_empty() => Ok(None),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Opens it to write alone: a file of `/proc` is not cut short first. No other file of a process
/// can be had from here.
pub(crate) fn open(held: &Held, file: ProcessFile) -> Result<File, Failure> {
    let folder = File::open(held.folder());
    let opened = folder.and_then(|folder| beneath(&folder, Path::new(file.name()), OFlags::WRONLY));
    opened.map_err(|error| Failure::refused(told(held, file), error))
}

/// Writes it where it stands, since `autogroup` knows no offsets. That one may be written once in a
/// tenth of a second by who is no administrator; else it says that it is busy.
pub(crate) fn write_to(mut open: File, value: i64, what: &str) -> Result<(), Failure> {
    let mut tries = BUSY_TRIES;
    loop {
        match open.write_all(value.to_string().as_bytes()) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && tries > 0 => {
                tries -= 1;
                sleep(BUSY_PAUSE);
            }
            Err(error) => return Err(Failure::refused(format!("{value} to {what}"), error)),
        }
    }
}

pub(crate) fn told(held: &Held, file: ProcessFile) -> String {
    format!("`{}` of process {}", file.name(), held.pid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_first_session_may_be_in_no_autogroup() {
        assert_eq!(named("/autogroup-7 nice 3\n").unwrap().as_deref(), Some("/autogroup-7"));
        assert_eq!(named("").unwrap(), None);
        assert!(named("autogroup 7\n").is_err());
    }

    #[test]
    fn numbers_are_read_as_the_kernel_writes_them() {
        assert_eq!(ProcessFile::Autogroup.parse("/autogroup-123 nice -5\n").unwrap(), -5);
        assert_eq!(ProcessFile::OomScoreAdj.parse("-1000\n").unwrap(), -1000);
        for text in ["/autogroup-1", "/autogroup-1 nice \n", "7 nice x"] {
            let error = ProcessFile::Autogroup.parse(text).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
        }
        let error = ProcessFile::Autogroup.parse("").unwrap_err();
        assert!(error.to_string().starts_with("it is in no autogroup"), "{error}");
    }
}
