//! What can be told of each kind, and what of it changed.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::PATIENCE_TICKS;
use crate::window::Missing;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::model::same_bytes;
use ks_vocabulary::output::{Coverage, CoverageState};

/// What a classifier says of a kind, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// Nothing to judge on this host.
    NotApplicable(&'static str),
    /// Judged.
    Ok,
    /// A part cannot be judged; the text names the part and what it needs.
    Part(&'static str),
    /// Inputs are missing.
    Missing(Missing),
}

impl Cover {
    /// Of several answers the highest counts: without its inputs a kind has no parts.
    fn rank(self) -> u8 {
        match self {
            Self::NotApplicable(_) => 0,
            Self::Ok => 1,
            Self::Part(_) => 2,
            Self::Missing(_) => 3,
        }
    }

    fn state(self) -> CoverageState {
        match self {
            Self::NotApplicable(_) => CoverageState::NotApplicable,
            Self::Ok => CoverageState::Ok,
            Self::Part(_) | Self::Missing(_) => CoverageState::CannotTell,
        }
    }
}

/// Of all kinds.
#[derive(Debug, Default)]
pub(super) struct Coverages {
    covers: [Option<Cover>; Kind::COUNT],
    missing_ticks: [u32; Kind::COUNT],
    reported: [Option<(CoverageState, String)>; Kind::COUNT],
}

impl Coverages {
    /// Begins the evaluation of a sample.
    pub(super) fn begin(&mut self) {
        self.covers = [None; Kind::COUNT];
    }

    /// Of several answers the worst counts, of equals the first.
    pub(super) fn cover(&mut self, kind: Kind, cover: Cover) {
        let known = &mut self.covers[kind.index()];
        if known.is_none_or(|known| cover.rank() > known.rank()) {
            *known = Some(cover);
        }
    }

    /// What changed; `explain` puts a missing input into words.
    pub(super) fn take(&mut self, explain: impl Fn(Missing) -> String) -> Vec<Coverage> {
        let mut changed = Vec::new();
        for kind in Kind::ALL {
            let index = kind.index();
            let Some(cover) = self.covers[index] else { continue };
            let missing = matches!(cover, Cover::Missing(_));
            let ticks = &mut self.missing_ticks[index];
            *ticks = if missing { ticks.saturating_add(1) } else { 0 };
            // Without an earlier reading nothing is missing yet: a window fills.
            if cover == Cover::Missing(Missing::NoEarlier) || missing && *ticks <= PATIENCE_TICKS {
                continue;
            }
            let reason = match cover {
                Cover::Ok => Cow::Borrowed(""),
                Cover::NotApplicable(why) | Cover::Part(why) => Cow::Borrowed(why),
                Cover::Missing(missing) => Cow::Owned(explain(missing)),
            };
            let state = cover.state();
            let same = |(known, why): &(CoverageState, String)| {
                *known == state && same_bytes(why.as_bytes(), reason.as_bytes())
            };
            if !self.reported[index].as_ref().is_some_and(same) {
                let reason = reason.into_owned();
                let told = Some(reason.clone()).filter(|reason| !reason.is_empty());
                changed.push(Coverage { kind, state, reason: told });
                self.reported[index] = Some((state, reason));
            }
        }
        changed
    }
}
