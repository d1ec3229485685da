//! What each parameter has: the values that it accepts, its part of the canonical text, and what
//! it names, if it names anything.

mod resolved;

use alloc::string::String;

use super::risk::Risk;
use super::target::Target;

/// Values that a parameter accepts, for schemas and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// A whole number.
    Whole {
        /// The least.
        low: u64,
        /// The greatest.
        high: u64,
    },
    /// One of some numbers.
    Numbers(&'static [u64]),
    /// One of some words.
    Words(&'static [&'static str]),
    /// Text of a form.
    Text {
        /// Regular expression of all of it.
        pattern: &'static str,
        /// One that is taken.
        example: &'static str,
    },
    /// One key with its value.
    Keyed(&'static [(&'static str, &'static [Accepts])]),
}

/// A parameter of an action.
pub trait Parameter {
    /// What it accepts: one of these.
    const ACCEPTS: &'static [Accepts];

    /// Its part of the canonical text; `None` for a target that is not in the form that the
    /// grammar names.
    fn canonical(&self, risk: Risk) -> Option<String>;

    /// What it names.
    fn target(&self) -> Option<Target<'_>> {
        None
    }
}
