//! What a forecast comes to if nothing is done, and with each action that may help.

use alloc::format;
use alloc::vec::Vec;

use ks_vocabulary::output::ForecastSaid;
use ks_vocabulary::random::Random;

use super::effects::Effect;
use super::simulate::{Outlook, Simulated, simulate};

/// One way that a resource may go.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    /// The action that is supposed; `None` if nothing is done.
    pub effect: Option<&'static Effect>,
    /// What becomes of the resource.
    pub simulated: Simulated,
}

/// The prospects of a forecast: first without an action, then with each of `effects`. Where there
/// is no forecast there are none. Each draws from a stream of its own, so that one action more
/// changes nothing about the others.
pub fn prospects(
    said: &ForecastSaid,
    effects: impl Iterator<Item = &'static Effect>,
    seed: u64,
) -> Vec<Prospect> {
    let Some(outlook) = outlook(said) else { return Vec::new() };
    let supposed = core::iter::once(None).chain(effects.map(Some));
    let each = supposed.map(|effect| {
        let action = effect.map_or("nothing", |effect| effect.action.name());
        let stream = format!("{} {} {action}", said.entity, said.resource.word());
        let mut random = Random::stream(seed, &stream);
        Prospect { effect, simulated: simulate(&outlook, effect, &mut random) }
    });
    each.collect()
}

/// How far a forecast of the resource looks, in seconds.
pub fn horizon_s(said: &ForecastSaid) -> f64 {
    said.resource.horizon_ns() as f64 / 1e9
}

fn outlook(said: &ForecastSaid) -> Option<Outlook> {
    let eta_s = (said.eta_low_s?, said.eta_s?, said.eta_high_s?);
    let (level, threshold) = (said.level, said.threshold);
    Some(Outlook { level, threshold, eta_s, horizon_s: horizon_s(said) })
}

#[cfg(test)]
mod tests {
    use super::super::effects;
    use super::*;
    use ks_vocabulary::action::ActionKind;
    use ks_vocabulary::kind::{Entity, Kind};
    use ks_vocabulary::output::Turn;
    use ks_vocabulary::resource::Resource;
    use ks_vocabulary::time::Timestamp;

    fn said(eta_s: Option<f64>) -> ForecastSaid {
        ForecastSaid {
            change: Turn::Made,
            window_end_ns: Timestamp(0),
            window_s: 900,
            entity: Entity::Host,
            resource: Resource::Memory,
            kind: Kind::MemoryPressure,
            metric: Resource::Memory.metric(),
            threshold: 0.98,
            level: 0.5,
            slope_per_min: Some(0.03),
            eta_low_s: Some(600.0),
            eta_s,
            eta_high_s: Some(1_200.0),
            n_calibration: 200,
            calibration: None,
            basis: None,
            reason: None,
        }
    }

    #[test]
    fn each_action_that_may_help_is_held_against_none() {
        let said = said(Some(900.0));
        let all = prospects(&said, effects::on(Resource::Memory), 7);
        assert_eq!(all.len(), 1 + effects::on(Resource::Memory).count());
        assert_eq!(all[0].effect, None);
        let wait = &all[0].simulated;
        for one in &all[1..] {
            assert!(one.simulated.p_end <= wait.p_end, "{:?}", one.effect);
            assert_ne!(one.simulated.fan, wait.fan, "{:?}", one.effect);
        }
        let is_high = |one: &Prospect| {
            one.effect.is_some_and(|effect| effect.action == ActionKind::LimitCgroupMemoryHigh)
        };
        assert!(all.iter().any(is_high));
    }

    #[test]
    fn an_action_less_changes_no_other_and_no_forecast_has_no_prospects() {
        let forecast = said(Some(900.0));
        let all = prospects(&forecast, effects::on(Resource::Memory), 7);
        let fewer = prospects(&forecast, effects::on(Resource::Memory).skip(1), 7);
        assert_eq!((&all[0], &all[2..]), (&fewer[0], &fewer[1..]));
        assert_eq!(prospects(&said(None), effects::on(Resource::Memory), 7), []);
    }
}
