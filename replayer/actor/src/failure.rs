//! Why something was not done, or is not known to be.

use std::io;

use thiserror::Error;

use crate::bounds::OutOfBounds;

/// See the module.
#[derive(Debug, Error)]
pub enum Failure {
    /// The target is not there, or another one has its place.
    #[error("{what} is gone, or another has its place")]
    Gone {
        /// The target, for people.
        what: String,
    },
    /// The target has ended and is not reaped: it accepts everything, and nothing comes of it.
    #[error("{what} has ended")]
    Ended {
        /// The target, for people.
        what: String,
    },
    /// The target went while something was done to it: nobody knows to whom it was done.
    #[error("{what} went while it was changed")]
    Indeterminate {
        /// The target, for people.
        what: String,
    },
    /// What was read back is not what was written.
    #[error("{what}: `{found}` was read back where `{written}` was written")]
    NotTaken {
        /// The setting, for people.
        what: String,
        /// What was written.
        written: String,
        /// What was read.
        found: String,
    },
    /// It would give, and not take.
    #[error("it has {before} already, and {written} would be more")]
    Direction {
        /// What there is.
        before: String,
        /// What would be written.
        written: String,
    },
    /// It would reach who acts.
    #[error("{what} is of KernelSight itself, or holds it: no action reaches that")]
    Own {
        /// The target, for people.
        what: String,
    },
    /// It would reach who is in another group by what is known of him.
    #[error("{what} holds process {pid} too, which is in another group of another hierarchy")]
    Strangers {
        /// The target, for people.
        what: String,
        /// Who is in it.
        pid: u64,
    },
    /// No action of the catalogue does this.
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    /// The kernel refused.
    #[error("{what}: {error}")]
    Refused {
        /// What was tried, for people.
        what: String,
        /// What it said.
        error: io::Error,
    },
    /// More threads came than could be changed.
    #[error("{what} makes threads faster than they can be changed")]
    Unsettled {
        /// The target, for people.
        what: String,
    },
}

impl Failure {
    /// Whom it was to be done to is there no more: nothing of it can be put back.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Ended { .. } | Self::Indeterminate { .. })
    }

    /// The kernel refused something.
    pub(crate) fn refused(what: impl Into<String>, error: impl Into<io::Error>) -> Self {
        Self::Refused { what: what.into(), error: error.into() }
    }
}

/// Whether a process or thread is not there, and not only out of reach: whoever has no descriptor
/// left knows nothing of it.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ESRCH) || error.kind() == io::ErrorKind::NotFound
}
