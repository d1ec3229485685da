//! Series in which nothing is wrong, of ten kinds.

use std::f64::consts::TAU;

use crate::dice::{Dice, Shape};

/// How the values of a series are spread.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Normal,
    /// Each value keeps so much of the deviation of the one before.
    Autoregressive(f64),
    Student,
    Lognormal,
    /// Whole numbers, of which few differ.
    Rounded,
    Poisson(f64),
    /// A day of 5 minutes goes up and down.
    Season,
    /// Each value is the one before and a step.
    Walk,
}

/// All kinds, with their names.
pub(crate) const KINDS: [(&str, Kind); 10] = [
    ("normal", Kind::Normal),
    ("phi 0.9", Kind::Autoregressive(0.9)),
    ("phi 0.99", Kind::Autoregressive(0.99)),
    ("student, 3", Kind::Student),
    ("lognormal", Kind::Lognormal),
    ("rounded", Kind::Rounded),
    ("poisson, 0.5", Kind::Poisson(0.5)),
    ("poisson, 5", Kind::Poisson(5.0)),
    ("season", Kind::Season),
    ("walk", Kind::Walk),
];

/// Rows of a day.
const DAY_ROWS: f64 = 288.0;

/// A series of a kind.
pub(crate) fn make(kind: Kind, rows: usize, dice: &mut Dice) -> Vec<f64> {
    let mut at = 0.0;
    let mut drawn = |value: &mut dyn FnMut(&mut Dice) -> f64| {
        (0..rows).map(|_| value(dice)).collect::<Vec<f64>>()
    };
    match kind {
        Kind::Normal => drawn(&mut |dice| 50.0 + 3.0 * dice.normal()),
        Kind::Autoregressive(phi) => {
            let noise = dice.autoregressive(rows, phi, Shape::Normal);
            noise.into_iter().map(|noise| 50.0 + 3.0 * noise).collect()
        }
        Kind::Student => drawn(&mut |dice| 50.0 + 3.0 * dice.shaped(Shape::Student)),
        Kind::Lognormal => drawn(&mut |dice| (0.8 * dice.normal()).exp()),
        Kind::Rounded => drawn(&mut |dice| (50.0 + 0.3 * dice.normal()).round()),
        Kind::Poisson(mean) => drawn(&mut |dice| dice.poisson(mean)),
        Kind::Season => drawn(&mut |dice| {
            at += TAU / DAY_ROWS;
            50.0 + 6.0 * at.sin() + dice.normal()
        }),
        Kind::Walk => drawn(&mut |dice| {
            at += dice.normal();
            at
        }),
    }
}
