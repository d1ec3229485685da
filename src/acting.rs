//! Starting an actor: whether this host lets one be started, and what is told where it does not.

use std::path::Path;

use clap::Args;
use ks_actor::hand::{Began, Hand, HandError};
use ks_actor::here::{Host, refusal};
use ks_actor::process::Setup;

/// A user that nobody has: systemd leaves this one free of what it gives to users (its table of
/// user ids, `UIDS-GIDS.md`), and so does Debian.
const ACTOR_UID: u32 = 60_950;
/// Users whose processes others may be as well: root, and nobody.
const UIDS: std::ops::RangeInclusive<i64> = 1..=65_532;

/// The folder of the actor, below the one that a daemon writes.
pub(crate) const FOLDER: &str = "acting";

/// How an actor is started, where one is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ActingOptions {
    /// User that acts on this host, which no other process has; the next one is taken as well
    #[arg(long, value_name = "UID", default_value_t = ACTOR_UID,
        value_parser = clap::value_parser!(u32).range(UIDS))]
    pub(crate) actor_uid: u32,
    /// Act also where the kernel lacks a part of the sandbox; the audit log says so
    #[arg(long)]
    pub(crate) accept_weaker_sandbox: bool,
}

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
