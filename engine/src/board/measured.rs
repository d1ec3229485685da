//! What the board tells of quantities over time: by it an action is measured.

use alloc::string::String;
use alloc::vec::Vec;

use crate::analysis::knowledge::KnownPlacebos;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;

use super::{Board, PLACEBOS, Place};

impl Board {
    fn place(&self, kind: Kind, entity: &Entity) -> Option<&Place> {
        let own = self.places.iter().filter(|((known, _), _)| *known == kind);
        own.map(|(_, place)| place).find(|place| place.entity == *entity)
    }

    /// The last reading of a quantity; `None` where it is too old to say how it is.
    pub fn level(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64> {
        let place = self.place(kind, entity).filter(|place| self.is_fresh(place))?;
        place.placebo.level(metric)
    }

    fn is_fresh(&self, place: &Place) -> bool {
        self.now.since_ns(place.judged) <= self.stale_after_ns()
    }

    /// Every quantity with a limit that is judged by now, by place.
    pub fn judged(&self) -> Vec<(Kind, Entity, Metric)> {
        let fresh = self.places.iter().filter(|(_, place)| self.is_fresh(place));
        let each = fresh.flat_map(|((kind, _), place)| {
            let limited = place.placebo.limited();
            limited.map(|metric| (*kind, place.entity.clone(), metric))
        });
        each.collect()
    }

    /// Its mean over the ten seconds before the last raise.
    pub fn level_before(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64> {
        self.place(kind, entity)?.placebo.before(metric)
    }

    /// Its readings of every five seconds, a minute of them at most, the newest last.
    pub fn readings(&self, kind: Kind, entity: &Entity, metric: Metric) -> Vec<f64> {
        self.place(kind, entity).map_or(Vec::new(), |place| place.placebo.past(metric).collect())
    }

    /// Differences after triggers of this run at which nothing was done.
    pub fn untreated(&self, kind: Kind, metric: Metric) -> &[f64] {
        self.placebos.get(&(kind, metric)).map_or(&[], Vec::as_slice)
    }

    /// Those that were known before it.
    pub fn known_untreated(
        &self,
        kind: Kind,
        metric: Metric,
    ) -> impl Iterator<Item = &KnownPlacebos> {
        let word = metric.word();
        let shortened = self.shortened();
        self.known_placebos.iter().filter(move |known| {
            known.kind == kind && known.metric == word && known.shortened == shortened
        })
    }

    fn shortened(&self) -> Option<u64> {
        Some(self.windows.divisor()).filter(|by| *by > 1)
    }

    /// The same of every quantity.
    pub fn own_placebos(&self) -> Vec<KnownPlacebos> {
        let each = self.placebos.iter().map(|((kind, metric), values)| KnownPlacebos {
            kind: *kind,
            metric: String::from(metric.word()),
            values: values.clone(),
            scenario: None,
            shortened: self.shortened(),
        });
        each.collect()
    }

    /// All of them, for runs to come: those of this run behind those of before.
    pub(super) fn all_placebos(&self) -> Vec<KnownPlacebos> {
        let has_word = |known: &&KnownPlacebos| Metric::of_word(&known.metric).is_some();
        let mut all: Vec<_> = self.known_placebos.iter().filter(has_word).cloned().collect();
        for own in self.own_placebos() {
            let is_same = |known: &&mut KnownPlacebos| {
                (known.kind, &known.metric, known.shortened)
                    == (own.kind, &own.metric, own.shortened)
                    && known.scenario.is_none()
            };
            match all.iter_mut().find(is_same) {
                None => all.push(own),
                Some(known) => {
                    known.values.extend_from_slice(&own.values);
                    let from = known.values.len().saturating_sub(PLACEBOS);
                    known.values.drain(..from);
                }
            }
        }
        all
    }
}
