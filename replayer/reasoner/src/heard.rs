//! What a model said, whatever wire it came over.

use serde_json::Value;
use serde_json::value::RawValue;

/// A reply.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// What goes back to the model as it came.
    pub(crate) said: Box<RawValue>,
    /// The tools that it calls, in its order.
    pub(crate) calls: Vec<Called>,
    /// What it said in words, thoughts left out.
    pub(crate) words: String,
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Called {
    /// What the model calls the call; it wants it back.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) arguments: Value,
}

/// What a reply took. What a server does not say counts as none, and makes the cost a least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Of what was sent, cached ones among them.
    pub prompt: u64,
    /// Of those the ones that were kept from before.
    pub cached: u64,
    /// Of what was said.
    pub said: u64,
    /// Of thoughts: paid for like what is said.
    pub thoughts: u64,
}

impl Tokens {
    /// With those of another request.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.saturating_add(other.prompt),
            cached: self.cached.saturating_add(other.cached),
            said: self.said.saturating_add(other.said),
            thoughts: self.thoughts.saturating_add(other.thoughts),
        }
    }

    /// Those of what was said and thought.
    pub fn output(self) -> u64 {
        self.said.saturating_add(self.thoughts)
    }
}

/// What a whole body of a server is.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) heard: Result<Heard, crate::Failure>,
    pub(crate) tokens: Tokens,
    pub(crate) model: Option<String>,
    /// It goes on where this token is sent with the same body; what it said so far is in `parts`.
    pub(crate) goes_on: Option<String>,
    /// The parts of what was said, as they came.
    pub(crate) parts: Vec<Box<RawValue>>,
}
