//! How much a series moves from row to row: too much, or too little.
//!
//! The mean of the square roots of the steps is looked at, so that a single large step counts
//! little beside a lasting unrest. A sensor that is stuck has steps of zero. The steps are those of
//! the series itself: taking a season away would make a stuck value move.

use super::rarer_of;
use super::tail::Past;
use core::array::from_fn;
use libm::{fabs, sqrt};

/// Steps of a window.
const WINDOWS: [usize; 2] = [16, 64];
const KEPT: usize = WINDOWS[1];

/// The unrest of one series.
#[derive(Clone, Debug)]
pub(super) struct Volatility {
    /// Square roots of the last steps; a step's place is its number modulo `KEPT`.
    roots: [f64; KEPT],
    steps: usize,
    last: Option<f64>,
    past: [Past; 2],
}

impl Default for Volatility {
    fn default() -> Self {
        Self { roots: [0.0; KEPT], steps: 0, last: None, past: from_fn(|_| Past::default()) }
    }
}

impl Volatility {
    /// Decades of rarity of the present unrest, given the next value. It is counted afterwards.
    pub(super) fn push(&mut self, value: f64) -> f64 {
        let Some(last) = self.last.replace(value) else { return 0.0 };
        self.roots[self.steps % KEPT] = sqrt(fabs(value - last));
        self.steps += 1;
        let mut rarity = 0.0f64;
        for (at, window) in WINDOWS.into_iter().enumerate() {
            if self.steps >= window {
                let found = self.past[at].rarity_of_size(self.mean(window));
                rarity = rarity.max(rarer_of(found, window));
            }
        }
        rarity
    }

    fn mean(&self, count: usize) -> f64 {
        let roots = (1..=count).map(|back| self.roots[(self.steps - back) % KEPT]);
        roots.sum::<f64>() / count as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::random::Random;

    /// The largest rarity in rows 900 to 930 of noise that `change` makes something of from there.
    fn check(change: impl Fn(f64) -> f64) -> f64 {
        let mut random = Random::stream(11, "volatility");
        let mut volatility = Volatility::default();
        let mut most = 0.0f64;
        for row in 0..930 {
            let noise = random.next_f64();
            let found = volatility.push(if row < 900 { noise } else { change(noise) });
            most = if row < 900 { 0.0 } else { most.max(found) };
        }
        most
    }

    #[test]
    fn unrest_and_rest_are_rare_and_neither_is_the_usual() {
        let usual = check(|noise| noise);
        assert!(usual < 2.0, "{usual}");
        assert!(check(|noise| 4.0 * noise) > 2.5);
        assert!(check(|noise| 0.5 + 0.1 * noise) > 3.0);
        assert!(check(|_| 0.5) > 6.0, "stuck");
    }

    #[test]
    fn a_series_that_never_moved_is_not_rare_and_its_first_move_is() {
        let mut volatility = Volatility::default();
        let still = (0..500).map(|_| volatility.push(3.0)).fold(0.0, f64::max);
        assert!(still <= 0.0, "{still}");
        assert!(volatility.push(3.5) > 2.0);
    }
}
