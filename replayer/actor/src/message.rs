//! What is said between a daemon and its actor: one datagram each, of JSON, typed and short. No
//! text in it is ever run.

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{Decided, Plan, Reasoner, Upshot, Verdict};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::{Shown, Token};
use crate::perform::{Done, Left, Order};

/// A longer one is refused unread.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Who wants something done, where no approval comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The agent, by itself.
    Agent,
    /// A person, by a command of his own.
    Person,
}

/// What an actor is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// To seal what a person is about to be shown.
    Seal {
        /// What.
        shown: Shown,
    },
    /// To do something.
    Perform {
        /// What.
        order: Order,
        /// Who wants it.
        origin: Origin,
    },
    /// To do what a person approved of.
    Approved {
        /// What he was shown.
        shown: Shown,
        /// The seal that he was given with it.
        token: Token,
    },
    /// To undo what a request did.
    Undo {
        /// Which.
        request: u64,
    },
    /// To leave what a request did as it is.
    Keep {
        /// Which.
        request: u64,
    },
    /// To note in the audit log what was decided.
    Note {
        /// What.
        noted: Box<Noted>,
    },
}

/// A decision, as far as it has come: it stands in the audit log beside what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Number of the decision: that of the request, where something is done.
    pub decision: u64,
    /// The incident.
    pub incident: u64,
    /// Who advised.
    pub reasoner: Reasoner,
    /// How far it has come.
    pub change: Decided,
    /// The action, for people.
    pub action: String,
    /// Its form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<ActionKind>,
    /// To what.
    pub target: String,
    /// What the guard says.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: String,
    /// Why, for people.
    pub reason: String,
    /// What is done, and what puts it back.
    pub plan: Option<Plan>,
    /// What came of it.
    pub outcome: Option<Upshot>,
    /// What was learned, for people.
    pub lesson: Option<String>,
}

/// What an actor says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// It is there, and this is what an earlier one left.
    Ready {
        /// What became of each.
        left: Vec<Left>,
        /// Requests of which it was said that they stay, and that can be undone still.
        kept: Vec<u64>,
        /// The highest number that a request ever had: others begin after it.
        last: u64,
    },
    /// What was shown is sealed.
    Sealed {
        /// What comes back with an approval.
        token: Token,
    },
    /// What came of something that was asked for.
    Done {
        /// Which.
        request: u64,
        /// What came of it.
        done: Done,
    },
    /// The time of something was over, and it was undone.
    Over {
        /// Which.
        request: u64,
        /// What came of that.
        done: Done,
    },
    /// It cannot act at all.
    Failed {
        /// Why.
        problem: String,
    },
    /// What was said to it is nothing that it knows.
    Refused {
        /// Why.
        problem: String,
    },
}

/// A message that is none.
#[derive(Debug, Error)]
pub enum BadMessage {
    /// It is too long.
    #[error("a message has {MESSAGE_BYTES_MAX} bytes at most")]
    TooLong,
    /// It says nothing that is known.
    #[error("no message: {0}")]
    Unknown(#[from] serde_json::Error),
}

/// Reads what an actor is asked for.
pub fn read(bytes: &[u8]) -> Result<Ask, BadMessage> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(BadMessage::TooLong);
    }
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_as_it_was_meant() {
        let order =
            Order { request: 7, action: "x".to_owned(), effects: vec![], lasts_s: Some(30) };
        for ask in [
            Ask::Perform { order, origin: Origin::Agent },
            Ask::Undo { request: u64::MAX },
            Ask::Keep { request: 0 },
        ] {
            assert_eq!(read(&serde_json::to_vec(&ask).unwrap()).unwrap(), ask);
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let long = vec![b' '; MESSAGE_BYTES_MAX + 1];
        assert!(matches!(read(&long), Err(BadMessage::TooLong)));
        for text in [
            &b""[..],
            b"{}",
            b"null",
            b"\xff",
            br#"{"ask":"undo"}"#,
            br#"{"ask":"undo","request":-1}"#,
            br#"{"ask":"undo","request":1,"more":1}"#,
            br#"{"ask":"run","command":"id"}"#,
            br#"{"ask":"undo","request":true}"#,
        ] {
            assert!(matches!(read(text), Err(BadMessage::Unknown(_))), "{text:?}");
        }
    }
}
