//! Makes series with known anomalies, each from its seed.
//!
//! A series is a season of a day, perhaps weaker at weekends, plus autocorrelated noise, plus what
//! is ordinary trouble of this series: spikes that come again and again, jobs at fixed hours, a
//! level that wanders, restless hours, a slow trend. Faults come on top (`faults.rs`). At last it
//! is given the look of a metric: a gauge, a latency, a share of 100, a count, whole numbers.
//! Ordinary trouble is not labelled: a detector that takes it for an anomaly pays for it.

use std::f64::consts::TAU;

use crate::dice::{Dice, Shape, whole};
use crate::faults;
use crate::series::Series;

/// Seconds between rows, with the fewest and the most rows.
const CADENCES: [(f64, f64, f64); 3] =
    [(3600.0, 1500.0, 6000.0), (300.0, 3000.0, 12_000.0), (60.0, 4000.0, 15_000.0)];
const DAY_S: f64 = 86_400.0;
/// 2014-05-13 17:00:00 UTC.
const BEGIN_S: f64 = 1_400_000_400.0;

/// A series in the making. Sizes are in deviations of its noise.
pub(crate) struct Draft {
    pub(crate) times_s: Vec<f64>,
    pub(crate) cadence_s: f64,
    pub(crate) season: Season,
    /// The season at each row.
    pub(crate) usual: Vec<f64>,
    pub(crate) noise: Vec<f64>,
    /// What is added to both.
    pub(crate) added: Vec<f64>,
    /// Rows from and to which the value does not change.
    pub(crate) stuck: Vec<(usize, usize)>,
}

/// The shape of a day.
pub(crate) struct Season {
    pub(crate) amplitude: f64,
    /// Size and phase of waves that go one, two and three times a day.
    waves: [(f64, f64); 3],
    /// What a weekend leaves of it.
    weekend: f64,
}

impl Season {
    fn draw(dice: &mut Dice) -> Self {
        let amplitude = if dice.chance(0.4) { 0.0 } else { dice.between(0.5, 4.5) };
        let waves = [1.0, 2.0, 3.0].map(|n| (dice.normal() / n, dice.between(0.0, TAU)));
        let weekend = if dice.chance(0.45) { dice.between(0.2, 1.0) } else { 1.0 };
        Self { amplitude, waves, weekend }
    }

    /// Its value at a time.
    pub(crate) fn at(&self, time_s: f64) -> f64 {
        let turn = time_s / DAY_S * TAU;
        let waves = (1..).map(f64::from).zip(self.waves);
        let sum: f64 = waves.map(|(n, (size, phase))| size * (n * turn + phase).sin()).sum();
        let power: f64 = self.waves.iter().map(|(size, _)| size * size / 2.0).sum();
        // The epoch was a Thursday.
        let weekday = (time_s / DAY_S).floor().rem_euclid(7.0);
        let day = if (2.0..4.0).contains(&weekday) { self.weekend } else { 1.0 };
        self.amplitude * day * sum / power.sqrt().max(1e-9)
    }
}

/// The series of a seed.
pub(crate) fn generate(seed: u64) -> Series {
    let mut dice = Dice::new(seed);
    let mut draft = draft(&mut dice);
    disturb(&mut draft, &mut dice);
    let windows = faults::inject(&mut draft, &mut dice);
    let parts = draft.usual.iter().zip(&draft.noise).zip(&draft.added);
    let mut values: Vec<f64> = parts.map(|((usual, noise), added)| usual + noise + added).collect();
    for (from, to) in draft.stuck {
        let value = values[from];
        values[from..to].fill(value);
    }
    present(&mut values, &mut dice);
    Series { name: format!("generated {seed}"), times_s: draft.times_s, values, windows }
}

