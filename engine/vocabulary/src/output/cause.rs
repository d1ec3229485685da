//! Likely first causes of incidents, and what speaks for them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

use crate::kind::{Entity, Kind};
use crate::metric::Metric;

/// A likely first cause of an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// Who or what.
    pub entity: Entity,
    /// Name of the process.
    pub comm: Option<String>,
    /// The condition that it is likely to have brought about by itself: of several the one that
    /// explains most.
    pub kind: Kind,
    /// How likely, against the others: 0 to 1, and at most 1 together.
    pub score: f64,
    /// What speaks for it.
    pub evidence: Vec<Ground>,
}

/// Something that speaks for a likely cause. It is written as a line for people, in JSON too.
#[derive(Debug, Clone, PartialEq)]
pub enum Ground {
    /// It is convicted of an episode.
    Convicted {
        /// Its share in what is counted.
        share: f64,
        /// What is counted.
        metric: Metric,
        /// The episode.
        of: Condition,
        /// It began to take more before the episode began, for certain.
        began_before: bool,
    },
    /// Nobody is convicted of an episode on it.
    Unconvicted(Condition),
    /// So many episodes follow from it, of all of the incident.
    Explains(usize, usize),
    /// An episode of its own led to another.
    Led {
        /// What led to it.
        cause: Condition,
        /// What it led to.
        effect: Condition,
        /// The cause began before, for certain.
        is_before: bool,
        /// What happens.
        why: &'static str,
    },
}

/// An episode: which condition was where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which.
    pub kind: Kind,
    /// Where.
    pub entity: Entity,
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.kind.word(), self.entity)
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Convicted { share, metric, of, began_before } => {
                let began = if *began_before { ", and began before it" } else { "" };
                write!(out, "{:.0} % of {metric} in {of}{began}", share * 100.0)
            }
            Self::Unconvicted(of) => write!(out, "nobody is convicted of {of}"),
            Self::Explains(count, all) => write!(out, "explains {count} of {all} episodes"),
            Self::Led { cause, effect, is_before, why } => {
                // An order is claimed only where it is certain.
                let order = if *is_before { "before" } else { "beside" };
                write!(out, "{cause} {order} {effect}: {why}")
            }
        }
    }
}

impl Serialize for Ground {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
