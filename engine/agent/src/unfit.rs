//! Why an action does not fit the host as it is.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// A fact that it needs is in no recording so far.
    NotRecorded(&'static str),
    /// It would change nothing.
    NoEffect(Cow<'static, str>),
    /// It would do harm, or more than it says.
    Unsafe(Cow<'static, str>),
    /// It would favour its target, or widen a limit that holds it.
    Direction(Cow<'static, str>),
    /// What it is meant for is gone, or another.
    Gone(Cow<'static, str>),
    /// The host does not have what it changes.
    Absent(Cow<'static, str>),
}

impl Unfit {
    /// The word of the rule, as decisions name it.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotRecorded(_) => "not_recorded",
            Self::NoEffect(_) => "no_effect",
            Self::Unsafe(_) => "unsafe",
            Self::Direction(_) => "direction",
            Self::Gone(_) => "identity",
            Self::Absent(_) => "absent",
        }
    }
}

impl Unfit {
    /// The same without a word of the host, for a reasoner.
    pub fn plain(&self) -> String {
        let (why, else_told) = match self {
            Self::NotRecorded(_) => return self.to_string(),
            Self::NoEffect(why) => (why, "it would change nothing"),
            Self::Unsafe(why) => (why, "it would do harm, or more than it says"),
            Self::Direction(why) => (why, "it would favour its target, or not hold it back more"),
            Self::Gone(why) => (why, "what it is meant for is gone, or another"),
            Self::Absent(why) => (why, "the host does not have what it changes"),
        };
        match why {
            Cow::Borrowed(why) => (*why).into(),
            Cow::Owned(_) => else_told.into(),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRecorded(what) => write!(out, "{what} is not recorded"),
            Self::NoEffect(why) => write!(out, "it would change nothing: {why}"),
            Self::Unsafe(why) | Self::Direction(why) | Self::Gone(why) | Self::Absent(why) => {
                out.write_str(why)
            }
        }
    }
}

impl core::error::Error for Unfit {}

/// A fact that has to be there.
pub(crate) fn need<T>(fact: Option<T>, what: &'static str) -> Result<T, Unfit> {
    fact.ok_or(Unfit::NotRecorded(what))
}
