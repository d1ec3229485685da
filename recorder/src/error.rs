//! What can go wrong with a recording. Bad telemetry is not among it: that is a source's state.
//!
//! Each variant names the file and the place. Whether it is the reader's trouble (unreadable
//! input) or the machine's (disk, permission, lock) decides the exit code of `ks`.

use std::path::{Path, PathBuf};

use ks_vocabulary::input::SchemaVersion;

/// A recording could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output is something else than a file.
    #[error("`{}` is no regular file: it is not replaced", path.display())]
    NotRegular {
        /// What is there.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The output, or its log, is there already.
    #[error("`{}` exists", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// A recording and a log of another one stand side by side.
    #[error("`{}` does not hold what its log `{}` holds", parquet.display(), log.display())]
    Twins {
        /// The sealed recording.
        parquet: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// Another recorder writes this output.
    #[error("`{}` is being written by another process", path.display())]
    Locked {
        /// The log that is locked.
        path: PathBuf,
    },
    /// The file is not a recording.
    #[error("`{}` is not a recording: {problem}", path.display())]
    NotARecording {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        problem: String,
    },
    /// The file was made by a newer version.
    #[error(
        "`{}` has format {}.{}, and this version reads up to {}.{}",
        path.display(), found.major, found.minor, known.major, known.minor
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: SchemaVersion,
        /// Ours.
        known: SchemaVersion,
    },
    /// A column has a type we cannot convert.
    #[error("`{}`: column `{column}` is {found}, expected {expected}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// The type known.
        expected: String,
    },
    /// A row cannot be understood.
    #[error("`{}`, row {row}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 0.
        row: u64,
        /// What is wrong.
        problem: String,
    },
    /// Bytes are damaged.
    #[error("`{}` is damaged at byte {offset}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// Pages are compressed in a way that is not read here.
    #[error("`{}` is compressed with {codec}, which ks does not read", path.display())]
    Codec {
        /// The file.
        path: PathBuf,
        /// The name of the compression.
        codec: String,
    },
    /// The Parquet library refused the file.
    #[error("`{}`: {problem}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The library's words.
        problem: String,
    },
    /// A file of another tool cannot be understood.
    #[error("`{}`, {place}: {problem}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file of another tool has local times and does not say of which zone.
    #[error("`{}` {}", path.display(), no_zone(named.as_deref()))]
    NoTimeZone {
        /// The file.
        path: PathBuf,
        /// What it calls the zone.
        named: Option<String>,
    },
    /// A program of another tool, which reads that tool's files, cannot be run.
    #[error("cannot read `{}` with `{program}`", path.display())]
    NoProgram {
        /// The program.
        program: &'static str,
        /// The file to be read.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// An input cannot be written as JSON.
    #[error("an input of kind `{kind}` cannot be written: {problem}")]
    Entry {
        /// The kind.
        kind: String,
        /// Why.
        problem: String,
    },
}

fn no_zone(named: Option<&str>) -> String {
    named.map_or_else(
        || "does not state the time zone of its times".to_owned(),
        |name| format!("calls the time zone of its times `{name}`, as several zones are called"),
    )
}

impl Error {
    /// An error of the operating system.
    pub(crate) fn io(action: &'static str, path: &Path, source: impl Into<std::io::Error>) -> Self {
        Self::Io { action, path: path.to_owned(), source: source.into() }
    }

    /// An error of the Parquet library, or the operating system's below it.
    pub(crate) fn parquet(path: &Path, error: parquet::errors::ParquetError) -> Self {
        let parquet = |problem: String| Self::Parquet { path: path.to_owned(), problem };
        let parquet::errors::ParquetError::External(inner) = error else {
            return parquet(error.to_string());
        };
        match inner.downcast::<std::io::Error>() {
            Ok(io) => Self::io("write", path, *io),
            Err(other) => parquet(other.to_string()),
        }
    }

    /// What is wrong, for a text that names the file itself.
    pub(crate) fn problem(&self) -> String {
        match self {
            Self::NotARecording { problem, .. } => format!("not a recording: {problem}"),
            Self::Row { row, problem, .. } => format!("row {row}: {problem}"),
            Self::Damaged { problem, .. } | Self::Parquet { problem, .. } => problem.clone(),
            Self::ColumnType { column, found, expected, .. } => {
                format!("column `{column}` is {found}, expected {expected}")
            }
            Self::Io { .. }
            | Self::NotRegular { .. }
            | Self::Exists { .. }
            | Self::Twins { .. }
            | Self::Locked { .. }
            | Self::Newer { .. }
            | Self::Codec { .. }
            | Self::Import { .. }
            | Self::NoTimeZone { .. }
            | Self::NoProgram { .. }
            | Self::Entry { .. } => self.to_string(),
        }
    }

    /// The same where what was read is in order and only writing it failed: the library does not
    /// say so of each of its errors.
    pub(crate) fn of_writing(self) -> Self {
        if let Self::Parquet { path, problem } = self {
            return Self::io("write", &path, std::io::Error::other(problem));
        }
        self
    }

    /// Whether a file is not there.
    pub fn is_not_found(&self) -> bool {
        let Self::Io { source, .. } = self else { return false };
        source.kind() == std::io::ErrorKind::NotFound
    }

    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let Self::Io { source, .. } = self else { return false };
        matches!(source.kind(), StorageFull | QuotaExceeded)
    }

    /// Whether the environment, not the input, is at fault.
    pub fn is_environment(&self) -> bool {
        matches!(
            self,
            Self::Io { .. }
                | Self::Exists { .. }
                | Self::Twins { .. }
                | Self::Locked { .. }
                | Self::NotRegular { .. }
                | Self::NoProgram { .. }
        )
    }
}
