//! The write-ahead log: every input, appended before anything else learns of it.
//!
//! ```text
//! file  = "kernelsight log" 0x0a, frame*
//! frame = length (4 bytes, little endian), CRC-32 of the payload (4 bytes), payload
//! ```
//!
//! A frame is written by one `write`, so a process killed at any moment leaves whole frames and at
//! most one torn one, at the end; a machine that crashes may leave zeros there. Neither is an
//! error. Behind bytes that are damaged frames can be read again from the next one on that depends
//! on none before it (`frame.rs`).

mod decoder;
mod reader;
mod syncer;
mod writer;

use std::fs::File;
use std::path::Path;

pub use decoder::Decoder;
pub use reader::{LogDamage, LogReader};
pub use writer::LogWriter;

use rustix::fs::FlockOperation;

use crate::error::Error;

const MAGIC: &[u8; 16] = b"kernelsight log\n";
const HEADER_BYTES: usize = 8;
/// More than any input needs; a larger length is damage.
const LARGEST_PAYLOAD: u32 = 256 * 1024 * 1024;

/// Why a log that is there cannot be created: somebody writes it, or somebody left it.
fn existing(path: &Path) -> Error {
    match File::open(path)
        .map_err(|error| Error::io("open", path, error))
        .and_then(|file| lock(&file, path))
    {
        Ok(()) => Error::Exists { path: path.to_owned() },
        Err(error) => error,
    }
}

/// Locks a file, so that nobody else writes it. Where the file system knows no locks the file is
/// taken as it is: to refuse to record would be worse.
pub(super) fn lock(file: &File, path: &Path) -> Result<(), Error> {
    use rustix::io::Errno;
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) | Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK | Errno::INVAL) => Ok(()),
        Err(Errno::WOULDBLOCK) => Err(Error::Locked { path: path.to_owned() }),
        Err(other) => Err(Error::io("lock", path, other)),
    }
}

/// A device, a directory or a link is never replaced by a recording.
pub(super) fn check_regular(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(meta) if !meta.is_file() => Err(Error::NotRegular { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Whether a process writes the log at `path`.
pub fn is_being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(lock(&file, path), Err(Error::Locked { .. })))
}
