//! The end of what belongs to entities that are gone. What the reading with which they went tells
//! of them stands for a time, though nothing will be read of them again.

use alloc::vec::Vec;

use crate::window::EntityId;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::lasting::Lasting;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::{Board, Evaluation, Transition, ended};

impl Board {
    /// Ends what belongs to entities that are gone, and keeps what was learned of those that may
    /// come back.
    pub fn forget(&mut self, gone: &[EntityId]) {
        for kind in Kind::ALL {
            for id in gone {
                let Some(mut place) = self.places.remove(&(kind, *id)) else { continue };
                if let Some(lasting) = Lasting::of(&place.entity) {
                    let learned = core::mem::take(&mut place.notebook).into_known();
                    self.left.keep((kind, lasting), learned);
                }
                self.changed.extend(ended(kind, place, Transition::Cleared));
            }
        }
    }

    /// Takes what was seen of an entity that is gone with this reading. It stands for `stands_s`,
    /// up to the next reading at least.
    pub fn judge_left(
        &mut self,
        kind: Kind,
        (id, entity): (EntityId, Entity),
        stands_s: u64,
        seen: &mut Evaluation,
    ) {
        let until = self.now.plus_ns(stands_s * SECOND_NS);
        self.judge(kind, id, self.now, seen, || entity);
        if let Some(place) = self.places.get_mut(&(kind, id)) {
            // Nothing is to be read of it until then, so that it is not stale.
            place.judged = until;
        }
        self.lingering.push((until, id));
    }

    /// Ends what has stood for its time.
    pub(super) fn end_lingering(&mut self, now: Timestamp) {
        if self.lingering.is_empty() {
            return;
        }
        let all = core::mem::take(&mut self.lingering);
        let (over, standing): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(until, _)| *until <= now);
        self.lingering = standing;
        for (_, id) in over {
            self.forget(&[id]);
        }
    }
}
