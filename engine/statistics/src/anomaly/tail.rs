//! How rare a statistic is among its own past values, with no assumption about how it is spread.
//!
//! Sizes are counted in bins of their logarithm, upward and downward apart. Each is shared out
//! between the two bins beside it, and looked up likewise: what follows changes with a value as
//! smoothly as the value does, so that no unit puts it on the other side of a border. Within the
//! bulk a size is as rare as its rank. Beyond the twenty largest a power law is fitted to them
//! (Hill's estimator, with a presumed tail that weighs as much as ten values), so rarity goes on
//! growing with the distance.
//!
//! Two things make it less sure, and the tail heavier: few independent values (as Student's t,
//! whose index is their number, rather than the normal distribution), and values that come in
//! steps: a count of 3 stands for everything from 2.5 on.

use alloc::vec::Vec;
use core::f64::consts::{LN_2, LN_10};
use libm::{exp2, fabs, floor, log2, log10};

/// Bins of one side. With eight in an octave they span 2^-32 to 2^32 of the series' own scale.
const BINS: usize = 512;
const BINS_PER_OCTAVE: f64 = 8.0;
const BIN_OF_ONE: f64 = 256.0;
/// Width of a bin in natural logarithms.
const WIDTH: f64 = LN_2 / BINS_PER_OCTAVE;

/// The largest sizes that the power law is fitted to: a tail index from 20 is within about a fifth.
/// Of fewer than a hundred values a fifth.
const TAIL_WEIGHT: f64 = 20.0;
const TAIL_WEIGHT_MIN: f64 = 4.0;
const TAIL_PART: f64 = 0.2;
/// What rounding may take from a weight that is as large.
const ROUNDING: f64 = 1e-6;
/// The tail that is presumed before data speak, as the inverse of the power: about that of the
/// largest 20 among some thousand normal values; it weighs as much as ten values.
const INVERSE_POWER: f64 = 0.2;
const PRESUMED_WEIGHT: f64 = 10.0;
/// One in 10^16 is as rare as anything is said to be.
pub(super) const DECADES_MAX: f64 = 16.0;
/// At so many values all weights are halved: what was normal fades with a half-life of some eight
/// thousand rows, four weeks at 5 minutes.
const TOTAL_MAX: f64 = 16_384.0;
/// What is left at least of the weight of what was known where a new normal is adopted.
const KEPT_MIN: f64 = 0.2;

/// How much is known of a statistic, besides its past values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// How many of its past values tell of something of their own: neighbours that go together, or
    /// windows that overlap, are fewer than they count.
    pub(super) independent: f64,
    /// The steps it comes in, 0 where it has none.
    pub(super) grain: f64,
}

/// The past of one statistic. Rarities are in decades: 3 is one in a thousand.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    upper: Tail,
    lower: Tail,
    total: f64,
}

impl Past {
    /// Values counted, as far as they are not faded.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// Of a deviation from something, among those of the same sign. Zero is not rare.
    pub(super) fn rarity_of_deviation(&self, value: f64, known: Known) -> f64 {
        if value > 0.0 {
            self.upper.rarity(log2(value), self.total, known)
        } else if value < 0.0 {
            self.lower.rarity(log2(-value), self.total, known)
        } else {
            0.0
        }
    }

    /// Counts a deviation.
    pub(super) fn count_deviation(&mut self, value: f64) {
        if value > 0.0 {
            self.upper.count(log2(value));
        } else if value < 0.0 {
            self.lower.count(log2(fabs(value)));
        }
        self.fade();
    }

    /// Of a size above zero, both large and small ones.
    pub(super) fn rarity_of_size(&self, size: f64, known: Known) -> f64 {
        let log2_size = log2(size);
        let large = self.upper.rarity(log2_size, self.total, known);
        let small = self.lower.rarity(-log2_size, self.total, Known { grain: 0.0, ..known });
        large.max(small)
    }

    /// Counts a size.
    pub(super) fn count_size(&mut self, size: f64) {
        let log2_size = log2(size);
        self.upper.count(log2_size);
        self.lower.count(-log2_size);
        self.fade();
    }

    /// Takes the values of `shadow` for as usual as those that were known: they weigh as much,
    /// where there are enough of them. The shadow is empty afterwards.
    pub(super) fn adopt(&mut self, shadow: &mut Self) {
        if shadow.total > 0.0 {
            if self.total > shadow.total {
                self.weaken((shadow.total / self.total).max(KEPT_MIN));
            }
            self.upper.add(&shadow.upper);
            self.lower.add(&shadow.lower);
            self.total += shadow.total;
        }
        shadow.clear();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        if self.total > 0.0 {
            self.upper.clear();
            self.lower.clear();
            self.total = 0.0;
        }
    }

    fn fade(&mut self) {
        self.total += 1.0;
        if self.total >= TOTAL_MAX {
            self.weaken(0.5);
        }
    }

    fn weaken(&mut self, part: f64) {
        self.upper.weaken(part);
        self.lower.weaken(part);
        self.total *= part;
    }
}

