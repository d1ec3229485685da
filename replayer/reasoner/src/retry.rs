//! When to ask again. A server that says when is obeyed; else the waits grow, as those of Google's
//! own client do, and are spread by the engine's generator, so that many hosts do not come at once.

use std::time::Duration;

use ks_vocabulary::random::Random;

use crate::Failure;

/// Attempts at one request (`gemini-api.md`, section 8).
pub(crate) const ATTEMPTS_MAX: usize = 10;
/// The first wait, how it grows, and the longest.
const FIRST_S: f64 = 5.0;
const GROWTH: f64 = 2.0;
const LONGEST_S: f64 = 30.0;
/// Part of a wait by which it is made longer or shorter.
const JITTER: f64 = 0.3;
/// Who asks for a longer wait is not waited for.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// What becomes of a request that was refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It may be made again, not before so long.
    Again {
        /// What was asked for, if anything was.
        after: Option<Duration>,
    },
    /// It is over.
    End(Failure),
}

/// The waits between attempts at one request.
#[derive(Debug)]
pub(crate) struct Waits {
    next_s: f64,
}

impl Default for Waits {
    fn default() -> Self {
        Self { next_s: FIRST_S }
    }
}

impl Waits {
    /// The next wait; `None` where it would be too long.
    pub(crate) fn next(
        &mut self,
        asked: Option<Duration>,
        random: &mut Random,
    ) -> Option<Duration> {
        let own_s = self.next_s * (1.0 + JITTER * (2.0 * random.next_f64() - 1.0));
        self.next_s = (self.next_s * GROWTH).min(LONGEST_S);
        let wait = asked.unwrap_or_else(|| Duration::from_secs_f64(own_s));
        (wait <= PATIENCE).then_some(wait)
    }
}

/// What `Retry-After` asks for: whole seconds. A date is left to the own waits.
pub(crate) fn after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_spread() {
        let (mut waits, mut random) = (Waits::default(), Random::stream(1, "retry"));
        let taken: Vec<f64> =
            (0..8).map(|_| waits.next(None, &mut random).unwrap().as_secs_f64()).collect();
        for (wait, middle) in taken.iter().zip([5.0, 10.0, 20.0, 30.0, 30.0, 30.0, 30.0, 30.0]) {
            assert!((wait - middle).abs() <= middle * JITTER, "{taken:?}");
        }
        assert!(taken[4..].windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.1), "{taken:?}");
        let mut again = Random::stream(1, "retry");
        let mut waits = Waits::default();
        assert!((waits.next(None, &mut again).unwrap().as_secs_f64() - taken[0]).abs() < 1e-9);
    }

    #[test]
    fn what_is_asked_for_is_obeyed_within_patience() {
        let (mut waits, mut random) = (Waits::default(), Random::stream(1, "retry"));
        let half = Duration::from_millis(500);
        assert_eq!(waits.next(Some(half), &mut random), Some(half));
        assert_eq!(waits.next(Some(Duration::from_hours(1)), &mut random), None);
        assert_eq!(after(Some(" 7 ")), Some(Duration::from_secs(7)));
        assert_eq!(after(Some("Wed, 21 Oct 2026 07:28:00 GMT")), None);
    }
}
