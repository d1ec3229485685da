//! The time in which culprits are looked for, and when a culprit began.

use crate::window::BUCKET_NS;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// A cause may come so long before its signal, and its own change may show so long after it.
const LEAD_NS: u64 = 60 * SECOND_NS;
/// Causes are looked for so far back: as far as there is a past.
const LONGEST_NS: u64 = 7_200 * SECOND_NS;

/// From a minute before the signal's own change to the present, two hours at most (`signals.md`,
/// section 12, step 1). Where the change is not known it is the last minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    pub(super) begin: Timestamp,
    onset: Option<Timestamp>,
    now: Timestamp,
    counts_all: bool,
}

impl Interval {
    pub(super) fn new(onset: Option<Timestamp>, now: Timestamp) -> Self {
        let onset = onset.map(|onset| onset.min(now));
        let lead = Timestamp(onset.unwrap_or(now).0.saturating_sub(LEAD_NS));
        let longest = Timestamp(now.0.saturating_sub(LONGEST_NS));
        Self { begin: lead.max(longest), onset, now, counts_all: false }
    }

    /// The last two hours, in which all that was consumed counts, and not only what is above the
    /// usual.
    pub(super) fn of_all(now: Timestamp) -> Self {
        let begin = Timestamp(now.0.saturating_sub(LONGEST_NS));
        Self { begin, onset: None, now, counts_all: true }
    }

    /// Whether all that was consumed counts.
    pub(super) fn counts_all(&self) -> bool {
        self.counts_all
    }

    /// The bucket in which it begins.
    pub(super) fn first_bucket(&self) -> u64 {
        self.begin.0 / BUCKET_NS
    }

    /// The bucket of the signal's own change.
    pub(super) fn onset_bucket(&self) -> u64 {
        self.onset.unwrap_or(self.now).0 / BUCKET_NS
    }

    /// Whether a change came too late to be a cause, wherever it was in its range.
    pub(super) fn is_late(&self, began: &Began) -> bool {
        // Of a signal that stands for longer than the past reaches, the past begins with it.
        self.onset.is_some_and(|onset| began.earliest > onset.max(self.begin).plus_ns(LEAD_NS))
    }

    /// Whether a change came before the signal's, wherever it was in its range. Nothing else may
    /// claim an order.
    pub(super) fn is_before(&self, began: &Began) -> bool {
        self.onset.is_some_and(|onset| began.latest < onset)
    }
}

/// When a change was, and the range in which it may have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Began {
    pub(super) at: Timestamp,
    pub(super) earliest: Timestamp,
    pub(super) latest: Timestamp,
}

impl Began {
    /// A change of which the time is known.
    pub(super) fn exactly(at: Timestamp) -> Self {
        Self { at, earliest: at, latest: at }
    }

    /// A change in a bucket, that of the reading at `last` or one before it.
    pub(super) fn within(bucket: u64, last: Timestamp) -> Self {
        let at = bucket_begin(bucket);
        Self { at, earliest: at, latest: bucket_begin(bucket + 1).min(last) }
    }
}

/// When a bucket begins.
pub(super) fn bucket_begin(bucket: u64) -> Timestamp {
    Timestamp(bucket.saturating_mul(BUCKET_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp(second * SECOND_NS)
    }

    #[test]
    fn it_reaches_from_a_minute_before_the_onset_and_two_hours_at_most() {
        let begin = |onset: Option<u64>, now: u64| Interval::new(onset.map(at), at(now)).begin;
        assert_eq!(begin(Some(1000), 1005), at(940));
        assert_eq!(begin(None, 1000), at(940), "at least a minute");
        assert_eq!(begin(Some(2000), 1000), at(940), "an onset is not in the future");
        assert_eq!(begin(Some(1000), 20_000), at(12_800));
        assert_eq!(begin(Some(10), 20), at(0));
    }

    #[test]
    fn an_order_is_claimed_only_outside_of_the_range() {
        let interval = Interval::new(Some(at(1000)), at(1200));
        let began = |earliest, latest| Began {
            at: at(earliest),
            earliest: at(earliest),
            latest: at(latest),
        };
        assert!(interval.is_before(&began(980, 999)) && !interval.is_before(&began(980, 1000)));
        assert!(interval.is_late(&began(1061, 1080)) && !interval.is_late(&began(1060, 1080)));
        assert!(!Interval::new(None, at(1200)).is_late(&began(1199, 1200)));
    }
}
