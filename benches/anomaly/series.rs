//! A series with known anomalies, and the two detectors that are compared on it.

use ks_statistics::anomaly::Scorer;

use crate::gaussian::WindowedGaussian;

/// The part of a series that is for learning only: what happens in it is not counted.
pub(crate) const PROBATION: f64 = 0.15;

/// One series.
pub(crate) struct Series {
    pub(crate) name: String,
    /// Seconds since the epoch.
    pub(crate) times_s: Vec<f64>,
    pub(crate) values: Vec<f64>,
    /// First and last row of each true anomaly.
    pub(crate) windows: Vec<(usize, usize)>,
}

impl Series {
    /// Whether a row counts towards false alarms: outside of probation and of windows.
    pub(crate) fn is_quiet(&self, row: usize) -> bool {
        let anomalous = self.windows.iter().any(|(first, last)| (*first..=*last).contains(&row));
        row >= self.probation() && !anomalous
    }

    /// Rows of probation.
    pub(crate) fn probation(&self) -> usize {
        crate::dice::whole(self.values.len() as f64 * PROBATION)
    }

    /// The scores of ours.
    pub(crate) fn scored_by_us(&self) -> Vec<f64> {
        let mut scorer = Scorer::new();
        let rows = self.times_s.iter().zip(&self.values);
        rows.map(|(time_s, value)| scorer.push(*time_s, *value).score).collect()
    }

    /// The scores of the windowed Gaussian.
    pub(crate) fn scored_by_gaussian(&self) -> Vec<f64> {
        let mut gaussian = WindowedGaussian::new();
        self.values.iter().map(|value| gaussian.push(*value)).collect()
    }
}
