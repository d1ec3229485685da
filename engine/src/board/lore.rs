//! The board's part of the knowledge: what it begins with, and what it has learned.

use alloc::vec::Vec;

use crate::analysis::Baseline;
use crate::analysis::forecast::Forecast;
use crate::analysis::knowledge::{Knowledge, KnownBaseline};
use crate::analysis::watched::Around;
use crate::window::EntityId;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::lasting::{Lasting, Whose};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::resource::Resource;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::Timestamp;

use super::evaluation::Evaluation;
use super::{Board, Learned, Near, Place, Standing};

impl Board {
    /// Takes what was known before the run; what it tells of quantities that there are none of here
    /// is left out.
    pub fn load(&mut self, knowledge: &Knowledge) {
        self.half_life_days = Some(knowledge.half_life_days);
        for known in &knowledge.baselines {
            let Some(metric) = Metric::of_word(&known.metric) else { continue };
            let Some(entity) = known.entity.known() else { continue };
            let key = (known.kind, entity.clone());
            self.known.entry(key).or_default().push((metric, known.baseline.clone()));
        }
        self.known_placebos.clone_from(&knowledge.placebos);
    }

    /// Learns what stands above a limit too, as an operator's word that it is normal.
    pub fn accept_all(&mut self) {
        self.accepts_all = true;
    }

    /// Whether it does.
    pub fn accepts_all(&self) -> bool {
        self.accepts_all
    }

    /// Adds what is known by now; entities that did not come keep what was known of them.
    pub fn store(&self, knowledge: &mut Knowledge) {
        if let Some(days) = self.half_life_days {
            knowledge.half_life_days = days;
        }
        let mut known = |kind: Kind, entity: &Lasting, metric: Metric, baseline: &Baseline| {
            knowledge.baselines.push(KnownBaseline {
                kind,
                entity: Whose::Known(entity.clone()),
                metric: metric.word().into(),
                baseline: baseline.clone(),
            });
        };
        for ((kind, _), place) in &self.places {
            let Some(entity) = Lasting::of(&place.entity) else { continue };
            for (metric, baseline) in place.notebook.unmet() {
                known(*kind, &entity, *metric, baseline);
            }
            for learned in place.notebook.iter().filter(|learned| learned.baseline.samples() > 0) {
                known(*kind, &entity, learned.metric, &learned.baseline);
            }
        }
        for ((kind, entity), learned) in self.known.iter().chain(self.left.iter()) {
            for (metric, baseline) in learned {
                known(*kind, entity, *metric, baseline);
            }
        }
        knowledge.placebos.extend(self.all_placebos());
    }

    /// Forecasts that are near by now; those of before count no more.
    pub fn set_near<'a>(
        &mut self,
        near: impl Iterator<Item = (Resource, &'a Entity, EntityId, &'a Forecast)>,
    ) {
        self.near.clear();
        for (resource, entity, id, forecast) in near {
            let found = Near::of(resource, forecast);
            let known =
                self.near.entry((resource.kind(), id)).or_insert_with(|| (entity.clone(), found));
            if found.high_s < known.1.high_s {
                known.1 = found;
            }
        }
    }

    /// Judges by their forecasts alone the entities that their kind does not look at. What is read
    /// every ten seconds is looked at in between.
    pub fn judge_near(&mut self) {
        let stale_ns = self.stale_after_ns();
        let now = self.now;
        let is_stale = |place: &Place| now.since_ns(place.judged) > stale_ns;
        let unseen: Vec<_> = self
            .near
            .iter()
            .filter(|(key, _)| self.places.get(key).is_none_or(is_stale))
            .map(|((kind, id), (entity, _))| (*kind, *id, entity.clone()))
            .chain(self.left_by_forecasts(stale_ns))
            .collect();
        for (kind, id, entity) in unseen {
            self.judge(kind, id, self.now, &mut Evaluation::default(), || entity);
        }
    }

    /// Places that a forecast alone had raised, and that it has left: they are to clear.
    fn left_by_forecasts(&self, stale_ns: u64) -> Vec<(Kind, EntityId, Entity)> {
        if !self.predicted {
            return Vec::new();
        }
        let left = self.places.iter().filter(|(key, place)| {
            let predicted = |standing: &Standing| standing.subtype == Some(Subtype::Predicted);
            !self.near.contains_key(key)
                && self.now.since_ns(place.judged) > stale_ns
                && place.slot.standing().is_some_and(predicted)
        });
        left.map(|((kind, id), place)| (*kind, *id, place.entity.clone())).collect()
    }

    /// Everything that is learned, by kind and entity.
    pub fn learned(&self) -> impl Iterator<Item = (Kind, &Entity, &Learned)> {
        self.places.iter().flat_map(|((kind, _), place)| {
            place.notebook.iter().map(|learned| (*kind, &place.entity, learned))
        })
    }
}

impl Around for Board {
    fn stands(&self, kind: Kind, id: EntityId) -> bool {
        self.places.get(&(kind, id)).is_some_and(|place| place.slot.standing().is_some())
    }

    fn is_influenced(&self, entity: &Entity, at: Timestamp) -> bool {
        self.influences.touch(entity, at)
    }
}
