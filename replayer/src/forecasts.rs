//! Forecasts as the report gives them: without an action, and with each that may help.

use ks_engine::analysis::effects::{self, Effect};
use ks_engine::analysis::said;
use ks_engine::analysis::simulate::{FanPoint, Outlook, simulate};
use ks_engine::analysis::watch::Watched;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::output::{ForecastSaid, Turn};
use ks_vocabulary::random::Random;
use serde::Serialize;

/// Probability that the interval holds the time to the end.
const CONFIDENCE: f64 = 0.9;

/// One forecast, or why there is none.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// End of the window that it rests on: its times count from there.
    pub at: String,
    /// Whose resource.
    pub entity: Entity,
    /// Which resource.
    pub resource: &'static str,
    /// The kind that its end raises.
    pub kind: Kind,
    /// Name of the used share.
    pub metric: &'static str,
    /// Used share at which it is at its end.
    pub threshold: f64,
    /// Used share at the beginning.
    pub level: f64,
    /// Its growth a minute, if nothing is done.
    pub slope_per_min: Option<f64>,
    /// Length of the window that it rests on.
    pub window_s: Option<u64>,
    /// The action, where one is supposed.
    pub action: Option<&'static str>,
    /// What has to hold for the action's effect.
    pub assumption: Option<&'static str>,
    /// Lower end of the interval.
    pub eta_low_s: Option<f64>,
    /// Median.
    pub eta_s: Option<f64>,
    /// Upper end of the interval.
    pub eta_high_s: Option<f64>,
    /// Probability that the end comes within the horizon.
    pub p_end_within_horizon: Option<f64>,
    /// How far the forecast looks.
    pub horizon_s: f64,
    /// Probability that the interval holds the time.
    pub confidence: f64,
    /// Residuals that the interval rests on.
    pub n_calibration: usize,
    /// Where they come from; of an action: a prior.
    pub calibration: Option<String>,
    /// Why there is no forecast.
    pub reason: Option<String>,
    /// Levels over time.
    pub fan: Vec<FanPoint>,
}

/// What is said of a resource, with each action that may help; `at` is its time in words.
pub fn with_actions(said: &ForecastSaid, at: &str, seed: u64) -> Vec<Forecast> {
    let mut all = vec![without_action(said, at, seed)];
    if all[0].eta_s.is_some() {
        let actions = effects::on(said.resource);
        let supposed: Vec<_> = actions.map(|effect| suppose(&all[0], said, effect, seed)).collect();
        all.extend(supposed);
    }
    all
}

/// The state of a resource, said at the end of a run.
pub fn at_end(watched: &Watched, at: &str, seed: u64) -> Vec<Forecast> {
    with_actions(&said::say(watched, Turn::Renewed), at, seed)
}

/// What is said of a resource if nothing is done.
pub fn without_action(said: &ForecastSaid, at: &str, seed: u64) -> Forecast {
    let horizon_s = said.resource.horizon_ns() as f64 / 1e9;
    let simulated = outlook(said, horizon_s)
        .map(|outlook| simulate(&outlook, None, &mut stream(said, "nothing", seed)));
    Forecast {
        at: at.to_owned(),
        entity: said.entity.clone(),
        resource: said.resource.word(),
        kind: said.kind,
        metric: said.metric,
        threshold: said.threshold,
        level: said.level,
        slope_per_min: said.slope_per_min,
        window_s: Some(said.window_s).filter(|window_s| *window_s > 0),
        action: None,
        assumption: None,
        eta_low_s: said.eta_low_s,
        eta_s: said.eta_s,
        eta_high_s: said.eta_high_s,
        p_end_within_horizon: simulated.as_ref().map(|found| found.p_end),
        horizon_s,
        confidence: CONFIDENCE,
        n_calibration: said.n_calibration,
        calibration: said.calibration.clone(),
        reason: said.reason.clone(),
        fan: simulated.map(|found| found.fan).unwrap_or_default(),
    }
}

fn suppose(plain: &Forecast, said: &ForecastSaid, effect: &Effect, seed: u64) -> Forecast {
    let mut supposed = plain.clone();
    supposed.action = Some(effect.action);
    supposed.assumption = Some(effect.assumption);
    let based = plain.calibration.as_deref().unwrap_or("none");
    supposed.calibration = Some(format!("{based}; effect: prior"));
    if let Some(outlook) = outlook(said, plain.horizon_s) {
        let mut random = stream(said, effect.action, seed);
        let found = simulate(&outlook, Some(effect), &mut random);
        supposed.eta_low_s = found.eta_low_s;
        supposed.eta_s = found.eta_s;
        supposed.eta_high_s = found.eta_high_s;
        supposed.p_end_within_horizon = Some(found.p_end);
        supposed.fan = found.fan;
    }
    supposed
}

fn outlook(said: &ForecastSaid, horizon_s: f64) -> Option<Outlook> {
    let eta_s = (said.eta_low_s?, said.eta_s?, said.eta_high_s?);
    Some(Outlook { level: said.level, threshold: said.threshold, eta_s, horizon_s })
}

/// A stream of its own for each resource and action.
fn stream(said: &ForecastSaid, action: &str, seed: u64) -> Random {
    Random::stream(seed, &format!("{} {} {action}", said.entity, said.resource.word()))
}
