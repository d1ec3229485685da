//! One block device: servers, a service time, and closed sources that wait for their requests.
//!
//! A source is a number of threads that each think, ask, and wait for the answer. Throughput and
//! response follow from the interactive response-time law, bounded by what the servers can do:
//! below saturation the wait is that of `cpu::queue_length`, at saturation the wait is what makes
//! the sources ask for just what is served. A full queue blocks submitters before issue.

use super::cpu::queue_length;
use crate::shape::Disk;

/// Utilisation above which the closed sources are held to what the servers can do.
const FULL: f64 = 0.98;
/// Share of the servers' time from which on requests queue so often that their order matters (our
/// judgement).
const QUEUES: f64 = 0.5;
/// Writes that nobody waits for may take this share of the servers from sources that do wait.
const BACKGROUND_SHARE: f64 = 0.5;

/// What a device is capable of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// Requests served at once.
    pub(crate) servers: f64,
    /// Time of a read of no size, in s.
    pub(crate) read_s: f64,
    /// Time of a write of no size, in s.
    pub(crate) write_s: f64,
    /// Bytes a second of each server.
    pub(crate) bytes_per_s: f64,
    /// Requests beyond which submitters wait before issue.
    pub(crate) nr_requests: f64,
}

/// Threads that ask and wait.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Source {
    /// Position of the process.
    pub(crate) owner: usize,
    /// Threads.
    pub(crate) threads: f64,
    /// Time between an answer and the next request, in s.
    pub(crate) think_s: f64,
    /// Bytes of a request.
    pub(crate) bytes: f64,
    /// It reads in order, ahead of what is asked for.
    pub(crate) reads_ahead: bool,
    /// It writes.
    pub(crate) is_write: bool,
    /// What it waits for.
    pub(crate) purpose: Purpose,
    /// Requests a second, as they were served.
    pub(crate) rate: f64,
    /// Time that each request waits before it is issued, for a limit of its group, in s.
    pub(crate) throttled_s: f64,
    /// Time from asking to the answer, in s.
    pub(crate) response_s: f64,
}

impl Source {
    /// Time between an answer and the next request that is issued, in s.
    fn pause_s(&self) -> f64 {
        self.think_s + self.throttled_s
    }
}

/// Why a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Purpose {
    /// Data of a file.
    #[default]
    File,
    /// Data of a file that is read in order, through the page cache.
    Scan,
    /// A page of memory that was swapped out.
    SwapIn,
    /// A page of a file that was in use and was dropped.
    Refault,
}

/// What the device did in a step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    /// Reads a second.
    pub(crate) reads: f64,
    /// Bytes read a second.
    pub(crate) read_bytes: f64,
    /// Writes a second.
    pub(crate) writes: f64,
    /// Bytes written a second.
    pub(crate) write_bytes: f64,
    /// Mean time from issue to completion, in s.
    pub(crate) await_s: f64,
    /// Mean time before issue, in s.
    pub(crate) held_s: f64,
    /// Mean number in flight.
    pub(crate) in_flight: f64,
    /// Share of time with a request in flight.
    pub(crate) busy: f64,
    /// Bytes a second of background writes that were done.
    pub(crate) background_bytes: f64,
}

/// Bytes of a request of the background: pages are gathered.
const BACKGROUND_BYTES: f64 = 262_144.0;

impl Service {
    /// Service times of common devices of the class, with their queue (our judgement; see
    /// `docs/model.md` for what real ones were measured to do).
    pub(crate) fn of(disk: Disk) -> Self {
        match disk {
            Disk::Nvme => Self {
                servers: 8.0,
                read_s: 80e-6,
                write_s: 20e-6,
                bytes_per_s: 600e6,
                nr_requests: 1023.0,
            },
            Disk::Ssd => Self {
                servers: 4.0,
                read_s: 150e-6,
                write_s: 60e-6,
                bytes_per_s: 130e6,
                nr_requests: 64.0,
            },
            Disk::Memory => Self {
                servers: 2.0,
                read_s: 8e-6,
                write_s: 8e-6,
                bytes_per_s: 4e9,
                nr_requests: 128.0,
            },
            Disk::Rotating => Self {
                servers: 1.0,
                read_s: 7e-3,
                write_s: 5e-3,
                bytes_per_s: 150e6,
                nr_requests: 64.0,
            },
        }
    }

    fn time_s(&self, bytes: f64, is_write: bool) -> f64 {
        let base = if is_write { self.write_s } else { self.read_s };
        base + bytes / self.bytes_per_s
    }

    /// Serves the sources, and up to `background` bytes a second that nobody waits for.
    pub(crate) fn serve(&self, sources: &mut [Source], background: f64) -> Done {
        let background_s = self.time_s(BACKGROUND_BYTES, true);
        let closed = self.load(sources, 0.0);
        let room = (FULL - closed / self.servers).max(BACKGROUND_SHARE.min(FULL));
        let most = room * self.servers / background_s;
        let written = (background / BACKGROUND_BYTES).min(most);
        let taken = written * background_s;
        let left = (self.servers * FULL - taken).max(0.02 * self.servers);
        let wait_s = if closed <= left {
            let rho = (closed + taken) / self.servers;
            let asked = self.asked(sources, 0.0) + written;
            if asked > 0.0 { queue_length(rho, self.servers) / asked } else { 0.0 }
        } else {
            self.wait_at(sources, left)
        };
        self.settle(sources, wait_s, written)
    }

