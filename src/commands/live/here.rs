//! This host as a world: segments, ticks, and what happens when the disk takes no more.
//!
//! A tick that cannot be logged is not fed: the engine knows nothing that the recording does not.
//! The run goes on without eyes until the disk takes a segment again, which begins with the gap.

use ks_recorder::clock;
use ks_recorder::error::Error;
use ks_recorder::recorder::Recorder;
use ks_replayer::driver::{Arrival, Wants, World};
use ks_vocabulary::input::{Body, Gap, GapReason};
use ks_vocabulary::time::Timestamp;

use crate::pace::Pace;

/// See the module.
pub(super) struct Here {
    recorder: Recorder,
    pace: Pace,
    segment_ns: u64,
    /// Number of the next segment within the run.
    number: u32,
    /// When the segment at hand is long enough; `None` where there is none.
    ends: Option<Timestamp>,
    /// Ticks that could not be recorded since the last one that was.
    lost: u64,
    given: Given,
    lent: Body,
}

/// What was given last, and is not known to be logged until the next thing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Start,
    Gap,
    Else,
}

impl Here {
    pub(super) fn new(recorder: Recorder, pace: Pace, segment_ns: u64) -> Self {
        let (number, ends, lost, given) = (0, None, 0, Given::Else);
        Self { recorder, pace, segment_ns, number, ends, lost, given, lent: Body::Tick }
    }

    /// Whether anything was ever logged.
    pub(super) fn has_begun(&self) -> bool {
        self.number > 0
    }

    /// Ticks that could not be recorded since the last one that was.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// What was given last could not be logged: the tick at hand is lost, and the next one begins
    /// another segment.
    pub(super) fn lose(&mut self) {
        // Whatever could not be logged, the next attempt is that of the next tick.
        if self.pace.is_due(clock::now()) {
            self.pace.go_on();
        }
        self.given = Given::Else;
        self.recorder.forget();
        self.ends = None;
        self.lost += 1;
    }

    /// What was given last is logged.
    fn settle(&mut self) {
        match std::mem::replace(&mut self.given, Given::Else) {
            Given::Start => self.number += 1,
            Given::Gap => self.lost = 0,
            Given::Else => {}
        }
    }

    fn give(&mut self, given: Given, at: Timestamp, body: Body) -> Arrival<'_> {
        self.given = given;
        self.lent = body;
        Arrival::Learned(at, &mut self.lent)
    }
}

impl World for Here {
    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        self.settle();
        loop {
            if self.recorder.has_more() {
                let learned = self.recorder.next();
                return Ok(learned.map_or(Arrival::Over, |(at, body)| Arrival::Learned(at, body)));
            }
            let now = clock::now();
            let is_due = self.pace.is_due(now);
            if is_due && self.ends.is_none_or(|ends| now >= ends) {
                let (at, start) = self.recorder.start(self.number);
                self.ends = Some(at.plus_ns(self.segment_ns));
                return Ok(self.give(Given::Start, at, start));
            }
            if self.lost > 0 && self.ends.is_some() {
                let gap = Gap { count: Some(self.lost), ..Gap::in_all(GapReason::WriteFailed) };
                return Ok(self.give(Given::Gap, now, Body::Gap(gap)));
            }
            // Without a segment nothing can be logged, a tick that the engine is owed neither.
            let until = wants.until.filter(|_| self.ends.is_some());
            if until.is_some_and(|until| until <= now) {
                return Ok(Arrival::Due(now));
            }
            if is_due {
                self.pace.go_on();
                self.recorder.tick(wants.keyframe, wants.detail);
            } else if !self.pace.wait_until(until.unwrap_or(Timestamp(u64::MAX))) {
                return Ok(Arrival::Over);
            }
        }
    }
}
