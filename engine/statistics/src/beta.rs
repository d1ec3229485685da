//! The beta distribution, and with it those of Student and of a rate that was seen a few times.
//!
//! The regularised incomplete beta function is Lentz's continued fraction (Numerical Recipes,
//! section 6.4; DLMF 8.17.22); quantiles are found by halving, so that they need no start value.

use libm::{exp, fabs, lgamma, log};

/// Steps of the continued fraction; it converges in some tens for the shapes that occur here.
const STEPS: u32 = 400;
/// The fraction has converged when a step changes it by less than this part.
const CONVERGED: f64 = 1e-15;
/// Stands in for a denominator of zero.
const TINY: f64 = 1e-300;
/// Halvings of the interval of a quantile: no double is left between the ends.
const HALVINGS: u32 = 80;

/// A beta distribution of two shapes, each above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    a: f64,
    b: f64,
}

impl Beta {
    /// The distribution of these shapes. `None` where one is not above 0 or not finite.
    pub fn new(a: f64, b: f64) -> Option<Self> {
        let is_shape = |shape: f64| shape.is_finite() && shape > 0.0;
        (is_shape(a) && is_shape(b)).then_some(Self { a, b })
    }

    /// What is known of a rate after `successes` of `trials`, with an even prior: Beta(1 + s, 1 +
    /// n - s). `None` where there are fewer trials than successes.
    pub fn of_rate(successes: f64, trials: f64) -> Option<Self> {
        if successes < 0.0 || trials < successes {
            return None;
        }
        Self::new(1.0 + successes, 1.0 + trials - successes)
    }

    /// Its mean.
    pub fn mean(self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// Probability of a value of at most `x`.
    pub fn cdf(self, x: f64) -> f64 {
        incomplete(self.a, self.b, x)
    }

    /// The value that is not exceeded with probability `p`, 0 to 1.
    pub fn quantile(self, p: f64) -> f64 {
        assert!((0.0..=1.0).contains(&p), "p of a quantile lies from 0 to 1");
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.cdf(middle) < p {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }
}

/// Probability of at most `t` in Student's distribution of `freedom` degrees, above 0.
pub fn student_cdf(t: f64, freedom: f64) -> f64 {
    let beyond = 0.5 * incomplete(freedom / 2.0, 0.5, freedom / (freedom + t * t));
    if t > 0.0 { 1.0 - beyond } else { beyond }
}

/// The value that Student's distribution of `freedom` degrees does not exceed with probability `p`,
/// strictly between 0 and 1.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "p of a quantile of Student's lies between 0 and 1");
    let (mut low, mut high) = (-1.0, 1.0);
    while student_cdf(low, freedom) > p {
        low *= 2.0;
    }
    while student_cdf(high, freedom) < p {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if student_cdf(middle, freedom) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function.
fn incomplete(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x));
    // The fraction converges fast on one side of the mean, and the two sides add to 1.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |value: f64| if fabs(value) < TINY { TINY } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut found = lower;
    for step in 1..=STEPS {
        let at = f64::from(step);
        let even = at * (b - at) * x / ((a + 2.0 * at - 1.0) * (a + 2.0 * at));
        lower = 1.0 / away(1.0 + even * lower);
        upper = away(1.0 + even / upper);
        found *= lower * upper;
        let odd = -(a + at) * (a + b + at) * x / ((a + 2.0 * at) * (a + 2.0 * at + 1.0));
        lower = 1.0 / away(1.0 + odd * lower);
        upper = away(1.0 + odd / upper);
        found *= lower * upper;
        if fabs(lower * upper - 1.0) < CONVERGED {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    /// Successes, trials, mean, the ends of the 90 % interval, and P(rate > 0.6), as
    /// `statistics.md`, section 7, has them.
    const RATES: [(f64, f64, f64, f64, f64, f64); 4] = [
        (0.0, 0.0, 0.5, 0.05, 0.95, 0.4),
        (3.0, 4.0, 0.666_667, 0.342_592, 0.923_560, 0.663_040),
        (9.0, 10.0, 0.833_333, 0.635_641, 0.966_681, 0.969_767),
        (30.0, 40.0, 0.738_095, 0.621_494, 0.841_665, 0.972_637),
    ];

    #[test]
    fn rates_are_those_of_the_worked_examples() {
        for (successes, trials, mean, low, high, above) in RATES {
            let rate = Beta::of_rate(successes, trials).unwrap();
            assert_close(rate.mean(), mean);
            assert_close(rate.quantile(0.05), low);
            assert_close(rate.quantile(0.95), high);
            assert_close(1.0 - rate.cdf(0.6), above);
        }
        let shrunk = Beta::new(5.8, 2.2).unwrap();
        assert_close(shrunk.mean(), 0.725);
        assert_close(shrunk.quantile(0.05), 0.449_578);
        assert_close(shrunk.quantile(0.95), 0.933_500);
        assert_close(1.0 - shrunk.cdf(0.6), 0.798_090);
    }

    #[test]
    fn what_is_no_shape_has_no_distribution() {
        assert_eq!(Beta::new(0.0, 1.0), None);
        assert_eq!(Beta::new(1.0, f64::NAN), None);
        assert_eq!(Beta::new(f64::INFINITY, 1.0), None);
        assert_eq!(Beta::of_rate(3.0, 2.0), None);
        assert_eq!(Beta::of_rate(-1.0, 2.0), None);
    }

    #[test]
    fn student_has_the_quantiles_of_the_tables() {
        for (p, freedom, expected) in [
            (0.95, 6.0, 1.943_180),
            (0.975, 1.0, 12.706_205),
            (0.5, 3.0, 0.0),
            (0.05, 30.0, -1.697_261),
        ] {
            assert_close(student_quantile(p, freedom), expected);
            assert_close(student_cdf(expected, freedom), p);
        }
    }

    proptest! {
        #[test]
        fn the_quantile_is_the_inverse(a in 0.2f64..60.0, b in 0.2f64..60.0, p in 0.001f64..0.999) {
            let beta = Beta::new(a, b).unwrap();
            let x = beta.quantile(p);
            prop_assert!((beta.cdf(x) - p).abs() < 1e-9, "{} {}", x, beta.cdf(x));
            let mirrored = Beta::new(b, a).unwrap();
            prop_assert!((mirrored.cdf(1.0 - x) - (1.0 - p)).abs() < 1e-9);
        }
    }
}
