//! What stands in the audit log: before something is done, and what came of it.

use ks_vocabulary::decision::Effect;
use serde::Serialize;

use crate::message::{Noted, Origin};
use crate::perform::{Done, Left};

/// Who wants something done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The agent, by itself.
    Agent,
    /// The agent, and an operator approved of what he was shown.
    Operator,
    /// A person, by a command of his own.
    Person,
}

impl From<Origin> for By {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Agent => Self::Agent,
            Origin::Person => Self::Person,
        }
    }
}

/// What stands in the audit log.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry<'a> {
    /// An actor began.
    Began {
        /// What its sandbox lacks.
        lacks: &'a str,
    },
    /// Something was decided, or went on.
    Decided {
        /// What.
        #[serde(flatten)]
        noted: &'a Noted,
    },
    /// Something is about to be done.
    Asked {
        /// The request.
        request: u64,
        /// Who wants it.
        by: By,
        /// The action, for people.
        action: &'a str,
        /// What is done.
        effects: &'a [Effect],
        /// Seconds after which it is undone.
        lasts_s: Option<u64>,
    },
    /// What came of it.
    Came {
        /// The request.
        request: u64,
        /// What came of it.
        done: &'a Done,
    },
    /// It is about to be undone.
    Undoing {
        /// The request.
        request: u64,
    },
    /// It was undone, or could not be.
    Undone {
        /// The request.
        request: u64,
        /// What came of that.
        done: &'a Done,
    },
    /// It is about to be said that it stays.
    Keeping {
        /// The request.
        request: u64,
    },
    /// It stays.
    Kept {
        /// The request.
        request: u64,
    },
    /// An earlier actor left it, and it is about to be looked after.
    Recovering {
        /// The request; `None` where that cannot be told.
        request: Option<u64>,
    },
    /// An earlier actor left it, and it was looked after.
    Left {
        /// What it was, and what became of it.
        left: &'a Left,
    },
    /// Somebody approved, and it was no approval.
    NotApproved {
        /// The request.
        request: u64,
        /// Why not.
        why: &'a str,
    },
    /// It was asked for while acting was stopped.
    Stopped {
        /// The request.
        request: u64,
    },
}
