//! `summarize_trends`: which way the quantities of a condition go.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::decision::{ChangeTold, ForecastTold, TrendsTold};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::output::ForecastSaid;

use super::{Tools, told};
use crate::ledger::Known;

/// Entities that are told of at most.
const TOLD: usize = 20;

impl Tools<'_> {
    pub(super) fn trends(&mut self, kind: Kind, of: Option<&str>) -> Result<TrendsTold, String> {
        let of = of.map(|handle| self.entity(handle)).transpose()?;
        let is_meant = |entity: &Entity| of.as_ref().is_none_or(|of| of == entity);
        let ledger = self.ledger;
        let standing: Vec<&Known> = ledger
            .signals()
            .filter(|known| known.stands() && known.signal.kind == kind)
            .filter(|known| is_meant(&known.signal.entity))
            .collect();
        let forecasts: Vec<&ForecastSaid> = ledger
            .forecasts()
            .filter(|said| said.kind == kind && said.eta_s.is_some() && is_meant(&said.entity))
            .collect();
        let more = |count: usize| count.saturating_sub(TOLD);
        let truncated = more(standing.len()) + more(forecasts.len());
        let changes: Vec<ChangeTold> =
            standing.into_iter().take(TOLD).flat_map(|known| self.changes(known)).collect();
        let forecasts: Vec<ForecastTold> =
            forecasts.into_iter().take(TOLD).map(|said| self.forecast(said)).collect();
        let is_empty = changes.is_empty() && forecasts.is_empty();
        let cannot_tell = is_empty.then(|| "nothing of this kind stands or is forecast".into());
        Ok(TrendsTold { changes, forecasts, cannot_tell, truncated })
    }

    fn changes(&mut self, known: &Known) -> Vec<ChangeTold> {
        let signal = &known.signal;
        let each = signal.evidence.iter().filter_map(|one| {
            let present = self.facts.level(signal.kind, &signal.entity, one.metric)?;
            Some(ChangeTold {
                entity: self.handles.of(&signal.entity),
                metric: one.metric,
                before: self.facts.before(signal.kind, &signal.entity, one.metric).map(told),
                present: told(present),
                unit: one.unit(),
            })
        });
        each.collect()
    }

    fn forecast(&mut self, said: &ForecastSaid) -> ForecastTold {
        ForecastTold {
            entity: self.handles.of(&said.entity),
            resource: said.resource,
            level: told(said.level),
            slope_per_min: said.slope_per_min.map(told),
            eta_low_s: said.eta_low_s.map(told),
            eta_s: said.eta_s.map(told),
            eta_high_s: said.eta_high_s.map(told),
        }
    }
}
