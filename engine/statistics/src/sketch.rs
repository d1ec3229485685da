//! Quantiles of a stream to within 1 %: a DDSketch (Masson, Rim and Lee 2019).
//!
//! A value is counted in a bin whose borders are 2 % apart, so each bin's own value is within 1 %
//! of all that it holds. Negative values have bins of their own by size, and those nearer to zero
//! than 1e-9 share one. Weights are numbers, not counts, so that old ones can decay. Two sketches
//! merge into the sketch of all their values, in any order. It remembers no order of arrival, and
//! it cannot tell values apart that vary by less than 2 %.
//!
//! It is stored as the weight of the zero bin and two lists of (bin, weight) in ascending order of
//! bins, without empty ones.

mod bins;

use self::bins::Bins;
use alloc::vec::Vec;
use core::iter::once;
use libm::{ceil, exp, fabs, log};
use serde::{Deserialize, Serialize};

/// The bins of one sign are at most this many neighbours; what is smaller counts in the smallest
/// of them. They span 17 powers of ten.
pub const BINS_MAX: usize = 2048;

/// The largest relative error of a quantile.
pub const ALPHA: f64 = 0.01;

/// Values nearer to zero count as zero.
const ZERO_BELOW: f64 = 1e-9;
/// Ratio of the borders of a bin.
const GAMMA: f64 = (1.0 + ALPHA) / (1.0 - ALPHA);
/// Its natural logarithm.
const LN_GAMMA: f64 = 0.020_000_666_706_669_525;
/// The bin of the smallest value that is not zero.
const BIN_FIRST: i32 = -1036;
/// The bin of the largest finite value.
const BIN_LAST: i32 = 35_488;
/// Below this part of the total weight the position of a value has no meaning for `f64`.
const WIDTH_MIN: f64 = 1e-12;

/// A sketch of a stream's distribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Sketch {
    negative: Bins,
    zero: f64,
    positive: Bins,
}

/// Why a stored sketch is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSketch {
    /// A weight is negative or not finite, or a bin is listed without any.
    #[error("a weight of the sketch is not a positive number")]
    Weight,
    /// The bins do not ascend, or one is listed twice.
    #[error("the bins of the sketch are not in ascending order")]
    Order,
    /// A bin holds no finite value, or the bins span more than [`BINS_MAX`].
    #[error("the bins of the sketch span more than {}, or hold no finite value", BINS_MAX)]
    Span,
}

impl Sketch {
    /// Counts a finite value once.
    pub fn insert(&mut self, value: f64) {
        self.insert_weighted(value, 1.0);
    }

    /// Counts a finite value with a finite weight that is not negative.
    pub fn insert_weighted(&mut self, value: f64, weight: f64) {
        assert!(value.is_finite(), "values that are not finite are filtered before");
        assert!(weight.is_finite() && weight >= 0.0, "a weight is finite and not negative");
        let size = fabs(value);
        if size < ZERO_BELOW {
            self.zero += weight;
        } else if value < 0.0 {
            self.negative.add(bin_of(size), weight);
        } else {
            self.positive.add(bin_of(size), weight);
        }
    }

    /// Counts all that the other sketch counted.
    pub fn merge(&mut self, other: &Self) {
        self.negative.merge(&other.negative);
        self.zero += other.zero;
        self.positive.merge(&other.positive);
    }

    /// Multiplies all weights by a finite factor that is not negative: decay. Quantiles stay,
    /// but for the ends of a sketch that weighs little (see [`Sketch::quantiles`]).
    pub fn scale(&mut self, factor: f64) {
        assert!(factor.is_finite() && factor >= 0.0, "a factor is finite and not negative");
        self.negative.scale(factor);
        self.zero *= factor;
        self.positive.scale(factor);
    }

    /// The sum of all weights: the number of values where nothing decayed.
    pub fn count(&self) -> f64 {
        self.ascending().fold(0.0, |sum, (_, weight)| sum + weight)
    }