/// Season and noise.
fn draft(dice: &mut Dice) -> Draft {
    let (cadence_s, fewest, most) = dice.pick(&CADENCES);
    let rows = whole(dice.between(fewest, most));
    let begin_s = BEGIN_S + dice.between(0.0, 168.0).floor() * 3600.0;
    let times_s: Vec<f64> = (0..rows).map(|row| begin_s + row as f64 * cadence_s).collect();
    let season = Season::draw(dice);
    let usual = times_s.iter().map(|time_s| season.at(*time_s)).collect();
    let phi = dice.pick(&[0.0, 0.3, 0.5, 0.8, 0.9, 0.97, 0.99, 0.995]);
    let shape = dice.pick(&[Shape::Normal, Shape::Normal, Shape::Student, Shape::Lognormal]);
    let noise = dice.autoregressive(rows, phi, shape);
    Draft { times_s, cadence_s, season, usual, noise, added: vec![0.0; rows], stuck: Vec::new() }
}

/// Ordinary trouble.
fn disturb(draft: &mut Draft, dice: &mut Dice) {
    let rows = draft.noise.len();
    let day_rows = DAY_S / draft.cadence_s;
    if dice.chance(0.4) {
        let phi = (-1.0 / (dice.between(0.05, 2.0) * day_rows)).exp();
        let unrest = dice.autoregressive(rows, phi, Shape::Normal);
        for (noise, unrest) in draft.noise.iter_mut().zip(unrest) {
            *noise *= (0.4 * unrest).exp();
        }
    }
    if dice.chance(0.3) {
        let phi = (-1.0 / (dice.between(0.5, 5.0) * day_rows)).exp();
        let size = dice.between(0.5, 2.0);
        let wander = dice.autoregressive(rows, phi, Shape::Normal);
        for (added, wander) in draft.added.iter_mut().zip(wander) {
            *added += size * wander;
        }
    }
    if dice.chance(0.5) {
        spikes(draft, dice);
    }
    if dice.chance(0.15) {
        let hours = if draft.cadence_s < 3600.0 { dice.pick(&[1.0, 6.0, 24.0]) } else { 24.0 };
        let period = whole(hours * 3600.0 / draft.cadence_s).max(4);
        let (lasts, size) = (period / (4 + dice.below(12)), dice.between(2.0, 6.0));
        for (row, added) in draft.added.iter_mut().enumerate() {
            *added += if row % period <= lasts { size } else { 0.0 };
        }
    }
    if dice.chance(0.15) {
        let rise = dice.between(-4.0, 4.0) / rows as f64;
        for (row, added) in draft.added.iter_mut().enumerate() {
            *added += rise * row as f64;
        }
    }
}

/// Spikes that belong to the series; one makes the next more likely for a while.
fn spikes(draft: &mut Draft, dice: &mut Dice) {
    let usual = dice.pick(&[0.001, 0.003, 0.015]);
    let contagion = if dice.chance(0.5) { 0.0 } else { dice.between(0.0, 0.6) };
    let size = dice.between(2.0, 8.0);
    let sign = if dice.chance(0.75) { 1.0 } else { -1.0 };
    let mut excited = 0.0;
    for row in 0..draft.added.len() {
        if dice.chance(usual + excited) {
            let height = sign * (1.0 + dice.exponential(size));
            let lasts = dice.pick(&[1, 1, 2, 4]);
            draft.added[row..].iter_mut().take(lasts).for_each(|added| *added += height);
            excited += contagion * 0.1;
        }
        excited *= 0.9;
    }
}

/// Gives the values the look of a metric.
fn present(values: &mut [f64], dice: &mut Dice) {
    let (form, size, offset) = (dice.below(6), dice.unit(), dice.normal());
    for value in values {
        *value = match form {
            0 => 100.0 * (*value / (2.5 + 2.5 * size)).exp(),
            1 => (50.0 + *value * (3.0 + 7.0 * size)).clamp(0.0, 100.0),
            2 => dice.poisson((value.clamp(-20.0, 14.0) / 3.0 + 4.0 * size).exp()),
            3 => (*value * (1.0 + 3.0 * size)).round(),
            _ => *value * 10f64.powf(8.0 * size - 3.0) + 10.0 * offset,
        };
    }
}
