//! How rare a value of a statistic is among all values it had before.
//!
//! Sizes are counted in bins by their logarithm, so nothing need be known of the unit. Within the
//! bulk the rarity is a rank. The 20 largest sizes are fitted by a power law (Hill 1975), which
//! tells a value that is just beyond all others from one that is far beyond: a rank could not.
//! A power law falls more slowly than the tail of most metrics, so it errs towards "not so rare".

use alloc::vec;
use alloc::vec::Vec;
use core::f64::consts::{LN_2, LN_10, LOG2_10};
use libm::{fabs, floor, log2, log10};

/// Bins of one side. With eight in an octave they span 2^-64 to 2^64.
const BINS: usize = 1024;
const BINS_PER_OCTAVE: f64 = 8.0;
const BIN_OF_ONE: f64 = 512.0;
/// The smallest logarithm of a size, a little above the lowest border: what zero counts as.
const LOG2_MIN: f64 = -63.9;

/// Fewer values tell no rarity.
const WARM_UP: f64 = 64.0;
/// The largest sizes that the power law is fitted to: a tail index from 20 is within about a fifth.
const TAIL_WEIGHT: f64 = 20.0;
/// The tail that is presumed before data speak, as the inverse of the power: about that of the
/// largest 20 among some thousand normal values; it weighs as much as ten values.
const INVERSE_POWER: f64 = 0.2;
const PRESUMED_WEIGHT: f64 = 10.0;
/// One in 10^16 is as rare as anything is said to be.
const DECADES_MAX: f64 = 16.0;
/// At so many values all weights are halved: what was normal fades with a half-life of some eight
/// thousand rows, four weeks at 5 minutes.
const TOTAL_MAX: f64 = 16_384.0;

/// The past of one statistic.
///
/// Each call of a `rarity_of_` method tells how rare a value is and then counts it. The rarity is
/// in decades: 3 is one in a thousand.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    upper: Tail,
    lower: Tail,
    total: f64,
}

impl Past {
    /// Of a deviation from something, among those of the same sign. Zero is not rare.
    pub(super) fn rarity_of_deviation(&mut self, value: f64) -> f64 {
        let log2_size = log2(fabs(value)).max(LOG2_MIN);
        let total = self.total;
        let mut rarity = 0.0;
        if value > 0.0 {
            rarity = self.upper.rarity(log2_size, total);
            self.upper.count(log2_size);
        } else if value < 0.0 {
            rarity = self.lower.rarity(log2_size, total);
            self.lower.count(log2_size);
        }
        self.fade();
        rarity
    }

    /// Of a size that is not negative, both large and small ones.
    pub(super) fn rarity_of_size(&mut self, size: f64) -> f64 {
        let log2_size = log2(size).max(LOG2_MIN);
        let large = self.upper.rarity(log2_size, self.total);
        let small = self.lower.rarity(-log2_size, self.total);
        self.upper.count(log2_size);
        self.lower.count(-log2_size);
        self.fade();
        large.max(small)
    }

    /// Of a rarity, itself in decades. Zero is not rare.
    pub(super) fn rarity_of_rarity(&mut self, decades: f64) -> f64 {
        let log2_size = decades * LOG2_10;
        let mut rarity = 0.0;
        if decades > 0.0 {
            rarity = self.upper.rarity(log2_size, self.total);
            self.upper.count(log2_size);
        }
        self.fade();
        rarity
    }

    fn fade(&mut self) {
        self.total += 1.0;
        if self.total >= TOTAL_MAX {
            self.upper.halve();
            self.lower.halve();
            self.total *= 0.5;
        }
    }
}

/// Sizes on one side.
#[derive(Clone, Debug)]
struct Tail {
    weights: Vec<f64>,
    /// The highest bin that was ever counted in.
    top: usize,
}

impl Default for Tail {
    fn default() -> Self {
        Self { weights: vec![0.0; BINS], top: 0 }
    }
}

impl Tail {
    fn count(&mut self, log2_size: f64) {
        let bin = bin_of(log2_size);
        self.weights[bin] += 1.0;
        self.top = self.top.max(bin);
    }

