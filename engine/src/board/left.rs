//! What was learned of entities that are gone, until they come back under the same name.
//!
//! A unit that is restarted and a disk that is plugged in again are what they were: without this
//! each would be judged by bare limits until its baseline was learned anew.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use crate::analysis::Baseline;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::lasting::Lasting;
use ks_vocabulary::metric::Metric;

/// Entities of which it is kept; those that went first are given up first (our judgement: groups
/// of single jobs never come back, and there is no end of them).
pub(crate) const ENTITIES: usize = 256;

type Key = (Kind, Lasting);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Left {
    learned: BTreeMap<Key, Vec<(Metric, Baseline)>>,
    /// In the order in which they went.
    order: VecDeque<Lasting>,
}

impl Left {
    /// Keeps what was learned of one that is gone.
    pub(super) fn keep(&mut self, (kind, entity): Key, learned: Vec<(Metric, Baseline)>) {
        if learned.is_empty() {
            return;
        }
        self.order.retain(|known| *known != entity);
        self.order.push_back(entity.clone());
        self.learned.insert((kind, entity), learned);
        if self.order.len() > ENTITIES
            && let Some(oldest) = self.order.pop_front()
        {
            self.learned.retain(|(_, entity), _| *entity != oldest);
        }
    }

    /// What was learned of one that comes back.
    pub(super) fn take(&mut self, key: &Key) -> Option<Vec<(Metric, Baseline)>> {
        let learned = self.learned.remove(key)?;
        if !self.learned.keys().any(|(_, entity)| *entity == key.1) {
            self.order.retain(|known| *known != key.1);
        }
        Some(learned)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Vec<(Metric, Baseline)>)> {
        self.learned.iter()
    }
}
