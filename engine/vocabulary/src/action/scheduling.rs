//! Scheduling classes that a process can be put into.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::parameter::{Accepts, Parameter};
use super::risk::Risk;

/// Scheduling classes below the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It does not preempt; its share stays.
    Batch,
    /// It gets what nobody else wants.
    Idle,
}

impl Parameter for Class {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Words(&["batch", "idle"])];

    fn canonical(&self, _: Risk) -> Option<String> {
        Some(match self {
            Self::Batch => "-b".into(),
            Self::Idle => "-i".into(),
        })
    }
}
