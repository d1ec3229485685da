//! The anomalies that are put into a series, each with the rows in which it is to be found.

use std::f64::consts::TAU;

use crate::dice::{Dice, whole};
use crate::generator::Draft;
use crate::series::PROBATION;

/// What goes wrong.
#[derive(Clone, Copy)]
enum Fault {
    /// A few rows far off, upward or downward.
    Spike,
    /// The level changes, and stays.
    Shift,
    /// The level changes for a while.
    Excursion,
    /// The level walks away for a while.
    Drift,
    /// The noise grows for a while.
    Unrest,
    /// The noise all but ceases for a while.
    Calm,
    /// The value does not change for a while.
    Stuck,
    /// Single rows are far off, again and again for a while.
    Burst,
    /// An oscillation for a while.
    Oscillation,
    /// The season is weak for a while.
    Holiday,
    /// The season comes hours too early for a while.
    OutOfPhase,
}

const FAULTS: [Fault; 11] = [
    Fault::Spike,
    Fault::Shift,
    Fault::Excursion,
    Fault::Drift,
    Fault::Unrest,
    Fault::Calm,
    Fault::Stuck,
    Fault::Burst,
    Fault::Oscillation,
    Fault::Holiday,
    Fault::OutOfPhase,
];

/// Puts one to four faults in, apart from each other and after probation. Gives first and last row
/// of the window of each: from a little before it to its end, and at least 2 % of the rows long.
pub(crate) fn inject(draft: &mut Draft, dice: &mut Dice) -> Vec<(usize, usize)> {
    let rows = draft.noise.len() as f64;
    let count = 1 + dice.below(4);
    let (first, last) = (rows * (PROBATION + 0.04), rows * 0.97);
    let room = (last - first) / count as f64;
    let mut windows = Vec::new();
    for number in 0..count {
        let begin = first + room * number as f64;
        let from = whole(dice.between(begin, begin + (room - 0.06 * rows).max(0.0)));
        let fault = drawn(draft, dice);
        let to = (from + length(fault, draft, dice)).min(draft.noise.len() - 1);
        let size = dice.between(3.0, 9.0) * dice.sign();
        apply(fault, draft, dice, from..to, size);
        let seen_to = if matches!(fault, Fault::Shift) { from } else { to };
        let begin = from - whole(0.005 * rows);
        windows.push((begin, seen_to.max(from + whole(0.02 * rows)).min(draft.noise.len() - 1)));
    }
    windows
}

/// A fault that this series can have: without a season there is no holiday.
fn drawn(draft: &Draft, dice: &mut Dice) -> Fault {
    let fault = dice.pick(&FAULTS);
    let of_season = matches!(fault, Fault::Holiday | Fault::OutOfPhase);
    let days = draft.noise.len() as f64 * draft.cadence_s / 86_400.0;
    let strong = draft.season.amplitude >= 1.0 && days >= 5.0;
    if of_season && !strong { Fault::Burst } else { fault }
}

fn length(fault: Fault, draft: &Draft, dice: &mut Dice) -> usize {
    let part = whole(dice.between(0.005, 0.03) * draft.noise.len() as f64).max(8);
    let day = 86_400.0 / draft.cadence_s;
    match fault {
        Fault::Spike => dice.pick(&[1, 1, 2, 4]),
        Fault::Holiday | Fault::OutOfPhase => part.max(whole(day * dice.between(0.5, 1.5))),
        Fault::Shift
        | Fault::Excursion
        | Fault::Drift
        | Fault::Unrest
        | Fault::Calm
        | Fault::Stuck
        | Fault::Burst
        | Fault::Oscillation => part,
    }
}

fn apply(
    fault: Fault,
    draft: &mut Draft,
    dice: &mut Dice,
    rows: std::ops::Range<usize>,
    size: f64,
) {
    let lasts = rows.len().max(1) as f64;
    match fault {
        Fault::Spike => draft.added[rows].iter_mut().for_each(|added| *added += 1.6 * size),
        Fault::Shift => draft.added[rows.start..].iter_mut().for_each(|added| *added += 0.6 * size),
        Fault::Excursion => draft.added[rows].iter_mut().for_each(|added| *added += 0.6 * size),
        Fault::Drift => {
            for (row, added) in draft.added[rows].iter_mut().enumerate() {
                *added += size * row as f64 / lasts;
            }
        }
        Fault::Unrest | Fault::Calm => {
            let unrest = matches!(fault, Fault::Unrest);
            let part = if unrest { dice.between(2.5, 5.0) } else { dice.between(0.02, 0.2) };
            draft.noise[rows].iter_mut().for_each(|noise| *noise *= part);
        }
        Fault::Stuck => draft.stuck.push((rows.start, rows.end)),
        Fault::Burst => {
            for _ in 0..whole(lasts * dice.between(0.05, 0.3)).max(3) {
                let row = rows.start + dice.below(rows.len().max(1));
                draft.added[row] += size.abs() * dice.between(0.6, 1.5);
            }
        }
        Fault::Oscillation => {
            let turn = TAU / dice.between(3.0, 20.0);
            for (row, added) in draft.added[rows].iter_mut().enumerate() {
                *added += 0.5 * size * (row as f64 * turn).sin();
            }
        }
        Fault::Holiday => {
            let part = dice.between(0.0, 0.3);
            draft.usual[rows].iter_mut().for_each(|usual| *usual *= part);
        }
        Fault::OutOfPhase => {
            let early_s = dice.between(5.0, 12.0) * 3600.0;
            for row in rows {
                draft.usual[row] = draft.season.at(draft.times_s[row] + early_s);
            }
        }
    }
}
