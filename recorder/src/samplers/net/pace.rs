//! How often what is costly is read: plain periods, and the pace of listing sockets.
//!
//! Nothing here reads anything or asks for the time.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// Whether `period_ns` passed since `last`. A twentieth too early is taken as passed: ticks do not
/// come to the nanosecond, and waiting for the next one would stretch 2 s to 3 s.
pub(super) fn is_due(last: Option<Timestamp>, tick: Timestamp, period_ns: u64) -> bool {
    last.is_none_or(|last| tick.since_ns(last) >= period_ns - period_ns / 20)
}

/// A listing that takes longer than this is costly (our judgement: 2.5 % of a CPU every 2 s).
pub(super) const COSTLY_NS: u64 = 50_000_000;

/// So many sockets are costly to list, however fast this host is.
const COSTLY_SOCKETS: u64 = 200_000;

const OWN_PERIOD_NS: u64 = 2 * SECOND_NS;
const OTHERS_PERIOD_NS: u64 = 10 * SECOND_NS;
const STRETCHED_PERIOD_NS: u64 = 30 * SECOND_NS;

/// What the last listing of a namespace's sockets cost.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Listing {
    last: Option<Timestamp>,
    took_ns: u64,
    sockets: u64,
}

impl Listing {
    /// The listing of this tick is over.
    pub(super) fn finish(&mut self, tick: Timestamp, took_ns: u64, sockets: u64) {
        *self = Self { last: Some(tick), took_ns, sockets };
    }

    /// How long it took.
    pub(super) fn took_ns(&self) -> u64 {
        self.took_ns
    }

    /// Whether the next listing is due at this pace.
    pub(super) fn is_due(&self, tick: Timestamp, pace: Pace) -> bool {
        is_due(self.last, tick, pace.period_ns)
    }
}

/// How often sockets are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    period_ns: u64,
}

impl Pace {
    /// The pace of the own namespace.
    pub(super) fn of_own(own: Listing) -> Self {
        Self::new(OWN_PERIOD_NS, [own].into_iter())
    }

    /// The pace of all other namespaces together: what counts is the sum of their costs.
    pub(super) fn of_others(others: impl Iterator<Item = Listing>) -> Self {
        Self::new(OTHERS_PERIOD_NS, others)
    }

    fn new(period_ns: u64, listings: impl Iterator<Item = Listing>) -> Self {
        let (took_ns, sockets) = listings.fold((0u64, 0u64), |(took_ns, sockets), listing| {
            (took_ns.saturating_add(listing.took_ns), sockets.saturating_add(listing.sockets))
        });
        let costly = took_ns > COSTLY_NS || sockets > COSTLY_SOCKETS;
        Self { period_ns: if costly { STRETCHED_PERIOD_NS } else { period_ns } }
    }

    /// Whether cost has stretched the pace.
    pub(super) fn is_stretched(self) -> bool {
        self.period_ns == STRETCHED_PERIOD_NS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(took_ms: u64, sockets: u64) -> Listing {
        let mut listing = Listing::default();
        listing.finish(Timestamp(0), took_ms * 1_000_000, sockets);
        listing
    }

    #[test]
    fn what_was_never_read_is_due_and_a_little_early_is_due_too() {
        let at = |ms: u64| Timestamp(ms * 1_000_000);
        assert!(is_due(None, at(0), 2 * SECOND_NS));
        assert!(!is_due(Some(at(0)), at(1_000), 2 * SECOND_NS));
        assert!(is_due(Some(at(0)), at(1_990), 2 * SECOND_NS));
        assert!(is_due(Some(at(0)), at(2_000), 2 * SECOND_NS));
        assert!(!is_due(Some(at(5_000)), at(0), 2 * SECOND_NS), "time that goes back");
    }

    #[test]
    fn cost_stretches_the_pace_and_cheapness_restores_it() {
        assert!(!Pace::of_own(Listing::default()).is_stretched());
        assert!(!Pace::of_own(listing(50, 200_000)).is_stretched());
        assert!(Pace::of_own(listing(51, 10)).is_stretched());
        assert!(Pace::of_own(listing(1, 200_001)).is_stretched());
        let second = Timestamp(SECOND_NS);
        assert!(!listing(1, 1).is_due(second, Pace::of_own(listing(1, 1))));
        assert!(listing(1, 1).is_due(Timestamp(2 * SECOND_NS), Pace::of_own(listing(1, 1))));
        assert!(!listing(51, 1).is_due(Timestamp(20 * SECOND_NS), Pace::of_own(listing(51, 1))));
    }

    #[test]
    fn the_costs_of_the_others_add_up() {
        let cheap = listing(1, 10);
        assert!(!Pace::of_others([cheap; 50].into_iter()).is_stretched());
        assert!(Pace::of_others([cheap; 51].into_iter()).is_stretched());
        assert!(!Pace::of_others([].into_iter()).is_stretched());
    }
}
