//! The files of a directory that are its daemon's own: eight digits, and a recording of ours in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ks_vocabulary::input::{Body, Input, SchemaVersion, Start};

use super::super::files::Files;
use super::super::parquet_file::outline;
use super::super::recording::Reader;
use crate::error::Error;

/// Digits of a segment's number in its name.
const DIGITS: usize = 8;

/// A segment as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) number: u64,
    pub(super) has_log: bool,
    /// Time since it was sealed.
    pub(super) age: Duration,
    /// With its journal.
    pub(super) bytes: u64,
}

/// A segment of a run, with the journal that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// Number of the segment in its directory.
    pub number: u64,
    /// The recording, or what will be one.
    pub recording: PathBuf,
    /// The journal.
    pub journal: PathBuf,
    /// Number of the segment within its run.
    pub segment: u32,
}

pub(super) fn recording(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:0DIGITS$}.parquet"))
}

pub(super) fn journal(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:0DIGITS$}.jsonl"))
}

/// All segments with such a name, sealed or not, by number.
pub(super) fn list(folder: &Path) -> Result<Vec<Own>, Error> {
    let mut found = Vec::new();
    for path in super::super::listing::recordings_in(folder)? {
        let Some(number) = number_of(&path) else { continue };
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        let sealed = std::fs::metadata(&path).and_then(|meta| meta.modified());
        let age = sealed.ok().and_then(|sealed| sealed.elapsed().ok()).unwrap_or_default();
        let bytes = size(&path) + size(&journal(folder, number));
        found.push(Own { number, has_log: Files::of(&path).log.exists(), age, bytes });
    }
    Ok(found)
}

/// Those that are sealed and that a daemon wrote: others are neither counted nor removed.
pub(super) fn sealed(folder: &Path) -> Result<Vec<Own>, Error> {
    let mut found = list(folder)?;
    found.retain(|own| is_daemons(&recording(folder, own.number)));
    Ok(found)
}

/// Whether this writer wrote a file for inputs that an engine was fed with; before 1.4 that was
/// not said.
fn is_daemons(path: &Path) -> bool {
    let start = outline(path).filter(|outline| outline.is_ours).and_then(|outline| outline.start);
    let since = SchemaVersion { major: 1, minor: 4 };
    start.is_some_and(|start| start.judgement.is_some() || start.schema < since)
}

fn number_of(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let is_number = stem.len() >= DIGITS && stem.bytes().all(|byte| byte.is_ascii_digit());
    let number = stem.parse().ok().filter(|_| is_number)?;
    // A longer name than the number needs is not one that was made here.
    (stem == format!("{number:0DIGITS$}")).then_some(number)
}

impl Own {
    /// Removes the recording and its journal.
    pub(super) fn remove(&self, folder: &Path) -> Result<(), Error> {
        let path = recording(folder, self.number);
        // The journal first: one without its recording would never be found again.
        let journal = journal(folder, self.number);
        match std::fs::remove_file(&journal) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &journal, error));
            }
            _ => {}
        }
        std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))
    }
}

pub(super) fn run_before(folder: &Path, number: u64) -> Result<Vec<RunFile>, Error> {
    let mut files: Vec<RunFile> = Vec::new();
    let mut run = None;
    for own in list(folder)?.iter().rev().filter(|own| own.number < number) {
        let path = recording(folder, own.number);
        // What cannot be read is no part of a run that can be gone through again.
        let Some(start) = start_of(&path) else { break };
        let expected = files.last().map_or(start.segment, |next| next.segment.wrapping_sub(1));
        if *run.get_or_insert_with(|| start.run()) != start.run() || start.segment != expected {
            break;
        }
        let (recording, journal) = (path, journal(folder, own.number));
        files.push(RunFile { number: own.number, recording, journal, segment: start.segment });
        if start.segment == 0 {
            files.reverse();
            return Ok(files);
        }
    }
    Ok(Vec::new())
}

fn start_of(path: &PathBuf) -> Option<Start> {
    let mut reader = Reader::open(std::slice::from_ref(path)).ok()?;
    let Ok(Some(Input { body: Body::Start(start), .. })) = reader.next() else { return None };
    (!start.boot_id.is_empty()).then(|| (**start).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_made_here_are_numbers() {
        let number = |name: &str| number_of(Path::new(name));
        assert_eq!(number("00000007.parquet"), Some(7));
        assert_eq!(number("123456789.parquet"), Some(123_456_789));
        for other in ["7.parquet", "0-sales.parquet", "000000007.parquet", "+0000007.parquet"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