    /// Whether requests queue, so that a scheduler has a choice.
    pub(crate) fn queues(&self, sources: &[Source], background: f64) -> bool {
        let background = background / BACKGROUND_BYTES * self.time_s(BACKGROUND_BYTES, true);
        self.load(sources, 0.0) + background > QUEUES * self.servers
    }

    /// Servers that the sources keep busy when each request waits for `wait_s`.
    fn load(&self, sources: &[Source], wait_s: f64) -> f64 {
        let load = |source: &Source| {
            let service_s = self.time_s(source.bytes, source.is_write);
            source.threads * service_s / (service_s + wait_s + source.pause_s())
        };
        sources.iter().map(load).sum()
    }

    fn asked(&self, sources: &[Source], wait_s: f64) -> f64 {
        let rate = |source: &Source| {
            let service_s = self.time_s(source.bytes, source.is_write);
            source.threads / (service_s + wait_s + source.pause_s())
        };
        sources.iter().map(rate).sum()
    }

    /// The wait at which the sources keep just `servers` busy: the load falls as it grows.
    fn wait_at(&self, sources: &[Source], servers: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1e-3);
        while self.load(sources, high) > servers && high < 1e3 {
            high *= 2.0;
        }
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if self.load(sources, middle) > servers {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn settle(&self, sources: &mut [Source], wait_s: f64, written: f64) -> Done {
        let mut done = Done::default();
        let mut asking = 0.0;
        for source in sources.iter_mut() {
            source.response_s = self.time_s(source.bytes, source.is_write) + wait_s;
            source.rate = source.threads / (source.response_s + source.pause_s());
            asking += source.rate * source.response_s;
            let bytes = source.rate * source.bytes;
            if source.is_write {
                done.writes += source.rate;
                done.write_bytes += bytes;
            } else {
                done.reads += source.rate;
                done.read_bytes += bytes;
            }
        }
        done.background_bytes = written * BACKGROUND_BYTES;
        done.writes += written;
        done.write_bytes += done.background_bytes;
        let all = done.reads + done.writes;
        let in_flight = asking + written * (self.time_s(BACKGROUND_BYTES, true) + wait_s);
        done.in_flight = in_flight.min(self.nr_requests);
        if all > 0.0 {
            done.await_s = done.in_flight / all;
            done.held_s = (in_flight - done.in_flight) / all;
        }
        done.busy = self.busy(sources, written);
        done
    }

    /// Share of the time with a request in flight. One server is busy for as long as it serves; of
    /// several some are, where requests come at random, but for exp(-load) of the time. A closed
    /// source of one thread keeps the device busy for as long as it waits.
    fn busy(&self, sources: &[Source], written: f64) -> f64 {
        let served = |source: &Source| source.rate * self.time_s(source.bytes, source.is_write);
        let background = written * self.time_s(BACKGROUND_BYTES, true);
        let load = sources.iter().map(served).sum::<f64>() + background;
        let random = if self.servers > 1.0 { 1.0 - libm::exp(-load) } else { load };
        let waits = |source: &Source| source.rate * source.response_s / source.threads.max(1.0);
        let alone = sources.iter().map(waits).fold(0.0, f64::max);
        random.max(alone).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: Service =
        Service { servers: 1.0, read_s: 0.01, write_s: 0.01, bytes_per_s: 1e12, nr_requests: 8.0 };

    fn source(threads: f64, think_s: f64) -> Source {
        Source { threads, think_s, bytes: 4096.0, ..Source::default() }
    }

    #[test]
    fn one_thread_without_thought_gets_what_the_service_time_allows() {
        let mut sources = [source(1.0, 0.0)];
        let done = DISK.serve(&mut sources, 0.0);
        assert!((90.0..=100.0).contains(&done.reads), "{done:?}");
        assert!(done.busy > 0.95, "{done:?}");
    }

    #[test]
    fn more_threads_wait_longer_and_get_no_more() {
        let mut sources = [source(4.0, 0.0)];
        let done = DISK.serve(&mut sources, 0.0);
        assert!((95.0..=100.0).contains(&done.reads), "{done:?}");
        assert!((done.await_s - 0.0408).abs() < 0.002, "{done:?}");
        let little = done.reads * done.await_s;
        assert!((little - done.in_flight).abs() < 1e-9, "{done:?}");
    }

    #[test]
    fn a_full_queue_holds_submitters_before_issue() {
        let mut sources = [source(32.0, 0.0)];
        let done = DISK.serve(&mut sources, 0.0);
        assert!(done.in_flight <= 8.0 && done.held_s > done.await_s, "{done:?}");
    }

    #[test]
    fn the_background_takes_what_is_left() {
        let idle = DISK.serve(&mut [], 1e9);
        assert!(
            (idle.writes - 98.0).abs() < 1.0
                && (idle.write_bytes - idle.background_bytes).abs() < 1.0
        );
        let mut sources = [source(4.0, 0.0)];
        let both = DISK.serve(&mut sources, 1e9);
        assert!(both.reads > 40.0 && both.writes > 40.0, "{both:?}");
        assert!(both.reads + both.writes <= 100.0, "{both:?}");
    }

    #[test]
    fn an_idle_device_does_nothing() {
        let done = DISK.serve(&mut [], 0.0);
        assert_eq!((done.reads, done.writes, done.busy, done.await_s), (0.0, 0.0, 0.0, 0.0));
    }
}
