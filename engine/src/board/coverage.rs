//! What can be told of each kind, and what of it changed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::PATIENCE_TICKS;
use crate::window::Missing;
use ks_vocabulary::kind::Kind;
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

/// Parts of one kind that are named; more are hardly ever missing at once.
const PARTS: usize = 6;

/// What was said of a kind while one sample was judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    /// Anything of it was judged, or would be if it were there.
    judged: bool,
    /// Why there is nothing to judge.
    nothing: Option<&'static str>,
    /// What could not be judged.
    lacks: [Option<Cover>; PARTS],
}

impl Told {
    fn take(&mut self, cover: Cover) {
        match cover {
            Cover::NotApplicable(why) => self.nothing = self.nothing.or(Some(why)),
            Cover::Ok => self.judged = true,
            // Without an earlier reading nothing is missing yet: a window fills.
            Cover::Missing(Missing::NoEarlier) => {}
            Cover::Part(_) | Cover::Missing(_) => self.lack(cover),
        }
    }

    fn lack(&mut self, cover: Cover) {
        for known in &mut self.lacks {
            match known {
                Some(known) if *known == cover => return,
                Some(_) => {}
                None => return *known = Some(cover),
            }
        }
    }

    fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    fn misses_input(&self) -> bool {
        self.lacks.iter().flatten().any(|cover| matches!(cover, Cover::Missing(_)))
    }

    fn state(&self) -> CoverageState {
        let lacks = self.lacks[0].is_some();
        match (self.judged, self.nothing) {
            (true, _) => CoverageState::Ok,
            (false, Some(_)) if !lacks => CoverageState::NotApplicable,
            (false, _) if lacks && !self.misses_input() => CoverageState::Ok,
            (false, _) => CoverageState::CannotTell,
        }
    }

    fn reason(&self, explain: &impl Fn(Missing) -> String) -> String {
        let state = self.state();
        let lacks = self.lacks.iter().flatten().filter_map(|cover| match cover {
            Cover::Missing(missing) => Some(explain(*missing)),
            // Of a kind that is not judged at all no part matters.
            Cover::Part(why) => (state == CoverageState::Ok).then(|| String::from(*why)),
            Cover::Ok | Cover::NotApplicable(_) => None,
        });
        let reason = lacks.collect::<Vec<_>>().join("; ");
        match state {
            CoverageState::Ok if !reason.is_empty() => format!("without {reason}"),
            CoverageState::Ok | CoverageState::CannotTell => reason,
            CoverageState::NotApplicable => String::from(self.nothing.unwrap_or_default()),
        }
    }
}

/// Of all kinds.
#[derive(Debug, Default)]
pub(super) struct Coverages {
    told: [Told; Kind::COUNT],
    missing_ticks: [u32; Kind::COUNT],
    reported: [Option<(Told, CoverageState, String)>; Kind::COUNT],
}

impl Coverages {
    /// Begins the evaluation of a sample.
    pub(super) fn begin(&mut self) {
        self.told = [Told::default(); Kind::COUNT];
    }

    /// Takes one answer of several.
    pub(super) fn cover(&mut self, kind: Kind, cover: Cover) {
        self.told[kind.index()].take(cover);
    }

    /// Takes one answer for every kind that is judged.
    pub(super) fn cover_judged(&mut self, cover: Cover) {
        self.told.iter_mut().filter(|told| told.judged).for_each(|told| told.take(cover));
    }

    /// What changed; `explain` puts a missing input into words.
    pub(super) fn take(&mut self, explain: impl Fn(Missing) -> String) -> Vec<Coverage> {
        let mut changed = Vec::new();
        for kind in Kind::ALL {
            let index = kind.index();
            let told = self.told[index];
            if told.is_silent() {
                continue;
            }
            let missing = told.misses_input();
            let ticks = &mut self.missing_ticks[index];
            *ticks = if missing { ticks.saturating_add(1) } else { 0 };
            if missing && *ticks <= PATIENCE_TICKS {
                continue;
            }
            let known = self.reported[index].as_ref();
            // Why an input is missing may change; all else is in what was told.
            if !missing && known.is_some_and(|(known, ..)| *known == told) {
                continue;
            }
            let (state, reason) = (told.state(), told.reason(&explain));
            if known.is_none_or(|(_, was, why)| *was != state || *why != reason) {
                let said = Some(reason.clone()).filter(|reason| !reason.is_empty());
                changed.push(Coverage { kind, state, reason: said });
            }
            self.reported[index] = Some((told, state, reason));
        }
        changed
    }
}

#[cfg(test)]
mod tests;
