//! Which sets hold nearly all of an entity: to name such a one says nothing of who is to blame.
//!
//! Where a host runs in one slice, one container or the tree of one supervisor, everything is in
//! it, so that whatever rises is in it. What counts is who was there before: a fork bomb becomes
//! most of the processes by what it does.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::window::{Account, ProcessKey};
use ks_vocabulary::membership::belongs;

use super::candidates::{Set, sets_of_live};
use super::parties::{Case, Party, Who};

/// A set with this share of all processes, or of what they consumed before, holds nearly all.
const NEARLY_ALL: f64 = 0.9;
/// One that is nearly all by what it consumed has at least this share of the processes as well: the
/// one service that a host is there for is not the host (our judgement).
const HALF: f64 = 0.5;
/// Among fewer processes nothing is a crowd (our judgement).
const FEW: u64 = 20;

/// The processes of one set, or all.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    processes: u64,
    /// Those of them that were there before.
    older: u64,
    /// What those consumed before.
    before: f64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// By the numbers of sets.
    inside: Vec<Count>,
    all: Count,
}

impl Crowd {
    /// Counts all processes of the case that are no threads of the kernel, by the numbers of sets.
    pub(super) fn count<'a>(
        case: &Case<'a>,
        account: Account,
        parties: &[Party<'a>],
        numbers: &BTreeMap<Set<'a>, usize>,
    ) -> Self {
        let lately: BTreeMap<ProcessKey, f64> = parties.iter().filter_map(spent).collect();
        let mut crowd = Self { inside: vec![Count::default(); numbers.len()], ..Self::default() };
        let all = case.window.processes.iter();
        for known in all.filter(|known| belongs(&known.row, case.entity) && !known.is_kernels()) {
            let born = known.started(case.window.host());
            let is_older = born.is_none_or(|born| born < case.interval.begin);
            let lately = lately.get(&known.key()).copied().unwrap_or(0.0);
            let before = known.total().of(account) as f64 - lately;
            let is_consumed = is_older && account.is_flow();
            let before = if is_consumed { before.max(0.0) } else { 0.0 };
            crowd.all.add(is_older, before);
            for set in sets_of_live(case, known) {
                if let Some(inside) = numbers.get(&set).and_then(|at| crowd.inside.get_mut(*at)) {
                    inside.add(is_older, before);
                }
            }
        }
        crowd
    }

    /// How many processes are in a set, those included that did nothing.
    pub(super) fn size(&self, set: usize) -> u64 {
        self.inside.get(set).map_or(0, |inside| inside.processes)
    }

    /// Whether a set holds nearly everything.
    pub(super) fn is_nearly_all(&self, set: usize) -> bool {
        let Some(Count { older, before, .. }) = self.inside.get(set) else { return false };
        let share = *older as f64 / self.all.older.max(1) as f64;
        let is_used_up = self.all.before > 0.0 && *before >= NEARLY_ALL * self.all.before;
        self.all.older >= FEW && (share >= NEARLY_ALL || share >= HALF && is_used_up)
    }
}

impl Count {
    fn add(&mut self, is_older: bool, before: f64) {
        self.processes += 1;
        self.older += u64::from(is_older);
        self.before += before;
    }
}

fn spent(party: &Party<'_>) -> Option<(ProcessKey, f64)> {
    let Who::Live(known) = party.who else { return None };
    Some((known.key(), party.change.amount))
}
