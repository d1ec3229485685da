//! Who answers a request: a server, or what was recorded of one. Either way it is all that was
//! tried, as it came, so that both are read by the same code.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::body::Body;

/// See the module.
pub trait Exchange: Send {
    /// Has a request answered within a time. The error is why it was not even tried.
    fn exchange(&mut self, body: &Body, within: Duration) -> Result<Interaction, Failure>;

    /// Takes what a reply took, which it reads and this does not.
    fn count(&mut self, _tokens: u64, _micro_dollars: Option<u64>) {}

    /// What may make its answers other ones than were recorded, once nothing more is asked: what
    /// was not asked for.
    fn finish(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Nobody: whoever should answer cannot be asked.
#[derive(Debug)]
pub struct Absent(pub Failure);

impl Exchange for Absent {
    fn exchange(&mut self, _: &Body, _: Duration) -> Result<Interaction, Failure> {
        Err(self.0.clone())
    }
}

/// A request with all that came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// Every attempt, in order. The last one counts.
    pub attempts: Vec<Attempt>,
    /// The day on which it was, as 2026-12-01: prices depend on it.
    pub day: String,
    /// Milliseconds from the first attempt to the end of the last.
    pub latency_ms: u64,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// The status, where one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers that say when to come again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// What came, as it came.
    pub body: String,
    /// What broke it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds that were waited after it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
