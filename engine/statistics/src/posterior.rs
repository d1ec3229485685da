//! What is known of the mean of an effect after a few outcomes: the normal-inverse-gamma model
//! (`statistics.md`, section 7).

use super::beta::{student_cdf, student_quantile};
use libm::sqrt;

/// The parameters: mean, how many outcomes it is worth, and shape and scale of the variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// The mean that is expected.
    pub mean: f64,
    /// Outcomes that the mean is worth.
    pub kappa: f64,
    /// Shape of the variance.
    pub alpha: f64,
    /// Scale of the variance.
    pub beta: f64,
}

impl Posterior {
    /// The prior of the product: no effect, worth one outcome.
    pub const PRIOR: Self = Self { mean: 0.0, kappa: 1.0, alpha: 1.0, beta: 1.0 };

    /// What is known after one more outcome.
    #[must_use]
    pub fn after(self, outcome: f64) -> Self {
        let kappa = self.kappa + 1.0;
        let off = outcome - self.mean;
        Self {
            mean: self.mean + off / kappa,
            kappa,
            alpha: self.alpha + 0.5,
            beta: self.beta + self.kappa * off * off / (2.0 * kappa),
        }
    }

    fn spread(self) -> f64 {
        sqrt(self.beta / (self.alpha * self.kappa))
    }

    /// Probability that the mean effect is below `limit`.
    pub fn below(self, limit: f64) -> f64 {
        student_cdf((limit - self.mean) / self.spread(), 2.0 * self.alpha)
    }

    /// The interval in which the mean effect lies with probability 1 - 2 `tail`.
    pub fn interval(self, tail: f64) -> (f64, f64) {
        let half = self.spread() * student_quantile(1.0 - tail, 2.0 * self.alpha);
        (self.mean - half, self.mean + half)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn the_worked_example() {
        let known = [-4.0, -3.0, -5.0, -2.0].into_iter().fold(Posterior::PRIOR, Posterior::after);
        assert_close(known.mean, -2.8);
        assert_close(known.kappa, 5.0);
        assert_close(known.alpha, 3.0);
        assert_close(known.beta, 8.4);
        let (low, high) = known.interval(0.05);
        assert_close(low, -4.254_143);
        assert_close(high, -1.345_857);
        assert_close(known.below(0.0), 0.995_198);
    }

    #[test]
    fn the_order_of_outcomes_does_not_matter() {
        let of = |all: &[f64]| all.iter().copied().fold(Posterior::PRIOR, Posterior::after);
        let (one, other) = (of(&[1.0, -2.0, 7.0]), of(&[7.0, 1.0, -2.0]));
        assert_close(one.mean, other.mean);
        assert_close(one.beta, other.beta);
    }
}
