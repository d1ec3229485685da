//! A forecast that puts the end of a resource near: it raises its kind by itself.

use crate::analysis::forecast::Forecast;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::resource::Resource;

use super::evaluation::Evaluation;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Used share, by the line through the window.
    pub level: f64,
    /// Which resource.
    pub resource: Resource,
    /// Upper end of the interval, in seconds.
    pub high_s: f64,
    /// Median, in seconds.
    pub median_s: f64,
    /// How far ahead a forecast looks, in seconds.
    pub horizon_s: f64,
}

impl Near {
    /// Of a forecast.
    pub fn of(resource: Resource, forecast: &Forecast) -> Self {
        Self {
            level: forecast.level,
            resource,
            high_s: forecast.high_s,
            median_s: forecast.median_s,
            horizon_s: ks_vocabulary::time::seconds(resource.horizon_ns()),
        }
    }

    /// Puts it into an evaluation: medium at least, with the forecast as evidence.
    pub fn tell(&self, seen: &mut Evaluation) {
        seen.predict();
        let limit = [None, Some(self.horizon_s), None, None];
        seen.note_with(Metric::EtaHighS, self.high_s, limit);
        seen.note(Metric::EtaMedianS, self.median_s);
        seen.note(self.resource.metric(), self.level);
    }
}
