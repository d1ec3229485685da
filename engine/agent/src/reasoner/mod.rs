//! Who advises the agent. A reasoner is a peer behind messages: it is asked what to do next, and
//! what it answers is held against the same rules whoever it is.

mod reply;
pub mod rules;

pub use reply::parse;

use alloc::string::String;
use core::fmt;

use ks_vocabulary::decision::{ModelRequest, Reply};

/// What a reasoner gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Advised {
    /// An answer that cannot be malformed.
    Reply(Reply),
    /// An answer as it came.
    Text(String),
    /// None, and why.
    Nothing(String),
    /// It is asked elsewhere, by a message: its answer is an input.
    Elsewhere,
}

/// Whoever is asked by a message, and answers by one: a model.
#[derive(Debug, Default)]
pub struct Elsewhere;

impl Reasoner for Elsewhere {
    fn advise(&mut self, _: &ModelRequest) -> Advised {
        Advised::Elsewhere
    }
}

/// See the module.
pub trait Reasoner: fmt::Debug + Send {
    /// What to do next.
    fn advise(&mut self, request: &ModelRequest) -> Advised;
}
