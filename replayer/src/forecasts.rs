//! Forecasts as the report gives them: without an action, and with each that may help.

use std::iter;

use ks_agent::simulation::effects;
use ks_agent::simulation::prospect::{Prospect, horizon_s, prospects};
use ks_agent::simulation::simulate::FanPoint;
use ks_engine::analysis::said;
use ks_engine::analysis::watched::Watched;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::{Basis, ForecastSaid, Turn};
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
    /// The used share.
    pub metric: Metric,
    /// Used share at which it is at its end.
    pub threshold: f64,
    /// Used share at the beginning.
    pub level: f64,
    /// Its growth a minute, if nothing is done.
    pub slope_per_min: Option<f64>,
    /// Length of the window that it rests on.
    pub window_s: Option<u64>,
    /// The action, where one is supposed.
    pub action: Option<ActionKind>,
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
    /// What it rests on, where that is less than a forecast that raises something rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Why there is no forecast.
    pub reason: Option<String>,
    /// Levels over time.
    pub fan: Vec<FanPoint>,
}

/// What is said of a resource, with each action that may help; `at` is its time in words.
pub fn with_actions(said: &ForecastSaid, at: &str, seed: u64) -> Vec<Forecast> {
    // What rests on a short history feeds no action.
    let effects = effects::on(said.resource).filter(|_| said.basis.is_none());
    formatted(said, at, prospects(said, effects, seed))
}

/// The state of a resource, said at the end of a run.
pub fn at_end(watched: &Watched, at: &str, seed: u64) -> Vec<Forecast> {
    with_actions(&said::say(watched, Turn::Renewed), at, seed)
}

/// What is said of a resource if nothing is done.
pub fn without_action(said: &ForecastSaid, at: &str, seed: u64) -> Vec<Forecast> {
    formatted(said, at, prospects(said, iter::empty(), seed))
}

/// One forecast for each prospect; where there are none, what is said instead.
fn formatted(said: &ForecastSaid, at: &str, prospects: Vec<Prospect>) -> Vec<Forecast> {
    let plain = plain(said, at);
    if prospects.is_empty() {
        return vec![plain];
    }
    prospects.into_iter().map(|prospect| plain.clone().with(prospect)).collect()
}

fn plain(said: &ForecastSaid, at: &str) -> Forecast {
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
        p_end_within_horizon: None,
        horizon_s: horizon_s(said),
        confidence: CONFIDENCE,
        n_calibration: said.n_calibration,
        calibration: said.calibration.clone(),
        basis: said.basis,
        reason: said.reason.clone(),
        fan: Vec::new(),
    }
}

impl Forecast {
    /// With what was simulated. Without an action its interval stays the calibrated one.
    fn with(mut self, Prospect { effect, simulated }: Prospect) -> Self {
        if let Some(effect) = effect {
            self.action = Some(effect.action);
            self.assumption = Some(effect.assumption);
            let based = self.calibration.as_deref().unwrap_or("none");
            self.calibration = Some(format!("{based}; effect: prior"));
            self.eta_low_s = simulated.eta_low_s;
            self.eta_s = simulated.eta_s;
            self.eta_high_s = simulated.eta_high_s;
        }
        self.p_end_within_horizon = Some(simulated.p_end);
        self.fan = simulated.fan;
        self
    }
}
