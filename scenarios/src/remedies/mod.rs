//! Which actions are right about a scenario: measured on its modelled host, written by nobody.
//!
//! When somebody may decide, every action that the host takes, and waiting, is done to a copy of
//! it, and each copy goes on by itself. Right is what takes a limit that stands back below within
//! [`WITHIN_S`], crosses no other that would not be crossed without it, and stops nothing that the
//! scenario marks as needed; of several the ones of the lowest risk. Where waiting takes all of
//! them back, where nothing does, and where nothing is wrong, it is right to leave the host alone.
//!
//! Nothing of the engine has a part in it: limits are those of [`crate::reference`].

mod choices;
mod copies;
mod medium;
mod moments;

use ks_vocabulary::action::{Action, Risk};
use ks_vocabulary::kind::{Entity, Group, Kind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::reference::Crossing;
use crate::scenario::Scenario;

pub use choices::target;
pub use medium::held;

/// Time within which a limit must be below again, in s: the ten seconds and the minute in which an
/// action is verified, and a minute in which a condition clears.
pub const WITHIN_S: f64 = 130.0;
/// Time beyond, in which it must stay below, in s.
pub const LONGER_S: f64 = 60.0;
/// Share of the CPU time that something needed has without an action, below which it is slowed
/// (our judgement).
pub const STARVED: f64 = 0.8;
/// Share of the connections that are taken without an action, below which an action does harm (our
/// judgement).
pub const TAKEN: f64 = 0.95;

/// What is right about a scenario when it runs from a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remedies {
    /// Its name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Of the scenario and of what the model makes of it: another one was measured elsewhere.
    pub world: String,
    /// When somebody may decide; never where nothing is wrong.
    pub moments: Vec<Moment>,
}

/// A time at which somebody may decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Seconds after the beginning of the run.
    pub at_s: f64,
    /// Limits that are to be taken back.
    pub standing: Vec<Place>,
    /// They are not crossed yet: whoever decides knows where it goes, and crossing none is right.
    pub foretold: bool,
    /// Until when the copies go on, in seconds after the beginning of the run.
    pub until_s: f64,
    /// What clears one of them, or does harm; waiting comes first.
    pub tried: Vec<Trial>,
    /// Actions that were tried and did neither.
    pub without_effect: usize,
}

/// A condition of an entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Which condition.
    pub kind: Kind,
    /// Where.
    pub entity: String,
}

impl Place {
    /// Where a limit is crossed. A control group that comes again is the same place.
    pub fn of(crossing: &Crossing) -> Self {
        let entity = if let Entity::Cgroup(group) = &crossing.entity {
            Entity::Cgroup(Group::at(&group.path)).to_string()
        } else {
            crossing.entity.to_string()
        };
        Self { kind: crossing.kind, entity }
    }
}

/// What an action did to a copy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was done; nothing where one waits.
    pub action: Option<Action>,
    /// How many of the limits were below in time, and stayed.
    pub cleared: usize,
    /// What harm it did.
    pub harm: Vec<String>,
}

impl Trial {
    /// Whether it clears a limit and does no harm.
    fn is_good(&self) -> bool {
        self.cleared > 0 && self.harm.is_empty()
    }

    fn risk(&self) -> Option<Risk> {
        self.action.as_ref().map(|action| action.kind().form().risk)
    }
}

impl Moment {
    /// Waiting takes everything back.
    pub fn ends_by_itself(&self) -> bool {
        let all = self.standing.len();
        self.tried.iter().any(|trial| trial.action.is_none() && trial.cleared == all)
    }

    /// The actions that are right; none where it is right to leave the host alone.
    pub fn right(&self) -> impl Iterator<Item = &Action> {
        let good = || self.tried.iter().filter(|trial| trial.is_good());
        let least = good().filter_map(Trial::risk).min().filter(|_| !self.ends_by_itself());
        let right = good().filter(move |trial| least.is_some() && trial.risk() == least);
        right.filter_map(|trial| trial.action.as_ref())
    }
}

impl Remedies {
    /// Measures what is right about a scenario.
    pub fn measure(scenario: &Scenario, seed: u64) -> Self {
        let untreated = copies::untreated(scenario, seed);
        let moments = moments::of(scenario, &untreated);
        Self {
            scenario: scenario.name.clone(),
            seed,
            world: world(scenario, &untreated),
            moments: copies::tried(scenario, seed, moments),
        }
    }

    /// Whether it was measured of this scenario, and the model makes the same of it today.
    pub fn is_of(&self, scenario: &Scenario) -> bool {
        self.scenario == scenario.name
            && self.world == world(scenario, &copies::untreated(scenario, self.seed))
    }

    /// What may be decided at a time: the last moment before it, or else the first.
    pub fn at(&self, at_s: f64) -> Option<&Moment> {
        let before = self.moments.iter().rev().find(|moment| moment.at_s <= at_s + WITHIN_S / 2.0);
        before.or(self.moments.first())
    }
}

/// Tells a world from another one: what a scenario says of decisions is not of it.
fn world(scenario: &Scenario, untreated: &copies::Untreated) -> String {
    let mut scenario = scenario.clone();
    scenario.summary.clear();
    (scenario.operators, scenario.forbid, scenario.weakened) = Default::default();
    for expect in &mut scenario.expect {
        (expect.action, expect.target) = (None, None);
        (expect.verdict, expect.outcome) = (None, None);
    }
    let mut hash = Sha256::new();
    hash.update(format!("{scenario:?}"));
    for Crossing { kind, entity, at, end, .. } in &untreated.crossings {
        hash.update(format!("{} {entity} {} {}\n", kind.word(), at.0, end.0));
    }
    let bytes = hash.finalize();
    let first = bytes.iter().take(8).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests;
