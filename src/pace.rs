//! When the next tick is due, and waiting for it or for a signal to stop.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::Context;
use ks_recorder::clock;
use ks_vocabulary::time::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};

/// Ticks at multiples of an interval, until a signal or the end.
#[derive(Debug)]
pub(crate) struct Pace {
    stop: UnixStream,
    interval_ns: u64,
    length_ns: Option<u64>,
    due: Timestamp,
    end: Option<Timestamp>,
}

impl Pace {
    /// Begins to listen for SIGINT and SIGTERM. The first tick is due at once.
    pub(crate) fn new(interval: Duration, length: Option<Duration>) -> anyhow::Result<Self> {
        let stop = signal_pipe(&[SIGINT, SIGTERM]).context("cannot listen for signals")?;
        let interval_ns = u64::try_from(interval.as_nanos()).context("interval too long")?;
        let length_ns = length.map(|length| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX));
        let mut pace = Self { stop, interval_ns, length_ns, due: clock::now(), end: None };
        pace.begin();
        Ok(pace)
    }

    /// Begins the count: the first tick is due at once, and the end is a length from it.
    pub(crate) fn begin(&mut self) {
        self.due = clock::now();
        self.end = self.length_ns.map(|ns| self.due.plus_ns(ns));
    }

    /// Time between ticks.
    pub(crate) fn interval_ns(&self) -> u64 {
        self.interval_ns
    }

    /// Whether the next tick is due at `now`.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        now >= self.due
    }

    /// Whether it is time to stop, asked by whoever always has something else to do than to wait.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        // The last tick before the end may be late.
        self.end.is_some_and(|end| end <= now && end <= self.due) || is_readable(&self.stop)
    }

    /// The tick that is due is done, or left out.
    pub(crate) fn go_on(&mut self) {
        self.due = next_due(self.due, self.interval_ns, clock::now());
    }

    /// Waits until the next tick is due; false when it is time to stop.
    pub(crate) fn wait(&mut self) -> bool {
        self.go_on();
        self.wait_until(self.due, &[])
    }

    /// Waits until the next tick is due, until `other` where that is before, or until one of
    /// `wakes` can be read; false when it is time to stop.
    pub(crate) fn wait_until(&self, other: Timestamp, wakes: &[BorrowedFd<'_>]) -> bool {
        let until = self.end.map_or(self.due, |end| end.min(self.due)).min(other);
        match wait_until(until, &self.stop, wakes) {
            Woken::Stopped => false,
            Woken::Called => self.end.is_none_or(|end| clock::now() < end),
            Woken::InTime => self.end.is_none_or(|end| until < end),
        }
    }
}

/// The next multiple of the interval after `now`: ticks that were missed are missed, and the
/// others do not drift.
fn next_due(due: Timestamp, interval_ns: u64, now: Timestamp) -> Timestamp {
    let late = now.since_ns(due);
    due.plus_ns((late / interval_ns + 1) * interval_ns)
}

/// Why sleep is over.
enum Woken {
    /// A signal asks to stop.
    Stopped,
    /// Something can be read.
    Called,
    /// It is time.
    InTime,
}

/// Sleeps until `until`, a signal, or until one of `wakes` can be read.
fn wait_until(until: Timestamp, stop: &UnixStream, wakes: &[BorrowedFd<'_>]) -> Woken {
    loop {
        let left_ns = until.since_ns(clock::now());
        let all = std::iter::once(stop.as_fd()).chain(wakes.iter().copied());
        let mut descriptors: Vec<PollFd<'_>> =
            all.map(|wake| PollFd::from_borrowed_fd(wake, PollFlags::IN)).collect();
        let seconds = i64::try_from(left_ns / 1_000_000_000).unwrap_or(i64::MAX);
        let rest = i64::try_from(left_ns % 1_000_000_000).expect("less than a second");
        let timeout = Timespec { tv_sec: seconds, tv_nsec: rest };
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(0) if left_ns == 0 => return Woken::InTime,
            Ok(0) | Err(_) => {}
            Ok(_) if descriptors[0].revents().is_empty() => return Woken::Called,
            Ok(_) => return Woken::Stopped,
        }
    }
}

fn is_readable(stream: &UnixStream) -> bool {
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(stream, PollFlags::IN)], Some(&at_once)).is_ok_and(|ready| ready > 0)
}

/// A stream that can be read once one of `signals` has come.
pub(crate) fn signal_pipe(signals: &[i32]) -> std::io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    for signal in signals {
        signal_hook::low_level::pipe::register(*signal, write.try_clone()?)?;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_always_late_is_told_to_stop_too() {
        use std::io::Write;
        let (stop, mut signal) = UnixStream::pair().unwrap();
        let (due, end) = (Timestamp(5000), Some(Timestamp(6000)));
        let mut pace = Pace { stop, interval_ns: 1000, length_ns: None, due, end };
        assert!(!pace.is_over(Timestamp(9000)), "the tick before the end is late");
        pace.due = Timestamp(10_000);
        assert!(pace.is_over(Timestamp(9000)));
        pace.end = None;
        assert!(!pace.is_over(Timestamp(9000)));
        signal.write_all(b"x").unwrap();
        assert!(pace.is_over(Timestamp(9000)));
    }

    #[test]
    fn ticks_do_not_drift_and_missed_ones_are_missed() {
        let due = |due, now| next_due(Timestamp(due), 1000, Timestamp(now)).0;
        assert_eq!(due(5000, 5003), 6000);
        assert_eq!(due(5000, 5999), 6000);
        assert_eq!(due(5000, 8001), 9000);
    }
}
