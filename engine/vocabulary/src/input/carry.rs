//! What a run begins with besides knowledge: its configuration, and what must survive a restart.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use super::answers::{Acceptance, Asks, RequestId};
use crate::lasting::Exact;
use crate::time::WallTime;

/// What an operator configured, in the form in which it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Conditions that are normal on this host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Acceptance>,
}

/// What the run before left to this one. Its times are on the wall clock, since that of a boot
/// begins anew with the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Carry {
    /// Number of the request made last.
    pub last_request: u64,
    /// Requests without an answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenRequest>,
    /// What was done to the host and may be felt still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub influences: Vec<CarriedInfluence>,
    /// What operators accepted as normal while runs lasted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Acceptance>,
}

impl Carry {
    /// Whether nothing is carried.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A change of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedInfluence {
    /// The request that asked for it.
    pub request: RequestId,
    /// What was changed.
    pub target: Exact,
    /// From when on it may have been.
    pub from_ns: WallTime,
    /// Until when it was at most.
    pub until_ns: WallTime,
}

/// A request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Its number.
    pub request: RequestId,
    /// What it asks for.
    pub asks: Asks,
    /// When its answer comes too late.
    pub until_ns: WallTime,
}
