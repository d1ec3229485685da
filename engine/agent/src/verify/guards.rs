//! The other quantities of the host while an action is verified: whether one of them got worse by
//! more than it does by itself (`statistics.md`, section 6).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use ks_statistics::order::{median, scale};
use ks_statistics::placebo::{against, holm};
use ks_vocabulary::decision::{Beside as Told, Windows, Worsening};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;

use super::Measured;
use super::verdict::{MATTERS_OF_LEVEL, P_MOST};
use crate::facts::Facts;

/// The least p of m untreated triggers is 1 / (m + 1), and the smallest of k is multiplied by k.
const PER_TEST: usize = 20;

/// A worsening has to clear all that was read before by so many deviations of what came after: what
/// is known of untreated triggers is not known of other moments (our judgement).
const CLEARS: f64 = 1.0;

/// Which are tested is fixed before the action is done, by how much is known of each alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Guards {
    tested: Vec<Measured>,
    not_testable: usize,
}

/// What a guard has to know of an action.
pub struct Beside<'a> {
    /// What it is verified by.
    pub verified: (Kind, &'a Entity),
    /// What its trigger brought has come: how others stand is not on its way any more.
    pub is_settled: bool,
    /// Whether a condition of the host was raised just now, as at its own untreated triggers.
    pub is_trigger: &'a dyn Fn(Kind) -> bool,
    /// In which windows it is looked at.
    pub windows: Windows,
    /// The action is meant to move what is here.
    pub is_meant: &'a dyn Fn(&Entity) -> bool,
}

impl Guards {
    /// Of an action that is done now. Tested are quantities of the host as a whole, of which the
    /// time is comparable to that of untreated triggers.
    pub fn begin(beside: &Beside<'_>, facts: &dyn Facts) -> Self {
        let mut ranks: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut all = Vec::new();
        let mut not_testable = 0;
        for (kind, place, metric) in facts.judged() {
            let is_own = (kind, &place) == beside.verified;
            if place != Entity::Host || is_own || (beside.is_meant)(&place) {
                continue;
            }
            if !beside.is_settled && !(beside.is_trigger)(kind) {
                not_testable += 1;
                continue;
            }
            let rank = ranks.entry(kind).or_default();
            let untreated = facts.untreated(kind, metric);
            let m: usize = untreated.iter().map(|one| one.differences.len()).sum();
            all.push((Reverse(m), *rank, kind, metric));
            *rank += 1;
        }
        // Those of which most is known, and of equals the first that a condition is told by.
        all.sort_unstable();
        let fits = |(at, one): &(usize, &(Reverse<usize>, usize, Kind, Metric))| {
            one.0.0 + 1 >= PER_TEST * (at + 1)
        };
        let count = all.iter().enumerate().take_while(fits).count();
        not_testable += all.len() - count;
        let chosen = all.into_iter().take(count);
        let tested = chosen.map(|(_, _, kind, metric)| {
            Measured::beside(kind, Entity::Host, metric, beside.windows, facts)
        });
        Self { tested: tested.collect(), not_testable }
    }

    /// Takes what is there now.
    pub fn take(&mut self, facts: &dyn Facts) {
        for one in &mut self.tested {
            one.take(facts);
        }
    }

    /// From here on the window tells nothing.
    pub fn spoil(&mut self, why: &'static str) {
        for one in &mut self.tested {
            one.spoil(why);
        }
    }

    /// What became of them; `None` where no other quantity is judged.
    pub fn looked(&self, facts: &dyn Facts) -> Option<Told> {
        let each: Vec<Worsening> =
            self.tested.iter().filter_map(|one| worsening(one, facts)).collect();
        let not_testable = self.not_testable + self.tested.len() - each.len();
        let raw: Vec<f64> = each.iter().map(|one| one.p).collect();
        let adjusted = holm(&raw);
        let tested = each.len();
        let worst = each.into_iter().zip(adjusted).map(|(one, p)| Worsening { p, ..one });
        let worst = worst.filter(|one| one.p < 1.0).min_by(|one, other| one.p.total_cmp(&other.p));
        (tested + not_testable > 0).then_some(Told { tested, not_testable, worst })
    }
}

/// Whether the one that looks worst got worse.
pub fn is_worse(beside: &Told) -> bool {
    beside.worst.as_ref().is_some_and(|one| one.p <= P_MOST)
}

/// How one went on. A quantity that fell after its own triggers was high by chance at them, and
/// need not fall here: it is held against staying as it was.
fn worsening(one: &Measured, facts: &dyn Facts) -> Option<Worsening> {
    let (Some(before), Some(after), None) = (one.before, one.after(), one.spoiled()) else {
        return None;
    };
    let of_what_is_left = one.metric.is_of_what_is_left();
    let untreated = facts.untreated(one.kind, one.metric);
    let mut null: Vec<f64> = untreated.iter().flat_map(|one| one.differences).copied().collect();
    let middle = median(&mut null)?;
    let by_chance = if of_what_is_left { middle.max(0.0) } else { middle.min(0.0) };
    for value in &mut null {
        *value -= by_chance;
    }
    let found = against(&null, after - before)?;
    let matters = libm::fabs(after - before) >= MATTERS_OF_LEVEL * libm::fabs(before);
    let margin = CLEARS * scale(one.readings(), &mut Vec::new(), 0.0)?;
    let nearer = if of_what_is_left { after + margin } else { after - margin };
    let p = if matters && one.is_beyond(nearer, of_what_is_left) {
        if of_what_is_left { found.p_fall } else { found.p_rise }
    } else {
        1.0
    };
    let (kind, entity, metric) = (one.kind, one.entity.clone(), one.metric);
    Some(Worsening { kind, entity, metric, before, after, p })
}

#[cfg(test)]
mod tests;
