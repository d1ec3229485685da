//! Why no answer came, for people: what happened, and what can be done about it.

use std::fmt;

/// See the module. None of it holds a key, an address or what a server wrote beyond one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// It is not configured so that it could be asked.
    Unset(String),
    /// The server refused what it was sent.
    Refused {
        /// The status.
        status: u16,
        /// What it said, in one line.
        said: String,
    },
    /// The key is none, or may not do this.
    Key {
        /// The status.
        status: u16,
    },
    /// The model is not there.
    NoModel {
        /// Which.
        model: String,
        /// What became of it, or what to name in its place.
        instead: Option<String>,
    },
    /// What may be used today is used up.
    Quota(String),
    /// The model has no room.
    Capacity(String),
    /// The server failed, as often as it was asked.
    Server {
        /// The status of the last attempt.
        status: u16,
        /// Attempts.
        attempts: usize,
    },
    /// Nobody was reached.
    Network(String),
    /// What came is no reply.
    Unreadable(String),
    /// What was asked is blocked.
    Blocked(String),
    /// A reply without anything in it.
    Empty,
    /// The reply is cut: its room was used up.
    Truncated,
    /// The model made a call that cannot be read.
    MalformedCall,
    /// The model ended in another way.
    Ended(String),
    /// What may be spent is spent.
    Spent(String),
    /// The time for a reply is over.
    Late {
        /// Seconds that there were.
        seconds: u64,
        /// What happened until then.
        last: Option<String>,
    },
    /// A recording of replies does not have this one.
    Cassette(String),
}

impl Failure {
    /// Whether the same again may go better: once.
    pub(crate) fn is_worth_another(&self) -> bool {
        matches!(self, Self::Empty | Self::MalformedCall)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, said } => {
                write!(out, "the model's server refused what it was sent ({status}): {said}")
            }
            Self::Key { status } => write!(
                out,
                "the model's server does not take the key ({status}): check the variable or file \
                 that the configuration names"
            ),
            Self::NoModel { model, instead } => {
                write!(out, "there is no model `{model}`")?;
                match instead {
                    Some(instead) => write!(out, ": {instead}"),
                    None => write!(out, ": name another by `name` in [model]"),
                }
            }
            Self::Quota(said) => {
                write!(
                    out,
                    "what this key may use today is used up: {said}; it is asked again tomorrow"
                )
            }
            Self::Capacity(said) => {
                write!(out, "the model has no room: {said}; name others by `fallback` in [model]")
            }
            Self::Server { status, attempts } => {
                write!(out, "the model's server failed {attempts} times ({status} at last)")
            }
            Self::Network(why) => write!(out, "the model's server cannot be reached: {why}"),
            Self::Unreadable(why) => write!(out, "what the model's server sent is no reply: {why}"),
            Self::Blocked(reason) => {
                write!(out, "the model's provider blocked what it was asked: {reason}")
            }
            Self::Empty => write!(out, "the model sent a reply without anything in it"),
            Self::Truncated => write!(
                out,
                "the model used up its room before it had answered: raise `max_output_tokens`"
            ),
            Self::MalformedCall => write!(out, "the model made a call that cannot be read"),
            Self::Ended(reason) => write!(out, "the model ended with {reason}"),
            Self::Unset(what) | Self::Spent(what) => write!(out, "{what}"),
            Self::Late { seconds, last } => {
                write!(out, "the model did not answer within {seconds} s")?;
                match last {
                    Some(last) => write!(out, " ({last})"),
                    None => Ok(()),
                }
            }
            Self::Cassette(why) => write!(out, "the cassette does not have it: {why}"),
        }
    }
}

impl std::error::Error for Failure {}
