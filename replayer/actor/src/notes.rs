//! What is to be put back, on disk before it is done: whoever comes next finds it.
//!
//! A note is a file of its own. It is written whole under another name, synced, and renamed, so
//! that there is one or none. Where the disk takes none nothing is done.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::deed::Deed;

/// Notes of another version are left where they are, and told.
const VERSION: u32 = 1;
/// A longer one is none of ours.
const NOTE_BYTES_MAX: u64 = 16 << 20;
/// How often a folder that is in use is tried again.
const PAUSE: Duration = Duration::from_millis(20);
const SUFFIX: &str = "undo.json";

/// How far something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is to be done, and may be in part.
    Meant,
    /// It was done, and nobody has said yet that it stays.
    Done,
    /// It stays until somebody asks for it to be undone.
    Kept,
}

/// One thing that is done, and all that puts it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    version: u32,
    /// The request that asked for it.
    pub request: u64,
    /// The boot that it was done in: nothing of it outlives that.
    pub boot_id: String,
    /// The action, for people.
    pub action: String,
    /// What was there before each effect, in the order in which they are made.
    pub deeds: Vec<Deed>,
    /// How far it has come.
    pub standing: Standing,
    /// Requests whose deeds stand beneath: they are undone after this one.
    #[serde(default)]
    pub over: Vec<u64>,
}

impl Note {
    /// Of something that is to be done.
    pub fn new(request: u64, boot_id: String, action: String, deeds: Vec<Deed>) -> Self {
        let (standing, over) = (Standing::Meant, Vec::new());
        Self { version: VERSION, request, boot_id, action, deeds, standing, over }
    }

    /// The same, on top of what others did.
    #[must_use]
    pub fn over(self, over: Vec<u64>) -> Self {
        Self { over, ..self }
    }

    /// The same, so far.
    #[must_use]
    pub fn at(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }
}

/// What is wrong with a folder of notes, or one of them.
#[derive(Debug, Error)]
pub enum NotesError {
    /// The system refused.
    #[error("`{path}`: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// Another actor has the folder.
    #[error("`{path}` is in use by another actor", path = path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A note that says nothing.
    #[error(
        "`{path}` is damaged, and what it would put back is not known: {problem}",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// A folder of notes, which one actor has at a time.
#[derive(Debug)]
pub struct Notes {
    folder: PathBuf,
    _lock: File,
}

impl Notes {
    /// Opens the folder, and makes it where it is not there. Nobody else may look into it. One that
    /// is in use is waited for: whoever had it may be about to end.
    pub fn open(folder: &Path, patience: Duration) -> Result<Self, NotesError> {
        let io_at = |path: &Path| at(path.to_owned());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io_at(folder))?;
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(io_at(&path))?;
        let mut left = patience.as_millis() / PAUSE.as_millis();
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { folder: folder.to_owned(), _lock: lock }),
                Err(rustix::io::Errno::WOULDBLOCK) if left > 0 => {
                    left -= 1;
                    sleep(PAUSE);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(NotesError::InUse { path: folder.to_owned() });
                }
                Err(error) => return Err(at(path)(error.into())),
            }
        }
    }

    /// Puts a note down: it is on disk when this returns.
    pub fn put(&self, note: &Note) -> Result<(), NotesError> {
        let path = self.path(note.request);
        let wrote = write(&self.folder, &path, note);
        wrote.map_err(at(path))
    }

    /// Takes a note away: there is nothing to put back any more.
    pub fn take_away(&self, request: u64) -> Result<(), NotesError> {
        let path = self.path(request);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.and_then(|()| File::open(&self.folder)?.sync_all()).map_err(at(path)),
        }
    }

    /// One note, if there is one.
    pub fn get(&self, request: u64) -> Result<Option<Note>, NotesError> {
        let path = self.path(request);
        match read(&path) {
            Err(NotesError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Every note, by request; of one that is damaged, what is wrong.
    pub fn all(&self) -> Result<Vec<Result<Note, NotesError>>, NotesError> {
        all_in(&self.folder)
    }

    /// Requests are numbers; with zeros before them names are in their order.
    fn path(&self, request: u64) -> PathBuf {
        self.folder.join(format!("{request:020}.{SUFFIX}"))
    }
}

/// The same of a folder that another one has.
pub(crate) fn all_in(folder: &Path) -> Result<Vec<Result<Note, NotesError>>, NotesError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder.to_owned()))? {
        let entry = entry.map_err(at(folder.to_owned()))?;
        if entry.file_name().to_str().is_some_and(|name| name.ends_with(SUFFIX)) {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    Ok(paths.iter().map(|path| read(path)).collect())
}

fn at(path: PathBuf) -> impl FnOnce(io::Error) -> NotesError {
    move |error| NotesError::Io { path, error }
}

fn write(folder: &Path, path: &Path, note: &Note) -> io::Result<()> {
    let part = folder.join("part");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(&serde_json::to_vec(note)?)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}

fn read(path: &Path) -> Result<Note, NotesError> {
    let damaged = |problem: String| NotesError::Damaged { path: path.to_owned(), problem };
    let len = fs::symlink_metadata(path).map_err(at(path.to_owned()))?.len();
    if len > NOTE_BYTES_MAX {
        return Err(damaged(format!("{len} bytes are more than a note has")));
    }
    let bytes = fs::read(path).map_err(at(path.to_owned()))?;
    let note: Note = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if note.version != VERSION {
        return Err(damaged(format!("it is of version {}", note.version)));
    }
    Ok(note)
}

#[cfg(test)]
mod tests;
