//! What each parameter has: the values that it accepts, its part of the canonical text, and what
//! it names, if it names anything.

use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use super::bad_value::BadValue;
use super::form::Risk;
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

/// Reads a value that is written as text.
pub(super) fn from_text<'de, T, D>(deserializer: D, what: &'static str) -> Result<T, D::Error>
where
    T: FromStr<Err = BadValue>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Text { what, of: PhantomData })
}

struct Text<T> {
    what: &'static str,
    of: PhantomData<T>,
}

impl<T: FromStr<Err = BadValue>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the text of a {}", self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// A type that is written as text: `Display` gives what `FromStr` takes.
macro_rules! as_text {
    ($ty:ty, $what:literal) => {
        impl serde::Serialize for $ty {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::action::parameter::from_text(from, $what)
            }
        }
    };
}

pub(super) use as_text;
