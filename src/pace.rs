//! When the next tick is due, and waiting for it or for a signal to stop.

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
        let stop = stop_pipe().context("cannot listen for signals")?;
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

    /// The tick that is due is done, or left out.
    pub(crate) fn go_on(&mut self) {
        self.due = next_due(self.due, self.interval_ns, clock::now());
    }

    /// Waits until the next tick is due; false when it is time to stop.
    pub(crate) fn wait(&mut self) -> bool {
        self.go_on();
        self.wait_until(self.due)
    }

    /// Waits until the next tick is due, or until `other` where that is before; false when it is
    /// time to stop.
    pub(crate) fn wait_until(&self, other: Timestamp) -> bool {
        let until = self.end.map_or(self.due, |end| end.min(self.due)).min(other);
        !wait_until(until, &self.stop) && self.end.is_none_or(|end| until < end)
    }
}

/// The next multiple of the interval after `now`: ticks that were missed are missed, and the
/// others do not drift.
fn next_due(due: Timestamp, interval_ns: u64, now: Timestamp) -> Timestamp {
    let late = now.since_ns(due);
    due.plus_ns((late / interval_ns + 1) * interval_ns)
}

/// Sleeps until `until`; true when a signal asks to stop.
fn wait_until(until: Timestamp, stop: &UnixStream) -> bool {
    loop {
        let left_ns = until.since_ns(clock::now());
        let mut descriptors = [PollFd::new(stop, PollFlags::IN)];
        let seconds = i64::try_from(left_ns / 1_000_000_000).unwrap_or(i64::MAX);
        let rest = i64::try_from(left_ns % 1_000_000_000).expect("less than a second");
        let timeout = Timespec { tv_sec: seconds, tv_nsec: rest };
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(0) if left_ns == 0 => return false,
            Ok(0) | Err(_) => {}
            Ok(_) => return true,
        }
    }
}

fn stop_pipe() -> std::io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_do_not_drift_and_missed_ones_are_missed() {
        let due = |due, now| next_due(Timestamp(due), 1000, Timestamp(now)).0;
        assert_eq!(due(5000, 5003), 6000);
        assert_eq!(due(5000, 5999), 6000);
        assert_eq!(due(5000, 8001), 9000);
    }
}
