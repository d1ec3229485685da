//! Ticks that came late. A late tick is no gap: its rates are over its true time, which the
//! recording holds; how late it was follows from that time.

use ks_vocabulary::input::{Body, Gap, GapReason, Input};
use ks_vocabulary::time::Timestamp;
use serde::Serialize;

/// Late is a tick that comes this many intervals after the one before (`signals.md`, section 1).
const LATE_INTERVALS: u64 = 2;

/// How many ticks were late, and how many were missed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Lateness {
    /// Ticks that came at least two intervals after the one before.
    pub late_ticks: u64,
    /// Ticks that did not come in the time of those.
    pub missed_ticks: u64,
}

/// Follows the times of samples.
#[derive(Debug, Clone, Default)]
pub(crate) struct Follower {
    interval_ns: u64,
    last: Option<Timestamp>,
    found: Lateness,
}

impl Follower {
    pub(crate) fn input(&mut self, input: &Input) {
        match &input.body {
            Body::Start(start) => {
                self.interval_ns = start.interval_ns.max(1);
                if start.segment == 0 {
                    self.last = None;
                }
            }
            Body::Gap(Gap { source, reason, .. }) => {
                if source == "all" || *reason == GapReason::Suspend {
                    self.last = None;
                }
            }
            Body::Sample(_) => self.sample(input.mono),
            Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {}
        }
    }

    fn sample(&mut self, at: Timestamp) {
        let since_ns = self.last.replace(at).map_or(0, |last| at.since_ns(last));
        let intervals = (since_ns + self.interval_ns / 2) / self.interval_ns;
        if since_ns >= LATE_INTERVALS * self.interval_ns {
            self.found.late_ticks += 1;
            self.found.missed_ticks += intervals - 1;
        }
    }

    pub(crate) fn found(&self) -> Lateness {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::Sample;
    use ks_vocabulary::time::SECOND_NS;

    #[test]
    fn a_tick_after_two_intervals_is_late_and_a_gap_is_not_lateness() {
        let mut follower = Follower { interval_ns: SECOND_NS, ..Follower::default() };
        let mut feed = |tenths: u64, body: Body| {
            follower.input(&Input::recorded(0, Timestamp(tenths * SECOND_NS / 10), body));
            (follower.found().late_ticks, follower.found().missed_ticks)
        };
        let sample = || Body::Sample(Box::<Sample>::default());
        assert_eq!(feed(10, sample()), (0, 0));
        assert_eq!(feed(29, sample()), (0, 0), "1.9 intervals");
        assert_eq!(feed(49, sample()), (1, 1), "2 intervals");
        assert_eq!(feed(103, sample()), (2, 5), "5.4 intervals");
        feed(103, Body::Gap(Gap::in_all(GapReason::Suspend)));
        assert_eq!(feed(900, sample()), (2, 5));
    }
}
