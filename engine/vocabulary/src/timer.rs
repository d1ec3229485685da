//! When the engine wants to be woken, and what for.
//!
//! The driver owes a `Tick` at the earliest time of the table. A tick serves every timer that is
//! due by then; what it leads to sets others, each later than the tick.

use crate::time::Timestamp;

/// What the engine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// No sample has come for several intervals.
    SampleOverdue,
    /// Nothing has been read for so long that the next signal or forecast is stale.
    SignalStale,
    /// The answer to a request comes too late.
    AnswerLate,
    /// The agent looks at what came of an action.
    Verification,
}

impl Timer {
    /// All of them, in the order in which they are served.
    pub const ALL: [Self; 4] =
        [Self::SampleOverdue, Self::SignalStale, Self::AnswerLate, Self::Verification];

    const fn index(self) -> usize {
        match self {
            Self::SampleOverdue => 0,
            Self::SignalStale => 1,
            Self::AnswerLate => 2,
            Self::Verification => 3,
        }
    }
}

/// The times of all timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timers {
    at: [Option<Timestamp>; Timer::ALL.len()],
}

impl Timers {
    /// Sets a timer, or stops it.
    pub fn set(&mut self, timer: Timer, at: Option<Timestamp>) {
        self.at[timer.index()] = at;
    }

    /// The earliest.
    pub fn next(&self) -> Option<(Timestamp, Timer)> {
        let set = Timer::ALL.into_iter().filter_map(|timer| Some((self.at[timer.index()]?, timer)));
        set.min_by_key(|(at, timer)| (*at, timer.index()))
    }

    /// Stops those that are due, and says whether there was one.
    pub fn serve(&mut self, now: Timestamp) -> bool {
        let mut served = false;
        for at in &mut self.at {
            served |= at.take_if(|at| *at <= now).is_some();
        }
        served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_is_next_and_what_is_due_is_served_once() {
        let mut timers = Timers::default();
        assert_eq!(timers.next(), None);
        timers.set(Timer::SignalStale, Some(Timestamp(7)));
        timers.set(Timer::SampleOverdue, Some(Timestamp(9)));
        assert_eq!(timers.next(), Some((Timestamp(7), Timer::SignalStale)));
        assert!(!timers.serve(Timestamp(6)));
        assert!(timers.serve(Timestamp(8)));
        assert_eq!(timers.next(), Some((Timestamp(9), Timer::SampleOverdue)));
        timers.set(Timer::SampleOverdue, None);
        assert_eq!(timers.next(), None);
        assert!(!timers.serve(Timestamp(99)));
    }
}
