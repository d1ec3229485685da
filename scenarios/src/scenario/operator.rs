//! An operator of a modelled host: what is said to what an agent proposes.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::Duration;

/// An operator's answer to a proposal that waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Which of the run's proposals that wait for an operator, from 1.
    pub proposal: NonZeroU32,
    /// How long after it was made.
    #[serde(default)]
    pub after: Duration,
    /// What is said.
    pub says: Says,
}

/// What an operator may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It may be done.
    Approve,
    /// It may not be done.
    Deny,
}
