//! Conditions that an operator called normal.
//!
//! Where one holds, nothing but harm is raised, and what stands without harm ends.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::input::{Acceptance, Config};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::time::WallTime;

/// Words of operators that are remembered; the oldest go (our judgement: nobody says so many, but a
/// script may).
const MOST: usize = 1000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// Those of the configuration, which replaces them as a whole.
    configured: Vec<Acceptance>,
    /// Those that were said while runs lasted.
    said: Vec<Acceptance>,
    /// Where any of them was asked for.
    met: BTreeSet<(Kind, String)>,
}

impl Accepted {
    pub(super) fn configure(&mut self, config: &Config) {
        self.configured.clone_from(&config.accept);
    }

    /// The last word on a condition holds.
    pub(super) fn say(&mut self, acceptance: Acceptance) {
        let same =
            |known: &Acceptance| known.kind == acceptance.kind && known.entity == acceptance.entity;
        self.said.retain(|known| !same(known));
        if self.said.len() == MOST {
            self.said.remove(0);
        }
        self.said.push(acceptance);
    }

    pub(super) fn said(&self) -> Vec<Acceptance> {
        self.said.clone()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Acceptance> {
        self.configured.iter().chain(&self.said)
    }

    /// Whether a condition is normal at `at`.
    pub(super) fn holds(&mut self, kind: Kind, entity: &Entity, at: WallTime) -> bool {
        let of_kind = || self.all().filter(|one| one.kind == kind);
        if of_kind().next().is_none() {
            return false;
        }
        let entity = entity.to_string();
        let holds = of_kind().any(|one| one.entity == entity && one.holds(at));
        if holds {
            self.met.insert((kind, entity));
        }
        holds
    }

    /// Whether a condition that was called normal was ever judged.
    pub(super) fn has_met(&self, acceptance: &Acceptance) -> bool {
        let Acceptance { kind, entity, .. } = acceptance;
        self.met.iter().any(|(of, at)| of == kind && at == entity)
    }
}

#[cfg(test)]
mod tests;
