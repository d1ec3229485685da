//! I/O priorities and limits.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::bad_value::BadValue;
use super::number::{Bandwidth, RequestRate};
use super::parameter::{Accepts, Parameter};
use super::risk::Risk;
use super::spec::Spec;

/// Levels of best effort that favour nobody. The kernel takes 8 as a hint's bit, not as idle.
const LEVEL: Spec = Spec::plain("level of best effort", 4, 7);

/// I/O priority of a process: a level of best effort, 4 to 7, or `idle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoLevel(Option<u64>);

impl IoLevel {
    /// Served when nobody else asks.
    pub const IDLE: Self = Self(None);

    /// A level of best effort.
    pub fn best_effort(level: u64) -> Result<Self, BadValue> {
        LEVEL.check(level).map(|level| Self(Some(level)))
    }

    /// The level of best effort; `None` for idle.
    pub fn level(self) -> Option<u64> {
        self.0
    }
}

impl Serialize for IoLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(level) => serializer.serialize_u64(level),
            None => serializer.serialize_str("idle"),
        }
    }
}

impl<'de> Deserialize<'de> for IoLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LevelOrIdle)
    }
}

struct LevelOrIdle;

impl Visitor<'_> for LevelOrIdle {
    type Value = IoLevel;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a level of best effort, 4 to 7, or `idle`")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<IoLevel, E> {
        IoLevel::best_effort(value).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<IoLevel, E> {
        let value = u64::try_from(value).map_err(|_| E::custom(LEVEL.bad(value)))?;
        self.visit_u64(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<IoLevel, E> {
        if text == "idle" { Ok(IoLevel::IDLE) } else { Err(E::unknown_variant(text, &["idle"])) }
    }
}

impl Parameter for IoLevel {
    const ACCEPTS: &'static [Accepts] =
        &[Accepts::Whole { low: 4, high: 7 }, Accepts::Words(&["idle"])];

    fn canonical(&self, _: Risk) -> Option<String> {
        Some(self.0.map_or_else(|| "-c 3".into(), |level| format!("-c 2 -n {level}")))
    }
}

/// One key of `io.max` with its value by the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IoLimit {
    /// Bytes read.
    Rbps(Bandwidth),
    /// Bytes written.
    Wbps(Bandwidth),
    /// Reads.
    Riops(RequestRate),
    /// Writes.
    Wiops(RequestRate),
}

impl Parameter for IoLimit {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Keyed(&[
        ("rbps", Bandwidth::ACCEPTS),
        ("wbps", Bandwidth::ACCEPTS),
        ("riops", RequestRate::ACCEPTS),
        ("wiops", RequestRate::ACCEPTS),
    ])];

    fn canonical(&self, _: Risk) -> Option<String> {
        Some(match self {
            Self::Rbps(value) => format!("rbps={value}"),
            Self::Wbps(value) => format!("wbps={value}"),
            Self::Riops(value) => format!("riops={value}"),
            Self::Wiops(value) => format!("wiops={value}"),
        })
    }
}
