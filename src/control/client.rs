//! A question to the daemon that writes a directory.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Question, Reply, frame};

/// Time for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// Nobody listens there.
    #[error("no daemon writes `{}`: {error}", folder.display())]
    Absent {
        /// The directory.
        folder: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is not known whether somebody does: others than the daemon's user and root may not ask.
    #[error("only the daemon's user and root may ask in `{}`", folder.display())]
    Closed {
        /// The directory.
        folder: PathBuf,
    },
    /// Somebody does, and says nothing that can be understood.
    #[error("the daemon that writes `{}` does not answer: {error}", folder.display())]
    Silent {
        /// The directory.
        folder: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It refuses.
    #[error("the daemon that writes `{}` refuses: {reason}", folder.display())]
    Refused {
        /// The directory.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Asks the daemon that writes `folder`.
pub(crate) fn ask(folder: &Path, question: &Question) -> Result<Reply, ControlError> {
    let absent = |error: std::io::Error| {
        let folder = folder.to_owned();
        if error.kind() == ErrorKind::PermissionDenied {
            return ControlError::Closed { folder };
        }
        ControlError::Absent { folder, error }
    };
    let silent = |error: std::io::Error| {
        let is_late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        let error = if is_late { ErrorKind::TimedOut.into() } else { error };
        ControlError::Silent { folder: folder.to_owned(), error }
    };
    // The path of a socket has 107 bytes at the most: that of a descriptor always fits.
    let directory = File::open(folder).map_err(absent)?;
    let path = super::path(Path::new(&format!("/proc/self/fd/{}", directory.as_raw_fd())));
    let mut stream = UnixStream::connect(path).map_err(absent)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(silent)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(silent)?;
    frame::write(&mut stream, question).map_err(silent)?;
    match frame::read(&mut stream, frame::ANSWER_BYTES).map_err(silent)? {
        Reply::Refused { reason } => {
            Err(ControlError::Refused { folder: folder.to_owned(), reason })
        }
        reply @ (Reply::Status(_) | Reply::Done | Reply::Judged(_)) => Ok(reply),
    }
}
