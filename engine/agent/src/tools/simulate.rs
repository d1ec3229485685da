//! `simulate_scenario`: what becomes of a condition, with an action and without.

use alloc::string::{String, ToString};

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::SimulatedTold;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::output::ForecastSaid;

use super::{Tools, told};
use crate::simulation::effects;
use crate::simulation::prospect::{Prospect, prospects};

impl Tools<'_> {
    pub(super) fn simulated(
        &mut self,
        kind: Kind,
        minutes: u64,
        action: Option<ActionKind>,
        target: Option<&str>,
    ) -> Result<SimulatedTold, String> {
        if let Some(target) = target {
            self.entity(target)?;
        }
        let Some(said) = self.soonest(kind) else {
            return Ok(SimulatedTold {
                action,
                cannot_tell: Some("no resource of this kind runs out by forecast".into()),
                ..SimulatedTold::default()
            });
        };
        let all = prospects(said, effects::on(said.resource), self.seed);
        let is_meant = |one: &&Prospect| one.effect.map(|effect| effect.action) == action;
        let Some(found) = all.iter().find(is_meant) else {
            let why = "no effect of this action on that resource is known";
            return Ok(SimulatedTold {
                action,
                cannot_tell: Some(why.into()),
                ..SimulatedTold::default()
            });
        };
        let within_s = (minutes * 60) as f64;
        let ends = found.simulated.eta_s.is_some_and(|eta| eta <= within_s);
        Ok(SimulatedTold {
            action,
            p_end: Some(if ends { found.simulated.p_end } else { found.simulated.p_end.min(0.5) }),
            eta_low_s: found.simulated.eta_low_s.map(told),
            eta_s: found.simulated.eta_s.map(told),
            expected: None,
            assumption: found.effect.map(|effect| effect.assumption.to_string()),
            cannot_tell: None,
        })
    }

    /// The forecast of a kind whose end is soonest.
    fn soonest(&self, kind: Kind) -> Option<&ForecastSaid> {
        let own = self.ledger.forecasts().filter(|said| said.kind == kind && said.basis.is_none());
        own.filter(|said| said.eta_s.is_some()).min_by(|one, other| {
            let eta = |said: &ForecastSaid| said.eta_s.unwrap_or(f64::INFINITY);
            eta(one).total_cmp(&eta(other))
        })
    }
}
