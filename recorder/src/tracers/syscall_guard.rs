//! When the latency of system calls is measured: not in a storm of them, where it would cost more
//! than it tells.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// Calls a second on one CPU above which nothing is timed: a timed call costs two to three times a
/// counted one (our judgement, at about 2.5 % of a CPU).
const STORM_PER_SEC: u64 = 100_000;
/// Calls a second on one CPU below which it may be timed again.
const CALM_PER_SEC: u64 = 50_000;
/// How long it must be calm for that.
const CALM_NS: u64 = 10 * SECOND_NS;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Guard {
    last: Option<(Timestamp, u64)>,
    calm_since: Option<Timestamp>,
    storm: bool,
}

impl Guard {
    /// Takes the calls so far on the CPU that made most; says whether to time them from now on.
    pub(super) fn allows(&mut self, now: Timestamp, calls: u64) -> bool {
        let Some((at, before)) = self.last.replace((now, calls)) else { return true };
        let grown = u128::from(calls.saturating_sub(before)) * u128::from(SECOND_NS);
        let rate = grown / u128::from(now.since_ns(at).max(1));
        if rate > u128::from(STORM_PER_SEC) {
            self.storm = true;
        }
        if rate > u128::from(CALM_PER_SEC) {
            self.calm_since = None;
        } else {
            let since = *self.calm_since.get_or_insert(at);
            self.storm &= now.since_ns(since) < CALM_NS;
        }
        !self.storm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_ends_the_timing_until_it_was_calm_for_ten_seconds() {
        let mut guard = Guard::default();
        let (mut calls, mut second) = (5, 0);
        let mut after = |rate: u64| {
            (calls, second) = (calls + rate, second + 1);
            guard.allows(Timestamp(second * SECOND_NS), calls)
        };
        assert!(after(0), "the first reading has no rate");
        assert!(after(99_000));
        assert!(!after(101_000), "at once");
        assert!(!after(60_000), "neither storm nor calm");
        assert!((0..9).all(|_| !after(1000)));
        assert!(after(1000), "ten seconds");
        assert!(after(90_000));
    }
}
