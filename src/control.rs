//! The control socket of a daemon: `DIR/control.sock`, below the directory that it writes.
//!
//! ```text
//! frame = length (4 bytes, big endian), JSON
//! ```
//!
//! One question, one answer, then it is closed. The socket is for its owner alone (0600), and the
//! kernel vouches for who asks: the user of the daemon, or root.

mod acting;
mod client;
mod frame;
mod server;

use std::path::{Path, PathBuf};

use ks_actor::approval::Token;
use ks_vocabulary::input::OwnAction;
use ks_vocabulary::kind::{Kind, Severity};
use serde::{Deserialize, Serialize};

pub(crate) use acting::{ActingStatus, Course, Proposed};
pub(crate) use client::{ControlError, ask};
pub(crate) use server::{Server, listen};

/// Where the socket of the daemon that writes `folder` lies.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Question {
    /// What the daemon does, and what stands.
    Status {},
    /// To take a condition for normal.
    Accept {
        /// Which condition.
        kind: Kind,
        /// Where.
        entity: String,
        /// Until when, in ns since 1970; for good where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ns: Option<i64>,
    },
    /// To do what is proposed, as it was shown.
    Approve {
        /// Number of the decision.
        decision: u64,
        /// The seal that it was shown with.
        token: Token,
    },
    /// Not to do what is proposed.
    Deny {
        /// Number of the decision.
        decision: u64,
    },
    /// To do something that nobody proposed.
    Act {
        /// What.
        own: Box<OwnAction>,
    },
    /// To put something back.
    Undo {
        /// Number of the decision.
        decision: u64,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// To [`Question::Status`].
    Status(Box<Status>),
    /// It is in the log.
    Done,
    /// To [`Question::Act`]: what the guard says of it.
    Judged(Box<Proposed>),
    /// It was not done.
    Refused {
        /// Why.
        reason: String,
    },
}

/// What a daemon does, and what stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Process id of the daemon.
    pub(crate) pid: u32,
    /// When its run began, as RFC 3339.
    pub(crate) began: Option<String>,
    /// When it recorded last.
    pub(crate) recorded: Option<String>,
    /// Samples of the run.
    pub(crate) samples: u64,
    /// Ticks that could not be recorded since the last one that was.
    pub(crate) lost_ticks: u64,
    /// The segment that is being written.
    pub(crate) segment: Option<PathBuf>,
    /// Verdicts that stand.
    pub(crate) standing: Vec<Standing>,
    /// What operators called normal.
    pub(crate) accepted: Vec<Accepted>,
    /// What an agent does, where one may act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acting: Option<ActingStatus>,
}

/// A verdict that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Number of the episode.
    pub(crate) id: u64,
    /// Which condition.
    pub(crate) kind: Kind,
    /// Where.
    pub(crate) entity: String,
    /// How bad.
    pub(crate) severity: Severity,
    /// Its inputs are missing.
    pub(crate) stale: bool,
    /// When its limit was first crossed.
    pub(crate) onset: String,
}

/// A condition that is normal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accepted {
    /// Which condition.
    pub(crate) kind: Kind,
    /// Where.
    pub(crate) entity: String,
    /// Until when; for good where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
}
