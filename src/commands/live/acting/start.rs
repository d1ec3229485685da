//! Starting an actor: whether this host lets one be started, and what is told where it does not.

use std::path::Path;

use ks_actor::hand::{Began, Hand, HandError};
use ks_actor::here::{Host, refusal};
use ks_actor::process::Setup;

use crate::cli::live::ActingOptions;

/// The folder of the actor, below the one that a daemon writes.
pub(crate) const FOLDER: &str = "acting";

/// Nothing can be done here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActingError {
    /// This host does not let it.
    #[error("nothing can be done on this host: {why}")]
    Refused {
        /// Why.
        why: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The actor does not start.
    #[error(transparent)]
    Hand(#[from] HandError),
}

/// How an actor is set up that works for who writes `folder`.
pub(crate) fn setup(folder: &Path, options: &ActingOptions) -> Setup {
    // It is started with another working directory.
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Setup { state: folder.join(FOLDER), id: options.actor_uid, weak: options.accept_weaker_sandbox }
}

/// Starts one, while there are all privileges.
pub(crate) fn actor(folder: &Path, options: &ActingOptions) -> Result<(Hand, Began), ActingError> {
    if let Some((why, remedy)) = refusal(&Host::look(), options.accept_weaker_sandbox) {
        return Err(ActingError::Refused { why, remedy });
    }
    Ok(Hand::start(&mut setup(folder, options).actor())?)
}
