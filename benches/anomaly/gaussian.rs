//! The windowed Gaussian: the simple detector that ours is compared with.
//!
//! The idea is that of the detector of this name in the Numenta Anomaly Benchmark, with its window
//! of 6400 rows that moves in steps of 10: a value is unusual when it lies far out in a normal
//! distribution with mean and deviation of the window.
//!
//! The usual score is 1 - 2 Q(z), where Q is the upper tail of the normal distribution and z the
//! distance from the mean in deviations. It is 1 for every z above 8.3, which would leave nothing
//! to set a threshold by, so z itself is the score here: the same order, and fairer.

/// Rows of the window.
const WINDOW: usize = 6400;
/// Rows by which a full window moves at once.
const STEP: usize = 10;
/// The deviation that stands in for none.
const DEVIATION_MIN: f64 = 1e-6;

/// One series as the detector sees it.
pub(crate) struct WindowedGaussian {
    window: Vec<f64>,
    arrived: Vec<f64>,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl WindowedGaussian {
    pub(crate) fn new() -> Self {
        Self { window: Vec::new(), arrived: Vec::new(), mean: 0.0, squares: 0.0 }
    }

    /// The distance of the next value from the mean of what came before, in deviations.
    pub(crate) fn push(&mut self, value: f64) -> f64 {
        let count = self.window.len() as f64;
        let deviation = if self.squares > 0.0 { (self.squares / count).sqrt() } else { 0.0 };
        let deviation = if deviation > 0.0 { deviation } else { DEVIATION_MIN };
        let z = if count > 0.0 { (value - self.mean).abs() / deviation } else { 0.0 };
        if self.window.len() < WINDOW {
            // Welford's update.
            self.window.push(value);
            let off = value - self.mean;
            self.mean += off / self.window.len() as f64;
            self.squares += off * (value - self.mean);
        } else {
            self.arrived.push(value);
            if self.arrived.len() == STEP {
                self.window.drain(..STEP);
                self.window.append(&mut self.arrived);
                self.measure();
            }
        }
        z
    }

    fn measure(&mut self) {
        self.mean = self.window.iter().sum::<f64>() / self.window.len() as f64;
        self.squares = self.window.iter().map(|value| (value - self.mean).powi(2)).sum();
    }
}
