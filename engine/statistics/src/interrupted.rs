//! A series that something was done to: its level and slope before, and how both changed.
//!
//! Ordinary least squares of y = a + b t + c step + d (t - at)+, with standard errors that allow
//! for neighbours that resemble each other (Newey and West 1987, Bartlett's weights, no correction
//! for small samples; `statistics.md`, section 6).

use alloc::vec::Vec;
use libm::sqrt;

const TERMS: usize = 4;

type Row = [f64; TERMS];
type Square = [Row; TERMS];

/// What was found of each term, in the unit of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interrupted {
    /// Level at the beginning.
    pub level: f64,
    /// Growth from one value to the next, before.
    pub slope: f64,
    /// By how much the level stepped.
    pub step: f64,
    /// By how much the slope changed.
    pub turn: f64,
    /// Standard error of the step.
    pub step_error: f64,
}

impl Interrupted {
    /// The step in its standard errors; `None` where the series is a perfect line.
    pub fn step_t(&self) -> Option<f64> {
        (self.step_error > 0.0).then(|| self.step / self.step_error)
    }
}

/// Fits a series that was interrupted before its value number `at`, from 0, with `lag` neighbours.
/// `None` where either side has fewer than three values.
pub fn interrupted(values: &[f64], at: usize, lag: usize) -> Option<Interrupted> {
    if at < 3 || values.len() < at + 3 {
        return None;
    }
    let rows: Vec<Row> = (0..values.len()).map(|t| row(t, at)).collect();
    let inverse = inverse(&gram(&rows))?;
    let products = rows.iter().zip(values).fold([0.0; TERMS], |mut sums, (row, value)| {
        for (sum, term) in sums.iter_mut().zip(row) {
            *sum += term * value;
        }
        sums
    });
    let found = times(&inverse, &products);
    let residuals = rows.iter().zip(values).map(|(row, value)| value - dot(row, &found));
    let weighted: Vec<Row> =
        rows.iter().zip(residuals).map(|(row, off)| row.map(|term| term * off)).collect();
    let middle = long_run(&weighted, lag);
    // Variance of the step: the third diagonal element of inverse * middle * inverse.
    let third = inverse[2];
    let variance = dot(&third, &times(&middle, &third));
    Some(Interrupted {
        level: found[0],
        slope: found[1],
        step: found[2],
        turn: found[3],
        step_error: sqrt(variance.max(0.0)),
    })
}

fn row(t: usize, at: usize) -> Row {
    let after = t.saturating_sub(at) as f64;
    [1.0, t as f64, f64::from(u8::from(t >= at)), after]
}

fn dot(one: &Row, other: &Row) -> f64 {
    one.iter().zip(other).map(|(left, right)| left * right).sum()
}

fn times(square: &Square, column: &Row) -> Row {
    square.map(|row| dot(&row, column))
}

fn outer(sum: &mut Square, one: &Row, other: &Row, weight: f64) {
    for (line, left) in sum.iter_mut().zip(one) {
        for (cell, right) in line.iter_mut().zip(other) {
            *cell += weight * left * right;
        }
    }
}

fn gram(rows: &[Row]) -> Square {
    let mut sum = [[0.0; TERMS]; TERMS];
    for row in rows {
        outer(&mut sum, row, row, 1.0);
    }
    sum
}

fn long_run(weighted: &[Row], lag: usize) -> Square {
    let mut sum = gram(weighted);
    for back in 1..=lag.min(weighted.len().saturating_sub(1)) {
        let weight = 1.0 - back as f64 / (lag + 1) as f64;
        for (late, early) in weighted[back..].iter().zip(weighted) {
            outer(&mut sum, late, early, weight);
            outer(&mut sum, early, late, weight);
        }
    }
    sum
}

/// Gauss and Jordan, the largest pivot first. `None` for a singular matrix.
fn inverse(square: &Square) -> Option<Square> {
    let mut left = *square;
    let mut right = [[0.0; TERMS]; TERMS];
    for (at, row) in right.iter_mut().enumerate() {
        row[at] = 1.0;
    }
    for at in 0..TERMS {
        let pivot = (at..TERMS).max_by(|one, other| {
            libm::fabs(left[*one][at]).total_cmp(&libm::fabs(left[*other][at]))
        })?;
        left.swap(at, pivot);
        right.swap(at, pivot);
        let by = left[at][at];
        if libm::fabs(by) < 1e-12 {
            return None;
        }
        left[at] = left[at].map(|cell| cell / by);
        right[at] = right[at].map(|cell| cell / by);
        for other in (0..TERMS).filter(|other| *other != at) {
            let by = left[other][at];
            let (own, of_right) = (left[at], right[at]);
            for (cell, from) in left[other].iter_mut().zip(own) {
                *cell -= by * from;
            }
            for (cell, from) in right[other].iter_mut().zip(of_right) {
                *cell -= by * from;
            }
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    const SERIES: [f64; 16] =
        [10.0, 11.0, 10.0, 12.0, 11.0, 12.0, 11.0, 12.0, 9.0, 8.0, 9.0, 8.0, 7.0, 8.0, 7.0, 8.0];

    #[test]
    fn the_worked_example() {
        let found = interrupted(&SERIES, 8, 2).unwrap();
        assert_close(found.level, 10.333_333);
        assert_close(found.slope, 0.226_190);
        assert_close(found.step, -3.476_190);
        assert_close(found.turn, -0.416_667);
        assert_close(found.step_error, 0.306_489);
        assert_close(found.step_t().unwrap(), -11.341_983);
    }

    #[test]
    fn too_few_on_a_side_are_no_series() {
        assert_eq!(interrupted(&SERIES, 2, 2), None);
        assert_eq!(interrupted(&SERIES[..10], 8, 2), None);
        assert_eq!(interrupted(&[], 0, 2), None);
        let line: Vec<f64> = (0..12).map(f64::from).collect();
        let found = interrupted(&line, 6, 2).unwrap();
        assert_close(found.step, 0.0);
        assert_close(found.slope, 1.0);
    }
}
