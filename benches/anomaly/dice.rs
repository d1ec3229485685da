//! Draws from the distributions that the generated series are made of.

use std::f64::consts::TAU;

use ks_vocabulary::random::Random;

/// Above this mean a Poisson draw is a rounded normal one.
const POISSON_NORMAL_MEAN: f64 = 60.0;

/// How heavy the tails of noise are. Each has mean 0 and variance 1.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Normal,
    /// Student's t with 3 degrees of freedom: rare values of ten deviations.
    Student,
    /// Lognormal: a tail on one side.
    Lognormal,
}

/// One stream of draws.
pub(crate) struct Dice {
    random: Random,
}

impl Dice {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::stream(seed, "generated series") }
    }

    pub(crate) fn unit(&mut self) -> f64 {
        self.random.next_f64()
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn sign(&mut self) -> f64 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        whole(self.unit() * count as f64).min(count - 1)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    pub(crate) fn shaped(&mut self, shape: Shape) -> f64 {
        match shape {
            Shape::Normal => self.normal(),
            Shape::Student => {
                let squares: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
                self.normal() / squares.sqrt()
            }
            Shape::Lognormal => {
                let variance = (0.64f64.exp() - 1.0) * 0.64f64.exp();
                ((0.8 * self.normal()).exp() - 0.32f64.exp()) / variance.sqrt()
            }
        }
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        if mean > POISSON_NORMAL_MEAN {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let least = (-mean).exp();
        let (mut product, mut count) = (self.unit(), 0.0);
        while product > least {
            product *= self.unit();
            count += 1.0;
        }
        count
    }

    /// Noise of variance 1 in which each value keeps a part `phi` of the one before.
    pub(crate) fn autoregressive(&mut self, rows: usize, phi: f64, shape: Shape) -> Vec<f64> {
        let fresh = (1.0 - phi * phi).sqrt();
        let mut value = self.normal();
        let mut noise = Vec::with_capacity(rows);
        for _ in 0..rows {
            noise.push(value);
            value = phi * value + fresh * self.shaped(shape);
        }
        noise
    }
}

/// The whole part of a number that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row or a rank")]
pub(crate) fn whole(value: f64) -> usize {
    value.max(0.0) as usize
}
