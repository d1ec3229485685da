//! A forecast put into words for the journal and the report.

use ks_vocabulary::output::{ForecastSaid, Turn};
use ks_vocabulary::time::SECOND_NS;

use super::slots::WINDOWS_NS;
use super::watched::Watched;

/// What is said of a resource: its forecast, or why there is none.
pub fn say(watched: &Watched, change: Turn) -> ForecastSaid {
    let made = watched.outcome.as_ref().ok();
    let window = made.and_then(|made| WINDOWS_NS.get(made.window));
    ForecastSaid {
        change,
        window_end_ns: made.map_or(watched.at, |made| made.at),
        window_s: window.map_or(0, |ns| ns / SECOND_NS),
        entity: watched.entity.clone(),
        resource: watched.resource,
        kind: watched.resource.kind(),
        metric: watched.resource.metric(),
        threshold: watched.resource.threshold(&watched.entity),
        level: made.map_or(watched.used, |made| made.level) + 0.0,
        slope_per_min: made.map(|made| made.slope * 60.0),
        eta_low_s: made.map(|made| made.low_s),
        eta_s: made.map(|made| made.median_s),
        eta_high_s: made.map(|made| made.high_s),
        n_calibration: made.map_or(0, |made| made.count),
        calibration: made.map(|made| made.calibration.clone()),
        basis: made.and_then(|made| made.basis),
        reason: watched.outcome.as_ref().err().map(|why| why.text()),
    }
}
