//! Why a value of a parameter was refused.

use alloc::string::{String, ToString};
use core::fmt;

/// A value that a parameter does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    found: String,
    what: &'static str,
    remedy: String,
}

impl BadValue {
    /// What was found, what it should have been, and what is taken instead.
    pub(super) fn new(
        found: impl fmt::Display,
        what: &'static str,
        remedy: impl fmt::Display,
    ) -> Self {
        Self { found: found.to_string(), what, remedy: remedy.to_string() }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, what, remedy } = self;
        write!(out, "`{}` is no {what}: {remedy}", found.escape_debug())
    }
}

impl core::error::Error for BadValue {}
