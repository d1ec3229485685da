//! Directions and forecasts of series that are too short for a proof: how many are false, how many
//! true ones are found, and how many intervals hold the time.

use ks_statistics::anomaly::forecast;
use ks_statistics::anomaly::trend::Tracker;
use ks_statistics::own_history::Direction;

use crate::before::time_s;
use crate::dice::{Dice, Shape};

/// How much of a deviation the next row keeps.
const PHIS: [f64; 5] = [0.0, 0.3, 0.5, 0.9, 0.95];
/// Rows of series that do not rise, and those that may be said to.
const LENGTHS: [usize; 4] = [200, 600, 900, 1600];
const FALSE_MAX: f64 = 0.07;
/// A rise by so many deviations, over the last rows of so many, is found so often where rows are
/// independent.
const RISE: f64 = 7.0;
const RISE_ROWS: usize = 120;
const ROWS: usize = 900;
const FOUND_MIN: f64 = 0.8;
/// Deviations that a trend gains with each row, and rows before a forecast.
const GAINS: [f64; 3] = [0.03, 0.06, 0.12];
const FORECAST_ROWS: [usize; 4] = [300, 600, 900, 1300];
const FORECAST_SEEDS: u64 = 200;
/// Rows in which the threshold is reached, or never.
const AHEAD: usize = 4000;
const COVERED_MIN: f64 = 0.9;
const CADENCE_S: f64 = 300.0;

/// Prints all of it.
pub(crate) fn report(seeds: u64) -> bool {
    let mut met = true;
    println!("steady series of {LENGTHS:?} rows that are said to rise, of {seeds} each:");
    for phi in PHIS {
        let rates = LENGTHS.map(|rows| {
            let rises = |seed: &u64| rises(&noise(*seed, rows, phi));
            (0..seeds).filter(rises).count() as f64 / seeds as f64
        });
        met &= phi > 0.9 || rates.iter().all(|rate| *rate <= FALSE_MAX);
        println!("  phi {phi:4}: {rates:.3?}");
    }
    println!("rises of {RISE} deviations in the last {RISE_ROWS} of {ROWS} rows that are found:");
    for phi in PHIS {
        let found = (0..seeds).filter(|seed| rises(&rising(*seed, phi))).count();
        let share = found as f64 / seeds as f64;
        met &= phi > 0.0 || share >= FOUND_MIN;
        println!("  phi {phi:4}: {share:.3}");
    }
    println!("forecasts with a short history whose interval holds the time:");
    for phi in PHIS {
        let (mut made, mut held, mut open) = (0, 0, 0);
        let each = GAINS.iter().flat_map(|gain| FORECAST_ROWS.map(|rows| (*gain, rows)));
        let each =
            each.flat_map(|(gain, rows)| (0..FORECAST_SEEDS).map(move |it| (it, rows, gain)));
        for (holds, is_open) in each.filter_map(|(it, rows, gain)| foreseen(it, rows, phi, gain)) {
            made += 1;
            held += u32::from(holds);
            open += u32::from(is_open);
        }
        let share = |count: u32| f64::from(count) / f64::from(made.max(1));
        met &= share(held) >= COVERED_MIN;
        println!("  phi {phi:4}: {:.3} of {made}; {:.3} have no end", share(held), share(open));
    }
    met
}

fn noise(seed: u64, rows: usize, phi: f64) -> Vec<f64> {
    Dice::new(seed).autoregressive(rows, phi, Shape::Normal)
}

fn rising(seed: u64, phi: f64) -> Vec<f64> {
    let mut values = noise(seed, ROWS, phi);
    for (row, value) in values[ROWS - RISE_ROWS..].iter_mut().enumerate() {
        *value += RISE * row as f64 / RISE_ROWS as f64;
    }
    values
}

fn followed(values: &[f64]) -> Tracker {
    let mut tracker = Tracker::new();
    for (row, value) in values.iter().enumerate() {
        tracker.push(time_s(row), *value);
    }
    tracker
}

fn rises(values: &[f64]) -> bool {
    followed(values).trend().is_some_and(|trend| trend.direction == Direction::Increasing)
}

/// Whether the interval holds the row at which the threshold is first reached, and whether it has
/// no end; `None` where there is no such forecast.
fn foreseen(seed: u64, rows: usize, phi: f64, gain: f64) -> Option<(bool, bool)> {
    let mut dice = Dice::new(seed);
    let begin = rows - 20 - dice.below(100);
    let threshold = gain * (rows - 1 - begin) as f64 + dice.between(3.0, 9.0);
    let mut values = dice.autoregressive(rows + AHEAD, phi, Shape::Normal);
    for (row, value) in values[begin..].iter_mut().enumerate() {
        *value += gain * row as f64;
    }
    let trend = followed(&values[..rows]).trend();
    let eta = forecast::forecast(trend.as_ref(), Some(threshold)).ok()?;
    eta.basis?;
    let reached = values[rows..].iter().position(|value| *value >= threshold)?;
    let low = eta.low_s / CADENCE_S - 1.0;
    let high = eta.high_s.map_or(f64::INFINITY, |high_s| high_s / CADENCE_S + 1.0);
    let holds = (low..=high).contains(&((reached + 1) as f64));
    Some((holds, eta.high_s.is_none()))
}
