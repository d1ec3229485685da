//! The names of the files of one recording: sealed, log, and what is beside them meanwhile.

use std::path::{Path, PathBuf};

/// The files of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The sealed recording.
    pub parquet: PathBuf,
    /// The write-ahead log.
    pub log: PathBuf,
    pub(super) part: PathBuf,
    pub(super) reserve: PathBuf,
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
