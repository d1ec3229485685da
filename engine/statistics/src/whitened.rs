//! A series without what each value inherits from the one before: its innovations, standardised.

use super::autocorrelation::{lag_one, phi};
use super::order::{mean, sum};

/// A series as an autoregression of order one, and the value that it had last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whitened {
    middle: f64,
    phi: f64,
    scale: f64,
    last: Option<f64>,
}

impl Whitened {
    /// Learns middle, inheritance and the scale of innovations from `values`. `floor` is the least
    /// scale, in the unit of the values. `None` for fewer than four values, or where the scale
    /// would be zero.
    pub fn of(values: &[f64], floor: f64) -> Option<Self> {
        if values.len() < 4 {
            return None;
        }
        let middle = mean(values)?;
        let phi = phi(lag_one(values));
        let innovations =
            values.windows(2).map(|pair| (pair[1] - middle) - phi * (pair[0] - middle));
        // Two numbers were learned from the same values.
        let variance = sum(innovations.map(|off| off * off)) / (values.len() - 2) as f64;
        let scale = libm::sqrt(variance).max(floor);
        (scale > 0.0).then_some(Self { middle, phi, scale, last: values.last().copied() })
    }

    /// What is new in a value, in standard deviations of what is usual.
    pub fn take(&mut self, value: f64) -> f64 {
        let inherited = self.last.map_or(0.0, |last| self.phi * (last - self.middle));
        self.last = Some(value);
        (value - self.middle - inherited) / self.scale
    }

    /// The next value inherits nothing: the series was interrupted.
    pub fn interrupt(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use alloc::vec::Vec;
    use ks_vocabulary::random::Random;
    use proptest::prelude::*;

    #[test]
    fn what_is_inherited_is_taken_off() {
        let mut random = Random::stream(5, "whitened");
        let mut value = 3.0;
        let mut series = || {
            let noise = (0..12).map(|_| random.next_f64()).sum::<f64>() - 6.0;
            value = 3.0 + 0.8 * (value - 3.0) + noise;
            value
        };
        let learned: Vec<f64> = (0..4_000).map(|_| series()).collect();
        let mut whitened = Whitened::of(&learned, 0.0).unwrap();
        let new: Vec<f64> = (0..4_000).map(|_| whitened.take(series())).collect();
        assert!(lag_one(&new).unwrap().abs() < 0.05);
        let variance = new.iter().map(|z| z * z).sum::<f64>() / 4_000.0;
        assert!((0.9..1.1).contains(&variance), "{variance}");
    }

    #[test]
    fn after_an_interruption_nothing_is_inherited() {
        let mut whitened = Whitened { middle: 1.0, phi: 0.5, scale: 2.0, last: Some(5.0) };
        assert_close(whitened.take(5.0), 1.0);
        whitened.interrupt();
        assert_close(whitened.take(5.0), 2.0);
        assert_eq!(Whitened::of(&[1.0; 3], 1.0), None);
        assert_eq!(Whitened::of(&[1.0; 9], 0.0), None, "they do not vary");
        assert_close(Whitened::of(&[1.0; 9], 0.5).unwrap().take(2.0), 2.0);
    }

    proptest! {
        #[test]
        fn shift_and_scale_change_nothing(
            values in prop::collection::vec(-1e3f64..1e3, 5..40),
            shift in -1e3f64..1e3,
        ) {
            let moved: Vec<f64> = values.iter().map(|value| 2.0 * value + shift).collect();
            let found = Whitened::of(&values, 0.0).map(|mut one| one.take(7.0));
            let other = Whitened::of(&moved, 0.0).map(|mut one| one.take(14.0 + shift));
            if let (Some(found), Some(other)) = (found, other) {
                prop_assert!((found - other).abs() <= 1e-5 * found.abs().max(1.0));
            }
        }
    }
}
