//! How an amount changes over the last ten to twenty minutes, and when it is used up at that pace.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// What was used in ten minutes says how fast it goes; a moment does not (our judgement).
const SPAN_NS: u64 = 600 * SECOND_NS;
/// Less is no time to tell a trend from a burst.
const LEAST_NS: u64 = 60 * SECOND_NS;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Trend {
    /// Readings that begin the last two spans of [`SPAN_NS`], the older one first, and the last.
    begins: [Option<(Timestamp, u64)>; 2],
    last: Option<(Timestamp, u64)>,
}

impl Trend {
    /// Takes the amount at a reading.
    pub fn push(&mut self, at: Timestamp, amount: u64) {
        let reading = Some((at, amount));
        match self.begins[1] {
            Some((began, _)) if at.since_ns(began) < SPAN_NS => {}
            was => self.begins = [was, reading],
        }
        self.last = reading;
    }

    /// The reading that all is compared with.
    fn began(&self) -> Option<(Timestamp, u64)> {
        self.begins[0].or(self.begins[1])
    }

    /// Whether there is less than ten to twenty minutes ago, or when it was first read.
    pub fn falls(&self) -> bool {
        self.began().zip(self.last).is_some_and(|((_, before), (_, amount))| amount < before)
    }

    /// Time until nothing is left of an amount that falls, at the pace of the last ten to twenty
    /// minutes, or of all that is known; `None` where it does not fall.
    pub fn gone_in_ns(&self) -> Option<u64> {
        let ((_, before), (_, amount)) = self.began().zip(self.last)?;
        self.time_for(amount, before.checked_sub(amount)?)
    }

    /// The same of an amount that grows, until it is at `limit`.
    pub fn full_in_ns(&self, limit: u64) -> Option<u64> {
        let ((_, before), (_, amount)) = self.began().zip(self.last)?;
        self.time_for(limit.saturating_sub(amount), amount.checked_sub(before)?)
    }

    /// How long `left` lasts where so much went since the beginning.
    fn time_for(&self, left: u64, went: u64) -> Option<u64> {
        let ns = self.last?.0.since_ns(self.began()?.0);
        let left_ns = u128::from(left) * u128::from(ns);
        let left_ns = left_ns.checked_div(u128::from(went)).filter(|_| ns >= LEAST_NS)?;
        Some(u64::try_from(left_ns).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_full_and_what_falls_is_gone_at_the_pace_of_all_that_is_known() {
        let after = |seconds: u64, began: u64, ended: u64| {
            let mut trend = Trend::default();
            trend.push(Timestamp(SECOND_NS), began);
            trend.push(Timestamp((1 + seconds) * SECOND_NS), ended);
            [trend.full_in_ns(1000), trend.gone_in_ns()].map(|ns| ns.map(|ns| ns / SECOND_NS))
        };
        assert_eq!(after(59, 100, 200), [None, None], "no trend yet");
        assert_eq!(after(60, 100, 200), [Some(480), None]);
        assert_eq!(after(60, 200, 100), [None, Some(60)]);
        assert_eq!(after(60, 200, 200), [None, None], "it stands");
        assert_eq!(after(60, 200, 1200), [Some(0), None], "beyond its limit");
    }
}
