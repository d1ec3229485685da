//! Sealing: the Parquet file is written anew from its log, and takes the place of it.

use std::fs::File;
use std::path::Path;

use ks_vocabulary::input::Body;

use super::damage::Damage;
use super::files::Files;
use super::part::PartWriter;
use super::recording::Reader;
use crate::error::Error;

/// What recovering a log brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Inputs of the recording.
    pub inputs: u64,
    /// Bytes after the last whole frame, which are lost.
    pub lost_bytes: u64,
    /// What else could not be read.
    pub damages: Vec<Damage>,
}

/// Writes the part anew from the log.
pub(super) fn convert(files: &Files) -> Result<Recovered, Error> {
    let mut reader = Reader::open(std::slice::from_ref(&files.log))?;
    let mut part = PartWriter::create(&files.part)?;
    let mut inputs = 0;
    while reader.next()?.is_some() {
        let Some(input) = reader.input() else { break };
        // A `Start` that was made up for one that is lost is none of the run's: among its other
        // segments this one goes on without.
        let is_made_up = inputs == 0 && reader.is_foreign();
        if !is_made_up || !matches!(input.body, Body::Start(_)) {
            part.append(input).map_err(Error::of_writing)?;
            inputs += 1;
        }
    }
    part.finish().map_err(Error::of_writing)?;
    let (lost_bytes, damages) = (reader.torn_bytes(), reader.damages().to_vec());
    Ok(Recovered { inputs, lost_bytes, damages })
}

/// Puts the part in the place of the recording, and removes the log.
pub(super) fn publish(files: &Files) -> Result<(), Error> {
    let rename = std::fs::rename(&files.part, &files.parquet);
    rename.map_err(|error| Error::io("rename", &files.part, error))?;
    let folder = files.parquet.parent().filter(|path| !path.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Error::io("sync", folder, error))?;
    std::fs::remove_file(&files.log).map_err(|error| Error::io("remove", &files.log, error))
}
