//! Which sets hold nearly all of an entity: to name such a one says nothing of who is to blame.
//!
//! Where a host runs in one slice, one container or the tree of one supervisor, everything is in
//! it, so that whatever rises is in it.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::window::{Account, Known, ProcessKey};
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

/// How many processes are in each set, and what they consumed before.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    inside: Vec<(u64, f64)>,
    processes: u64,
    before: f64,
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
        let mut crowd = Self { inside: vec![(0, 0.0); numbers.len()], ..Self::default() };
        let all = case.window.processes.iter();
        for known in all.filter(|known| belongs(&known.row, case.entity) && !is_kernels(known)) {
            let before = if account.is_flow() {
                let lately = lately.get(&known.key()).copied().unwrap_or(0.0);
                (known.total().of(account) as f64 - lately).max(0.0)
            } else {
                0.0
            };
            crowd.processes += 1;
            crowd.before += before;
            for set in sets_of_live(case, known) {
                if let Some(inside) = numbers.get(&set).and_then(|at| crowd.inside.get_mut(*at)) {
                    inside.0 += 1;
                    inside.1 += before;
                }
            }
        }
        crowd
    }

    /// How many processes are in a set, those included that did nothing.
    pub(super) fn size(&self, set: usize) -> u64 {
        self.inside.get(set).map_or(0, |inside| inside.0)
    }

    /// Whether a set holds nearly everything.
    pub(super) fn is_nearly_all(&self, set: usize) -> bool {
        let Some((processes, before)) = self.inside.get(set) else { return false };
        let share = *processes as f64 / self.processes.max(1) as f64;
        let is_used_up = self.before > 0.0 && *before >= NEARLY_ALL * self.before;
        self.processes >= FEW && (share >= NEARLY_ALL || share >= HALF && is_used_up)
    }
}

fn spent(party: &Party<'_>) -> Option<(ProcessKey, f64)> {
    let Who::Live(known) = party.who else { return None };
    Some((known.key(), party.change.amount))
}

/// Whether it is a thread of the kernel, or the process that they descend from.
fn is_kernels(known: &Known) -> bool {
    known.row.ppid() == Some(2) || known.row.comm() == Some(b"kthreadd")
}