    /// Whether it counts nothing.
    pub fn is_empty(&self) -> bool {
        self.negative.is_empty() && self.zero <= 0.0 && self.positive.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The `p`-quantile, p from 0 to 1; `None` without values. See [`Sketch::quantiles`].
    pub fn quantile(&self, p: f64) -> Option<f64> {
        self.quantiles(&[p]).map(|[value]| value)
    }

    /// Several quantiles in one pass, p from 0 to 1; `None` without values.
    ///
    /// They are those of type 7, as `order::quantile` has them, of the values of the bins: the mean
    /// over the stretch of weight 1 that begins at (n - 1) p. With whole weights that is the value
    /// of a rank, or between two neighbours; and it means the same for weights that decayed. Of a
    /// sketch that weighs less than a few values no quantile says much.
    pub fn quantiles<const N: usize>(&self, ps: &[f64; N]) -> Option<[f64; N]> {
        let total = self.count();
        if total <= 0.0 {
            return None;
        }
        let width = (total * WIDTH_MIN).max(1.0).min(total);
        let mut stretches = ps.map(|p| {
            assert!((0.0..=1.0).contains(&p), "p of a quantile lies from 0 to 1");
            Stretch::new(p * (total - width), width)
        });
        let mut begin = 0.0;
        for (bin, weight) in self.ascending() {
            let end = begin + weight;
            for stretch in &mut stretches {
                stretch.cover(begin, end, bin);
            }
            begin = end;
        }
        Some(stretches.map(|stretch| stretch.mean()))
    }

    /// Bins with their weights, from the lowest value to the highest.
    fn ascending(&self) -> impl Iterator<Item = (Bin, f64)> {
        let negative = self.negative.iter().rev().map(|(at, weight)| (Bin::Negative(at), weight));
        let positive = self.positive.iter().map(|(at, weight)| (Bin::Positive(at), weight));
        negative.chain(once((Bin::Zero, self.zero))).chain(positive)
    }
}

/// One bin of either sign, or the one of zero.
#[derive(Clone, Copy, Debug)]
enum Bin {
    Negative(i32),
    Zero,
    Positive(i32),
}

impl Bin {
    /// The value within 1 % of all in the bin.
    fn value(self) -> f64 {
        let size = |at: i32| exp(f64::from(at) * LN_GAMMA) * (2.0 / (GAMMA + 1.0));
        match self {
            Self::Negative(at) => (-size(at)).max(f64::MIN),
            Self::Zero => 0.0,
            Self::Positive(at) => size(at).min(f64::MAX),
        }
    }
}

/// The bin of a size: the least i with size <= gamma^i.
#[expect(clippy::cast_possible_truncation, reason = "from -1036 to 35488, see the constants")]
fn bin_of(size: f64) -> i32 {
    ceil(log(size) / LN_GAMMA) as i32
}

/// A stretch of the weight in ascending order of values, and the mean of what lies in it.
struct Stretch {
    begin: f64,
    end: f64,
    /// The lowest value; the others are summed as distances from it, so that a stretch within one
    /// bin gives exactly that bin's value.
    lowest: Option<f64>,
    above: f64,
    weight: f64,
}

impl Stretch {
    fn new(begin: f64, width: f64) -> Self {
        Self { begin, end: begin + width, lowest: None, above: 0.0, weight: 0.0 }
    }

    /// Takes the part of the bin between `begin` and `end` that lies in the stretch.
    fn cover(&mut self, begin: f64, end: f64, bin: Bin) {
        let weight = end.min(self.end) - begin.max(self.begin);
        if weight > 0.0 {
            let value = bin.value();
            self.above += (value - *self.lowest.get_or_insert(value)) * weight;
            self.weight += weight;
        }
    }

    fn mean(&self) -> f64 {
        let above = if self.weight > 0.0 { self.above / self.weight } else { 0.0 };
        (self.lowest.unwrap_or(0.0) + above).clamp(f64::MIN, f64::MAX)
    }
}

/// The form in which a sketch is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    negative: Vec<(i32, f64)>,
    zero: f64,
    positive: Vec<(i32, f64)>,
}

impl From<Sketch> for Stored {
    fn from(sketch: Sketch) -> Self {
        Self {
            negative: sketch.negative.iter().collect(),
            zero: sketch.zero,
            positive: sketch.positive.iter().collect(),
        }
    }
}

impl TryFrom<Stored> for Sketch {
    type Error = InvalidSketch;

    fn try_from(stored: Stored) -> Result<Self, InvalidSketch> {
        if !stored.zero.is_finite() || stored.zero < 0.0 {
            return Err(InvalidSketch::Weight);
        }
        let sketch = Self {
            negative: Bins::from_ascending(&stored.negative)?,
            zero: stored.zero,
            positive: Bins::from_ascending(&stored.positive)?,
        };
        if sketch.count().is_finite() { Ok(sketch) } else { Err(InvalidSketch::Weight) }
    }
}

#[cfg(test)]
mod tests;
