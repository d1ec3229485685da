//! The free space of a mounted filesystem, asked with a deadline.
//!
//! `statvfs` has none of its own: where a device or its driver hangs, so does the caller. So the
//! call belongs to a thread of its own. While that hangs nothing else is asked, so that there is
//! never more than one thread and one call.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use rustix::fs::StatVfsMountFlags;

use crate::absence::Absence;

/// What a filesystem answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Space {
    /// Unit of the numbers of blocks.
    pub(super) block_bytes: u64,
    /// All blocks.
    pub(super) blocks: u64,
    /// Free blocks, root's reserve included.
    pub(super) blocks_free: u64,
    /// Free blocks for users.
    pub(super) blocks_available: u64,
    /// All inodes.
    pub(super) inodes: u64,
    /// Free inodes.
    pub(super) inodes_free: u64,
    /// Whether it takes no writes.
    pub(super) read_only: bool,
}

/// Asks filesystems, one at a time.
#[derive(Debug, Default)]
pub(super) struct Prober {
    /// Made at first use, and anew if it ended.
    worker: Option<Worker>,
}

#[derive(Debug)]
struct Worker {
    points: Sender<Vec<u8>>,
    answers: Receiver<Option<Space>>,
    /// The last call was given up, and has not come back.
    hangs: bool,
}

const LATE: Absence = Absence::Off("statvfs did not answer within 500 ms");
const NO_THREAD: Absence = Absence::Off("no thread for statvfs could be started");

impl Prober {
    /// Asks the filesystem mounted at `point`, waiting for `wait` at most; `None` says that it
    /// refused. While an earlier call hangs this fails at once.
    pub(super) fn ask(&mut self, point: &[u8], wait: Duration) -> Result<Option<Space>, Absence> {
        if self.worker.is_none() {
            self.worker = Worker::start(ask_kernel);
        }
        let asked = self.worker.as_mut().ok_or(NO_THREAD)?.ask(point, wait);
        asked.map_err(|problem| match problem {
            Problem::Late => LATE,
            Problem::Ended => {
                self.worker = None;
                NO_THREAD
            }
        })
    }
}

#[derive(Debug)]
enum Problem {
    Late,
    Ended,
}

impl Worker {
    /// Starts the thread; it ends when the worker is dropped and no call hangs.
    fn start(call: impl Fn(&[u8]) -> Option<Space> + Send + 'static) -> Option<Self> {
        let (points, to_ask) = mpsc::channel::<Vec<u8>>();
        let (answered, answers) = mpsc::channel();
        let work = move || {
            for point in to_ask {
                if answered.send(call(&point)).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("ks-statvfs".to_owned()).spawn(work).ok()?;
        Some(Self { points, answers, hangs: false })
    }

    fn ask(&mut self, point: &[u8], wait: Duration) -> Result<Option<Space>, Problem> {
        if self.hangs {
            // A late answer is of an earlier round, and is dropped.
            match self.answers.try_recv() {
                Ok(_) => self.hangs = false,
                Err(TryRecvError::Empty) => return Err(Problem::Late),
                Err(TryRecvError::Disconnected) => return Err(Problem::Ended),
            }
        }
        self.points.send(point.to_vec()).map_err(|_| Problem::Ended)?;
        match self.answers.recv_timeout(wait) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => {
                self.hangs = true;
                Err(Problem::Late)
            }
            Err(RecvTimeoutError::Disconnected) => Err(Problem::Ended),
        }
    }
}

fn ask_kernel(point: &[u8]) -> Option<Space> {
    let found = rustix::fs::statvfs(point).ok()?;
    Some(Space {
        block_bytes: found.f_frsize,
        blocks: found.f_blocks,
        blocks_free: found.f_bfree,
        blocks_available: found.f_bavail,
        inodes: found.f_files,
        inodes_free: found.f_ffree,
        read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Long enough for any answer that comes at all.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// A prober whose filesystems answer by `call`.
    pub(in super::super) fn prober(
        call: impl Fn(&[u8]) -> Option<Space> + Send + 'static,
    ) -> Prober {
        Prober { worker: Worker::start(call) }
    }

    /// An answer that can be told from others by its number of inodes.
    pub(in super::super) fn space(inodes: u64) -> Space {
        Space {
            block_bytes: 4096,
            blocks: 100,
            blocks_free: 40,
            blocks_available: 30,
            inodes,
            inodes_free: 1,
            read_only: false,
        }
    }

    #[test]
    fn a_filesystem_answers_or_refuses() {
        let mut prober = prober(|point| (point != b"/secret").then(|| space(7)));
        assert_eq!(prober.ask(b"/", PATIENCE), Ok(Some(space(7))));
        assert_eq!(prober.ask(b"/secret", PATIENCE), Ok(None));
        assert_eq!(prober.ask(b"/", PATIENCE), Ok(Some(space(7))));
    }

    #[test]
    fn while_one_call_hangs_no_other_is_made_and_its_answer_is_dropped() {
        let (release, gate) = mpsc::channel();
        let (called, calls) = mpsc::channel();
        let mut prober = prober(move |point| {
            called.send(point.to_vec()).ok()?;
            if point == b"/slow" {
                gate.recv().ok()?;
                return Some(space(1));
            }
            Some(space(2))
        });
        assert_eq!(prober.ask(b"/slow", Duration::ZERO), Err(LATE));
        assert_eq!(calls.recv_timeout(PATIENCE), Ok(b"/slow".to_vec()));
        assert_eq!(prober.ask(b"/", PATIENCE), Err(LATE));
        assert!(calls.try_recv().is_err(), "the thread hangs");
        release.send(()).unwrap();
        for _ in 0..10_000_000 {
            match prober.ask(b"/", PATIENCE) {
                Err(absence) => assert_eq!(absence, LATE),
                Ok(answer) => {
                    assert_eq!(answer, Some(space(2)), "not the late one");
                    return;
                }
            }
            thread::yield_now();
        }
        panic!("the thread did not come back");
    }

    #[test]
    fn a_thread_that_ended_is_replaced() {
        let mut prober = Prober { worker: Worker::start(|_| Some(space(1))) };
        let worker = prober.worker.as_mut().unwrap();
        worker.points = mpsc::channel().0;
        assert_eq!(prober.ask(b"/", PATIENCE), Err(NO_THREAD));
        assert!(prober.worker.is_none(), "the next call starts another");
    }
}