    fn halve(&mut self) {
        for weight in &mut self.weights {
            *weight *= 0.5;
        }
    }

    /// Decades of rarity of a size among `total` values of both sides.
    fn rarity(&self, log2_size: f64, total: f64) -> f64 {
        if total < WARM_UP {
            return 0.0;
        }
        let used = &self.weights[..=self.top];
        let bulk = used.get(bin_of(log2_size)..).unwrap_or_default();
        let not_below: f64 = bulk.iter().rev().sum();
        let places = total + 1.0;
        if not_below >= TAIL_WEIGHT {
            return -log10((not_below + 1.0) / places);
        }
        let (mut weight, mut moment, mut lowest) = (0.0f64, 0.0f64, 0.0f64);
        for (at, found) in used.iter().enumerate().rev().filter(|(_, found)| **found > 0.0) {
            weight += found;
            moment += found * (at as f64 + 0.5);
            lowest = at as f64;
            if weight >= TAIL_WEIGHT {
                break;
            }
        }
        if weight < 0.5 {
            // Nothing was ever on this side.
            return -log10(0.5 / places);
        }
        let width = LN_2 / BINS_PER_OCTAVE;
        let excess = (moment - weight * lowest) * width;
        let inverse = (excess + INVERSE_POWER * PRESUMED_WEIGHT) / (weight + PRESUMED_WEIGHT);
        let beyond = (log2_size * BINS_PER_OCTAVE + BIN_OF_ONE - lowest) * width;
        let decades = -log10(weight / places) + beyond.max(0.0) / inverse / LN_10;
        decades.clamp(0.0, DECADES_MAX)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1023")]
fn bin_of(log2_size: f64) -> usize {
    floor(log2_size * BINS_PER_OCTAVE + BIN_OF_ONE).clamp(0.0, (BINS - 1) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::random::Random;

    /// The past of values that are uniform from 1 to 2.
    fn past(values: usize) -> Past {
        let mut random = Random::stream(3, "tail");
        let mut past = Past::default();
        for _ in 0..values {
            past.rarity_of_deviation(1.0 + random.next_f64());
        }
        past
    }

    #[test]
    fn within_the_bulk_it_is_a_rank_and_beyond_it_grows_with_the_distance() {
        let past = past(4000);
        let rarity = |value: f64| past.clone().rarity_of_deviation(value);
        assert!((rarity(1.5) - 0.30).abs() < 0.12, "half of the values: {}", rarity(1.5));
        assert!((rarity(1.9) - 1.0).abs() < 0.3, "a tenth: {}", rarity(1.9));
        assert!(rarity(2.1) > 1.8 && rarity(2.1) < rarity(3.0) && rarity(3.0) < rarity(9.0));
        assert!(rarity(-0.1) > 3.5, "nothing was ever below zero");
        assert!(rarity(0.0) <= 0.0);
        assert!(rarity(1e18) <= DECADES_MAX);
    }

    #[test]
    fn a_short_past_says_nothing() {
        assert!(past(63).rarity_of_deviation(1e9) <= 0.0);
        assert!(past(64).rarity_of_deviation(1e9) > 1.0);
    }

    #[test]
    fn sizes_are_rare_on_both_sides_and_zero_is_small() {
        let mut random = Random::stream(5, "tail");
        let mut past = Past::default();
        for _ in 0..2000 {
            past.rarity_of_size(1.0 + random.next_f64());
        }
        for size in [0.0, 0.1, 50.0] {
            assert!(past.clone().rarity_of_size(size) > 4.0, "{size}");
        }
        assert!(past.rarity_of_size(1.4) < 0.6);
    }

    #[test]
    fn equal_sizes_are_not_rare_and_what_was_normal_fades() {
        let mut past = Past::default();
        for _ in 0..40_000 {
            past.rarity_of_size(0.0);
        }
        assert!(past.total < TOTAL_MAX);
        assert!(past.rarity_of_size(0.0) <= 0.0);
        let mut rarity = 0.0;
        for _ in 0..8000 {
            rarity = past.rarity_of_size(8.0);
        }
        assert!(rarity < 0.4, "{rarity}");
    }
}
