//! What is raised while something is wrong though its limit is never crossed.
//!
//! While a fault lasts, a kind may be raised at medium or above where raw counters cross a limit of
//! it somewhere, or where the case must find it: what may be missing is no leave to be raised
//! without a crossing. Anything else fails the case, unless its file says by a `[[weakened]]` entry
//! of the kind why it is borne with: it is counted all the same.

use ks_scenarios::expectation::matches;
use ks_vocabulary::kind::{Kind, Severity};

use super::measure::Measure;
use super::seen::SeenEpisode;
use super::truth;

/// An episode of medium or above of a kind that nothing speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// Which condition.
    pub kind: Kind,
    /// Where.
    pub entity: String,
    /// Its file says why it is borne with.
    pub is_declared: bool,
}

impl Excess {
    /// What an episode is in excess, if it is.
    pub(super) fn of(episode: &SeenEpisode, case: &Measure<'_>) -> Option<Self> {
        let is_crossed = case.crossings.iter().any(|crossed| crossed.kind == episode.kind);
        let is_expected =
            case.expects.iter().any(|expect| !expect.optional && truth::is_of(expect, episode));
        if episode.severity < Severity::Medium || is_crossed || is_expected {
            return None;
        }
        let is_declared = case.weakened.iter().any(|entry| {
            entry.kind == Some(episode.kind)
                && entry.severity.is_none()
                && matches(&entry.entity, &episode.entity)
        });
        Some(Self { kind: episode.kind, entity: episode.entity.clone(), is_declared })
    }
}