/// Sizes on one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    /// Empty until something is counted: most statistics of most columns never are.
    weights: Vec<f64>,
    /// The highest bin that was ever counted in.
    top: usize,
}

/// The largest sizes.
#[derive(Clone, Copy, Debug, Default)]
struct Largest {
    weight: f64,
    /// Sum of their places, by weight.
    moment: f64,
    /// The place of the smallest of them.
    lowest: f64,
}

impl Tail {
    pub(super) fn count(&mut self, log2_size: f64) {
        let (bin, part) = place(log2_size);
        if self.weights.is_empty() {
            // A size at the highest border is shared out between it and the bin behind it.
            self.weights.resize(BINS + 1, 0.0);
        }
        self.weights[bin] += 1.0 - part;
        self.weights[bin + 1] += part;
        self.top = self.top.max(bin + 1);
    }

    /// Decades of rarity of a size among `total` values of both sides.
    pub(super) fn rarity(&self, log2_size: f64, total: f64, known: Known) -> f64 {
        let places = total + 1.0;
        let not_below = self.not_below(log2_size);
        let tail = tail_weight(total);
        if not_below >= tail - ROUNDING {
            return -log10((not_below + 1.0) / places);
        }
        let Largest { weight, moment, lowest } = self.largest(tail);
        if weight < 0.5 {
            // Nothing was ever on this side.
            return -log10(0.5 / places);
        }
        let (bin, part) = place(log2_size);
        let lowest = from_half_a_step(lowest, known.grain);
        let at = from_half_a_step(bin as f64 + part, known.grain);
        let excess = (moment - weight * lowest) * WIDTH;
        let fitted = (excess + INVERSE_POWER * PRESUMED_WEIGHT) / (weight + PRESUMED_WEIGHT);
        let inverse = fitted + 1.0 / known.independent.max(0.5);
        let beyond = ((at - lowest) * WIDTH).max(0.0);
        (beyond / inverse / LN_10 - log10(weight / places)).clamp(0.0, DECADES_MAX)
    }

    /// Decades of rarity of a waiting time that lasts, among `total` rows: of those whose end comes
    /// by chance each further time is as rare as the one before. The mean by which the largest are
    /// beyond the smallest of them is presumed to be that one, with the weight of ten values. A
    /// mean that is known from so few times is itself unsure: what follows it is Lomax's
    /// distribution, whose index is their number.
    pub(super) fn rarity_of_waiting(&self, time: f64, total: f64) -> f64 {
        let places = total + 1.0;
        let not_below = self.not_below(log2(time));
        if not_below >= TAIL_WEIGHT - ROUNDING {
            return -log10((not_below + 1.0) / places);
        }
        let Largest { weight, lowest, .. } = self.largest(TAIL_WEIGHT);
        if weight < 0.5 {
            return 0.0;
        }
        let time_at = |place: f64| exp2((place - BIN_OF_ONE) / BINS_PER_OCTAVE);
        let least = time_at(lowest);
        let beyond = |(bin, weight): (usize, &f64)| weight * (time_at(bin as f64) - least).max(0.0);
        let excess: f64 = self.counted().iter().enumerate().rev().map(beyond).sum();
        let known = weight + PRESUMED_WEIGHT;
        let all = excess + least * PRESUMED_WEIGHT;
        let decades = known * log10(1.0 + (time - least).max(0.0) / all) - log10(weight / places);
        decades.clamp(0.0, DECADES_MAX)
    }

    fn not_below(&self, log2_size: f64) -> f64 {
        let (bin, part) = place(log2_size);
        let above: f64 = self.counted().iter().skip(bin + 1).sum();
        above + self.weights.get(bin).map_or(0.0, |weight| weight * (1.0 - part))
    }

    /// The bins up to the highest that was counted in.
    fn counted(&self) -> &[f64] {
        self.weights.get(..=self.top).unwrap_or_default()
    }

    fn largest(&self, tail: f64) -> Largest {
        let mut found = Largest::default();
        for (bin, weight) in self.counted().iter().enumerate().rev() {
            if *weight > ROUNDING {
                found.weight += weight;
                found.moment += weight * bin as f64;
                found.lowest = bin as f64;
                if found.weight >= tail - ROUNDING {
                    break;
                }
            }
        }
        found
    }

    fn add(&mut self, other: &Self) {
        self.weights.resize(self.weights.len().max(other.weights.len()), 0.0);
        for (weight, more) in self.weights.iter_mut().zip(&other.weights) {
            *weight += more;
        }
        self.top = self.top.max(other.top);
    }

    fn weaken(&mut self, part: f64) {
        for weight in &mut self.weights {
            *weight *= part;
        }
    }

    fn clear(&mut self) {
        self.weights.fill(0.0);
        self.top = 0;
    }
}

/// How many of the largest among `total` values are a tail: of few values a part, since the bulk is
/// no tail and would make each value likely.
fn tail_weight(total: f64) -> f64 {
    (total * TAIL_PART).clamp(TAIL_WEIGHT_MIN, TAIL_WEIGHT)
}

