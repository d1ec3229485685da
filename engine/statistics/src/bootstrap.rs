//! Whether the mean of a series stepped, told by the series alone: what a difference of two means
//! would be if nothing had happened, drawn from its own deviations in blocks that keep what
//! neighbours have in common (circular block bootstrap, Politis and Romano 1992).

use alloc::vec::Vec;

use super::autocorrelation::{lag_one, phi};
use super::order::mean;

/// What a step is against those that chance makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrapped {
    /// Mean after less mean before.
    pub step: f64,
    /// Share of all, the one looked at included, that fell as far or further.
    pub p_fall: f64,
    /// The same for a rise.
    pub p_rise: f64,
    /// Values in a block: about twice the autocorrelation time.
    pub block: usize,
}

/// Holds the step from `before` to `after` against `draws` that are made of their deviations;
/// `next` gives numbers in [0, 1). `None` where either is empty or nothing is drawn.
pub fn bootstrapped(
    before: &[f64],
    after: &[f64],
    draws: usize,
    next: &mut dyn FnMut() -> f64,
) -> Option<Bootstrapped> {
    let (low, high) = (mean(before)?, mean(after)?);
    if draws == 0 {
        return None;
    }
    let deviations: Vec<f64> = before
        .iter()
        .map(|value| value - low)
        .chain(after.iter().map(|value| value - high))
        .collect();
    let block = block(&deviations);
    let step = high - low;
    let (mut falls, mut rises) = (1usize, 1usize);
    for _ in 0..draws {
        let drawn = drawn(&deviations, before.len(), block, next);
        falls += usize::from(drawn <= step);
        rises += usize::from(drawn >= step);
    }
    let share = |count: usize| count as f64 / (draws + 1) as f64;
    Some(Bootstrapped { step, p_fall: share(falls), p_rise: share(rises), block })
}

/// About twice the time in which a deviation falls to 1/e, and half of the series at most.
fn block(deviations: &[f64]) -> usize {
    let phi = phi(lag_one(deviations));
    let most = (deviations.len() / 2).max(1);
    if phi <= 0.0 {
        return 1;
    }
    let time = -1.0 / libm::log(phi);
    below(libm::round(2.0 * time), most + 1).max(1)
}

/// A whole number from 0 that is less than another one, which is more than 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn below(value: f64, end: usize) -> usize {
    (value as usize).min(end - 1)
}

/// The difference of two means of a series that is put together of blocks, its end followed by its
/// beginning.
fn drawn(deviations: &[f64], before: usize, block: usize, next: &mut dyn FnMut() -> f64) -> f64 {
    let count = deviations.len();
    let (mut low, mut high) = (0.0, 0.0);
    let mut start = 0;
    for at in 0..count {
        if at % block == 0 {
            start = below(next() * count as f64, count);
        }
        let value = deviations[(start + at % block) % count];
        if at < before {
            low += value;
        } else {
            high += value;
        }
    }
    high / (count - before) as f64 - low / before as f64
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use ks_vocabulary::random::Random;
    use proptest::prelude::*;

    fn found(before: &[f64], after: &[f64]) -> Option<Bootstrapped> {
        let mut random = Random::stream(3, "bootstrap");
        bootstrapped(before, after, 399, &mut || random.next_f64())
    }

    #[test]
    fn a_step_far_beyond_the_noise_has_the_least_p() {
        let found = found(&[10.0, 11.0, 10.0, 12.0, 11.0, 12.0], &[5.0, 4.0, 5.0, 4.0]).unwrap();
        assert_close(found.step, -6.5);
        assert_close(found.p_fall, 1.0 / 400.0);
        assert_close(found.p_rise, 1.0);
        assert_eq!(found.block, 1, "neighbours go against each other");
    }

    #[test]
    fn a_level_without_noise_that_steps_is_told_and_one_that_stays_is_not() {
        assert_close(found(&[0.9; 6], &[0.4; 10]).unwrap().p_fall, 1.0 / 400.0);
        let still = found(&[0.5; 6], &[0.5; 10]).unwrap();
        assert_close(still.p_fall, 1.0);
        assert_close(still.p_rise, 1.0);
        assert_eq!(found(&[], &[1.0]), None);
        assert_eq!(found(&[1.0], &[]), None);
        assert_eq!(bootstrapped(&[1.0], &[2.0], 0, &mut || 0.0), None);
    }

    #[test]
    fn what_neighbours_share_is_hardly_taken_for_a_step() {
        let mut random = Random::stream(11, "series");
        let mut value = 0.0;
        let found = (0..400).filter(|_| {
            let series: Vec<f64> = (0..60)
                .map(|_| {
                    let noise = (0..12).map(|_| random.next_f64()).sum::<f64>() - 6.0;
                    value = 0.8 * value + noise;
                    value
                })
                .collect();
            let found = found(&series[..30], &series[30..]).unwrap();
            assert!(found.block >= 1 && found.block <= 30);
            found.p_fall <= 0.05
        });
        // Drawn one by one it were more than a quarter of them.
        let found = found.count();
        assert!(found <= 80, "{found} of 400");
    }

    proptest! {
        #[test]
        fn p_is_a_share_that_shift_and_sign_do_not_change(
            before in prop::collection::vec(-9.0f64..9.0, 1..14),
            after in prop::collection::vec(-9.0f64..9.0, 1..14),
            shift in -64i32..64,
        ) {
            let one = found(&before, &after).unwrap();
            for p in [one.p_fall, one.p_rise] {
                prop_assert!((1.0 / 400.0 - 1e-12..=1.0).contains(&p));
            }
            prop_assert!(one.p_fall + one.p_rise >= 1.0);
            let moved = |values: &[f64]| -> Vec<f64> {
                values.iter().map(|value| value + f64::from(shift)).collect()
            };
            let other = found(&moved(&before), &moved(&after)).unwrap();
            prop_assert!((other.p_fall - one.p_fall).abs() <= 0.01);
            let turned = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| -v).collect() };
            let other = found(&turned(&before), &turned(&after)).unwrap();
            prop_assert!((other.p_rise - one.p_fall).abs() <= 1e-12);
        }
    }
}
