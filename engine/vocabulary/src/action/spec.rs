//! What a number is called and its bounds, and how one is read.
//!
//! Fractions, exponents, signs, leading zeros and booleans are refused: to the kernel `1e9` is 1.

use core::fmt;

use serde::de::{Error, Unexpected, Visitor};

use super::bad_value::BadValue;

/// Units that a number may be written with, and how many of the smallest each is.
pub(super) type Units = &'static [(&'static str, u64)];

pub(super) const NONE: Units = &[];
pub(super) const SIZES: Units =
    &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
pub(super) const TIMES: Units = &[("s", 1), ("m", 60)];

/// What a number is called, and its bounds.
pub(super) struct Spec {
    pub(super) what: &'static str,
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) units: Units,
}

impl Spec {
    /// Bounds of a number without units.
    pub(super) const fn plain(what: &'static str, low: u64, high: u64) -> Self {
        Self { what, low, high, units: NONE }
    }

    pub(super) fn check(&self, value: u64) -> Result<u64, BadValue> {
        if (self.low..=self.high).contains(&value) { Ok(value) } else { Err(self.bad(value)) }
    }

    /// A number in text, without a unit.
    pub(super) fn parse(&self, text: &str) -> Result<u64, BadValue> {
        self.check(digits(text).ok_or_else(|| self.bad(text))?)
    }

    pub(super) fn bad(&self, found: impl fmt::Display) -> BadValue {
        BadValue::new(found, self.what, format_args!("{} to {}", self.low, self.high))
    }

    /// The sum of parts, each a number with a unit.
    fn sum(&self, text: &str) -> Option<u64> {
        let mut rest = text;
        let mut sum = 0u64;
        while !rest.is_empty() {
            let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
            let (number, tail) = rest.split_at(end);
            let end = tail.find(|letter: char| letter.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            let (_, size) = self.units.iter().find(|(name, _)| *name == unit)?;
            sum = sum.checked_add(digits(number)?.checked_mul(*size)?)?;
            rest = tail;
        }
        Some(sum)
    }
}

/// A number in ASCII digits without leading zeros.
fn digits(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = text == "0" || !text.starts_with('0');
    if is_plain && is_shortest { text.parse().ok() } else { None }
}

impl Visitor<'_> for &Spec {
    type Value = u64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a {}, {} to {}", self.what, self.low, self.high)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        self.check(value).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        let value = u64::try_from(value).map_err(|_| E::custom(self.bad(value)))?;
        self.visit_u64(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        if self.units.is_empty() {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        let value = self.sum(text).ok_or_else(|| E::custom(self.bad(text)))?;
        self.check(value).map_err(|_| E::custom(self.bad(text)))
    }
}
