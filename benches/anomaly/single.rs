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
        Fault::Silence => silence(at, dice),
        Fault::Season => season(dice),
        Fault::Counts => counts(at, dice),
        Fault::Repeated => repeated(dice),
        Fault::Spike | Fault::Dip | Fault::Shift | Fault::Slide => moved(fault, at, dice),
        Fault::Variance | Fault::Stuck => restless(fault, at, dice),
    }
}

fn noise(dice: &mut Dice) -> Vec<f64> {
    let phi = dice.pick(&[0.0, 0.5, 0.9]);
    let noise = dice.autoregressive(ROWS, phi, Shape::Normal);
    noise.into_iter().map(|noise| LEVEL + DEVIATION * noise).collect()
}

fn moved(fault: Fault, at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let mut add = |rows: Range<usize>, deviations: f64| {
        values[rows].iter_mut().for_each(|value| *value += deviations * DEVIATION);
    };
    let found = match fault {
        Fault::Spike => {
            let rows = at..at + dice.pick(&[1, 1, 2, 3]);
            add(rows.clone(), dice.between(7.0, 14.0));
            at..rows.end + SPIKE_ROWS
        }
        Fault::Dip => {
            let rows = at..at + 5 + dice.below(60);
            add(rows.clone(), -dice.between(5.0, 10.0));
            rows
        }
        Fault::Slide => {
            let lasts = dice.pick(&[60, 200, 600, 1200]).min(ROWS - at);
            let (size, sign) = (20.0, dice.sign());
            for row in 0..lasts {
                add(at + row..at + row + 1, sign * size * row as f64 / lasts as f64);
            }
            add(at + lasts..ROWS, sign * size);
            at..at + lasts
        }
        _ => {
            add(at..ROWS, dice.between(4.0, 8.0) * dice.sign());
            at..at + SHIFT_ROWS
        }
    };
    (values, vec![found])
}

fn restless(fault: Fault, at: usize, dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let lasts = 60 + dice.below(if matches!(fault, Fault::Stuck) { 100 } else { 200 });
    let rows = at..(at + lasts).min(ROWS);
    let stuck = values[at];
    let times = dice.between(3.0, 6.0);
    for value in &mut values[rows.clone()] {
        let restless = LEVEL + (*value - LEVEL) * times;
        *value = if matches!(fault, Fault::Stuck) { stuck } else { restless };
    }
    (values, vec![rows])
}

fn repeated(dice: &mut Dice) -> Made {
    let mut values = noise(dice);
    let outages: Vec<Range<usize>> = (0..5).map(|at| 800 + at * 400..900 + at * 400).collect();
    outages.iter().for_each(|rows| values[rows.clone()].fill(0.0));
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
    let mut value =
        |row| dice.poisson(if more.contains(&row) { mean * times } else { mean });
    ((0..ROWS).map(&mut value).collect(), vec![more])
}
