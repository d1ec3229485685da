//! Made-up leaks, second by second, and what the engine forecasts of them.

use ks_engine::analysis::Watch;
use ks_engine::analysis::class::Class;
use ks_engine::analysis::resources::Level;
use ks_engine::board::Board;
use ks_engine::window::HOST;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::random::Random;
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// Calm time before each leak.
const CALM_S: u64 = 3 * 3600;
/// Where memory ends.
const END: f64 = 0.98;

/// How a leak grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// At one rate, with little noise.
    Constant,
    /// Over the teeth of a collector that was there before.
    Sawtooth,
    /// In steps at irregular times.
    Stepwise,
    /// At one rate, with much autocorrelated noise.
    Noisy,
    /// Ever faster.
    Accelerating,
    /// For calibration only: random amounts at random times.
    Drizzle,
    /// For calibration only: noise of two speeds over one rate.
    Layered,
}

/// Shapes that are measured.
pub(crate) const MEASURED: [Shape; 5] =
    [Shape::Constant, Shape::Sawtooth, Shape::Stepwise, Shape::Noisy, Shape::Accelerating];
/// Shapes that calibrate: no measured one is among them.
pub(crate) const CALIBRATING: [Shape; 2] = [Shape::Drizzle, Shape::Layered];

/// A stream of draws.
pub(crate) struct Draws(Random);

impl Draws {
    /// The stream of a name.
    pub(crate) fn of(seed: u64, name: &str) -> Self {
        Self(Random::stream(seed, name))
    }

    /// Uniform between two bounds.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.next_f64()
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.0.next_f64()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.0.next_f64()).cos()
    }

    /// Exponential of mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.0.next_f64()).ln()
    }

    /// One of several.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = (self.0.next_f64() * all.len() as f64) as usize;
        all[at.min(all.len() - 1)]
    }
}

/// Stationary autocorrelated noise of unit variance.
pub(crate) struct Noise {
    phi: f64,
    value: f64,
}

impl Noise {
    /// Noise of this autocorrelation from second to second.
    pub(crate) fn of(phi: f64, draws: &mut Draws) -> Self {
        Self { phi, value: draws.normal() }
    }

    /// The next value.
    pub(crate) fn next(&mut self, draws: &mut Draws) -> f64 {
        self.value = self.phi * self.value + (1.0 - self.phi * self.phi).sqrt() * draws.normal();
        self.value
    }
}

/// One leak: its shape and numbers.
pub(crate) struct Leak {
    shape: Shape,
    base: f64,
    length_s: f64,
    noise: f64,
    fast: Noise,
    slow: Noise,
    period_s: f64,
    tooth: f64,
    often: f64,
    grown: f64,
    next_step_s: f64,
    draws: Draws,
}

impl Leak {
    /// A leak of a shape, whose length is 8 to 50 min so that half of it is within the horizon.
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        let mut draws = Draws::of(seed, "leak");
        let phi = draws.one_of(&[0.0, 0.5, 0.9, 0.97]);
        let noise = match shape {
            Shape::Noisy => draws.uniform(0.005, 0.015),
            Shape::Layered => 0.000_1 * draws.uniform(0.0, 4.8).exp(),
            Shape::Constant
            | Shape::Sawtooth
            | Shape::Stepwise
            | Shape::Accelerating
            | Shape::Drizzle => draws.uniform(0.0002, 0.002),
        };
        let fast = Noise::of(phi, &mut draws);
        let slow = Noise::of(0.99, &mut draws);
        Self {
            shape,
            base: draws.uniform(0.2, 0.6),
            length_s: 60.0 * draws.uniform(8.0, 50.0),
            noise,
            fast,
            slow,
            period_s: draws.uniform(15.0, 120.0),
            tooth: draws.uniform(0.01, 0.08),
            often: draws.uniform(-3.8, -0.7).exp(),
            grown: 0.0,
            next_step_s: 0.0,
            draws,
        }
    }

    /// Used share at a second; the leak begins at 0, before it there is calm.
    fn used(&mut self, second: f64) -> f64 {
        let all = END - self.base;
        let begun = second.max(0.0);
        let line = all * begun / self.length_s;
        let grown = match self.shape {
            Shape::Constant | Shape::Noisy | Shape::Sawtooth | Shape::Layered => line,
            Shape::Accelerating => all * (begun / self.length_s).powf(1.7),
            Shape::Stepwise => self.step(begun, all),
            Shape::Drizzle => self.drizzle(begun, all),
        };
        let tooth = if self.shape == Shape::Sawtooth {
            self.tooth * (second.rem_euclid(self.period_s) / self.period_s)
        } else {
            0.0
        };
        let mut noise = self.noise * self.fast.next(&mut self.draws);
        if self.shape == Shape::Layered {
            noise += self.noise * self.slow.next(&mut self.draws);
        }
        (self.base + grown + tooth + noise).clamp(0.0, 1.0)
    }

    fn step(&mut self, begun: f64, all: f64) -> f64 {
        let mean_s = self.period_s / 4.0;
        if begun == 0.0 {
            self.next_step_s = mean_s * self.draws.uniform(0.3, 1.7);
        }
        while begun > self.next_step_s {
            self.grown += all * mean_s / self.length_s * self.draws.uniform(0.5, 1.5);
            self.next_step_s += mean_s * self.draws.uniform(0.3, 1.7);
        }
        self.grown
    }

    fn drizzle(&mut self, begun: f64, all: f64) -> f64 {
        if begun > 0.0 && self.draws.uniform(0.0, 1.0) < self.often {
            self.grown += all / self.length_s / self.often * self.draws.exponential();
        }
        self.grown
    }
}

/// A forecast at some time of a leak, and the truth.
pub(crate) struct Scored {
    /// Bounds of the interval in seconds.
    pub(crate) interval: (f64, f64),
    /// The point, in seconds.
    pub(crate) point_s: f64,
    /// What it took.
    pub(crate) actual_s: f64,
    /// Class of its residual.
    pub(crate) class: Class,
}

/// Runs a leak through the engine and looks at `part` of its time to crossing. `None` says that
/// there was no forecast.
pub(crate) fn run(shape: Shape, seed: u64, part: f64, watch: &mut Watch) -> Option<Scored> {
    let mut leak = Leak::new(shape, seed);
    let mut values: Vec<f64> = (0..CALM_S).map(|at| leak.used(at as f64 - CALM_S as f64)).collect();
    loop {
        let second = values.len() as u64 - CALM_S;
        let used = leak.used(second as f64);
        values.push(used);
        if used >= END || second > 4 * 3600 {
            break;
        }
    }
    let crossing = values.len() as u64 - 1;
    let nothing = Board::default();
    let look = CALM_S + ((crossing - CALM_S) as f64 * part) as u64;
    for (second, used) in (0..=look).zip(&values) {
        let at = Timestamp(second * SECOND_NS);
        let level = Level { resource: Resource::Memory, id: HOST, at, used: *used };
        watch.take(level, &|| Entity::Host, &nothing);
    }
    let made = watch.series()[0].outcome.as_ref().ok()?;
    let actual_s = crossing as f64 - made.at.0 as f64 / 1e9;
    Some(Scored {
        interval: (made.low_s, made.high_s),
        point_s: made.point_s,
        actual_s,
        class: made.class,
    })
}