/// A place among the bins half a step lower, and not below half of its size.
fn from_half_a_step(place: f64, grain: f64) -> f64 {
    if grain <= 0.0 {
        return place;
    }
    let size = exp2((place - BIN_OF_ONE) / BINS_PER_OCTAVE);
    log2((size - 0.5 * grain).max(0.5 * size)) * BINS_PER_OCTAVE + BIN_OF_ONE
}

/// The bin below a size, and how far it lies on the way to the next.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 511")]
fn place(log2_size: f64) -> (usize, f64) {
    let at = (log2_size * BINS_PER_OCTAVE + BIN_OF_ONE).clamp(0.0, (BINS - 1) as f64);
    let bin = floor(at);
    (bin as usize, at - bin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::random::Random;

    const MANY: Known = Known { independent: 1e9, grain: 0.0 };

    /// The past of values that are uniform from 1 to 2.
    fn past(values: usize) -> Past {
        let mut random = Random::stream(3, "tail");
        let mut past = Past::default();
        for _ in 0..values {
            past.count_deviation(1.0 + random.next_f64());
        }
        past
    }

    #[test]
    fn within_the_bulk_it_is_a_rank_and_beyond_it_grows_with_the_distance() {
        let past = past(4000);
        let rarity = |value: f64| past.rarity_of_deviation(value, MANY);
        assert!((rarity(1.5) - 0.30).abs() < 0.05, "half of the values: {}", rarity(1.5));
        assert!((rarity(1.9) - 1.0).abs() < 0.3, "a tenth: {}", rarity(1.9));
        let far = [2.1, 3.0, 9.0].map(rarity);
        assert!(far[0] > 1.2 && far[0] < far[1] && far[1] <= far[2], "{far:?}");
        assert!(rarity(-0.1) > 3.5, "nothing was ever below zero");
        assert!(rarity(0.0) <= 0.0);
        assert!(rarity(1e18) <= DECADES_MAX);
    }

    #[test]
    fn few_independent_values_make_the_tail_heavier() {
        let past = past(4000);
        let of = |independent| past.rarity_of_deviation(8.0, Known { independent, grain: 0.0 });
        assert!(of(1.0) < of(10.0) && of(10.0) < of(1000.0), "{} {}", of(1.0), of(10.0));
        assert!(of(0.0) > 1.0, "it is rare all the same: {}", of(0.0));
    }

    #[test]
    fn the_next_step_of_a_count_is_less_rare_than_a_value_as_far_off() {
        // 20 threes among 4,000 zeros: a four is the next step.
        let mut past = Past::default();
        for row in 0..4000 {
            past.count_deviation(if row % 200 == 0 { 3.0 } else { 0.0 });
        }
        let of = |grain| past.rarity_of_deviation(4.0, Known { grain, ..MANY });
        assert!(of(1.0) < of(0.0) - 0.2, "{} {}", of(1.0), of(0.0));
        assert!(of(1.0) > 2.3, "{}", of(1.0));
    }

    #[test]
    fn sizes_are_rare_on_both_sides() {
        let mut random = Random::stream(5, "tail");
        let mut past = Past::default();
        for _ in 0..2000 {
            past.count_size(1.0 + random.next_f64());
        }
        for size in [0.1, 50.0] {
            assert!(past.rarity_of_size(size, MANY) > 4.0, "{size}");
        }
        assert!(past.rarity_of_size(1.4, MANY) < 0.6);
    }

    #[test]
    fn equal_sizes_are_not_rare_and_what_was_normal_fades() {
        let mut past = Past::default();
        for _ in 0..40_000 {
            past.count_size(1.0);
        }
        assert!(past.total() < TOTAL_MAX);
        assert!(past.rarity_of_size(1.0, MANY) <= 0.0);
        for _ in 0..8000 {
            past.count_size(8.0);
        }
        let rarity = past.rarity_of_size(8.0, MANY);
        assert!(rarity < 0.6, "{rarity}");
    }

    #[test]
    fn what_is_adopted_is_as_usual_as_what_was_known() {
        let (mut known, mut shadow) = (past(4000), Past::default());
        for _ in 0..1000 {
            shadow.count_deviation(8.0);
        }
        assert!(known.rarity_of_deviation(8.0, MANY) > 4.0);
        known.adopt(&mut shadow);
        assert!(known.rarity_of_deviation(8.0, MANY) < 0.4);
        assert!(shadow.total() <= 0.0 && shadow.rarity_of_deviation(8.0, MANY) < 1.0);
    }

    #[test]
    fn another_unit_changes_nothing() {
        let mut random = Random::stream(8, "tail");
        let values: Vec<f64> = (0..3000).map(|_| random.next_f64() + 0.001).collect();
        let of = |factor: f64| {
            let mut past = Past::default();
            for value in &values {
                past.count_deviation(value * factor / factor);
            }
            past.rarity_of_deviation(7.0 * factor / factor, MANY)
        };
        assert!((of(3.3) - of(1.0)).abs() < 1e-12 && (of(0.001) - of(1.0)).abs() < 1e-12);
    }
}
