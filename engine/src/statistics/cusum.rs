//! The cumulative sum that finds a small lasting rise in a stream of residuals (Page 1954).
//!
//! It looks upward only, and its false alarms are as rare as promised only for residuals whose
//! autocorrelation was taken out before: it does neither the whitening nor the scaling.

/// Half of the smallest shift worth finding, in standard deviations.
pub const ALLOWANCE: f64 = 0.5;

/// One upward sum: S = max(0, S + z - 0.5), alarm while S is above the threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Cusum {
    threshold: f64,
    sum: f64,
}

impl Cusum {
    /// A sum that alarms above `threshold` standard deviations; section 4 names 4 to 5.
    pub fn new(threshold: f64) -> Self {
        assert!(threshold.is_finite() && threshold > 0.0, "a threshold lies above zero");
        Self { threshold, sum: 0.0 }
    }

    /// Adds the next residual z = (x - mean) / deviation, and says whether the sum is above the
    /// threshold.
    pub fn push(&mut self, z: f64) -> bool {
        assert!(z.is_finite(), "values that are not finite are filtered before");
        self.sum = (self.sum + z - ALLOWANCE).max(0.0);
        self.is_above()
    }

    /// Whether the sum is above the threshold.
    pub fn is_above(&self) -> bool {
        self.sum > self.threshold
    }

    /// The sum, in standard deviations.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.sum = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn the_alarm_comes_at_the_eighth() {
        let mut cusum = Cusum::new(4.0);
        let steps = [
            (0.2, 0.0),
            (-0.1, 0.0),
            (0.3, 0.0),
            (1.2, 0.7),
            (1.5, 1.7),
            (0.9, 2.1),
            (1.8, 3.4),
            (1.2, 4.1),
            (1.4, 5.0),
        ];
        for (at, (z, sum)) in (1..).zip(steps) {
            assert_eq!(cusum.push(z), at >= 8, "at {at}");
            assert_close(cusum.sum(), sum);
        }
        cusum.clear();
        assert!(!cusum.is_above());
    }

    #[test]
    fn what_stays_within_the_allowance_never_alarms() {
        let mut cusum = Cusum::new(4.0);
        assert!((0..1000).all(|_| !cusum.push(ALLOWANCE)));
        assert!(!cusum.push(-3.0));
        assert_eq!(Some(cusum.sum()), Some(0.0));
    }
}
