//! Sealing the log that a killed recorder left.

use std::path::{Path, PathBuf};

use super::damage::Damage;
use super::files::Files;
use super::log::is_being_written;
use super::recording::{Beginning, Reader};
use super::sealing::{Recovered, convert, publish};
use crate::error::Error;

/// Seals the log that a killed recorder left. What of it is damaged is left out, and the log is
/// kept beside the recording as `X.parquet.log.damaged`. Where the recording was sealed already,
/// its log is removed once it is seen to hold nothing more.
pub fn recover(path: &Path) -> Result<Recovered, Error> {
    let files = Files::of(path);
    if is_being_written(&files.log) {
        return Err(Error::Locked { path: files.log });
    }
    std::fs::metadata(&files.log).map_err(|error| Error::io("open", &files.log, error))?;
    if path.exists() {
        return finish_sealing(&files);
    }
    files.remove_leftovers();
    let recovered = convert(&files).inspect_err(|_| files.remove_leftovers())?;
    if !recovered.damages.is_empty() {
        let kept = unused_name(&files.log);
        std::fs::copy(&files.log, &kept).map_err(|error| Error::io("copy", &files.log, error))?;
    }
    publish(&files)?;
    Ok(recovered)
}

/// Where a damaged log can be kept without replacing another.
pub(super) fn unused_name(log: &Path) -> PathBuf {
    let name = |at: u32| {
        let mut name = log.as_os_str().to_owned();
        name.push(".damaged");
        if at > 0 {
            name.push(format!(".{at}"));
        }
        PathBuf::from(name)
    };
    (0..u32::MAX).map(name).find(|name| !name.exists()).unwrap_or_else(|| name(0))
}

/// How a recording begins and ends.
#[derive(Debug, PartialEq, Eq)]
struct Extent {
    beginning: Option<Beginning>,
    last_seq: Option<u64>,
    inputs: u64,
    damages: Vec<Damage>,
}

/// The process was killed between publishing the recording and removing its log.
fn finish_sealing(files: &Files) -> Result<Recovered, Error> {
    let differ = || Error::Twins { parquet: files.parquet.clone(), log: files.log.clone() };
    let sealed = extent(&files.parquet, true).map_err(|_| differ())?;
    let log = extent(&files.log, false)?;
    let holds_all = sealed.beginning == log.beginning && sealed.last_seq >= log.last_seq;
    if !holds_all || !sealed.damages.is_empty() {
        return Err(differ());
    }
    files.remove_leftovers();
    std::fs::remove_file(&files.log).map_err(|error| Error::io("remove", &files.log, error))?;
    Ok(Recovered { inputs: sealed.inputs, lost_bytes: 0, damages: Vec::new() })
}

fn extent(path: &Path, sealed: bool) -> Result<Extent, Error> {
    let mut reader = Reader::open_one(path, sealed);
    let mut extent = Extent { beginning: None, last_seq: None, inputs: 0, damages: Vec::new() };
    while let Some(input) = reader.next()? {
        if extent.inputs == 0 {
            extent.beginning = Beginning::of(input);
        }
        extent.last_seq = Some(input.seq);
        extent.inputs += 1;
    }
    extent.damages = reader.damages().to_vec();
    Ok(extent)
}
