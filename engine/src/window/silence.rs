//! Whether TCP of a namespace that received segments steadily receives none, while it sends again.
//!
//! Retries of a connection are ever further apart (RFC 6298), so that a share over a span tells
//! little of them: what counts is from when to when they went on without an answer.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// For how long segments must have come, and how long they may pause in it (our judgement).
const STEADY_NS: u64 = 10 * SECOND_NS;
const PAUSE_NS: u64 = 10 * SECOND_NS;
/// Longest time between two retries (kernel, `TCP_RTO_MAX`), and a reading or two.
const RETRY_NS: u64 = 130 * SECOND_NS;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Silence {
    last: Option<(Timestamp, [u64; 3])>,
    /// Since when segments came without a long pause, and when the last did.
    flow: Option<(Timestamp, Timestamp)>,
    /// When segments of a connection were last sent again, with none received since the flow.
    again_at: Option<Timestamp>,
}

impl Silence {
    /// Takes the segments received, sent again, and of these the ones that ask for a connection.
    pub(super) fn push(&mut self, at: Timestamp, [received, again, asked]: [Option<u64>; 3]) {
        let (Some(received), Some(again)) = (received, again) else {
            *self = Self::default();
            return;
        };
        let counts = [received, again, asked.unwrap_or(0)];
        let Some((last_at, before)) = self.last.replace((at, counts)) else { return };
        if before.iter().zip(&counts).any(|(before, after)| after < before) {
            *self = Self { last: self.last, ..Self::default() };
            return;
        }
        let grown = |which: usize| counts[which] - before[which];
        if grown(0) > 0 {
            let goes_on = |(_, heard): &(_, Timestamp)| last_at.since_ns(*heard) <= PAUSE_NS;
            let began = self.flow.filter(goes_on).map_or(last_at, |(began, _)| began);
            self.flow = Some((began, at));
            self.again_at = None;
        } else if grown(1) > grown(2) {
            self.again_at = Some(at);
        }
    }

    /// From the last segment received to the last one sent again; 0 where segments come, had not
    /// come steadily, or nothing is sent again any more.
    pub(super) fn ns(&self) -> u64 {
        let (Some((at, _)), Some((began, heard)), Some(again_at)) =
            (self.last, self.flow, self.again_at)
        else {
            return 0;
        };
        let is_told = heard.since_ns(began) >= STEADY_NS && at.since_ns(again_at) <= RETRY_NS;
        if is_told { again_at.since_ns(heard) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds unanswered after the readings (second, received, sent again, of these asking).
    fn after(readings: &[(u64, u64, u64, u64)]) -> u64 {
        let mut silence = Silence::default();
        for (second, received, again, asked) in readings {
            let at = Timestamp(second * SECOND_NS);
            silence.push(at, [Some(*received), Some(*again), Some(*asked)]);
        }
        silence.ns() / SECOND_NS
    }

    #[test]
    fn it_lasts_from_the_last_answer_to_the_last_retry() {
        let flow = [(0, 0, 0, 0), (5, 5, 0, 0), (10, 9, 0, 0)];
        let then = |more: &[_]| after(&[&flow[..], more].concat());
        assert_eq!(then(&[(11, 9, 1, 0), (13, 9, 2, 0), (20, 9, 2, 0)]), 3);
        assert_eq!(then(&[(13, 9, 2, 0), (30, 9, 3, 0)]), 20);
        assert_eq!(then(&[(30, 9, 3, 0), (31, 10, 4, 0)]), 0, "an answer came");
        assert_eq!(then(&[(30, 9, 3, 3)]), 0, "nobody grants a connection");
        assert_eq!(then(&[(30, 9, 3, 0), (160, 9, 3, 0)]), 20);
        assert_eq!(then(&[(30, 9, 3, 0), (161, 9, 3, 0)]), 0, "nobody tries any more");
        assert_eq!(then(&[(30, 1, 3, 0), (50, 1, 4, 0)]), 0, "counted anew");
    }

    #[test]
    fn what_did_not_come_steadily_is_not_missed() {
        assert_eq!(after(&[(0, 0, 0, 0), (9, 5, 0, 0), (30, 5, 9, 0)]), 0, "for too short a time");
        let paused = [(0, 0, 0, 0), (1, 1, 0, 0), (12, 1, 0, 0), (13, 2, 0, 0), (40, 2, 9, 0)];
        assert_eq!(after(&paused), 0, "paused for 11 s");
        let short = [(0, 0, 0, 0), (1, 1, 0, 0), (11, 1, 0, 0), (12, 2, 0, 0), (40, 2, 9, 0)];
        assert_eq!(after(&short), 28);
        assert_eq!(after(&[(0, 0, 0, 0), (60, 9, 0, 0), (120, 9, 5, 0)]), 60, "every minute");
    }
}
