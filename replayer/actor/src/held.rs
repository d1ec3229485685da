//! A process that is held: whatever is done to its id is done to it, or known not to be.
//!
//! A pidfd is opened first, and the start read after it: of the process that has the id then. As
//! long as the pidfd is not readable nobody else can have the id, so a check before and after a
//! call that takes a number says whom it met.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use ks_vocabulary::decision::Signal;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use rustix::time::Timespec;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, is_gone};
use crate::stat::Stat;

/// A process, and no other that has its id later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The id of a process.
    pub pid: u64,
    /// When it started, in clock ticks after boot.
    pub start_ticks: u64,
}

impl Target {
    pub(crate) fn of(process: &Exact) -> Result<Self, Failure> {
        let Entity::Process(pid, start_ticks) = process.0 else {
            return Err(Failure::Gone { what: process.0.to_string() });
        };
        Ok(Self { pid, start_ticks })
    }

    /// Holds it.
    pub(crate) fn hold(self) -> Result<Held, Failure> {
        Held::open(self.pid, self.start_ticks)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Held {
    target: Target,
    fd: OwnedFd,
}

impl Held {
    /// The process of this id that started then. One that has ended is refused, since it would
    /// accept everything.
    pub fn open(pid: u64, start_ticks: u64) -> Result<Self, Failure> {
        let what = || format!("process {pid}");
        let gone = || Failure::Gone { what: what() };
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(gone)?;
        let fd = pidfd_open(number, PidfdFlags::empty()).map_err(|error| match error {
            rustix::io::Errno::SRCH => gone(),
            error => Failure::refused(what(), error),
        })?;
        let held = Self { target: Target { pid, start_ticks }, fd };
        let stat = Stat::of(&held.folder()).map_err(|error| {
            if is_gone(&error) { gone() } else { Failure::refused(what(), error) }
        })?;
        if stat.start_ticks != start_ticks {
            return Err(gone());
        }
        // One whose first thread has ended lives on in the others, which the pidfd knows.
        if !held.is_alive() {
            return Err(Failure::Ended { what: what() });
        }
        Ok(held)
    }

    /// Its id.
    pub fn pid(&self) -> u64 {
        self.target.pid
    }

    /// What it is known by.
    pub(crate) fn target(&self) -> Target {
        self.target
    }

    /// Its folder in `/proc`: that of another one once it has been reaped.
    pub(crate) fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.target.pid))
    }

    /// It has not ended.
    pub fn is_alive(&self) -> bool {
        let mut ended = [PollFd::new(&self.fd, PollFlags::IN)];
        loop {
            match poll(&mut ended, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
                Err(rustix::io::Errno::INTR) => {}
                polled => return polled == Ok(0),
            }
        }
    }

    /// Does something to its id, which was its own all the while; else that is told.
    pub fn during<T>(&self, act: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let what = || format!("process {}", self.target.pid);
        if !self.is_alive() {
            return Err(Failure::Ended { what: what() });
        }
        let done = act();
        if self.is_alive() { done } else { Err(Failure::Indeterminate { what: what() }) }
    }

    /// Sends it a signal, which can meet nobody else.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        use rustix::process::Signal as Sent;
        let sent = match signal {
            Signal::Stop => Sent::STOP,
            Signal::Continue => Sent::CONT,
            Signal::Terminate => Sent::TERM,
        };
        pidfd_send_signal(&self.fd, sent).map_err(|error| match error {
            rustix::io::Errno::SRCH => {
                Failure::Ended { what: format!("process {}", self.target.pid) }
            }
            error => Failure::refused(format!("SIG{signal} to process {}", self.target.pid), error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Child, start_of};

    #[test]
    fn another_start_is_another_process() {
        let child = Child::sleeping();
        assert!(Held::open(child.pid(), child.start()).unwrap().is_alive());
        let other = Held::open(child.pid(), child.start() + 1);
        assert!(matches!(other, Err(Failure::Gone { .. })), "{other:?}");
        for pid in [0, u64::MAX, 1 << 30] {
            assert!(matches!(Held::open(pid, 1), Err(Failure::Gone { .. })), "{pid}");
        }
    }

    #[test]
    fn one_that_has_ended_is_no_target_though_it_would_accept_everything() {
        let child = Child::sleeping();
        let (pid, start) = (child.pid(), child.start());
        let held = Held::open(pid, start).unwrap();
        let zombie = child.into_zombie();
        assert!(matches!(Held::open(pid, start), Err(Failure::Ended { .. })));
        let done = held.during(|| Ok(()));
        assert!(matches!(done, Err(Failure::Ended { .. })), "{done:?}");
        drop(zombie);
        assert!(matches!(Held::open(pid, start), Err(Failure::Gone { .. })));
        assert!(matches!(held.signal(Signal::Continue), Err(Failure::Ended { .. })));
    }

    #[test]
    fn one_that_goes_in_between_is_told() {
        let mut child = Some(Child::sleeping());
        let (pid, start) = child.as_ref().map(|child| (child.pid(), child.start())).unwrap();
        let held = Held::open(pid, start).unwrap();
        let done = held.during(|| {
            drop(child.take());
            Ok(())
        });
        assert!(matches!(done, Err(Failure::Indeterminate { .. })), "{done:?}");
    }

    #[test]
    fn it_is_stopped_and_goes_on() {
        let child = Child::sleeping();
        let held = Held::open(child.pid(), child.start()).unwrap();
        held.signal(Signal::Stop).unwrap();
        child.wait_for(b'T');
        held.signal(Signal::Continue).unwrap();
        child.wait_for(b'S');
        assert_eq!(start_of(child.pid()), child.start());
    }
}
