//! Series with one thing wrong, each of a known kind.

use std::f64::consts::{PI, TAU};
use std::ops::Range;

use crate::dice::{Dice, Shape};

/// What goes wrong.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// One to three rows are far up.
    Spike,
    /// Some rows are down.
    Dip,
    /// The level changes, and stays.
    Shift,
    /// The level slides by twenty deviations, fast or slowly.
    Slide,
    /// Deviations are some times as large.
    Variance,
    /// Activity in each so many rows ceases.
    Silence,
    /// An outage of a hundred rows, five times.
    Repeated,
    /// The daily wave comes twelve hours off.
    Season,
    /// The value does not change.
    Stuck,
    /// There are more of what is counted.
    Counts,
}

/// All kinds, with their names.
pub(crate) const FAULTS: [(&str, Fault); 10] = [
    ("spike", Fault::Spike),
    ("dip", Fault::Dip),
    ("shift", Fault::Shift),
    ("slide", Fault::Slide),
    ("variance", Fault::Variance),
    ("silence", Fault::Silence),
    ("repeated", Fault::Repeated),
    ("season", Fault::Season),
    ("stuck", Fault::Stuck),
    ("counts", Fault::Counts),
];

/// Rows of a series.
pub(crate) const ROWS: usize = 3000;
const LEVEL: f64 = 95.0;
const DEVIATION: f64 = 3.0;
/// Deviations by which a level slides.
const SLIDE: f64 = 20.0;
/// Rows of a day.
const DAY_ROWS: usize = 288;
/// A shift is told within so many rows or not at all.
const SHIFT_ROWS: usize = 60;
/// A spike may be told by the mean of four rows.
const SPIKE_ROWS: usize = 3;

/// Values, and the rows from the beginning of each fault up to its end.
pub(crate) type Made = (Vec<f64>, Vec<Range<usize>>);

/// A series with a fault.
pub(crate) fn make(fault: Fault, dice: &mut Dice) -> Made {
    let at = 1200 + dice.below(1200);
    match fault {
        Fault::Spike => spike(at, dice),
        Fault::Dip => dip(at, dice),
        Fault::Shift => shift(at, dice),
        Fault::Slide => slide(at, dice),
        Fault::Variance => variance(at, dice),
        Fault::Silence => silence(at, dice),
        Fault::Repeated => repeated(dice),
        Fault::Season => season(dice),
        Fault::Stuck => stuck(at, dice),
        Fault::Counts => counts(at, dice),
    }
}

fn noise(dice: &mut Dice) -> Vec<f64> {
    let phi = dice.pick(&[0.0, 0.5, 0.9]);
    let noise = dice.autoregressive(ROWS, phi, Shape::Normal);
    noise.into_iter().map(|noise| LEVEL + DEVIATION * noise).collect()
}

/// Adds so many deviations.
fn add(values: &mut [f64], deviations: f64) {
    for value in values {
        *value += deviations * DEVIATION;
    }
}

fn spike(at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let rows = at..at + dice.pick(&[1, 1, 2, 3]);
    add(&mut values[rows.clone()], dice.between(7.0, 14.0));
    let found = at..rows.end + SPIKE_ROWS;
    (values, vec![found])
}

fn dip(at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let rows = at..at + 5 + dice.below(60);
    add(&mut values[rows.clone()], -dice.between(5.0, 10.0));
    (values, vec![rows])
}

fn shift(at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    add(&mut values[at..], dice.between(4.0, 8.0) * dice.sign());
    let rows = at..at + SHIFT_ROWS;
    (values, vec![rows])
}

fn slide(at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let lasts = dice.pick(&[60, 200, 600, 1200]).min(ROWS - at);
    let size = SLIDE * dice.sign();
    for (row, value) in values[at..].iter_mut().enumerate() {
        *value += size * DEVIATION * row.min(lasts) as f64 / lasts as f64;
    }
    let rows = at..at + lasts;
    (values, vec![rows])
}

fn variance(at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let rows = at..(at + 60 + dice.below(200)).min(ROWS);
    let times = dice.between(3.0, 6.0);
    values[rows.clone()].iter_mut().for_each(|value| *value = LEVEL + (*value - LEVEL) * times);
    (values, vec![rows])
}

fn stuck(at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let rows = at..at + 60 + dice.below(100);
    let stuck = values[at];
    values[rows.clone()].fill(stuck);
    (values, vec![rows])
}

fn repeated(dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let outages: Vec<Range<usize>> = (0..5).map(|at| 800 + at * 400..900 + at * 400).collect();
    for rows in &outages {
        values[rows.clone()].fill(0.0);
    }
    (values, outages)
}

fn silence(at: usize, dice: &mut Dice) -> Made {
    let (busy, silent) = (dice.between(0.05, 0.2), at..at + 400);
    let mut value = |row| {
        let is_active = dice.chance(busy) && !silent.contains(&row);
        if is_active { (1.0 + dice.exponential(5.0)).round() } else { 0.0 }
    };
    ((0..ROWS).map(&mut value).collect(), vec![silent])
}

fn season(dice: &mut Dice) -> Made {
    let (size, phase) = (dice.between(4.0, 8.0), dice.between(0.0, TAU));
    let at = DAY_ROWS * 7 + dice.below(DAY_ROWS * 2);
    let off = at..at + 200;
    let mut value = |row: usize| {
        let turn = row as f64 / DAY_ROWS as f64 * TAU + phase;
        let turn = if off.contains(&row) { turn + PI } else { turn };
        50.0 + size * turn.sin() + dice.normal()
    };
    ((0..ROWS).map(&mut value).collect(), vec![off])
}

fn counts(at: usize, dice: &mut Dice) -> Made {
    let mean = dice.between(0.3, 6.0);
    let more = at..at + 20 + dice.below(40);
    let times = 4.0 + 4.0 / mean;
    let mut value = |row| dice.poisson(if more.contains(&row) { mean * times } else { mean });
    ((0..ROWS).map(&mut value).collect(), vec![more])
}
