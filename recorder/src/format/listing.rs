//! The files that recordings given by name stand for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::Files;
use crate::error::Error;

/// One file of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The file to read.
    pub path: PathBuf,
    /// Whether it is sealed (Parquet) or a log.
    pub sealed: bool,
    /// Whether it was given by its name: what makes no sense in it is an error then.
    pub is_named: bool,
    /// A log beside its sealed file, which a crash while sealing leaves: what is in both is read
    /// once, from the sealed file.
    pub twin: bool,
}

/// The files that `paths` stand for, in the order in which they are read.
pub fn segments(paths: &[PathBuf]) -> Result<Vec<Segment>, Error> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            for file in recordings_in(path)? {
                push_file(&file, false, &mut found);
            }
            if found.len() == before {
                return Err(Error::NotARecording {
                    path: path.clone(),
                    problem: "the directory holds no `*.parquet` and no `*.parquet.log`".into(),
                });
            }
        } else {
            push_file(path, true, &mut found);
        }
    }
    Ok(found)
}

fn push_file(path: &Path, is_named: bool, found: &mut Vec<Segment>) {
    let is_log = path.extension().is_some_and(|extension| extension == "log");
    let log = Files::of(path).log;
    // Each is asked for once: a log may be sealed in between, and the reader tries the other name.
    let (twin, has_log) = (path.exists(), log.exists());
    if twin || !has_log {
        found.push(Segment { path: path.to_owned(), sealed: !is_log, is_named, twin: false });
    }
    if has_log {
        found.push(Segment { path: log, sealed: false, is_named, twin });
    }
}

/// The recordings in a directory, sealed or not, by name.
pub(super) fn recordings_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |error| Error::io("list", folder, error);
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => {
                names.insert(path);
            }
            Some("log") if path.with_extension("").extension().is_some_and(|e| e == "parquet") => {
                names.insert(path.with_extension(""));
            }
            _ => {}
        }
    }
    Ok(names.into_iter().collect())
}

impl Segment {
    /// Its size.
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |meta| meta.len())
    }

    /// The same recording under its other name, where it has that by now: a log may be sealed, and
    /// a directory pruned, between listing and opening.
    pub(super) fn renamed(&self) -> Option<Self> {
        let sealed = !self.sealed;
        let path = if sealed { self.path.with_extension("") } else { Files::of(&self.path).log };
        path.exists().then_some(Self { path, sealed, ..self.clone() })
    }
}
